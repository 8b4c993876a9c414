"""Setting limits and baselines for one patient, and reading them wherever the vital stands."""

from datetime import timedelta

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import PatientLimit
from detox.store import orders
from detox.ui import limit_words


def _key(at, prefix: str):
    every = [*at.get("button_group"), *at.text_input, *at.button, *at.number_input, *at.selectbox]
    return next(w for w in every if w.key and str(w.key).startswith(prefix))


def _press(at, label: str):
    return next(b for b in at.button if b.label == label).click().run()


@pytest.fixture
def admission_page(open_page, admission):
    def build(who):
        at = open_page(who, "patient", admission=admission.id)
        return _key(at, "section").set_value("Stay").run()

    return build


@pytest.fixture
def limit(store, physician, admission, now) -> PatientLimit:
    wanted = PatientLimit(
        "l", admission.id, "systolic_mmhg", "high", 180, 200, "usual <170>", now, now + timedelta(hours=8)
    )
    return care.set_limit(store, physician, wanted, now)


def test_a_physician_sets_and_ends_a_limit(admission_page, physician, admission, store, now):
    at = admission_page(physician)
    assert not at.exception
    _press(at, "Set this limit")
    assert any("Choose the vital" in e.value for e in at.error)
    _key(at, "vital-").set_value("systolic_mmhg").run()
    _key(at, "side-").set_value("high").run()
    assert "▲ 160 ▲▲ 180" in html_of(at)
    _key(at, "warning-").set_value(180.0).run()
    _key(at, "critical-").set_value(200.0).run()
    _key(at, "hours-").set_value(8).run()
    _key(at, "because-").input("usual 170/95").run()
    _press(at, "Set this limit")
    assert not at.exception
    with inside(store) as tx:
        (kept,) = orders.patient_limits(tx, admission.id)
    assert (kept.warning, kept.critical, kept.until_at) == (180, 200, now + timedelta(hours=8))
    assert "limit for this patient: ▲ 180 ▲▲ 200 until Sun 06:41, P. Test" in html_of(at)
    _press(at, "End this limit")
    with inside(store) as tx:
        assert orders.patient_limits(tx, admission.id)[0].ended_at == now
    assert any("ward's limits hold" in c.value for c in at.caption)


def test_a_refusal_stands_beside_the_form_and_the_input_stays(admission_page, physician, admission, store):
    at = admission_page(physician)
    _key(at, "vital-").set_value("spo2_percent").run()
    _key(at, "side-").set_value("low").run()
    _key(at, "critical-").set_value(88.0).run()
    _key(at, "hours-").set_value(24).run()
    _key(at, "because-").input("COPD").run()
    _press(at, "Set this limit")
    assert any("not looser" in e.value for e in at.error)
    assert _key(at, "critical-").value == 88
    with inside(store) as tx:
        assert orders.patient_limits(tx, admission.id) == ()


def test_a_nurse_reads_limits_and_states_what_is_usual(admission_page, nurse, admission, store, limit):
    at = admission_page(nurse)
    assert not [b for b in at.button if b.label in ("Set this limit", "End this limit")]
    assert "usual &lt;170&gt;" in html_of(at)
    _key(at, "value-").set_value(150.0).run()
    at = _press(at, "Keep")
    assert any("where the value comes from" in e.value for e in at.error)
    next(w for w in at.text_input if w.label.startswith("Where it comes from")).input("<b>GP letter</b>").run()
    _press(at, "Keep")
    with inside(store) as tx:
        (kept,) = orders.baselines(tx, admission.id)
    assert (kept.value, kept.kind, kept.reason) == (150, "usual", "<b>GP letter</b>")
    assert "&lt;b&gt;GP letter" in html_of(at)


def test_a_baseline_is_set_anew(admission_page, physician, admission, store):
    at = admission_page(physician)
    _key(at, "kind-").set_value("anew").run()
    place = [w for w in at.selectbox if w.label == "Vital"][-1]
    place.set_value("heart_rate_per_min").run()
    _key(at, "value-").set_value(96.0).run()
    next(w for w in at.text_input if w.label.startswith("Where it comes from")).input("settled on clonidine").run()
    _press(at, "Keep")
    with inside(store) as tx:
        assert [(b.vital, b.kind) for b in orders.baselines(tx, admission.id)] == [("heart_rate_per_min", "anew")]


def test_the_limit_is_shown_on_tile_header_and_form(open_page, nurse, admission, store, seen, vitals, limit, now):
    care.record(store, nurse, seen(vitals=vitals(), minutes_ago=5), now)
    told = "limit for this patient: ▲ 180 ▲▲ 200 until Sun 06:41, P. Test"
    here = {"admission": admission.id}
    for name, query in (("board", {}), ("patient", here), ("record", here)):
        assert told in html_of(open_page(nurse, name, **query)), name


def test_a_temperature_in_the_wards_unit(now):
    wanted = PatientLimit("t", "stay", "temperature_c", "high", 38.0, 38.5, "known", now, now + timedelta(hours=1))
    assert limit_words.values(wanted, "F") == "▲ 100.4 ▲▲ 101.3"
