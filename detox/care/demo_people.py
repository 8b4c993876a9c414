"""The invented patients of the demo ward, one for each thing a board can show. Minutes are minutes before now."""

from datetime import date

from detox.care.demo_course import Answered, Corrected, Decided, Dosed, Person, Seen
from detox.clinical.model import Vitals

_METHADONE = (30.0, 25.0, 20.0, 15.0, 10.0, 5.0, 0.0)


def _set(blood_pressure: str, pulse: int, temperature: float, breathing: int, spo2: int, sedation: str = "1") -> Vitals:
    systolic, diastolic = map(float, blood_pressure.split("/"))
    return Vitals(
        systolic,
        diastolic,
        float(pulse),
        temperature,
        "oral",
        float(breathing),
        float(spo2),
        None,
        False,
        "A",
        sedation,
    )


def _cows(*values: int | None) -> dict[str, int]:
    """The ten chosen items in the order of the form; None was not assessed."""
    items = (
        "sweating", "restlessness", "pupil_size", "bone_joint_aches", "runny_nose_tearing", "gi_upset", "tremor",
        "yawning", "anxiety_irritability", "gooseflesh",
    )  # fmt: skip
    return {item: value for item, value in zip(items, values, strict=True) if value is not None}


ASH = Person(
    "DEMO-ASH", "Alice", date(1988, 3, 14), "F", 1, came_h=110, height=12, steps_mg=(12, 8, 6, 4, 2, 0),
    story=(
        (1815, Seen(_set("126/80", 167, 36.9, 15, 98), _cows(1, 0, 1, 1, 0, 1, 0, 1, 1, 0), key="slip")),
        (1809, Corrected("slip", 76.0, "Typed 167 for 76: counted again over a full minute")),
    ),
)  # fmt: skip
BIRCH = Person(
    "DEMO-BIRCH", "Bruno", date(1979, 11, 2), "M", 2, came_h=86, height=14, drug="methadone", steps_mg=_METHADONE,
    slots=("08:30",), planned_days=10, allergies="penicillin", quiet_min=21,
    story=((20, Seen(_set("132/82", 92, 37.9, 17, 97), _cows(1, 0, 1, 1, 1, 1, 1, 0, 1, 0),
                     note="Feels cold, injection site on the left forearm is red")),),
)  # fmt: skip
CEDAR = Person(
    "DEMO-CEDAR", "Clara", date(1991, 4, 2), "F", 3, came_h=31, height=13, steps_mg=(16, 12, 8, 4, 0),
    interval_h=48, slots=(), allergies="NSAID", quiet_min=186, opioid="heroin, fentanyl suspected",
    story=(
        (1680, Dosed(4)),
        (1440, Dosed(4)),
        (185, Seen(_set("164/96", 104, 37.1, 16, 98), _cows(2, 1, 1, 1, 1, 2, 1, 1, 1, 0))),
        (151, Dosed(8)),
        (31, Seen(_set("188/112", 118, 37.4, 18, 97), _cows(2, 3, 1, 1, 1, 5, 2, 1, 1, 0),
                  note="Vomited twice since the dose")),
        (12, Seen(Vitals(186, 112, 116), note="Repeated after 5 minutes of rest, both arms")),
    ),
)  # fmt: skip
ELM = Person(
    "DEMO-ELM", "Elias", date(1966, 7, 21), "M", 4, came_h=62, height=11, drug="methadone", steps_mg=_METHADONE,
    slots=(), planned_days=10, interval_h=48, pulse=64, systolic=118, opioid="heroin, benzodiazepines", quiet_min=25,
    story=(
        (3480, Dosed(20)),
        (1860, Dosed(25)),
        (300, Dosed(30)),
        (24, Seen(_set("108/66", 64, 36.4, 9, 94, sedation="3"), _cows(0, 0, 0, 1, 1, 0, 0, 0, 0, 0),
                  note="Drifts off while talking, pupils small")),
        (18, Answered("At the bed with the nurse: oxygen and naloxone ready, no more opioid, recheck in 15 minutes",
                      by="physician")),
        (12, Seen(Vitals(110, 66, 64, respiratory_rate_per_min=10, spo2_percent=95, on_oxygen=False, consciousness="A",
                         sedation="3"))),
        (10, Dosed(0, "held", "Sedation 3 and breathing 9: held by the physician")),
    ),
)  # fmt: skip
FIR = Person(
    "DEMO-FIR", "Fiona", date(1995, 1, 30), "F", 5, came_h=74, height=14, drug="methadone", steps_mg=_METHADONE,
    slots=("08:30",), planned_days=10,
    story=(
        (2540, Seen(_set("142/88", 124, 37.3, 18, 97), _cows(2, 3, 1, 2, 1, 2, 1, 1, 1, 0))),
        (2534, Answered("Physician told, rested, drank 500 ml, recheck in 15 minutes")),
        (2522, Seen(Vitals(138, 86, 116))),
        (2490, Seen(Vitals(134, 84, 104))),
        (2455, Seen(Vitals(132, 84, 94))),
        (400, Seen(not_done="off_ward", note="In the group room")),
    ),
)  # fmt: skip
HAZEL = Person(
    "DEMO-HAZEL", "Hassan", date(1984, 9, 9), "M", 6, came_h=88, height=14, drug="methadone", steps_mg=_METHADONE,
    slots=("08:30",), planned_days=10, quiet_min=321,
    story=((320, Seen(_set("128/78", 92, 37.0, 15, 97), _cows(1, 1, 1, 1, 1, 1, 1, 0, 1, 0))),),
)  # fmt: skip
LARCH = Person(
    "DEMO-LARCH", "Lena", date(1999, 12, 24), "F", 7, came_h=1, signed=False, quiet_min=60,
)  # fmt: skip
MAPLE = Person(
    "DEMO-MAPLE", "Marek", date(1972, 5, 18), "M", 8, came_h=116, programme="maintenance_dot", height=6,
    drug="methadone", steps_mg=(60, 55, 50, 45, 40), interval_h=336, slots=("09:00",), planned_days=None, quiet_min=191,
    opioid="methadone, on the programme since spring",
    story=(
        (190, Seen(_set("118/74", 68, 36.7, 14, 98), _cows(0, 0, 0, 1, 0, 0, 0, 1, 0, 0))),
        (40, Seen(Vitals(respiratory_rate_per_min=14, sedation="S"), not_done="asleep",
                  note="Wakes easily, breathing seen")),
    ),
)  # fmt: skip
OAK = Person(
    "DEMO-OAK", "Olga", date(1990, 6, 6), "F", 9, came_h=70, height=13, quiet_min=251,
    last_decision=Decided("declined", "Little sleep and cramps in the night: asks for one more day at this step"),
    story=(
        (250, Seen(_set("120/76", 84, 36.9, 14, 98), _cows(1, 0, 1, 1, 1, 1, 0, 1, 1, 0))),
        (33, Dosed(0, "refused", "Says the tablets make her sick; will be offered again")),
        (30, Seen(not_done="refused", note="No cuff and no questions tonight, looks settled, walking and talking")),
    ),
)  # fmt: skip
PINE = Person(
    "DEMO-PINE", "Piotr", date(1986, 2, 11), "M", 10, came_h=30, height=13, steps_mg=(12, 8, 6, 4, 2, 0), quiet_min=26,
    story=((25, Seen(_set("138/86", 96, 37.2, 16, 97), _cows(2, 3, 2, None, 2, None, 1, 1, None, None),
                     note="Left for the toilet before the end")),),
)  # fmt: skip
ROWAN = Person(
    "DEMO-ROWAN", "Rosa", date(1975, 8, 3), "F", 11, came_h=66, programme="alpha2", height=10, pulse=56, systolic=114,
    drug="lofexidine", steps_mg=(2.16, 1.44, 0.72, 0), slots=("06:00", "11:30", "17:00", "22:30"), quiet_min=51,
    interval_h=48,
    story=(
        (50, Seen(_set("104/62", 52, 36.5, 14, 98), _cows(1, 0, 0, 1, 1, 1, 0, 1, 1, 0),
                  note="Tired, mouth dry")),
        (44, Answered("Lofexidine held, lying down with legs up, pulse and pressure again in 30 minutes")),
        (42, Dosed(0, "held", "Pulse 52, light-headed on standing")),
        (16, Seen(Vitals(106, 64, 54, respiratory_rate_per_min=14, sedation="1"))),
    ),
)  # fmt: skip
SPRUCE = Person(
    "DEMO-SPRUCE", "Sam", date(1993, 10, 27), "M", 12, came_h=118, height=9, steps_mg=(8, 4, 2, 0),
    left=(20, "Completed the taper. Naloxone kit in hand, first appointment on Monday"),
)  # fmt: skip

PEOPLE: tuple[Person, ...] = (ASH, BIRCH, CEDAR, ELM, FIR, HAZEL, LARCH, MAPLE, OAK, PINE, ROWAN, SPRUCE)
