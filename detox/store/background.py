"""What the rules ask beside the observations of an admission, read in one go."""

import json
from dataclasses import replace
from datetime import datetime

from detox.clinical.alerts.engine import alerts_file
from detox.clinical.entry_times import Span, judged
from detox.clinical.looking_back import dose_span
from detox.clinical.measures import RETURN_TO_USE
from detox.clinical.model import Admission, Background, Dose, StepDown
from detox.clinical.watch import precipitant, rises
from detox.instants import from_text
from detox.store import find, find_scores, orders
from detox.store.connection import Connection


def background(
    tx: Connection,
    admission: Admission,
    since: datetime | None = None,
    *,
    first: bool = True,
    now: datetime | None = None,
) -> Background:
    """What is known of an admission beside its observations.

    `since` bounds the doses that are read (None: all of them). `first` is False where the caller has all observations
    of the admission at hand. Of the observations those are looked at that are judged at `now` (None: all of them).
    """
    span = Span(None, None) if now is None else judged(admission.admitted_at, now)
    doses = _doses(tx, admission.id, since - dose_span() if since is not None else None)
    return Background(
        admitted_at=admission.admitted_at,
        programme=admission.programme,
        doses=tuple(d for d in doses if d.status == "given"),
        baselines=orders.baselines(tx, admission.id),
        limits=orders.patient_limits(tx, admission.id),
        intervals=orders.interval_orders(tx, admission.id),
        first_weight=find.first_weight(tx, admission.id, *span),
        first=tuple(find.first_observations(tx, admission.id, alerts_file().baseline.within_sets, *span))
        if first
        else (),
        setting=admission.setting,
        steps=_steps_down(tx, admission.id),
        not_given=tuple(d for d in doses if d.status != "given"),
    )


def with_scores(tx: Connection, admission_id: str, known: Background) -> Background:
    """The same with every score that a watch for precipitated withdrawal may look back on; none where none can run."""
    if not any(precipitant(dose.drug) for dose in known.doses):
        return known
    return replace(
        known,
        scores=tuple(find_scores.scores(tx, admission_id, list(rises()))),
        used_again=tuple(find_scores.sign_times(tx, admission_id, RETURN_TO_USE)),
    )


def _doses(tx: Connection, admission_id: str, start: datetime | None) -> list[Dose]:
    doses = find.doses(tx, admission_id, start)
    if start is not None:
        known = {d.id for d in doses}
        doses = [
            d for d in find.first_doses(tx, admission_id, alerts_file().baseline.within_sets) if d.id not in known
        ] + doses
    return sorted(doses, key=lambda d: d.given_at)


def _steps_down(tx: Connection, admission_id: str) -> tuple[StepDown, ...]:
    """Every fall of a drug's signed daily dose, oldest first: within a plan, or from one plan to the next."""
    rows = tx.execute(
        "SELECT c.at, c.step_to, p.drug, p.steps FROM step_change c JOIN taper_plan p ON p.id = c.plan_id "
        "WHERE p.admission_id = ? ORDER BY c.at, c.rowid",
        (admission_id,),
    )
    falls: list[StepDown] = []
    signed: dict[str, float] = {}
    for row in rows:
        drug, dose_mg = row["drug"], float(json.loads(row["steps"])[row["step_to"] - 1])
        before = signed.get(drug, dose_mg)
        if dose_mg < before:
            falls.append(StepDown(from_text(row["at"]), drug, before, dose_mg))
        signed[drug] = dose_mg
    return tuple(falls)
