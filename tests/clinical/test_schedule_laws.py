"""Laws of the schedule, for every admission that can be: nothing that tells nothing, and nothing missing, buys time."""

from dataclasses import replace
from datetime import timedelta

from alert_help import MIDNIGHT, WELL, cows_of, observed
from hypothesis import given, settings
from hypothesis import strategies as st

from detox.clinical.looking_back import recent_sets
from detox.clinical.model import VITALS, Alert, Background, Dose, Finding, IntervalOrder, Observation, StepDown
from detox.clinical.monitoring.schedule import Clock, Due, asked, next_due, overdue_from, overdue_level

COWS = st.one_of(st.none(), st.sampled_from([0, 4, 9, 13, 20, 26]).map(cows_of), st.just({"sweating": 1}))
CHANGED = st.dictionaries(
    st.sampled_from(["heart_rate_per_min", "respiratory_rate_per_min", "systolic_mmhg", "spo2_percent"]),
    st.one_of(st.none(), st.sampled_from([8, 25, 95, 120])), max_size=3,
)  # fmt: skip
NOT_DONE = st.sampled_from([None, None, None, "asleep", "refused", "off_ward"])


@st.composite
def sets(draw: st.DrawFn, most: int = 8) -> list[Observation]:
    """A few observations, in the order of time."""
    hours, made = 0.0, []
    for _ in range(draw(st.integers(0, most))):
        hours += draw(st.sampled_from([0.0, 0.25, 0.5, 1, 3, 7]))
        kind = draw(st.sampled_from(["full", "full", "short", "nothing"]))
        if kind == "full":
            made.append(observed(hours, cows=draw(COWS), not_done=draw(NOT_DONE), **{**WELL, **draw(CHANGED)}))
        elif kind == "short":
            made.append(observed(hours, not_done=draw(NOT_DONE), respiratory_rate_per_min=14))
        else:
            made.append(observed(hours, not_done=draw(NOT_DONE)))
    return made


@st.composite
def backgrounds(draw: st.DrawFn) -> Background:
    """A programme in a setting, some doses, some steps down, some orders."""
    drugs = ["buprenorphine", "methadone", "naloxone", "lofexidine", "diamorphine", "naltrexone_xr"]
    given_doses = draw(st.lists(st.tuples(st.sampled_from(drugs), st.integers(0, 40)), max_size=4))
    given_doses.sort(key=lambda pair: pair[1])
    programmes = ["", "taper", "bup_induction", "methadone_start", "naltrexone_start", "hat"]
    return Background(
        admitted_at=MIDNIGHT,
        programme=draw(st.sampled_from(programmes)),
        doses=tuple(
            Dose(f"d{n}", "a", None, drug, 1.0, "given", MIDNIGHT + timedelta(hours=at))
            for n, (drug, at) in enumerate(given_doses)
        ),
        intervals=tuple(draw(st.lists(orders(), max_size=2))),
        setting=draw(st.sampled_from(["", "inpatient", "inpatient", "outpatient", "OTP", "HAT clinic"])),
        steps=tuple(
            StepDown(
                MIDNIGHT + timedelta(hours=at), draw(st.sampled_from(drugs)), 8.0, draw(st.sampled_from([6.0, 0.0]))
            )
            for at in sorted(draw(st.lists(st.integers(0, 40), max_size=2)))
        ),
    )


@st.composite
def orders(draw: st.DrawFn, role: str | None = None) -> IntervalOrder:
    """An interval that somebody has ordered."""
    at = MIDNIGHT + timedelta(hours=draw(st.integers(0, 30)))
    until = draw(st.sampled_from([None, 1, 6, 24]))
    return IntervalOrder(
        "i", "a", draw(st.sampled_from([15, 60, 120, 240, 480, 720])), "why", at,
        None if until is None else at + timedelta(hours=until), "N",
        role or draw(st.sampled_from(["nurse", "physician"])),
    )  # fmt: skip


@st.composite
def raised(draw: st.DrawFn) -> Alert:
    """An open alert, confirmed or not."""
    values = draw(st.sampled_from([{}, {"systolic_mmhg": 185, "confirm_min": 5}]))
    level = draw(st.sampled_from(["info", "warning", "critical"]))
    found = Finding("r", "p", level, "limit", "it", "", "", values, "1", "s", "P")
    return Alert("a", "a", "o", found, MIDNIGHT + timedelta(hours=draw(st.sampled_from([0, 0.5, 1, 8]))))


