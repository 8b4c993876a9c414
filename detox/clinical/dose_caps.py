"""Whether an amount is over a cap of a label, asked before a dose is charted. The caps stand in suggestions.toml."""

from collections.abc import Sequence

from detox.clinical.case import Case, Labs, Patient, Plan
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.dose_limits import DRUG_LIMITS
from detox.clinical.suggestions.facts import Facts


def over_caps(
    drug: str, dose_mg: float, given_today_mg: float, programme: str, setting: str, conditions: Sequence[str],
    egfr: float | None,
) -> list[str]:  # fmt: skip
    """A sentence for each cap that `dose_mg` is over, alone or with what was given of the drug today; else nothing.

    `conditions` are in the words of the suggestion rules; liver and kidneys lower the caps of lofexidine. `egfr` in
    ml/min is None where nobody measured it. The caps on the first methadone dose and day count in a methadone start.
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
    return found if first_of_day else [one for one in found if "first dose" not in one]
