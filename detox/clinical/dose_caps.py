"""Whether an amount is over a cap of a label, asked before a dose is charted. The caps stand in suggestions.toml.

And how much was given near a moment: within hours, whatever day it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from detox.clinical.case import Case, Labs, Patient, Plan
from detox.clinical.model import Dose, HistoryAnswer
from detox.clinical.situations import situations_file
from detox.clinical.suggestions.content import Limit, content
from detox.clinical.suggestions.dose_limits import DRUG_LIMITS
from detox.clinical.suggestions.facts import Facts

UNCLASSED = "acute"
"""The answer about the liver that names no Child-Pugh class."""


def over_caps(
    drug: str, dose_mg: float, given_today_mg: float, programme: str, setting: str, conditions: Sequence[str],
    egfr: float | None, unknown: Sequence[str],
) -> list[str]:  # fmt: skip
    """A sentence for each cap that `dose_mg` is over, alone or with what was given of the drug today; else nothing.

    `conditions` are in the words of the suggestion rules; liver and kidneys lower the caps of lofexidine. `egfr` in
    ml/min is None where nobody measured it. `unknown` are the organs that nobody has answered for, as `unanswered`
    tells them: for lofexidine the strictest row of the label's table holds until they are. The caps on the first
    methadone dose and day count in a methadone start.
    """
    limits = DRUG_LIMITS.get(drug)
    if limits is None:
        return []
    case = Case.model_validate(
        {
            "id": "dose", "programme": programme, "setting": setting,
            "patient": Patient(conditions=tuple(conditions), labs=Labs(egfr=egfr)),
            "plan": Plan(
                drug=drug,  # type: ignore[arg-type]
                proposed_first_mg=dose_mg, proposed_daily_mg=round(given_today_mg + dose_mg, 6),
            ),
        }
    )  # fmt: skip
    first_of_day = given_today_mg == 0
    found = list(limits(Facts(case, content())))
    if drug == "lofexidine" and unknown and not found:
        found = _over_strictest(dose_mg, given_today_mg, unknown)
    return found if first_of_day else [one for one in found if "first dose" not in one]


def unanswered(facts: Mapping[str, HistoryAnswer], egfr: float | None) -> list[str]:
    """The organs whose function decides on the lofexidine cap and for which nobody has answered, by their labels.

    A measured eGFR answers for the kidneys. An acute hepatitis or failure has no Child-Pugh class: that is unanswered.
    """
    liver = facts.get("liver")
    names = ["liver"] if liver is None or liver.value == UNCLASSED else []
    if egfr is None and "kidneys" not in facts:
        names.append("kidneys")
    return [one.label for name in names if (one := situations_file().named(name)) is not None]


def most_within(given: Sequence[Dose], at: datetime, span: timedelta) -> float:
    """The greatest amount in mg that falls, together with `at`, into one stretch of `span`; its end not included."""
    starts = [at, *(d.given_at for d in given if at - span < d.given_at <= at)]
    return max(sum(d.dose_mg for d in given if start <= d.given_at < start + span) for start in starts)


def _over_strictest(dose_mg: float, given_mg: float, unknown: Sequence[str]) -> list[str]:
    limits = content().limits
    asked = f"{' and '.join(unknown).lower()} not answered"
    where = "Answer it on the patient's page under Situation: until then the strictest row of the table holds."
    pairs: tuple[tuple[str, float, Limit], ...] = (
        ("single dose", dose_mg, limits.lofexidine_severe_single_mg),
        ("daily dose", round(given_mg + dose_mg, 6), limits.lofexidine_severe_day_mg),
    )
    found = [
        f"Over limit: lofexidine {what} {mg:g} mg, cap {cap.value:g} mg while {asked} ({cap.source} [{cap.evidence}])."
        for what, mg, cap in pairs
        if mg > cap.value
    ]
    return [*found, where] if found else []
