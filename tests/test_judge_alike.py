"""A line of `judge` and the database answer alike, whatever was charted in which order."""

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judge_lines import CALM, NOW, Line, rated

from detox import care
from detox.chart import notes
from detox.chart.events import red
from detox.chart.judge import Judgement
from detox.chart.judge import judge as judged
from detox.clinical.model import (
    Admission,
    Clinician,
    Decision,
    Dose,
    Observation,
    Patient,
    TaperPlan,
    TaperStep,
    Vitals,
    Ward,
)
from detox.commands.judge_context import charted
from detox.commands.judge_form import read_line
from detox.commands.judging import drugs
from detox.store import Store, find
from detox.store.context import read_context


@dataclass(frozen=True)
class Act:
    """One thing that is charted: what, how many minutes after the one before, and with which values."""

    what: str
    after: int
    vitals: Mapping[str, object] = field(default_factory=dict)
    score: int | None = 4
    note: str = ""
    late: int = 0


UNUSUAL = st.sampled_from(
    [
        {}, {}, {}, {"respiratory_rate_per_min": 7.0}, {"respiratory_rate_per_min": 11.0, "sedation": "2"},
        {"systolic_mmhg": 184.0}, {"systolic_mmhg": 88.0, "diastolic_mmhg": 60.0}, {"temperature_c": 38.2},
        {"heart_rate_per_min": 46.0}, {"spo2_percent": 90.0}, {"consciousness": "C"}, {"temperature_c": None},
    ]
)  # fmt: skip
ACTS = st.builds(
    Act,
    what=st.sampled_from(
        ["set", "set", "set", "refused", "asleep", "dose", "nurse", "physician", "decide", "amend", "event"]
    ),
    after=st.integers(20, 400),
    vitals=UNUSUAL,
    score=st.sampled_from([4, 4, 13, 26, None]),
    note=st.sampled_from(["", "", "slept well", "cannot be woken"]),
    late=st.sampled_from([0, 0, 0, 15, 120]),
)


