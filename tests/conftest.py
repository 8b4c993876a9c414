"""What tests share: a fixed moment, an empty store, a ward with its people, a patient in a bed, and builders of sets.

The ordinary run goes by the real clock, and hypothesis tries the same examples each time. With DETOX_ANY_HOUR set one
hour of the day and one seed are drawn, the same for every worker, and said before the first test. `--hour 02:20
--hypothesis-seed 7` repeats them; `python tests/every_hour.py` tries many.

A ward with accounts takes half a second to make (passwords are slow on purpose): it is made once, its file is copied.
"""

import os
import random
import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import hours
import pytest
import time_machine
from hypothesis import HealthCheck, settings
from inside import inside

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from detox.clinical.model import Admission, Clinician, Dose, Observation, Patient, Shift, Vitals, Ward  # noqa: E402
from detox.store import Store, find  # noqa: E402

PASSWORD = "only for tests 1"
NOW = datetime(2026, 11, 21, 22, 41, 7, tzinfo=UTC)

SETTLED = {
    "systolic_mmhg": 124.0,
    "diastolic_mmhg": 78.0,
    "heart_rate_per_min": 76.0,
    "temperature_c": 36.8,
    "temperature_site": "oral",
    "respiratory_rate_per_min": 14.0,
    "spo2_percent": 98.0,
    "on_oxygen": False,
    "consciousness": "A",
    "sedation": "1",
}
CHOSEN = (
    "sweating", "restlessness", "pupil_size", "bone_joint_aches", "runny_nose_tearing", "gi_upset", "tremor",
    "yawning", "anxiety_irritability", "gooseflesh",
)  # fmt: skip
STILL = dict.fromkeys(CHOSEN, 0)