ALERTS = st.lists(raised(), max_size=2)


def red(due: Due):
    return overdue_from(due)["critical"]


@settings(max_examples=200, deadline=None)
@given(sets(), ALERTS, backgrounds(), st.sampled_from([None, "asleep", "refused", "off_ward", "other"]))
def test_what_tells_nothing_buys_no_time(seen, alerts, background, reason):
    before = next_due(seen, alerts, background)
    at = seen[-1].taken_at if seen else MIDNIGHT
    nothing = replace(observed(not_done=reason), taken_at=at + timedelta(minutes=10), answers={"phq-9": {"x": 1}})
    after = next_due([*seen, nothing], alerts, background)
    assert after.at <= before.at
    assert red(after) <= red(before)


@settings(max_examples=200, deadline=None)
@given(sets(), backgrounds(), st.sampled_from([*VITALS, "cows"]), st.sampled_from([0, 9, 12]))
def test_a_missing_value_waits_no_longer_than_a_normal_one(seen, background, name, total):
    at = (seen[-1].taken_at - MIDNIGHT) / timedelta(hours=1) + 1 if seen else 1
    whole = observed(at, cows=cows_of(total), **WELL)
    fewer = {k: v for k, v in WELL.items() if k != name}
    lacking = observed(at, cows=None if name == "cows" else cows_of(total), **fewer)
    assert next_due([*seen, lacking], (), background).at <= next_due([*seen, whole], (), background).at


@settings(max_examples=200, deadline=None)
@given(sets(), ALERTS, backgrounds(), orders(role="nurse"))
def test_a_nurses_order_never_lengthens(seen, alerts, background, order):
    ordered = replace(background, intervals=(*background.intervals, order))
    before, after = next_due(seen, alerts, background), next_due(seen, alerts, ordered)
    assert after.at <= before.at
    assert red(after) <= red(before)


@settings(max_examples=200, deadline=None)
@given(sets(), ALERTS, backgrounds(), orders(role="physician"))
def test_nobodys_order_lengthens_a_recheck_or_a_look_after_a_dose(seen, alerts, background, order):
    plain = replace(background, intervals=())
    before, after = next_due(seen, alerts, plain), next_due(seen, alerts, replace(plain, intervals=(order,)))
    if before.rule.startswith("recheck") or before.line.because in (*background.doses, *background.steps):
        assert after.at <= before.at
    assert asked(seen, plain) == asked(seen, replace(plain, intervals=(order,)))


@settings(max_examples=200, deadline=None)
@given(sets(), ALERTS, backgrounds(), st.sampled_from(["outpatient", "OTP", "HAT clinic"]))
def test_a_ward_waits_no_longer_than_a_clinic_and_an_unknown_setting_is_a_ward(seen, alerts, background, setting):
    ward, clinic = replace(background, setting="inpatient"), replace(background, setting=setting)
    assert next_due(seen, alerts, ward).at <= next_due(seen, alerts, clinic).at
    ward, clinic = replace(ward, intervals=()), replace(clinic, intervals=())
    assert red(next_due(seen, alerts, ward)) <= red(next_due(seen, alerts, clinic))
    assert next_due(seen, alerts, replace(ward, setting="")) == next_due(seen, alerts, ward)


@settings(max_examples=200, deadline=None)
@given(sets(), ALERTS, backgrounds())
def test_a_step_down_only_shortens_the_wait(seen, alerts, background):
    assert next_due(seen, alerts, background).at <= next_due(seen, alerts, replace(background, steps=())).at


@settings(max_examples=200, deadline=None)
@given(sets(recent_sets() + 4), ALERTS, backgrounds())
def test_fed_one_by_one_is_the_whole_list(seen, alerts, background):
    clock = Clock()
    for count, observation in enumerate(seen, start=1):
        clock.add(observation)
        assert clock.due(alerts, background) == next_due(seen[:count], alerts, background)


@settings(max_examples=200, deadline=None)
@given(sets(), ALERTS, backgrounds())
def test_every_due_time_has_words_a_source_and_both_levels_in_reach(seen, alerts, background):
    due = next_due(seen, alerts, background)
    assert due.why
    assert due.source
    assert due.interval_min > 0
    assert overdue_level(due, due.at) is None
    assert overdue_level(due, max(overdue_from(due).values()) + timedelta(minutes=1)) == "critical"