class Both:
    """Charts each act on a ward through care and writes the same down as a line."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.read() as tx:
            found = {name: find.account(tx, name) for name in ("nurse", "physician")}
        self.nurse, self.physician = (account[0] for account in found.values() if account is not None)
        self.now = NOW - timedelta(days=4)
        with store.read() as tx:
            ward = find.wards(tx)[0]
        person = Patient(uuid.uuid4().hex, "Silva", "Maria", date(1991, 4, 2), "F")
        admission = Admission("a", person, ward.id, None, "taper", self.now, pregnancy="negative", opioid="heroin")
        self.admission = care.admit(store, self.nurse, admission, None, self.now)
        self.line: Line = {
            "id": "a",
            "admission": {
                "programme": "taper", "setting": "inpatient", "admitted_at": self.now.isoformat(),
                "patient": {"age": 35, "sex_at_birth": "F", "pregnancy": "negative"},
            },
            "opioid_use": {"opioid": "heroin"},
        }  # fmt: skip
        self.now += timedelta(hours=1)
        steps = tuple(TaperStep(n, mg) for n, mg in enumerate((35.0, 30.0, 0.0), start=1))
        care.write_plan(store, self.physician, TaperPlan("plan", "a", "methadone", steps, 24, "", self.now), self.now)
        care.sign_plan(store, self.physician, "plan", self.now)
        signed = self.now.isoformat()
        self.line["plan"] = {
            "drug": "methadone",
            "steps_mg": [35, 30, 0],
            "interval_h": 24,
            "signed_at": signed,
            "step": 1,
            "step_since": signed,
        }
        self.given_at: datetime | None = None
        self.last: Observation | None = None

    def chart(self, act: Act) -> None:
        self.now += timedelta(minutes=act.after)
        {
            "set": self.take, "refused": self.skip, "asleep": self.skip, "dose": self.give, "nurse": self.say,
            "physician": self.say, "decide": self.decide, "amend": self.amend, "event": self.happen,
        }[act.what](act)  # fmt: skip

    def write(self, key: str, **one: object) -> None:
        self.line[key] = [*self.line.get(key, ()), one]  # type: ignore[misc]

    def who(self, by: Clinician) -> Line:
        return {"id": by.id, "name": by.name, "role": by.role}

    def keep(self, entry: Observation, replaces: str | None = None) -> None:
        if replaces is None:
            care.record(self.store, self.nurse, entry, self.now, confirmed=True)
        else:
            care.amend(self.store, self.nurse, replaces, entry, "typed wrong", self.now, confirmed=True)
        vitals = {name: value for name, value in entry.vitals.measured().items() if name != "spo2_scale"}
        self.write(
            "observations", id=entry.id, at=entry.taken_at.isoformat(), recorded_at=self.now.isoformat(),
            by=self.who(self.nurse), vitals=vitals, cows=dict(entry.answers.get("cows", {})), signs=dict(entry.other),
            not_done=entry.not_done, note=entry.note, replaces=replaces,
        )  # fmt: skip

    def entry(self, act: Act, at: datetime) -> Observation:
        vitals = Vitals(**({k: float(v) if type(v) is int else v for k, v in CALM.items()} | dict(act.vitals)))  # type: ignore[arg-type]
        cows = {} if act.score is None else {"cows": {k: v for k, v in rated(act.score).items() if v is not None}}
        return Observation(uuid.uuid4().hex, "a", at, vitals, cows, note=act.note)

    def take(self, act: Act) -> None:
        at = max(self.now - timedelta(minutes=act.late), self.admission.admitted_at + timedelta(hours=1))
        made = self.entry(act, at)
        self.keep(made)
        self.last = made

    def amend(self, act: Act) -> None:
        if self.last is not None:
            made = self.entry(act, self.last.taken_at)
            self.keep(made, self.last.id)
            self.last = made

    def skip(self, act: Act) -> None:
        why = "asleep" if act.what == "asleep" else "refused"
        self.keep(Observation(uuid.uuid4().hex, "a", self.now, not_done=why))  # type: ignore[arg-type]

    def happen(self, act: Act) -> None:
        self.keep(Observation(uuid.uuid4().hex, "a", self.now, other={"seizure": 1.0}))

    def give(self, act: Act) -> None:
        if self.given_at is not None and self.now - self.given_at < timedelta(hours=25):
            return
        made = Dose(uuid.uuid4().hex, "a", None, "methadone", 30.0, "given", self.now, "as agreed")
        care.chart_dose(
            self.store, self.nurse, made, self.now, physician_id=self.physician.id, secret="only for tests 1"
        )
        self.given_at = self.now
        self.write("doses", at=self.now.isoformat(), drug="methadone", mg=30, by=self.who(self.nurse))

    def say(self, act: Act) -> None:
        by = self.physician if act.what == "physician" else self.nurse
        with self.store.read() as tx:
            every = [a for a in find.dangerous_alerts(tx, "a") if red(a.finding)]
        waiting = [a for a in every if a.resolved_at is None or by.role == "physician"]
        if not waiting:
            return
        one = waiting[-1]
        newest = [a for a in every if a.finding.problem == one.finding.problem][-1]
        if newest is not one:
            return
        care.acknowledge(self.store, by, one.id, "seen", self.now)
        self.write("answers", at=self.now.isoformat(), by=self.who(by), problem=one.finding.problem, done="seen")

    def decide(self, act: Act) -> None:
        shown = self.by_store().suggestion
        told = shown.as_dict(self.now)
        with self.store.read() as tx:
            basis = find.basis_of(tx, "a")
        made = Decision(uuid.uuid4().hex, "a", "declined", shown.suggestion_class, "not now", self.now, "", told)
        care.decide(self.store, self.physician, made, "plan", basis, self.now)
        self.write(
            "decisions", at=self.now.isoformat(), by=self.who(self.physician), verdict="declined", reason="not now",
            **{"class": shown.suggestion_class},
        )  # fmt: skip

    def by_store(self) -> Judgement:
        with self.store.read() as tx:
            return judged(read_context(tx, find.admission(tx, "a"), self.now))

    def by_line(self) -> Judgement:
        line = json.loads(json.dumps(self.line | {"now": self.now.isoformat()}))
        return judged(charted(read_line(line)).context)


def said(found: Judgement) -> dict[str, object]:
    """What both must agree on: everything but sentences and beginnings, which the moment of a late entry may shift."""
    open_alerts = [a for a in found.known.alerts if a.resolved_at is None and a.finding.kind != "silence"]
    words = {drug: found.dose(drug) for drug in drugs()}
    return {
        "dangers": sorted(
            (d.rule, d.problem, d.level, d.state, d.giving.model_dump_json(), str(d.answered_by)) for d in found.dangers
        ),
        "alerts": sorted((a.finding.rule, a.finding.level) for a in open_alerts),
        "class": found.suggestion.suggestion_class,
        "action": found.suggestion.dose_action,
        "rules": sorted(found.suggestion.rules),
        "missing": sorted(found.suggestion.missing),
        "doses": {drug: (word.may_give, word.take_first) for drug, word in words.items()},
        "notes": [one.note for one in notes.unread_notes(found.known)],
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=2, max_size=9))
def test_a_line_and_the_database_answer_alike(acts: list[Act], tmp_path: Path, store: Store, ward: Ward) -> None:
    path = tmp_path / f"{uuid.uuid4().hex}.db"
    shutil.copyfile(store.path, path)
    both = Both(Store(path))
    for act in acts:
        both.chart(act)
    both.now += timedelta(minutes=6)
    assert said(both.by_line()) == said(both.by_store())
