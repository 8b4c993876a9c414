"""Law: beside a danger no way of charting a dose gives it by a nurse alone, whatever it is called; and none is held in
vain. Over whole admissions on a real database. What was given elsewhere has happened, and is charted as it did."""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from both_ways import ACTS, STARTS, WALK, Act, Both, Start, charted_ward
from hypothesis import example, given
from hypothesis import strategies as st

from detox import care
from detox.care import correcting, other_doses
from detox.care.dose_holds import DoseHeld
from detox.clinical.drugs import class_of, substance
from detox.clinical.model import Dose, Ward
from detox.errors import DetoxError
from detox.store import Store

OTHER = (
    "methadone", "Physeptone", "Subutex", "morphine", "oxycodone", "diamorphine", "diazepam", "Valium", "clonidine",
    "Catapres", "lofexidine", "naltrexone", "naloxone",
)  # fmt: skip
Way = Callable[[Store], Dose]


def dose(drug: str, mg: float, both: Both) -> Dose:
    return Dose(uuid.uuid4().hex, "a", None, drug, mg, "given", both.now, "as agreed")


def ways(both: Both) -> list[tuple[str, Way]]:
    """Every way in which a nurse alone could chart a dose as given here now, and of which drug."""
    found: list[tuple[str, Way]] = [
        (both.drug, lambda to: care.chart_dose(to, both.nurse, dose(both.drug, both.dose_mg, both), both.now))
    ]
    for name in OTHER:
        found.append(
            (name, lambda to, name=name: other_doses.chart_other_dose(to, both.nurse, dose(name, 4.0, both), both.now))
        )
    if both.doses:
        last, _ = both.doses[-1]
        later = replace(last, id=uuid.uuid4().hex, given_at=both.now)
        found.append(
            (
                last.drug,
                lambda to: correcting.amend_dose(to, both.nurse, last.id, later, "later", both.now, confirmed=True),
            )
        )
    return found


def try_it(way: Way, both: Both, folder: Path) -> Dose | DetoxError:
    """What becomes of it, on a copy of the database."""
    path = folder / f"{uuid.uuid4().hex}.db"
    shutil.copyfile(both.store.path, path)
    try:
        return way(Store(path))
    except DetoxError as refused:
        return refused
    finally:
        path.unlink()


SLOW_BREATHING = [Act("set", 100), Act("set", 200, {"respiratory_rate_per_min": 7.0})]


@WALK
@example(start=Start(), acts=SLOW_BREATHING)
@example(start=Start(), acts=[Act("set", 30), Act("dose", 20), *SLOW_BREATHING])
@given(start=STARTS, acts=st.lists(ACTS, min_size=2, max_size=12))
def test_no_way_of_charting_gives_beside_a_danger(
    start: Start, acts: list[Act], tmp_path: Path, store: Store, ward: Ward
) -> None:
    with charted_ward(store, tmp_path, start, acts) as both:
        found = both.by_store()
        for name, way in ways(both):
            known = substance(name)
            assert known is not None
            made = try_it(way, both, tmp_path)
            bars = [one.rule for one in found.dangers if one.giving.to(class_of(known.id)) != "yes"]
            if known.id == "naloxone":
                assert not isinstance(made, DoseHeld), "nothing holds naloxone"
            elif bars and isinstance(made, Dose):
                assert made.over_hold or made.elsewhere, (name, bars)
            elif isinstance(made, DoseHeld):
                assert found.dose(known.id).may_give != "yes", (name, made)
