"""Laws that hold for every case, sought out by random ones."""

import copy
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from suggestion_cases import ONE_BY_ONE, base, built, case_files, cows, observation, pulse_item

from detox.clinical.case import read_case
from detox.clinical.drugs import class_of, drug, drugs_file
from detox.clinical.suggestions import Suggestion, content, engine, suggest
from detox.clinical.suggestions.content import filled
from detox.clinical.suggestions.danger import danger
from detox.clinical.suggestions.engine import SENTENCE, once
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import giving_of
from detox.clinical.suggestions.readings import SHORT, UNITS
from detox.clinical.watch import precipitant
from detox.errors import Refused

ADVISES = {
    "STEP_UP": 3,
    "START_MET": 3,
    "CONTINUE": 2,
    "STEP_DOWN": 2,
    "HOLD_STEP": 1,
    "START_NOT_MET": 1,
    "NO_SUGGESTION": 0,
    "HOLD_CALL": 0,
}
"""How far an answer goes towards giving opioid by itself: more than now, the plan's next move, the dose of now with
somebody looking, nothing without a person. STEP_DOWN stands beside CONTINUE: it gives less, but it moves on."""
PROGRAMMES = (
    "taper",
    "alpha2",
    "alpha2_start",
    "bup_induction",
    "methadone_start",
    "naltrexone_start",
    "maintenance_dot",
    "hat",
)
WORSE = {
    "rr": [11, 10, 9, 8, 4],
    "spo2": [93, 92, 91, 85],
    "poss": ["2", "3", "4"],
    "temp_c": [37.9, 38.0, 39.5],
    "sbp": [99, 91, 90, 89, 70, 181],
    "hr": [131, 160, 49, 40, 30],
    "dbp": [49, 121],
    "avpu": ["C", "V", "P", "U"],
    "breath_alcohol_pct": [0.05, 0.06, 0.2],
    "ciwa_ar": [10, 20],
}
SAME_VISIT = 60
TOTALS = st.sampled_from([0, 2, 4, 5, 7, 8, 10, 12, 13, 14, 16, 17, 20, 24, 25, 27])
EXAMPLES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DONE = dict.fromkeys(("maintenance_offer", "naloxone_kit", "tolerance_talk", "relapse_plan", "first_appointment"), True)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    case = base(draw(st.sampled_from(PROGRAMMES)))
    hr = draw(st.sampled_from([60, 78, 81, 96, 118]))
    newest = draw(TOTALS)
    minutes = draw(st.sampled_from([5, 15, 29, 31, 59, 61]))
    case["observations"] = [observation(minutes, max(newest, pulse_item(hr)), hr=hr)]
    for at in draw(st.lists(st.sampled_from([75, 100, 200, 420, 900, 1500]), max_size=3, unique=True)):
        case["observations"].append(observation(at, draw(TOTALS.filter(lambda t: t < 25)), hr=78))
    if case["programme"] == "hat":
        case["observations"][0]["vitals"]["breath_alcohol_pct"] = 0.0
    case["setting"] = draw(st.sampled_from([case["setting"], "outpatient"]))
    plan, patient = case["plan"], case["patient"]
    plan["step_due"] = draw(st.booleans())
    plan["hours_since_last_step"] = draw(st.sampled_from([3, 9, 23.9, 24, 26, 100]))
    plan["min_step_interval_h"] = draw(st.sampled_from([24, 72]))
    plan["previous_mg"] = draw(st.sampled_from([None, plan.get("current_mg"), 10, 12, 200]))
    plan["days_at_dose"] = draw(st.sampled_from([None, 1, 3, 6]))
    plan["day"] = draw(st.sampled_from([None, 3, 12, 14]))
    plan["failed_step_downs"] = draw(st.sampled_from([None, 0, 2]))
    if draw(st.booleans()):
        plan["discharge_checklist"] = dict(DONE)
        plan["next_mg"] = draw(st.sampled_from([plan.get("next_mg"), 0]))
    patient["other_meds"] = draw(st.sampled_from([[], ["metoprolol"], ["clonidine"], ["ondansetron", "vitamin B1"]]))
    patient["conditions"] = draw(st.sampled_from([[], ["CKD 4"], ["COPD", "recent MI"], ["low-dose programme"]]))
    patient["labs"]["qtc_ms"] = draw(st.sampled_from([None, 420, 460]))
    patient |= draw(st.sampled_from([{}, {"sex_at_birth": "F", "pregnancy": "negative"}]))
    case["events"] = draw(
        st.sampled_from([[], [{"type": "return_to_use", "h_ago": 9}, {"type": "vomiting", "h_ago": 20}]])
    )
    if case["opioid_use"]:
        case["opioid_use"]["fentanyl"] = draw(st.sampled_from(["negative", "unknown", "positive"]))
        case["opioid_use"]["h_ago"] = draw(st.sampled_from([5, 12, 24, 36, 216]))
    h_ago = draw(st.sampled_from([None, 1, 9, 23]))
    if h_ago is not None and plan.get("current_mg"):
        case["doses"] = [{"drug": plan["drug"], "mg": plan["current_mg"], "h_ago": h_ago}]
    return case


