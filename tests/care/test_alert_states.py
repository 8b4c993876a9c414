"""Whatever is recorded, corrected, answered and set, in whatever order: no critical alert is lost.

A random walk through the verbs over a real database. Sets come late, are amended, alerts are acknowledged and put
aside, limits are set. After each step the kept alerts have to be those that the data ask for.
"""

import shutil
import tempfile
import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from inside import inside

from detox import care
from detox.clinical.alerts.folding import applied, fold, rulebook
from detox.clinical.model import LEVELS, VITALS, Admission, Observation, Patient, PatientLimit, Snooze, Vitals
from detox.errors import Refused
from detox.store import Store, check, find
from detox.store.background import background

MINUTE = timedelta(minutes=1)
ENDS = {"data", "escalated", "amended"}
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "systolic_mmhg": st.sampled_from([84.0, 96.0, 124.0, 165.0, 188.0, 210.0]),
        "heart_rate_per_min": st.sampled_from([46.0, 76.0, 104.0, 124.0, 136.0]),
        "respiratory_rate_per_min": st.sampled_from([7.0, 9.0, 11.0, 16.0]),
        "temperature_c": st.sampled_from([36.8, 37.9, 38.2, 38.6]),
        "sedation": st.sampled_from(["1", "2", "3"]),
    },
).filter(bool)
SIGNS = st.sampled_from([{}, {}, {}, {"chest_pain": 1.0}, {"rigors": 1.0}])
AGO = st.integers(0, 300)


class Ward:
    """A database of its own with one patient in it."""

    def __init__(self, template, now):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "ward.db"
        shutil.copyfile(template, path)
        self.store = Store(path)
        with inside(self.store) as tx:
            ward = find.wards(tx)[0]
            self.nurse, self.physician = (find.account(tx, name)[0] for name in ("nurse", "physician"))
        came = now - timedelta(days=2)
        person = Patient("p", "Silva", "Maria", date(1991, 4, 2), "F")
        admission = Admission("stay", person, ward.id, None, "taper", came, pregnancy="negative", opioid="heroin")
        care.admit(self.store, self.nurse, admission, None, came)

    def open_now(self):
        with inside(self.store) as tx:
            return find.open_alerts(tx, "stay")

    def told(self):
        return {(a.finding.problem, a.finding.rule, a.finding.level) for a in self.open_now()}