settings.register_profile("repeated", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("seeded", settings.get_profile("repeated"), derandomize=False, database=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hour", help="the ward's hour of the run: 02:20, or a moment: 2026-03-29T01:30 (default: now)")


@pytest.hookimpl(tryfirst=True)  # before hypothesis looks for its seed, and xdist hands the options to its workers
def pytest_configure(config: pytest.Config) -> None:
    chosen = config.option
    if os.environ.get("DETOX_ANY_HOUR"):
        chosen.hour = chosen.hour or f"{random.randrange(24):02}:{random.randrange(60):02}"
        chosen.hypothesis_seed = chosen.hypothesis_seed or str(random.randrange(2**32))
    settings.load_profile("seeded" if chosen.hypothesis_seed else "repeated")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what was chosen; the header would not be shown in a quiet run."""
    given = (("--hour", session.config.option.hour), ("--hypothesis-seed", session.config.option.hypothesis_seed))
    said = " ".join(f"{name} {value}" for name, value in given if value)
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if said and terminal is not None:
        terminal.write_line(f"to repeat this run: {said}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped, and why, a line a reason."""
    skipped = Counter(
        (str(Path(report.nodeid.split("::")[0]).parent), report.longrepr[2].removeprefix("Skipped: "))
        for report in terminalreporter.stats.get("skipped", ())
    )
    for (folder, why), number in sorted(skipped.items()):
        terminalreporter.write_line(f"{number} skipped in {folder}: {why}")


@pytest.fixture(scope="session", autouse=True)
def _hour(pytestconfig: pytest.Config) -> Iterator[None]:
    """The clock of the test process, and of every server it starts, at the hour that was chosen, if one was."""
    chosen = pytestconfig.option.hour
    if not chosen:
        yield
        return
    with time_machine.travel(hours.moment(chosen, hours.real_now())):
        yield


@pytest.fixture(scope="session")
def password() -> str:
    """The password of every account of the `ward` fixture."""
    return PASSWORD


@pytest.fixture(scope="session")
def now() -> datetime:
    """Saturday 21 November 2026, 22:41:07 UTC: the moment at which every test happens."""
    return NOW


@pytest.fixture(scope="session")
def _empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    Store.create(path)
    return path


@pytest.fixture(scope="session")
def _ward_file(tmp_path_factory: pytest.TempPathFactory, _empty_file: Path) -> Path:
    from detox import care

    path = tmp_path_factory.mktemp("template") / "ward.db"
    shutil.copyfile(_empty_file, path)
    store, before = Store(path), NOW - timedelta(days=30)
    manager = care.set_up_ward(
        store,
        name="Ward 4B",
        beds=[f"Bed {n}" for n in range(1, 13)],
        shifts=[Shift("Day", "07:30"), Shift("Night", "19:30")],
        time_zone="Europe/London",
        temperature_unit="C",
        username="manager",
        manager_name="M. Test",
        password=PASSWORD,
        now=before,
    )
    for username, name in (("nurse", "N. Test"), ("physician", "P. Test")):
        care.add_clinician(store, manager, username=username, name=name, role=username, password=PASSWORD, now=before)
    assert not path.with_name("ward.db-wal").exists(), "the template has to be one file to be copied"
    return path


@pytest.fixture
def store(tmp_path: Path, _empty_file: Path) -> Store:
    """A store of today's schema with nothing in it. Asking for `ward` or anybody of it fills it."""
    path = tmp_path / "ward.db"
    shutil.copyfile(_empty_file, path)
    return Store(path)


@pytest.fixture
def ward(store: Store, _ward_file: Path) -> Ward:
    """Ward 4B of `store`: twelve free beds, day and night shifts, Europe/London, a nurse, a physician, a manager."""
    shutil.copyfile(_ward_file, store.path)
    with inside(store) as tx:
        return find.wards(tx)[0]


def _account(store: Store, username: str) -> Clinician:
    with inside(store) as tx:
        found = find.account(tx, username)
    assert found is not None
    return found[0]


@pytest.fixture
def nurse(store: Store, ward: Ward) -> Clinician:
    """The account `nurse`."""
    return _account(store, "nurse")


@pytest.fixture
def physician(store: Store, ward: Ward) -> Clinician:
    """The account `physician`."""
    return _account(store, "physician")


@pytest.fixture
def manager(store: Store, ward: Ward) -> Clinician:
    """The account `manager`."""
    return _account(store, "manager")


@pytest.fixture
def chart(store: Store, nurse: Clinician, physician: Clinician) -> Callable[..., Dose]:
    """chart(dose, at): a dose charted by the nurse, over whatever holds it signed by the physician."""
    from detox import care

    def build(dose: Dose, at: datetime) -> Dose:
        return care.chart_dose(store, nurse, dose, at, physician_id=physician.id, secret=PASSWORD)

    return build


@pytest.fixture
def admit(store: Store, ward: Ward, nurse: Clinician) -> Callable[..., Admission]:
    """admit("Silva", bed="Bed 7", days_ago=2, programme=...): somebody new on the ward, through care.admit."""
    from detox import care

    def build(
        family_name: str = "Silva",
        given_name: str = "Maria",
        *,
        bed: str | None = None,
        days_ago: float = 2,
        **stay: object,
    ) -> Admission:
        with inside(store) as tx:
            bed_id = None if bed is None else next(b.id for b in find.beds(tx, ward.id) if b.label == bed)
        came = NOW - timedelta(days=days_ago)
        person = Patient(uuid.uuid4().hex, family_name, given_name, date(1991, 4, 2), "F")
        given = {"id": uuid.uuid4().hex, "programme": "taper", "pregnancy": "negative", "opioid": "heroin"} | stay
        wanted = Admission(patient=person, ward_id=ward.id, bed=None, admitted_at=came, **given)  # type: ignore[arg-type]
        return care.admit(store, nurse, wanted, bed_id, came)

    return build


@pytest.fixture
def admission(admit: Callable[..., Admission]) -> Admission:
    """Maria Silva in bed 7 since two days, on a taper."""
    return admit("Silva", "Maria", bed="Bed 7")


@pytest.fixture(scope="session")
def vitals() -> Callable[..., Vitals]:
    """vitals(systolic_mmhg=188): a whole normal set with what is given instead; None takes a value out."""
    return lambda **given: Vitals(**(SETTLED | given))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def cows() -> Callable[..., dict[str, dict[str, int]]]:
    """cows(tremor=4): answers to all ten chosen COWS items, 0 but for those given; None takes an item out."""

    def build(**given: int | None) -> dict[str, dict[str, int]]:
        return {"cows": {item: value for item, value in (STILL | given).items() if value is not None}}

    return build


@pytest.fixture
def seen(admission: Admission) -> Callable[..., Observation]:
    """seen(vitals=..., answers=..., minutes_ago=30): an observation of `admission` with a fresh id, not yet kept."""

    def build(*, minutes_ago: float = 0, **given: object) -> Observation:
        whole: dict[str, object] = {
            "id": uuid.uuid4().hex,
            "admission_id": admission.id,
            "taken_at": NOW - timedelta(minutes=minutes_ago),
        }
        return Observation(**(whole | given))  # type: ignore[arg-type]

    return build