def answer(case: dict[str, Any]) -> Suggestion:
    return suggest(read_case(case))


def in_danger(case: dict[str, Any]) -> bool:
    return bool(danger(Facts(read_case(case), content())))


@settings(EXAMPLES, max_examples=40)
@given(cases(), st.data())
def test_a_more_dangerous_vital_never_gives_more(case: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(WORSE)))
    value = data.draw(st.sampled_from(WORSE[name]))
    worse = copy.deepcopy(case)
    worse["observations"][0]["vitals"][name] = value
    if name == "hr":
        worse["observations"][0]["vitals"]["pulse_item_reason"] = "charted"
    before, after = answer(case), answer(worse)
    assert ADVISES[after.suggestion_class] <= ADVISES[before.suggestion_class] or after.suggestion_class == "HOLD_STEP"
    if before.dose_action == "withhold":
        assert after.dose_action == "withhold"


def problems(case: dict[str, Any]) -> set[str]:
    return set(Facts(read_case(case), content()).problems)


FIELDS = {
    "patient": "age sex_at_birth pregnancy conditions",
    "plan": "drug current_mg next_mg previous_mg step_due hours_since_last_step days_at_dose day signed doses_per_day "
    "setting_authorised discharge_checklist urine challenge lft missed_days",
    "opioid_use": "opioid h_ago fentanyl daily_mg",
}
CHARTED = ("rr", "spo2", "hr", "sbp", "dbp", "temp_c", "poss", "avpu", "breath_alcohol_pct")