class Alerts(RuleBasedStateMachine):
    def __init__(self, template, now):
        super().__init__()
        self.template, self.began, self.now = template, now, now
        self.ward = Ward(template, now)
        self.taken = set()
        self.limits = []
        self.critical = {}  # every critical alert that was ever open, by id: was it answered?

    def later(self, minutes=7):
        self.now += minutes * MINUTE

    def entry(self, ago, values, signs):
        taken_at = (self.now - ago * MINUTE).replace(second=0, microsecond=0)
        while taken_at in self.taken:  # two sets of one minute stand in the order in which they came
            taken_at -= MINUTE
        self.taken.add(taken_at)
        return Observation(uuid.uuid4().hex, "stay", taken_at, vitals=Vitals(**values), other=signs)

    @rule(ago=st.just(0) | AGO, values=VALUES, signs=SIGNS)
    def record(self, ago, values, signs):
        self.later()
        made = care.record(self.ward.store, self.ward.nurse, self.entry(ago, values, signs), self.now, confirmed=True)
        for alert in made.opened:
            self.keep_in_mind(alert)

    def current(self):
        with inside(self.ward.store) as tx:
            return find.observations(tx, "stay")

    @precondition(lambda self: self.taken)
    @rule(place=st.integers(0, 50), values=VALUES, signs=SIGNS)
    def amend(self, place, values, signs):
        self.later()
        known = self.current()
        wrong = known[place % len(known)]
        right = replace(wrong, id=uuid.uuid4().hex, vitals=Vitals(**values), other=signs, assessments=())
        made = care.amend(self.ward.store, self.ward.nurse, wrong.id, right, "typed wrong", self.now, confirmed=True)
        for alert in made.opened:
            self.keep_in_mind(alert)

    @precondition(lambda self: self.ward.open_now())
    @rule(place=st.integers(0, 50))
    def acknowledge(self, place):
        self.later(1)
        alert = self.one_open(place)
        answered = care.acknowledge(self.ward.store, self.ward.nurse, alert.id, "told the physician", self.now)
        assert answered.state == "acknowledged"
        if alert.id in self.critical:
            self.critical[alert.id] = True

    @precondition(lambda self: self.ward.open_now())
    @rule(place=st.integers(0, 50), minutes=st.sampled_from([10, 30, 120]))
    def snooze(self, place, minutes):
        self.later(1)
        alert = self.one_open(place)
        wanted = Snooze(uuid.uuid4().hex, alert.id, self.now, self.now + minutes * MINUTE, "known")
        try:
            care.snooze(self.ward.store, self.ward.nurse, wanted, self.now)
        except Refused:
            return
        assert alert.id in {a.id for a in self.ward.open_now()}, "put aside is not ended"

    @rule(warning=st.sampled_from([150.0, 170.0, 190.0]), above=st.sampled_from([5.0, 20.0]))
    def set_limit(self, warning, above):
        self.later()
        wanted = PatientLimit(
            uuid.uuid4().hex, "stay", "systolic_mmhg", "high", warning, warning + above, "usual 170/95", self.now,
            self.now + 60 * MINUTE,
        )  # fmt: skip
        self.limits.append((care.set_limit(self.ward.store, self.ward.physician, wanted, self.now), self.now))

    def one_open(self, place):
        alerts = sorted(self.ward.open_now(), key=lambda a: a.finding.problem)
        return alerts[place % len(alerts)]

    def keep_in_mind(self, alert):
        if alert.finding.level == "critical":
            self.critical.setdefault(alert.id, False)

    @invariant()
    def at_most_one_open_alert_a_problem(self):
        problems = [a.finding.problem for a in self.ward.open_now()]
        assert len(problems) == len(set(problems))

    @invariant()
    def what_is_open_is_what_the_data_ask_for(self):
        with inside(self.ward.store) as tx:
            changes = fold(find.observations(tx, "stay"), background(tx, find.admission(tx, "stay")))
        wanted = {(p, a.finding.rule, a.finding.level) for p, a in applied({}, changes).items()}
        assert self.ward.told() == wanted

    @invariant()
    def no_critical_alert_vanishes(self):
        with inside(self.ward.store) as tx:
            kept = find.alerts(tx, "stay")
            seen = find.observations(tx, "stay", replaced=True)
        by_id = {a.id: a for a in kept}
        for alert in kept:
            self.keep_in_mind(alert)
        for alert_id, answered in self.critical.items():
            alert = by_id[alert_id]
            assert alert.finding.level == "critical"
            assert (alert.acknowledged_at is not None) is answered
            if alert.resolved_at is None:
                continue
            assert alert.resolution in ENDS
            assert alert.resolution == "amended" or alert.resolved_by is not None
            if alert.resolution == "escalated":
                self.was_taken_over(alert, kept)
            if alert.resolution == "data":
                self.was_ended_by(alert, seen)

    def was_taken_over(self, alert, kept):
        level = LEVELS.index(alert.finding.level)
        problem = alert.finding.problem
        assert any(
            a.id != alert.id and a.finding.problem == problem and LEVELS.index(a.finding.level) >= level for a in kept
        )

    def was_ended_by(self, alert, seen):
        """Where the ward's limit is one of vitals alone, the set that ended it does not meet it."""
        compiled = rulebook().named[alert.finding.rule]
        last = next(o for o in seen if o.id == alert.resolved_by)
        moved = any(limit.holds_at(last.taken_at) for limit, _ in self.limits)
        asked = {c.measure for c in (*compiled.rule.all, *compiled.rule.any)}
        if asked and asked <= set(VITALS) and not compiled.rule.of and not moved:
            assert compiled.raised(last.vitals.measured(), frozenset()) is not True

    def teardown(self):
        with inside(self.ward.store) as tx:
            assert check.broken_event(tx) is None
            assert check.unaudited(tx) == {}
            assert check.dangling_rows(tx) == []
        again = Ward(self.template, self.began)
        for limit, at in self.limits:
            care.set_limit(again.store, again.physician, limit, at)
        for entry in self.current():
            first = replace(entry, assessments=(), replaces=None, replace_reason="")
            care.record(again.store, again.nurse, first, self.now, confirmed=True)
        assert again.told() == self.ward.told(), "the order in which sets arrive makes no difference"
        for ward in (self.ward, again):
            ward.folder.cleanup()


def test_no_critical_alert_is_lost(store, ward, now):
    run_state_machine_as_test(
        lambda: Alerts(store.path, now),
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],  # to shrink a walk takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
