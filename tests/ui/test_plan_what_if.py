"""The what-if page: it pictures, a physician may keep it as a draft, nothing is ordered; and beginning with a list."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import Observation, TaperPlan, TaperStep, Vitals
from detox.clinical.taper_content import ladders_file
from detox.clinical.tapers import leaves
from detox.errors import Refused
from detox.store import find
from detox.ui import ladder, style
from detox.ui.ladder import Wanted

WANTED = Wanted("methadone", "withdrawal", 30.0, 0.0, 5.0, False, 24.0, "linear")


@pytest.fixture
def plan(store, physician, admission, now):
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((30.0, 25.0, 10.0, 0.0), start=1))
    draft = TaperPlan("plan-1", admission.id, "methadone", steps, 24.0, physician.name, now)
    before = now - timedelta(hours=30)
    care.write_plan(store, physician, draft, before)
    return care.sign_plan(store, physician, draft.id, before)


@pytest.fixture
def looking(open_page, admission):
    return lambda who: open_page(who, "plan_what_if", admission=admission.id)


def _key(at, prefix: str):
    every = [*at.get("button_group"), *at.number_input, *at.selectbox, *at.button, *at.text_input]
    return next(w for w in every if w.key and str(w.key).startswith(prefix))


def _buttons(at) -> list[str]:
    return [b.label for b in at.button]


def kept(store, admission):
    with inside(store) as tx:
        return find.plans(tx, admission.id)


def test_it_begins_with_the_plan_in_force(looking, physician, plan):
    at = looking(physician)
    assert not at.exception
    assert [_key(at, name).value for name in ("drug-", "start-", "end-", "step-mg-", "time-h-")] == [
        "methadone", 30.0, 0.0, 5.0, 24.0,
    ]  # fmt: skip
    text = html_of(at)
    assert "A picture, not an order" in text
    assert "NOT YET REVIEWED" in text
    assert "day 4: 20 → 15 mg is 25 %, over 20 % a day (old methadone label, inpatients, R)" in text
    assert "· kept: 6 days at least, 10 days at most (ASAM 2020, short-acting opioids, R)" in text
    assert len(at.get("plotly_chart")) == 1


def test_without_a_plan_it_asks_and_draws_nothing(looking, physician):
    at = looking(physician)
    assert _key(at, "drug-").value is None
    assert "Choose a drug" in at.info[0].value
    _key(at, "drug-").select("buprenorphine").run()
    assert _key(at, "start-").value is None
    assert not at.get("plotly_chart")
    _key(at, "start-").set_value(8.0)
    _key(at, "step-mg-").set_value(2.0).run()
    assert len(at.get("plotly_chart")) == 1
    assert "8 → 6" in at.caption[0].value.replace("\\", "")


def test_every_change_is_drawn_at_once(looking, physician, plan):
    at = looking(physician)
    _key(at, "shape-").set_value("proportional").run()
    assert "16 days to 0 mg, over 10 days" in html_of(at)
    _key(at, "course-").set_value("after_maintenance").run()
    assert "not under 10 % in 10 days (methadone label, after maintenance, R2)" in html_of(at)
    _key(at, "unit-").set_value("%").run()
    assert _key(at, "step-percent-").value == 16.7
    _key(at, "step-percent-").set_value(5.0)
    _key(at, "clock-").set_value("days").run()
    assert _key(at, "time-days-").value == 1.0
    _key(at, "time-days-").set_value(14.0).run()
    assert "1-14" in html_of(at)
    assert not at.exception


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("end-", 30.0, "lower than the start"),
        ("step-mg-", 0.0, "step must be more"),
        ("time-h-", 0.0, "time at a step"),
    ],
)
def test_what_makes_no_ladder_is_told_and_cannot_be_kept(looking, physician, plan, field, value, says):
    at = looking(physician)
    _key(at, field).set_value(value).run()
    assert says in at.warning[0].value
    assert not at.get("plotly_chart")
    assert "Save as a draft plan" not in _buttons(at)


def test_a_step_in_less_than_a_day_is_told(looking, physician, plan):
    at = looking(physician)
    _key(at, "time-h-").set_value(24.0).run()
    assert "under 24 h" not in html_of(at)
    _key(at, "time-h-").set_value(23.0).run()
    assert "23 h at a step, under 24 h" in html_of(at)


def test_a_physician_keeps_it_as_a_draft_once_and_it_is_not_signed(looking, physician, plan, store, admission):
    at = looking(physician)
    _key(at, "keep-").click().run()
    assert not at.exception
    draft, standing = kept(store, admission)
    assert [s.dose_mg for s in draft.steps] == [30, 25, 20, 15, 10, 5, 0]
    assert (draft.drug, draft.interval_h, draft.signed_at) == ("methadone", 24.0, None)
    assert (standing.id, standing.ended_at) == (plan.id, None)
    assert "Kept as a draft" in html_of(at)
    assert "NOT SIGNED" in html_of(at)
    assert "Save as a draft plan" not in _buttons(at)
    _key(at, "step-mg-").set_value(10.0).run()
    assert "Save as a draft plan" in _buttons(at)
    assert any("Another draft waits" in c.value for c in at.caption)


def test_a_nurse_looks_and_cannot_keep_and_a_manager_has_no_such_page(
    looking, nurse, manager, plan, open_page, admission
):
    at = looking(nurse)
    assert len(at.get("plotly_chart")) == 1
    assert "Save as a draft plan" not in _buttons(at)
    assert any("A physician saves" in c.value for c in at.caption)
    assert not open_page(manager, "patient", admission=admission.id).exception


def test_a_stay_that_is_over_is_pictured_and_not_planned(looking, physician, plan, store, admission, now):
    care.discharge(store, physician, admission.id, "went home", now)
    at = looking(physician)
    _key(at, "drug-").select("methadone").run()
    _key(at, "start-").set_value(20.0)
    _key(at, "step-mg-").set_value(5.0).run()
    assert len(at.get("plotly_chart")) == 1
    assert "Save as a draft plan" not in _buttons(at)
    assert any("The admission has ended" in c.value for c in at.caption)


def test_an_unknown_stay_gets_a_sentence(open_page, nurse):
    at = open_page(nurse, "plan_what_if", admission="nobody")
    assert not at.exception
    assert at.error


def test_the_patients_page_leads_there(open_page, nurse, admission):
    at = open_page(nurse, "patient", admission=admission.id)
    assert "What if" in [link.proto.label for link in at.get("page_link")]


# --- the picture as values -------------------------------------------------------------------------------------------


def test_both_ladders_begin_with_the_same_first_step_and_the_chosen_one_is_in_front():
    drawn = ladder.both(WANTED)
    assert {shape: found[1].dose_mg for shape, found in drawn.items()} == {"linear": 25, "proportional": 25}
    left = leaves(drawn["linear"], WANTED.limits)
    figure = ladder.figure(drawn, "linear", left, style.palette(dark=False)).to_dict()
    names = [trace.get("name") for trace in figure["data"]]
    assert names.index("Proportional") < names.index("Linear")
    marks = next(t for t in figure["data"] if t.get("name") == "leaves a cited limit")
    assert list(marks["x"]) == [4, 5, 6, 7]
    assert "over 20 % a day" in marks["customdata"][0]
    assert figure["layout"]["dragmode"] is False
    assert "leaves cited limits in 4 places" in ladder.describe(WANTED, drawn, left)


def test_a_share_that_is_asked_for_is_rounded_to_what_can_be_given_for_the_linear_one():
    drawn = ladder.both(replace(WANTED, step=9.0, percent=True))
    assert [r.dose_mg for r in drawn["linear"]][:3] == [30, 27, 24]
    assert [r.dose_mg for r in drawn["proportional"]][:4] == [30, 27, 25, 23]


def test_the_other_shape_is_left_out_where_it_cannot_be_drawn():
    assert set(ladder.both(replace(WANTED, step=40.0))) == {"linear"}
    with pytest.raises(Refused):
        ladder.both(replace(WANTED, step=40.0, shape="proportional"))


def test_a_drug_that_nothing_is_known_of_is_refused_and_one_without_a_limit_is_not_called_kept():
    with pytest.raises(Refused, match="no ladder is drawn"):
        ladder.both(replace(WANTED, drug="diamorphine"))
    bare = replace(WANTED, drug="clonidine", course="after_maintenance", start_mg=0.3, step=0.1)
    assert not bare.limits
    text = ladder.limits_html(bare, ())
    assert "nothing was checked" in text
    assert "kept" not in text
    assert "none was checked" in ladder.describe(bare, ladder.both(bare), ())
    assert "? none cited" in ladder.compared_html(bare, ladder.both(bare))


def test_too_many_doses_to_read_are_not_written_into_the_picture():
    long = replace(WANTED, start_mg=100.0, step=1.0)
    figure = ladder.figure(ladder.both(long), "linear", (), style.palette(dark=True)).to_dict()
    assert [list(t["text"]) for t in figure["data"] if t.get("mode") == "text"] == [["100", "0"]]


# --- beginning a plan with a list of days ----------------------------------------------------------------------------


def test_a_plan_can_begin_with_a_published_list(open_page, physician, admission, store):
    at = open_page(physician, "patient", admission=admission.id)
    _key(at, "section").set_value("Plan and doses").run()
    lists = _key(at, "template-")
    assert not [title for title in lists.options if "low-dose" in title], "a start rises: it is no taper plan"
    lists.select("buprenorphine_13_days").run()
    assert not at.exception
    assert _key(at, "steps-").value == "16, 14, 12, 10, 8, 6, 4, 2, 0"
    text = html_of(at)
    assert "Days 1-2 (8, 8 mg) come before the fall" in text
    assert "6 mg 2 days, 4 mg 2 days, 2 mg 2 days" in text
    assert "verify them in the trial" in text
    assert kept(store, admission) == []
    next(b for b in at.button if b.label == "Save draft").click().run()
    (draft,) = kept(store, admission)
    assert (draft.drug, draft.signed_at, len(draft.steps)) == ("buprenorphine", None, 9)


def test_every_drug_of_the_ladders_can_be_planned():
    from detox.care.dosing import DRUGS

    assert {one.drug for one in ladders_file().drugs} <= set(DRUGS)


def test_the_dangers_that_board_and_card_show_stand_above_the_picture(looking, physician, nurse, store, admission, now):
    assert "Respiratory rate" not in html_of(looking(physician))
    slow = Observation("slow", admission.id, now, Vitals(respiratory_rate_per_min=8, spo2_percent=95))
    care.record(store, nurse, slow, now, confirmed=True)
    text = html_of(looking(physician))
    assert "▲▲ Respiratory rate 8" in text
    assert text.index("Respiratory rate 8") < text.index("A picture, not an order")