def places(case: dict[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Everything that can be left out, but for what nobody can know of when it is gone (see the law below)."""
    yield from (("setting",), ("patient", "labs", "k"), ("plan", "urine", "fentanyl"))
    for part, names in FIELDS.items():
        yield (part,)
        yield from ((part, name) for name in names.split())
    for index, seen in enumerate(case["observations"]):
        at = ("observations", index)
        yield (*at, "by")
        yield (*at, "vitals")
        yield from ((*at, "vitals", name) for name in CHARTED)
        if seen["cows"]:
            yield from ((*at, "cows", name) for name in ("total", "scale", "items"))
            yield from ((*at, "cows", "items", name) for name in seen["cows"]["items"])
            if index == 0 and not same_visit(case):
                yield (*at, "cows")
    for part, names in (("events", ("h_ago",)), ("doses", ("drug", "mg", "h_ago"))):
        yield from ((part, index, name) for index in range(len(case[part])) for name in names)


def same_visit(case: dict[str, Any]) -> bool:
    """An older COWS of the visit that the newest set belongs to."""
    newest = case["observations"][0]["min_ago"]
    return any(o["cows"] and o["min_ago"] - newest <= SAME_VISIT for o in case["observations"][1:])


def without(case: dict[str, Any], place: tuple[str | int, ...], value: object = None) -> dict[str, Any]:
    less = copy.deepcopy(case)
    where: Any = less
    for part in place[:-1]:
        where = where.get(part) if isinstance(where, dict) else where[part]
        if where is None:
            return less
    if value is None and isinstance(where, dict):
        where.pop(place[-1], None)
    else:
        where[place[-1]] = value
    return less


@settings(EXAMPLES, max_examples=100)
@given(cases(), st.data())
def test_taking_an_input_away_never_gives_more(case: dict[str, Any], data: st.DataObject) -> None:
    """Leaving out a vital, a COWS item, a whole COWS, a field of the plan or of the patient moves no answer upwards.

    Undecidable, and so left out here, is what no reader of the rest can know to be gone:
    - a whole observation, and a COWS beside an older one of the same visit (60 min): the rest is a whole record by
      itself, and it is judged by its own ages (the next law holds that);
    - what only ever speaks against giving and is usually not there: a condition, a medicine, an event, a dose, a note,
      a result out of range (QTc, K, eGFR), pinpoint pupils, a count of failed steps. With it gone the case is that of
      a patient who never had it. What is absent altogether (no list of conditions) is told apart from an empty list.
    - anything in a case of danger: the value that is gone may be the one that raised it;
    - a previous level that is itself what is wrong (200 mg against 8): with it gone nothing is.
    """
    if in_danger(case):
        return
    place = data.draw(st.sampled_from(list(places(case))))
    if place == ("plan", "previous_mg") and problems(without(case, place)) < problems(case):
        return
    before, after = answer(case), answer(without(case, place))
    assert ADVISES[after.suggestion_class] <= ADVISES[before.suggestion_class], place


@settings(EXAMPLES, max_examples=40)
@given(cases(), st.data())
def test_what_is_left_is_judged_by_its_own_age(case: dict[str, Any], data: st.DataObject) -> None:
    """Whatever is gone, no dose goes on with a score older than its limit or than the visit of the newest set."""
    if case["programme"] == "hat":
        return
    kept = data.draw(st.lists(st.sampled_from(case["observations"]), unique_by=lambda o: o["min_ago"]))
    bare = data.draw(st.booleans())
    case["observations"] = [o | {"cows": None} if bare and i == 0 else o for i, o in enumerate(kept)]
    found = answer(case)
    if ADVISES[found.suggestion_class] < 2:
        return
    scored = min(o["min_ago"] for o in case["observations"] if o["cows"])
    newest = min(o["min_ago"] for o in case["observations"])
    limit = (
        60 if case["programme"].endswith(("start", "induction")) else 360 if case["setting"] == "inpatient" else 1440
    )
    assert scored <= limit
    assert scored - newest <= SAME_VISIT
    assert found.expires_in_min is not None
    assert scored + found.expires_in_min <= limit


@settings(EXAMPLES, max_examples=40)
@given(cases(), st.data())
def test_an_absent_value_is_never_better_than_a_calm_one(case: dict[str, Any], data: st.DataObject) -> None:
    """Unknown is never read as normal: with a vital charted and calm the answer goes at least as far."""
    name, calm = data.draw(st.sampled_from([("rr", 15), ("spo2", 98), ("sbp", 118), ("poss", "1"), ("temp_c", 36.8)]))
    index = data.draw(st.integers(0, len(case["observations"]) - 1))
    place = ("observations", index, "vitals", name)
    known, absent = answer(without(case, place, calm)), answer(without(case, place))
    assert ADVISES[absent.suggestion_class] <= ADVISES[known.suggestion_class]


HARMS: list[tuple[str, Any]] = [
    *(("vitals", {name: value}) for name, values in WORSE.items() for value in values),
    *(("events", {"type": name, "h_ago": 2}) for name in (
        "naloxone_given", "new_confusion", "seizure", "suicidal_intent", "chest_pain", "syncope", "overdose",
        "dehydration_signs", "danger_flag", "external_dose")),
    ("labs", {"qtc_ms": 500}),
    ("conditions", ["groin abscess"]),
    ("pregnancy", "positive"),
]  # fmt: skip


@settings(EXAMPLES, max_examples=50)
@given(cases(), st.lists(st.sampled_from(HARMS), min_size=1, max_size=3), st.integers(0, 3))
def test_danger_calls_whatever_else_is_so(case: dict[str, Any], harms: list[Any], index: int) -> None:
    """No combination goes on, steps or starts while a danger rule holds; withheld is what any of them withholds."""
    for kind, harm in harms:
        if kind == "vitals":
            case["observations"][index % len(case["observations"])]["vitals"] |= harm
        elif kind == "events":
            case["events"] = [*case["events"], harm]
        elif kind == "labs":
            case["patient"]["labs"] |= harm
        else:
            case["patient"][kind] = harm
    rules, found = danger(Facts(read_case(case), content())), answer(case)
    if not rules:
        return
    assert found.suggestion_class == "HOLD_CALL"
    assert set(found.rules) >= {one.rule for one in rules}
    drug_class = class_of(case["plan"]["drug"]) if case["plan"].get("drug") else "opioid"
    calls = engine.answer(read_case(case)).calls
    assert {one.rule for one in calls} >= {one.rule for one in rules}
    assert (found.dose_action == "withhold") == any(giving_of(one).to(drug_class) == "no" for one in calls)
    assert found.text
    assert any("physician clears" in said for said in found.would_change)


@settings(EXAMPLES, max_examples=40)
@given(cases(), st.data())
def test_danger_outranks_everything(case: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["rr", "spo2", "poss", "avpu"]))
    value = {"rr": 8, "spo2": 91, "poss": "4", "avpu": "U"}[name]
    index = data.draw(st.integers(0, len(case["observations"]) - 1))
    case["observations"][index]["vitals"] = {name: value}
    if data.draw(st.booleans()):
        case["observations"][index]["cows"] = None
    case["plan"]["signed"] = data.draw(st.sampled_from([True, False, None]))
    found = answer(case)
    assert found.suggestion_class == "HOLD_CALL"
    past = all(one.past for one in danger(Facts(read_case(case), content())) if one.rule == "A01")
    assert found.dose_action == "withhold" or past
    assert "A01" in found.rules
    assert past or found.rules[0] == "A01"


@settings(EXAMPLES, max_examples=40)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(case: dict[str, Any], chance: random.Random) -> None:
    """Not even of entries of the same minute that contradict each other."""
    case["events"] = [
        {"type": "vomiting", "h_ago": 2},
        {"type": "vomiting", "h_ago": 1},
        {"type": "basis_corrected", "h_ago": 1, "dose_given": True},
        {"type": "basis_corrected", "h_ago": 1, "approved": False},
        {"type": "danger_flag", "h_ago": 1},
    ][chance.randrange(5) :]
    case["doses"] = [*case["doses"], {"drug": "methadone", "mg": 5, "h_ago": 3}, {"drug": "methadone", "h_ago": 3}]
    case["patient"]["conditions"] = ["COPD", "alcohol dependence", "old MI", "CKD 4"]
    case["patient"]["other_meds"] = ["metoprolol", "clonidine", "ondansetron", "haloperidol"]
    first = case["observations"][0]
    case["observations"] += [copy.deepcopy(first) | {"by": "RN-B", "vitals": first["vitals"] | {"intoxicated": False}}]
    mixed = copy.deepcopy(case)
    for entries in (mixed["observations"], mixed["doses"], mixed["events"], *(
        mixed["patient"][name] for name in ("conditions", "other_meds"))):  # fmt: skip
        chance.shuffle(entries)
    assert answer(mixed) == answer(case)


@settings(EXAMPLES, max_examples=40)
@given(cases(), st.sampled_from([60, 120, 400, 1500, 10000]))
def test_ageing_the_observations_never_gives_more(case: dict[str, Any], minutes: int) -> None:
    older = copy.deepcopy(case)
    for seen in older["observations"]:
        seen["min_ago"] += minutes
    before, after = answer(case), answer(older)
    if in_danger(case) or in_danger(older):
        return
    if ADVISES[before.suggestion_class] < 3:
        assert ADVISES[after.suggestion_class] < 3


OPIOIDS = [(one.id, name) for one in drugs_file().drugs if one.opioid for name in (one.id, *one.brands)]
GIVEN_AGO = st.sampled_from([0.5, 1, 3, 9, 14, 23.9, 24, 40])


@settings(EXAMPLES, max_examples=150)
@given(cases(), st.sampled_from(OPIOIDS), st.sampled_from([0.4, 8, 30, 60]), GIVEN_AGO, st.booleans())
def test_a_dose_of_another_opioid_never_gives_more(
    case: dict[str, Any], opioid: tuple[str, str], mg: float, h_ago: float, here: bool
) -> None:
    drug_id, name = opioid
    more = copy.deepcopy(case)
    if here:
        if drug_id == case["plan"]["drug"]:
            return
        more["doses"].append({"drug": name, "mg": mg, "h_ago": h_ago})
    else:
        more["events"] = [*more["events"], {"type": "external_dose", "drug": name, "mg": mg, "h_ago": h_ago}]
    before, after = answer(case), answer(more)
    gives = ADVISES | {"START_NOT_MET": 0}  # a start that is not met gives no dose, as no suggestion gives none
    assert gives[after.suggestion_class] <= gives[before.suggestion_class], (before.rules, after.rules)
    if before.dose_action == "withhold":
        assert after.dose_action == "withhold"
    if case["programme"] in ("taper", "maintenance_dot", "methadone_start") and h_ago < 24:
        assert "A14" in after.rules


@settings(EXAMPLES, max_examples=60)
@given(cases(), st.sampled_from([0.4, 8, 30, 60]), GIVEN_AGO, st.data())
def test_a_brand_is_its_substance(case: dict[str, Any], mg: float, h_ago: float, data: st.DataObject) -> None:
    one = drug(data.draw(st.sampled_from(["methadone", "buprenorphine", "diamorphine", "clonidine", "naloxone"])))
    brand, generic = copy.deepcopy(case), copy.deepcopy(case)
    alike = [name for name in one.names if precipitant(name) == precipitant(one.id)]  # a depot is watched longer
    brand["doses"].append({"drug": data.draw(st.sampled_from(alike)), "mg": mg, "h_ago": h_ago})
    generic["doses"].append({"drug": one.id, "mg": mg, "h_ago": h_ago})
    found, same = answer(brand), answer(generic)
    assert (found.suggestion_class, found.dose_action, found.rules) == (
        same.suggestion_class, same.dose_action, same.rules,
    )  # fmt: skip


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-50, 1000)


@settings(EXAMPLES, max_examples=50)
@given(
    cases(),
    st.dictionaries(
        st.sampled_from(["rr", "spo2", "hr", "sbp", "dbp", "temp_c", "ciwa_ar", "breath_alcohol_pct"]), NUMBERS
    ),
    st.dictionaries(st.sampled_from([name for name, _ in ONE_BY_ONE]), st.none() | st.integers(-2, 9)),
    st.dictionaries(
        st.sampled_from(
            [
                "current_mg",
                "next_mg",
                "previous_mg",
                "hours_since_last_step",
                "day",
                "days_at_dose",
                "missed_days",
                "proposed_first_mg",
                "proposed_daily_mg",
                "min_step_interval_h",
                "site_alcohol_limit_pct",
                "doses_per_day",
            ]
        ),
        NUMBERS,
    ),
    st.lists(
        st.fixed_dictionaries(
            {"drug": st.none() | st.text(max_size=9) | st.just("methadone"), "mg": NUMBERS, "h_ago": NUMBERS}
        ),
        max_size=3,
    ),
    NUMBERS,
)
def test_every_well_formed_case_gets_an_answer(
    case: dict[str, Any],
    vitals: dict[str, Any],
    items: dict[str, Any],
    plan: dict[str, Any],
    doses: list[Any],
    min_ago: float | None,
) -> None:
    case["observations"][0]["vitals"] |= vitals
    if case["observations"][0]["cows"]:
        case["observations"][0]["cows"]["items"] |= items
    case["observations"][0]["min_ago"] = min_ago or 0
    case["plan"] |= plan
    case["doses"] = doses
    found = answer(case)
    assert found.text
    assert found.reasons
    assert (found.dose_action is not None) == (found.suggestion_class == "HOLD_CALL")
    json.dumps(found.as_dict(datetime(2026, 11, 21, 8, 0, tzinfo=UTC)), allow_nan=False)


@pytest.mark.parametrize("entry", [entry for _, entry in case_files()], ids=[name for name, _ in case_files()])
def test_every_named_case_says_its_basis(entry: dict[str, Any]) -> None:
    case = built(entry)
    found = answer(case)
    says_its_basis(case, found)
    shows_its_inputs(case, found)
    works_out_no_dose(case, found)


def says_its_basis(case: dict[str, Any], found: Suggestion) -> None:
    """Levels of the plan alone, alternatives, blocked rules, sources, versions, expiry and what would turn it."""
    plan = case["plan"]
    assert found.to_mg in (None, plan.get("next_mg"), plan.get("previous_mg"))
    assert (found.to_mg is not None) == (found.suggestion_class in ("STEP_UP", "STEP_DOWN"))
    assert any("stop the taper and maintain" in said for said in found.alternatives)
    assert {rule for rule, _ in found.blocked} | set(found.rules) <= {"D03", *content().rules}
    assert [said.split(":")[0] for said in found.sources] == list(found.rules)
    assert all(said.endswith("]") and "[" in said for said in found.sources)
    assert found.protocol_versions["suggestions"] == content().version
    assert found.protocol_versions.keys() == {"suggestions", "dangers", "cows", "news2", "vitals"}
    assert found.expires_in_min is None or found.expires_in_min >= 0
    if found.suggestion_class == "NO_SUGGESTION":
        assert "standing order is unchanged" in found.text
        assert found.missing
    told = " ".join(found.would_change)
    turns = {
        "HOLD_CALL": "physician clears",
        "NO_SUGGESTION": "missing is recorded",
        "START_NOT_MET": "Would be START_MET",
    }
    assert turns.get(found.suggestion_class, "Would be HOLD_CALL: RR below 10 /min (now") in told


def shows_its_inputs(case: dict[str, Any], found: Suggestion) -> None:
    """The newest possible value of each vital with unit, age and recorder; every plan field, condition and medicine."""
    facts, shown = Facts(read_case(case), content()), found.inputs
    for name in CHARTED:
        if reading := facts.newest(name):
            (one,) = [i for i in shown if i.name == SHORT[name]]
            assert (one.value, one.age_min, one.by) == (reading.vitals[name], reading.min_ago, reading.by)
            assert one.unit == UNITS.get(name, "")
    values = [one.value for one in shown]
    for name in ("current_mg", "next_mg", "previous_mg", "proposed_first_mg", "missed_days", "day", "days_at_dose"):
        assert case["plan"].get(name) is None or case["plan"][name] in values
    for said in (*(case["patient"].get("conditions") or ()), *(case["patient"].get("other_meds") or ())):
        assert any(str(value).startswith(said) for value in values)
    for event in case["events"]:
        assert any(one.source == "event" and one.name == event["type"].replace("_", " ") for one in shown)


AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(?=(?:-\d+(?:\.\d+)?)? mg)")


def works_out_no_dose(case: dict[str, Any], found: Suggestion) -> None:
    """Every amount that is told stands in the case or in the cited content; only A14 adds up what was given."""
    file = content()
    if "A14" in found.rules:
        return
    known = {float(n) for n in re.findall(r"\d+(?:\.\d+)?", json.dumps(case))}
    known |= {limit.value for _, limit in file.limits}
    cited = " ".join((*(said.text for _, said in file.says), *(rule.text for rule in file.rules.values())))
    known |= {float(n) for n in re.findall(r"\d+(?:\.\d+)?", cited)}
    told = " ".join((found.text, *found.reasons, *found.alternatives, *found.would_change))
    assert {float(n) for n in AMOUNT.findall(told)} <= known


def test_the_nearest_limit_is_told_first() -> None:
    case = base("taper")
    case["observations"][0]["vitals"]["sbp"] = 92
    near = [said for said in answer(case).would_change if said.startswith("Would be HOLD_CALL")]
    assert near[1] == "Would be HOLD_CALL: SBP at or below 90 mmHg (now 92)."
    case["observations"][0]["vitals"] |= {"sbp": 118, "temp_c": 37.9}
    near = [said for said in answer(case).would_change if said.startswith("Would be HOLD_CALL")]
    assert near[1] == "Would be HOLD_CALL: temp at or above 38 °C (now 37.9)."


def test_expiry_is_the_earliest_limit_of_the_inputs() -> None:
    now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    found = answer(base("taper"))
    assert found.expires_in_min == 45
    assert found.as_dict(now)["expires_at"] == "2026-11-21T08:45:00+00:00"
    assert found.as_dict()["expires_at"] is None


def test_an_empty_case_gets_no_suggestion() -> None:
    for programme in PROGRAMMES:
        found = answer({"id": "x", "programme": programme})
        assert found.suggestion_class == "NO_SUGGESTION"
        assert found.missing
        assert found.expires_in_min is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"foo": 1}, "foo"),
        ({"foo": None}, "foo"),
        ({"programme": "detox"}, "programme"),
        ({"id": None}, "id"),
        ({"patient": {"agee": 3}}, "patient.agee"),
        ({"observations": [{"by": "RN-A"}]}, "min_ago"),
        ({"observations": [{"min_ago": 5, "vitals": {"rr": "15"}}]}, "rr"),
        ({"observations": [{"min_ago": 5, "vitals": {"rr": True}}]}, "rr"),
        ({"observations": [{"min_ago": float("nan")}]}, "min_ago"),
        ({"observations": [{"min_ago": 5, "cows": {"items": {"pulse_rate": 1}}}]}, "pulse_rate"),
        ({"events": [{"type": "party", "h_ago": 1}]}, "type"),
    ],
)
def test_what_the_form_does_not_know_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(Refused, match=word):
        read_case(base("taper") | change)


def test_comments_on_a_case_are_ignored() -> None:
    case = base("taper")
    told = case | {"title": "t", "why": "w", "sources": ["s"], "expected": {"class": "CONTINUE"}}
    assert read_case(told) == read_case(case)
    assert read_case(case | {"events": None, "doses": None}) == read_case(case)


def test_the_builder_makes_legal_scores() -> None:
    for total in range(29):
        assert sum(cows(total)["items"].values()) == total


@settings(EXAMPLES, max_examples=40)
@given(
    cases(), st.sampled_from(["pregnant 20 weeks", "gravid", "Schwanger", "not pregnant", "pregnancy test negative"])
)
def test_words_of_a_pregnancy_only_raise(case: dict[str, Any], said: str) -> None:
    before, more = answer(case), copy.deepcopy(case)
    more["patient"]["conditions"] = [*(case["patient"].get("conditions") or ()), said]
    if case["patient"].get("conditions") is not None:  # a list where there was none is a record, not a word
        assert ADVISES[answer(more).suggestion_class] <= ADVISES[before.suggestion_class]


SIGNS = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in WORSE.items()})
HAPPENED = st.lists(
    st.sampled_from(["suicidal_intent", "seizure", "vomiting", "dehydration_signs", "overdose"]),
    max_size=2,
    unique=True,
)


@settings(EXAMPLES, max_examples=80)
@given(cases(), SIGNS, SIGNS, HAPPENED, st.booleans())
def test_words_agree_with_the_answer(
    case: dict[str, Any], newest: dict[str, Any], older: dict[str, Any], happened: list[str], pregnant: bool
) -> None:
    case["observations"].append(observation(180, 4))
    case["observations"][0]["vitals"] |= newest
    case["observations"][-1]["vitals"] |= older
    case["events"] = [*case["events"], *({"type": one, "h_ago": 2} for one in happened)]
    if pregnant:
        case["patient"] |= {"sex_at_birth": "F", "pregnancy": "positive"}
    words_agree(answer(case))


@pytest.mark.parametrize("entry", [entry for _, entry in case_files()], ids=[name for name, _ in case_files()])
def test_every_named_case_is_said_in_few_words_that_agree(entry: dict[str, Any]) -> None:
    found = answer(built(entry))
    words_agree(found)
    assert len(f"{found.text} {found.reasons[0]}".split()) <= 60


def words_agree(found: Suggestion) -> None:
    """No order against the dose beside the opposite one, no dose to keep while it is withheld, no sentence twice."""
    parts = (found.text, *found.reasons, *found.missing, *found.alternatives)
    said = " ".join(parts).lower()
    assert not ("no opioid" in said and "do not withhold" in said)
    if found.dose_action == "withhold":
        assert "do not withhold" not in said
        assert "maintain at the present dose" not in said
        assert "keep current agonist dose" not in said
    else:
        assert "no opioid" not in said
    sentences = [one.strip().rstrip(".").lower() for part in parts for one in SENTENCE.split(part)]
    assert sorted(sentences) == sorted(set(sentences))


def test_a_sentence_is_said_where_it_stands_first() -> None:
    assert once(("Call now. Wait.",), ("wait", "Why."), ("Why. Look.", "Call now.")) == [
        ("Call now. Wait.",), ("Why.",), ("Look.",),
    ]  # fmt: skip
    assert once(("Noted: 'a. b'.",), ("a. b",)) == [("Noted: 'a. b'.",), ("a. b",)]


def test_a_withheld_dose_and_what_cannot_wait_are_said_in_one_line() -> None:
    case = base("taper")
    case["patient"] |= {"sex_at_birth": "F", "pregnancy": "positive"}
    assert "keep current agonist dose" in answer(case).text
    case["observations"][0]["vitals"]["rr"] = 8
    found = answer(case)
    assert "Withheld for slow breathing or sedation; decide now for pregnancy" in found.text
    assert "Maintenance alternative: stop the taper and maintain; at what dose" in " ".join(found.alternatives)


def test_fever_is_said_of_a_high_temperature_alone() -> None:
    for temp, fever in ((38.0, True), (37.9, False), (35.0, False)):
        case = base("taper")
        case["observations"][0]["vitals"]["temp_c"] = temp
        case["observations"][0]["note"] = "new murmur"
        found = answer(case)
        assert "A04" in found.rules
        assert ("fever" in " ".join((found.text, *found.reasons)).lower()) == fever


def test_what_is_past_is_said_in_the_past_tense() -> None:
    case = base("taper")
    case["observations"][1]["vitals"]["rr"] = 8
    found = answer(case)
    assert found.suggestion_class == "HOLD_CALL"
    assert "rapid response" not in " ".join((found.text, *found.reasons))
    assert found.reasons[0].startswith("Was RR 8 (7 h ago, RN-A): emergency criteria; now RR 15 (15 min ago, RN-A)")
    case["observations"][0]["vitals"]["rr"] = 8
    assert "rapid response" in answer(case).text


@pytest.mark.parametrize(("h_ago", "words"), [(0.45, "in 3 min"), (0.5, "Repeat now"), (0.7, "Repeat now")])
def test_a_score_is_not_repeated_before_the_dose_has_taken_effect(h_ago: float, words: str) -> None:
    case = base("taper")
    case["observations"][0]["min_ago"] = h_ago * 60 - 5
    case["doses"] = [{"drug": "buprenorphine", "mg": 8, "h_ago": h_ago}]
    found = answer(case)
    said = " ".join((found.text, *found.reasons))
    assert found.rules[0] == "B03"
    assert words in said
    assert ("repeat now" in said.lower()) == (words == "Repeat now")


def test_what_holds_already_is_no_counterfactual() -> None:
    case = base("alpha2")
    case["plan"] |= {"day": 12}
    case["observations"][0]["cows"] = cows(9)
    assert "Would be HOLD_STEP: COWS 13 or more (now 9)." in answer(case).would_change
    case = base("taper")
    case["observations"][0]["vitals"]["hr"] = 131
    case["observations"][0]["vitals"]["pulse_item_reason"] = "charted"
    assert not any("HR above 130" in said for said in answer(case).would_change)


def test_the_previous_level_is_offered_where_there_is_one() -> None:
    case = base("taper")
    case["plan"]["step_due"] = False
    assert any("previous" in said for said in answer(case).alternatives)
    case["plan"]["previous_mg"] = 8
    assert not any("previous" in said for said in answer(case).alternatives)
    case["plan"]["previous_mg"] = None
    assert not any("previous" in said for said in answer(case).alternatives)


def test_what_limits_an_answer_stands_beside_it() -> None:
    case = base("maintenance_dot")
    case["plan"]["spo2_scale"] = 2
    case["doses"] = [{"drug": "methadone", "mg": 80, "h_ago": 23}]
    case["events"] = [{"type": "vomiting", "h_ago": 22.5}]
    for qtc, noted in ((449, False), (450, True), (499, True)):
        case["patient"]["labs"]["qtc_ms"] = qtc
        said = " ".join(answer(case).reasons)
        assert (f"QTc {qtc} ms on methadone, 450-499" in said) == noted
        assert "scale 2: an emergency from 83 % down" in said
        assert "Vomited 22.5 h ago, after methadone given 23 h ago" in said


def test_a_danger_is_not_hidden_behind_a_correction() -> None:
    case = base("taper")
    case["observations"][0]["vitals"]["hr"] = 128
    case["events"] = [{"type": "vomiting", "h_ago": hours} for hours in (1, 2, 3)]
    found = answer(case)
    assert found.rules[0] == "B04"
    assert "vomiting 1 h ago, 2 h ago, 3 h ago." in " ".join(found.reasons)
    assert any(said.endswith("HR 128 (15 min ago, RN-A).") for said in found.reasons)
    minor = base("hat")
    minor["patient"]["age"] = 12
    assert answer(minor).suggestion_class == "NO_SUGGESTION"
    minor["observations"][0]["vitals"]["poss"] = "2"
    assert (answer(minor).suggestion_class, answer(minor).dose_action) == ("HOLD_CALL", "withhold")


def test_each_programme_has_drugs_that_are_known() -> None:
    assert set(content().programmes) == set(PROGRAMMES)
    for programme in content().programmes.values():
        assert all(drug(one) for one in programme.drugs)


@pytest.mark.parametrize(
    ("sum_of_items", "typed", "hr", "calls"),
    [(20, 25, 78, True), (20, 24, 78, False), (20, 49, 78, False), (21, 21, 121, True), (20, 20, 121, False)],
)
def test_a_score_that_contradicts_itself_calls_on_its_worst_reading(
    sum_of_items: int, typed: int, hr: int, calls: bool
) -> None:
    case = base("taper")
    case["observations"][0]["cows"] = {**cows(sum_of_items), "total": typed}
    case["observations"][0]["vitals"]["hr"] = hr
    found = answer(case)
    assert found.rules[0] == ("A16" if calls else "B04")
    assert "B04" in {*found.rules, *(rule for rule, _ in found.blocked)}


def test_numbers_in_sentences_are_those_of_the_limits() -> None:
    limits = {"confirm_min": {"value": 90.0}, "qtc_note": {"value": 451}}
    raw = {"limits": limits, "says": {"one": {"text": "{confirm_h} h apart, from {qtc_note}"}}}
    assert filled(raw)["says"]["one"]["text"] == "1.5 h apart, from 451"
    with pytest.raises(ValueError, match="names no limit"):
        filled({"limits": limits, "rules": {"A01": {"text": "{nothing}"}}})
