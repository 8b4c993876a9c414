"""What is charted beside the vitals: absent is never zero; saved, corrected and read back like a vital. The timer."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import Observation, Vitals
from detox.clinical.protocols import vitals_file
from detox.store import find
from detox.ui import flowsheet, other_measures

SIGNS = [o.name for o in vitals_file().other if o.kind == "sign"]
NUMBERS = [o.name for o in vitals_file().other if o.kind == "number"]


def _key(at, end: str):
    every = [*at.get("button_group"), *at.text_input, *at.button, *at.number_input, *at.toggle]
    return next(w for w in every if w.key and str(w.key).endswith(end))


def _fill(at, **numbers):
    for name, value in numbers.items():
        _key(at, f"-{name.replace('__', '-')}").set_value(value).run()
    return at


def _press(at, label: str):
    return next(b for b in at.button if b.label == label).click().run()


@pytest.fixture
def form(open_page, nurse, admission):
    return open_page(nurse, "record", admission=admission.id)


@pytest.fixture
def kept(store, admission):
    def read():
        with inside(store) as tx:
            return find.observations(tx, admission.id)

    return read


def test_what_nobody_touches_is_not_charted(form, kept):
    _fill(form, systolic_mmhg=124.0, diastolic_mmhg=78.0)
    _press(form, "Save set")
    assert not form.exception
    assert kept()[0].other == {}


def test_a_sign_is_one_and_what_was_not_asked_about_is_missing(form, kept):
    _key(form, "-signs").set_value(["chest_pain", "rigors"]).run()
    assert "▲ Chest pain · ▲ Shaking chills" in html_of(form)
    _press(form, "Save set")
    assert kept()[0].other == {"chest_pain": 1, "rigors": 1}


def test_asked_about_all_makes_the_others_zero(form, kept):
    _key(form, "-signs").set_value(["chest_pain"]).run()
    _key(form, "-signs-asked").set_value(True).run()
    _press(form, "Save set")
    assert kept()[0].other == dict.fromkeys(SIGNS, 0) | {"chest_pain": 1}


def test_asked_and_none(form, kept):
    _key(form, "-signs-asked").set_value(True).run()
    assert "asked: none of the signs" in html_of(form)
    _press(form, "Save set")
    assert kept()[0].other == dict.fromkeys(SIGNS, 0)


def test_every_number_has_a_field_and_zero_is_a_count(form, kept):
    typed = {
        "vomits": 0.0, "loose_stools": 3.0, "fluid_in_ml": 900.0, "fluid_out_ml": 400.0, "weight_kg": 71.5,
        "standing_systolic_mmhg": 108.0, "standing_diastolic_mmhg": 70.0, "standing_heart_rate_per_min": 104.0,
        "qtc_ms": 431.0, "potassium_mmol_l": 3.9, "egfr_ml_min": 88.0,
    }  # fmt: skip
    assert set(typed) == set(NUMBERS)
    _fill(form, **{f"other__{name}": value for name, value in typed.items()})
    _press(form, "Save set")
    assert kept()[0].other == typed


def test_a_weight_alone_is_not_called_nothing(form):
    _fill(form, other__weight_kg=71.5)
    assert "Nothing entered yet" not in html_of(form)


def test_an_impossible_value_is_told_at_once_and_the_input_stays(form, kept):
    _fill(form, other__weight_kg=715.0)
    assert "Weight 715 kg is outside 20-400: check and enter again." in html_of(form)
    _press(form, "Save set")
    assert "Not saved" in html_of(form)
    assert _key(form, "-other-weight_kg").value == 715
    assert kept() == []


def test_what_a_sign_raises_stands_on_the_receipt(form, store, admission):
    _fill(form, systolic_mmhg=188.0, diastolic_mmhg=110.0)
    _key(form, "-signs").set_value(["chest_pain"]).run()
    _press(form, "Save set")
    with inside(store) as tx:
        levels = {a.finding.problem: a.finding.level for a in find.open_alerts(tx, admission.id)}
    assert levels["blood_pressure"] == "critical", "chest pain makes a high pressure red at once"
    assert "Blood pressure 188/110" in html_of(form)


@pytest.mark.parametrize(
    "other",
    [
        {"chest_pain": 1.0, "weight_kg": 71.5, "vomits": 0.0},
        {"worry": 0.0},
        {"worry": 3.0, "headache": 1.0},
        dict.fromkeys(SIGNS, 0.0),
        dict.fromkeys(SIGNS, 0.0) | {"seizure": 1.0},
        {"headache": 0.0, "rigors": 1.0},
        {},
    ],
)
def test_a_correction_keeps_and_shows_what_was_charted(open_page, nurse, admission, store, seen, now, other, kept):
    original = seen(vitals=Vitals(heart_rate_per_min=76), other=other, minutes_ago=20)
    care.record(store, nurse, original, now, confirmed=True)
    at = open_page(nurse, "record", admission=admission.id, amend=original.id)
    assert not at.exception
    assert bool(other) == ("Also: " in html_of(at))
    _fill(at, heart_rate_per_min=78.0)
    _key(at, "-replace_reason").input("typed wrong").run()
    _press(at, "Save correction")
    assert not at.exception
    (corrected,) = kept()
    assert (corrected.replaces, corrected.vitals.heart_rate_per_min) == (original.id, 78)
    assert corrected.other == other


def test_a_correction_can_take_a_value_back(open_page, nurse, admission, store, seen, now, kept):
    original = seen(vitals=Vitals(heart_rate_per_min=76), other={"headache": 0, "weight_kg": 17.5 + 54}, minutes_ago=20)
    care.record(store, nurse, original, now, confirmed=True)
    at = open_page(nurse, "record", admission=admission.id, amend=original.id)
    _key(at, "-signs-not").set_value([]).run()
    _key(at, "-other-weight_kg").set_value(None).run()
    _key(at, "-replace_reason").input("other patient").run()
    _press(at, "Save correction")
    assert kept()[0].other == {}


def test_the_flowsheet_has_a_row_only_for_what_was_charted(seen, now):
    def table(*sets: Observation) -> str:
        return flowsheet.table(sets, ZoneInfo("Europe/London"), now, "C")

    plain = seen(vitals=Vitals(heart_rate_per_min=76))
    assert "Chest pain" not in table(plain)
    full = seen(id="f", other={"chest_pain": 1, "headache": 0, "vomits": 0, "weight_kg": 71.5})
    text = table(plain, full)
    assert '<th scope="row">Chest pain</th>' in text
    row = text.split('<th scope="row">Vomits since the last set</th>')[1].split("</tr>")[0]
    assert sorted(row.split("<td")[1:]) == [' class="dx-val ">0</td>', ' class="dx-val "></td>']
    assert '<td class="dx-val high"><b>yes</b> ▲</td>' in text
    assert ">no</td>" in text
    assert ">71.5 kg</td>" in text
    assert "Loose stools" not in text


@pytest.mark.parametrize(("seconds", "button", "rate"), [(30, "Use × 2", 18), (60, "Use", 9)])
def test_counted_breaths_become_a_rate(form, kept, seconds, button, rate):
    _key(form, "-breaths-seconds").set_value(seconds).run()
    assert f'class="dx-timer s{seconds}"' in html_of(form)
    _fill(form, breaths__counted=9.0)
    _press(form, button)
    assert not form.exception
    assert _key(form, "-respiratory_rate_per_min").value == rate
    assert _key(form, "-breaths-counted").value is None
    _press(form, "Save set")
    assert kept()[0].vitals.respiratory_rate_per_min == rate


def test_nothing_counted_leaves_the_rate_alone(form):
    _fill(form, respiratory_rate_per_min=14.0)
    _press(form, "Use × 2")
    assert _key(form, "-respiratory_rate_per_min").value == 14


@pytest.mark.parametrize("marked", [True, False])
def test_a_note_that_names_a_sign_is_asked_about_once(form, kept, marked):
    _key(form, "-note").input("had a <b>seizure</b>").run()
    _press(form, "Save set")
    assert "You wrote &#x27;seizure&#x27;: chart it as a sign? If it is there, mark Seizure first" in html_of(form)
    assert kept() == []
    if marked:
        _key(form, "-signs").set_value(["seizure"]).run()
    _press(form, "Yes, right: save")
    (only,) = kept()
    assert (only.note, only.other) == ("had a <b>seizure</b>", {"seizure": 1} if marked else {})


@pytest.mark.parametrize("seconds", other_measures.COUNT_S)
def test_the_timer_runs_without_script_and_says_every_second(seconds):
    text = other_measures.timer_html(seconds)
    assert "<script" not in text
    assert " on" not in text.split("aria-label")[0]
    assert text.count("<i>") == seconds + 1
    assert text.index(f"<i>{seconds}</i>") < text.index("<i>0</i>")


# --- the form of a dose without a plan, on the patient's page ---------------------------------------------------------


@pytest.fixture
def dose_form(open_page, nurse, admission):
    at = open_page(nurse, "patient", admission=admission.id)
    return at.toggle(key="give-dose").set_value(True).run()


def _of(at, widgets: str, label: str):
    return next(w for w in at.get(widgets) if w.label == label)


def test_a_medicine_from_elsewhere_is_charted_without_a_plan(dose_form, store, nurse, admission, now):
    at = dose_form
    assert any("no signed plan" in w.value for w in at.warning)
    _press(at, "Chart this other dose")
    assert any("here by order, or elsewhere" in e.value for e in at.error)
    _of(at, "button_group", "Where").set_value("elsewhere")
    _press(at, "Chart this other dose")
    for told in ("Say which medicine", "amount in mg", "Say where it was given"):
        assert any(told in e.value for e in at.error), told
    _of(at, "selectbox", "Medicine").set_value("beta_blocker")
    _of(at, "number_input", "Amount given, mg").set_value(40.0)
    _of(at, "text_input", "Where, or by whose order").input("<b>GP</b>, propranolol")
    _of(at, "time_input", "At (empty: now)").set_value(time(8, 15))
    _press(at, "Chart this other dose")
    assert not at.exception
    assert not at.error
    with inside(store) as tx:
        (kept,) = find.doses(tx, admission.id)
    assert (kept.drug, kept.dose_mg, kept.plan_id, kept.reason) == ("beta_blocker", 40, None, "<b>GP</b>, propranolol")
    assert f"{kept.given_at.astimezone(ZoneInfo('Europe/London')):%d %H:%M}" == f"{now:%d} 08:15"
    assert "✓ Saved" in html_of(at)
    assert "&lt;b&gt;GP" in html_of(at)
    assert "<b>GP" not in html_of(at)
    assert _of(at, "selectbox", "Medicine").value is None


def test_a_brand_is_found_in_the_list_of_medicines(dose_form):
    listed = _of(dose_form, "selectbox", "Medicine").options
    for label, brand in (
        ("buprenorphine", "Subutex"), ("methadone", "Physeptone"), ("clonidine", "Catapres"), ("diazepam", "Valium"),
        ("naltrexone, extended-release injection", "Vivitrol"),
    ):  # fmt: skip
        assert [one.split(" (")[0] for one in listed if brand in one] == [label]


def test_a_day_needs_its_time(dose_form, store, admission, now):
    at = dose_form
    _of(at, "button_group", "Where").set_value("elsewhere")
    _of(at, "date_input", "Day (if not today)").set_value(now.date())
    _press(at, "Chart this other dose")
    assert any("Enter the time" in e.value for e in at.error)
    with inside(store) as tx:
        assert find.doses(tx, admission.id) == []


# --- the ward's measuring habits, on the manager's page ---------------------------------------------------------------


def test_a_manager_reads_the_wards_habits_and_nobodys_name(open_page, manager, nurse, admission, store, seen, now):
    for ago in range(31):
        entry = seen(vitals=Vitals(respiratory_rate_per_min=18, temperature_c=36.0), minutes_ago=60 * ago)
        care.record(store, nurse, entry, now, confirmed=True)
    at = open_page(manager, "ward")
    assert not at.exception
    assert any(h.value == "Measured or guessed?" for h in at.subheader)
    table = next(t for t in html_of(at).split("<table>") if "Respiratory rate 18 or 20" in t)
    assert "<b>100 %</b>" in table
    assert "<td>40 %</td>" in table
    assert "31 of 31 readings" in table
    assert "longest runs: 31" in table
    assert "too few to say (30 needed)" in table, "nothing is said of pressures that nobody measured"
    assert nurse.name not in table
    assert "SILVA" not in table.upper()


def test_a_result_is_positive_or_negative_or_not_known(form, kept):
    _key(form, "-other-urine_fentanyl").set_value(1).run()
    _key(form, "-other-naloxone_challenge").set_value(0).run()
    assert "Urine: fentanyl positive · Naloxone challenge negative" in html_of(form)
    _press(form, "Save set")
    assert kept()[0].other == {"urine_fentanyl": 1, "naloxone_challenge": 0}


@pytest.mark.parametrize(
    ("grade", "words", "meaning"),
    [(0, "0 none", "normal"), (1, "1 a little", "normal"), (2, "2 worried", "high"), (3, "3 sure", "critically_high")],
)
def test_worry_is_one_of_four_buttons_and_stands_where_signs_are_shown(
    form, open_page, nurse, admission, kept, grade, words, meaning
):
    _key(form, "-other-worry").set_value(grade).run()
    assert f"Nurse&#x27;s worry {words}" in html_of(form)
    _press(form, "Save set")
    assert not form.exception
    assert kept()[0].other == {"worry": grade}
    assert ("sure that something is wrong" in html_of(form)) == (grade == 3), "the receipt shows the alert"
    sheet = flowsheet.table(kept(), ZoneInfo("UTC"), kept()[0].taken_at, "C")
    row = sheet.split("Nurse&#x27;s worry")[1].split("</tr>")[0]
    assert f'class="dx-val {meaning}"><b>{words}</b>' in row
    again = open_page(nurse, "record", admission=admission.id)
    labels = [w.label for w in again.get("button_group") if w.key and w.key.endswith("-other-worry")]
    assert labels == [f"Nurse's worry · was {words}"]


def test_a_worry_can_be_taken_back_and_is_then_absent(form, kept):
    _key(form, "-other-worry").set_value(2).run()
    _key(form, "-other-worry").set_value("–").run()
    _fill(form, heart_rate_per_min=76.0)
    _press(form, "Save set")
    assert kept()[0].other == {}


def test_the_tile_says_the_worry_in_its_words(open_page, nurse, store, admission, seen, now):
    for worry, minutes_ago in ((2, 40), (None, 20)):
        other = {} if worry is None else {"worry": worry}
        entry = seen(vitals=Vitals(heart_rate_per_min=76), other=other, minutes_ago=minutes_ago)
        care.record(store, nurse, entry, now, confirmed=True)
    text = html_of(open_page(nurse, "board"))
    assert "Nurse&#x27;s worry: worried, somebody should look (2 or more)" in text
    assert "Nurse&#x27;s worry <b>2 worried</b> ▲ (" in text, "with its time, since the newest set did not ask"


def test_an_event_is_charted_when_it_happened_and_asking_about_signs_says_nothing_of_it(form, kept):
    _key(form, "-events").set_value(["return_to_use"]).run()
    _key(form, "-signs-asked").set_value(True).run()
    _press(form, "Save set")
    assert kept()[0].other == dict.fromkeys(SIGNS, 0) | {"return_to_use": 1}
