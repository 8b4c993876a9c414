"""One admission charted twice: on a ward through care, and as a line of `judge`; what both must agree on.

Left out because a line cannot say them: a dose given against a hold, an interval with an end, an admission's own
baseline, a ward's lawful programmes, a plan that was ended or changed, and a dose that was corrected after a decision.
"""

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from inside import inside
from judge_lines import CALM, NOW, Line, rated
from law_lines import EXAMPLES

from detox import care
from detox.care import answering, correcting, monitoring, other_doses, stating
from detox.care import limits as own_limits
from detox.chart import notes
from detox.chart.events import red
from detox.chart.judge import Judgement
from detox.chart.judge import judge as judged
from detox.clinical.model import (
    Admission,
    Clinician,
    Decision,
    Dose,
    HistoryAnswer,
    IntervalOrder,
    Observation,
    Patient,
    PatientLimit,
    TaperPlan,
    TaperStep,
    Vitals,
)
from detox.commands.judge_context import charted
from detox.commands.judge_form import read_line
from detox.commands.judging import drugs
from detox.errors import DetoxError
from detox.store import Store, find
from detox.store.context import read_context

WALKS = max(1, EXAMPLES // 10)
"""How many admissions a law charts: a tenth of the other laws' examples, each on a real database of its own."""
WALK = settings(
    max_examples=WALKS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SECRET = "only for tests 1"
UNUSUAL: tuple[Mapping[str, object], ...] = (
    {}, {}, {}, {"respiratory_rate_per_min": 7.0}, {"respiratory_rate_per_min": 11.0, "sedation": "2"},
    {"systolic_mmhg": 184.0}, {"systolic_mmhg": 88.0, "diastolic_mmhg": 60.0}, {"temperature_c": 38.2},
    {"heart_rate_per_min": 46.0}, {"spo2_percent": 90.0}, {"consciousness": "C"}, {"temperature_c": None},
)  # fmt: skip
SEEN: tuple[Mapping[str, float], ...] = (
    {"seizure": 1.0}, {"pinpoint_pupils": 1.0}, {"suicidal_intent": 1.0}, {"overdose": 1.0}, {"intoxicated": 1.0},
    {"chest_pain": 1.0}, {"worry": 2.0}, {"worry": 3.0}, {"vomits": 2.0}, {"qtc_ms": 520.0}, {"qtc_ms": 440.0},
    {"potassium_mmol_l": 2.9}, {"weight_kg": 62.0},
)  # fmt: skip
ELSEWHERE = ("methadone", "Subutex", "morphine", "naloxone", "diazepam")
PROBLEMS = ("breathing", "pulse", "self_harm", "overdose", "qt", "withdrawal", "precipitated", "worry", "dose")
LIMITS = (("heart_rate_per_min", "high", 115.0, 135.0), ("systolic_mmhg", "high", 170.0, 190.0))
FACTS: tuple[Mapping[str, str], ...] = (
    {}, {"medicines": "clonidine"}, {"liver": "none"}, {"conditions": "heart failure"},
    {"conditions": "none", "medicines": "none"},
)  # fmt: skip
KINDS = {
    "taper": ("methadone", (35.0, 30.0, 0.0)),
    "bup_induction": ("buprenorphine", (8.0, 16.0)),
    "alpha2": ("lofexidine", (2.16, 1.44, 0.0)),
}
WHAT = (
    "set", "set", "set", "skip", "dose", "nurse", "physician", "answer", "decide", "amend", "seen", "elsewhere",
    "other", "vomited", "corrected", "error", "limit", "order",
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One thing that is charted: what, how many minutes after the one before, and with which values."""

    what: str
    after: int
    vitals: Mapping[str, object] = field(default_factory=dict)
    score: int | None = 4
    note: str = ""
    late: int = 0
    pick: int = 0
    closes: bool = False
    giving: str = "withhold"


ACTS = st.builds(
    Act,
    what=st.sampled_from(WHAT),
    after=st.integers(20, 400),
    vitals=st.sampled_from(UNUSUAL),
    score=st.sampled_from([4, 4, 13, 26, None]),
    note=st.sampled_from(["", "", "slept well", "cannot be woken"]),
    late=st.sampled_from([0, 0, 0, 15, 120]),
    pick=st.integers(0, 59),
    closes=st.booleans(),
    giving=st.sampled_from(["withhold", "as_ordered"]),
)


@dataclass(frozen=True)
class Start:
    """How an admission begins: its programme, what is known of the patient, and the SpO2 scale."""

    programme: str = "taper"
    facts: Mapping[str, str] = field(default_factory=dict)
    spo2_scale: int = 1


STARTS = st.builds(Start, st.sampled_from(sorted(KINDS)), st.sampled_from(FACTS), st.sampled_from([1, 1, 1, 2]))


class Both:
    """Charts each act on a ward through care and writes the same down as a line.

    What care refuses is written nowhere: a line says what was charted.
    """

    def __init__(self, store: Store, start: Start = Start()) -> None:
        self.store, self.now = store, NOW - timedelta(days=4)
        with inside(store) as tx:
            found = {name: find.account(tx, name) for name in ("nurse", "physician")}
            ward = find.wards(tx)[0]
        self.nurse, self.physician = (account[0] for account in found.values() if account is not None)
        person = Patient(uuid.uuid4().hex, "Silva", "Maria", date(1991, 4, 2), "F")
        admission = Admission(
            "a", person, ward.id, None, start.programme, self.now, pregnancy="negative", opioid="heroin",
            spo2_scale=start.spo2_scale,
        )  # fmt: skip
        self.admission = care.admit(store, self.nurse, admission, None, self.now)
        self.drug, doses = KINDS[start.programme]
        patient: Line = {"age": 35, "sex_at_birth": "F", "pregnancy": "negative"}
        self.line: Line = {
            "id": "a",
            "admission": {
                "programme": start.programme, "setting": "inpatient", "admitted_at": self.now.isoformat(),
                "spo2_scale": start.spo2_scale, "patient": patient,
            },
            "opioid_use": {"opioid": "heroin"},
        }  # fmt: skip
        self.state(start.facts, patient)
        self.now += timedelta(hours=1)
        steps = tuple(TaperStep(n, mg) for n, mg in enumerate(doses, start=1))
        care.write_plan(store, self.physician, TaperPlan("plan", "a", self.drug, steps, 24, "", self.now), self.now)
        care.sign_plan(store, self.physician, "plan", self.now)
        self.dose_mg = 0.54 if start.programme == "alpha2" else doses[0]  # of lofexidine's day one dose
        self.line["plan"] = {
            "drug": self.drug, "steps_mg": list(doses), "interval_h": 24, "signed_at": self.now.isoformat(), "step": 1,
            "step_since": self.now.isoformat(),
        }  # fmt: skip
        self.doses: list[tuple[Dose, Line]] = []
        self.last: Observation | None = None

    def state(self, facts: Mapping[str, str], patient: Line) -> None:
        """What is known of the patient, before anything else is charted."""
        for name, value in facts.items():
            stating.state(
                self.store, self.nurse, HistoryAnswer(uuid.uuid4().hex, "a", name, value, "", self.now), self.now
            )
        with inside(self.store) as tx:
            known = read_context(tx, find.admission(tx, "a"), self.now)
        for name, told in (("conditions", known.conditions), ("medicines", known.medicines)):
            if told is not None:
                patient[name] = list(told)

    def chart(self, act: Act) -> None:
        """One more act. What care refuses changes nothing on either side."""
        self.now += timedelta(minutes=act.after)
        acts: dict[str, Callable[[Act], None]] = {
            "set": self.take, "skip": self.skip, "dose": self.give, "nurse": self.say, "physician": self.say,
            "answer": self.answer, "decide": self.decide, "amend": self.amend, "seen": self.see,
            "elsewhere": self.give_other, "other": self.give_other, "vomited": self.vomit, "corrected": self.correct,
            "error": self.unsay, "limit": self.limit, "order": self.order,
        }  # fmt: skip
        try:
            acts[act.what](act)
        except DetoxError:
            return

    def write(self, key: str, **one: object) -> Line:
        self.line[key] = [*self.line.get(key, ()), one]  # type: ignore[misc]
        return one

    def who(self, by: Clinician) -> Line:
        return {"id": by.id, "name": by.name, "role": by.role}

    # --- observations

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
        why = ("asleep", "refused", "off_ward")[act.pick % 3]
        self.keep(Observation(uuid.uuid4().hex, "a", self.now, not_done=why))  # type: ignore[arg-type]

    def see(self, act: Act) -> None:
        self.keep(Observation(uuid.uuid4().hex, "a", self.now, note=act.note, other=SEEN[act.pick % len(SEEN)]))

    # --- doses

    def give(self, act: Act) -> None:
        made = Dose(uuid.uuid4().hex, "a", None, self.drug, self.dose_mg, "given", self.now, "as agreed")
        kept = care.chart_dose(
            self.store, self.nurse, made, self.now, physician_id=self.physician.id, secret=SECRET, confirmed=True
        )
        self.write_dose(kept)

    def give_other(self, act: Act) -> None:
        name, elsewhere = ELSEWHERE[act.pick % len(ELSEWHERE)], act.what == "elsewhere"
        made = Dose(uuid.uuid4().hex, "a", None, name, 8.0, "given", self.now, "as agreed", elsewhere=elsewhere)
        kept = other_doses.chart_other_dose(
            self.store, self.nurse, made, self.now, physician_id=self.physician.id, secret=SECRET, confirmed=True
        )
        self.write_dose(kept, name)

    def write_dose(self, kept: Dose, name: str = "") -> None:
        told = self.write(
            "doses", at=kept.given_at.isoformat(), drug=name or kept.drug, mg=kept.dose_mg, by=self.who(self.nurse),
            status=kept.status, elsewhere=kept.elsewhere,
        )  # fmt: skip
        self.doses.append((kept, told))

    def vomit(self, act: Act) -> None:
        if self.doses:
            dose, told = self.doses[-1]
            at = max(dose.given_at, self.now - timedelta(minutes=act.late))
            care.chart_vomited(self.store, self.nurse, dose.id, at, "", self.now)
            told["vomited_at"] = at.isoformat()

    def correct(self, act: Act) -> None:
        """The last dose was less than charted: the line says it as corrected."""
        if self.doses and "decisions" not in self.line:
            dose, told = self.doses[-1]
            less = replace(dose, id=uuid.uuid4().hex, dose_mg=dose.dose_mg / 2)
            kept = correcting.amend_dose(
                self.store, self.nurse, dose.id, less, "typed wrong", self.now, physician_id=self.physician.id,
                secret=SECRET, confirmed=True,
            )  # fmt: skip
            told["mg"] = kept.dose_mg
            self.doses[-1] = kept, told

    def unsay(self, act: Act) -> None:
        if self.doses and "decisions" not in self.line:
            dose, told = self.doses[-1]
            correcting.dose_in_error(self.store, self.nurse, dose.id, "another patient's", self.now)
            self.line["doses"] = [one for one in self.line["doses"] if one is not told]  # type: ignore[union-attr]
            self.doses.pop()

    # --- what people say and order

    def say(self, act: Act) -> None:
        by = self.physician if act.what == "physician" else self.nurse
        with inside(self.store) as tx:
            every = [a for a in find.dangerous_alerts(tx, "a") if red(a.finding)]
        waiting = [a for a in every if a.resolved_at is None or by.role == "physician"]
        if not waiting:
            return
        one = waiting[-1]
        newest = [a for a in every if a.finding.problem == one.finding.problem][-1]
        if newest is not one:
            return
        giving = act.giving if by is self.physician else "withhold"
        care.acknowledge(self.store, by, one.id, "seen", self.now, giving=giving)
        self.write(
            "answers", at=self.now.isoformat(), by=self.who(by), problem=one.finding.problem, done="seen", giving=giving
        )

    def answer(self, act: Act) -> None:
        problem, orders = PROBLEMS[act.pick % len(PROBLEMS)], act.pick % 2 == 0
        by = self.physician if orders else self.nurse
        giving, closes = (act.giving, act.closes) if orders else ("withhold", False)
        answering.answer_danger(self.store, by, "a", problem, "seen", self.now, giving=giving, closes=closes)
        self.write(
            "answers",
            at=self.now.isoformat(),
            by=self.who(by),
            problem=problem,
            done="seen",
            giving=giving,
            closes=closes,
        )

    def decide(self, act: Act) -> None:
        shown = self.by_store().suggestion
        with inside(self.store) as tx:
            basis = find.basis_of(tx, "a")
        verdict, chosen = ("changed", "CONTINUE") if act.pick % 2 else ("declined", shown.suggestion_class)
        told = shown.as_dict(self.now)
        made = Decision(uuid.uuid4().hex, "a", verdict, chosen, "not now", self.now, "", told)  # type: ignore[arg-type]
        care.decide(self.store, self.physician, made, "plan", basis, self.now)
        self.write(
            "decisions", at=self.now.isoformat(), by=self.who(self.physician), verdict=verdict, reason="not now",
            **{"class": chosen},
        )  # fmt: skip

    def limit(self, act: Act) -> None:
        vital, side, warning, critical = LIMITS[act.pick % len(LIMITS)]
        until = self.now + timedelta(hours=1 + act.pick % 24)
        wanted = PatientLimit(uuid.uuid4().hex, "a", vital, side, warning, critical, "as ordered", self.now, until)  # type: ignore[arg-type]
        own_limits.set_limit(self.store, self.physician, wanted, self.now)
        for level, value in (("warning", warning), ("critical", critical)):
            self.write(
                "limits", limit=f"{vital}_{side}_{level}", value=value, by=self.who(self.physician),
                at=self.now.isoformat(), until=until.isoformat(),
            )  # fmt: skip

    def order(self, act: Act) -> None:
        wanted = IntervalOrder(uuid.uuid4().hex, "a", 30, "as ordered", self.now, None)
        monitoring.order_interval(self.store, self.nurse, wanted, self.now)
        self.write("orders", what="vitals", every_min=30, by=self.who(self.nurse), at=self.now.isoformat())

    # --- the two judgements

    def by_store(self) -> Judgement:
        with inside(self.store) as tx:
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
        "watches": [(w.watch.drug, w.watch.since, w.watch.until, w.watch.state, w.passed) for w in found.watches],
    }


@contextmanager
def charted_ward(store: Store, folder: Path, start: Start, acts: Iterable[Act]) -> Iterator[Both]:
    """A copy of the ward on which the acts were charted both ways, six minutes after the last."""
    path = folder / f"{uuid.uuid4().hex}.db"
    shutil.copyfile(store.path, path)
    both = Both(Store(path), start)
    for act in acts:
        both.chart(act)
    both.now += timedelta(minutes=6)
    try:
        yield both
    finally:
        path.unlink()
