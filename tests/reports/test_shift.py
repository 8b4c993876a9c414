"""The shift summary: right shifts, four blocks that are never merged, counts that reconcile, a file that is safe."""

import csv
import io
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inside import changing, inside

from detox import care
from detox.clinical.model import Admission, Clinician, Dose, Observation, Shift, TaperPlan, TaperStep, Ward
from detox.errors import NotFound
from detox.gate import OPERATOR
from detox.reports import suggesting
from detox.reports.csv_text import csv_bytes, safe, unsafe
from detox.reports.shift import ShiftSummary, period, recent, shift_csv, shift_of, summary
from detox.reports.shift_patient import set_taken
from detox.reports.shift_table import WITH_COLUMNS, file_name, header
from detox.store import Connection, Store, find
from detox.store.connection import Kind

ROOT = Path(__file__).resolve().parents[2]
NIGHT = "2026-11-21/night"
AFTER = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def london(*shifts: tuple[str, str]) -> Ward:
    return Ward("w", "Ward", "Europe/London", "C", tuple(Shift(*s) for s in shifts))


TWO = london(("Day", "07:30"), ("Night", "19:30"))


class TestPeriods:
    def test_the_key_names_the_date_on_which_the_shift_starts(self) -> None:
        night = shift_of(TWO, datetime(2026, 11, 22, 3, 0, tzinfo=UTC))
        assert night.key == NIGHT
        assert night == period(TWO, NIGHT)
        assert (night.starts_at, night.ends_at) == (
            datetime(2026, 11, 21, 19, 30, tzinfo=UTC),
            datetime(2026, 11, 22, 7, 30, tzinfo=UTC),
        )

    def test_a_shift_begins_at_its_start_and_ends_before_the_next(self) -> None:
        start = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
        assert shift_of(TWO, start).key == NIGHT
        assert shift_of(TWO, start - timedelta(milliseconds=1)).key == "2026-11-21/day"

    @pytest.mark.parametrize(
        ("key", "hours"), [("2026-10-24/night", 13), ("2026-03-28/night", 11), ("2026-11-21/night", 12)]
    )
    def test_nights_on_which_the_clocks_change(self, key: str, hours: int) -> None:
        night = period(TWO, key)
        assert night.ends_at - night.starts_at == timedelta(hours=hours)
        assert shift_of(TWO, night.starts_at) == night == shift_of(TWO, night.ends_at - timedelta(seconds=1))

    @pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
    def test_starts_within_the_changing_hour_leave_no_gap_and_no_overlap(self, day: str) -> None:
        ward = london(("Early", "00:45"), ("Mid", "01:30"), ("Late", "02:00"), ("Noon", "12:00"))
        shifts = [period(ward, f"{day}/{name}") for name in ("early", "mid", "late", "noon")]
        for earlier, later in zip(shifts, shifts[1:], strict=False):
            assert earlier.ends_at == later.starts_at >= earlier.starts_at

    @pytest.mark.parametrize("day", [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)])
    def test_every_minute_has_one_shift(self, day: datetime) -> None:
        ward = london(("Early", "06:00"), ("Late shift", "13:45"), ("Night", "01:30"))
        for minute in range(0, 4 * 24 * 60, 7):
            moment = day + timedelta(minutes=minute)
            found = shift_of(ward, moment)
            assert found.starts_at <= moment < found.ends_at
            assert period(ward, found.key) == found

    def test_one_shift_lasts_the_whole_day(self) -> None:
        found = shift_of(london(("All day", "08:00")), datetime(2026, 11, 21, 7, 59, tzinfo=UTC))
        assert found.key == "2026-11-20/all-day"
        assert found.ends_at - found.starts_at == timedelta(hours=24)

    def test_recent_shifts_newest_first(self) -> None:
        keys = [p.key for p in recent(TWO, datetime(2026, 11, 21, 22, 41, tzinfo=UTC), 3)]
        assert keys == [NIGHT, "2026-11-21/day", "2026-11-20/night"]

    @pytest.mark.parametrize("key", ["", "night", "2026-11-21", "2026-11-21/noon", "2026-02-30/day", "9999-12-31/day"])
    def test_an_unknown_key_lists_the_shifts(self, key: str) -> None:
        with pytest.raises(NotFound, match="day, night"):
            period(TWO, key)

    def test_a_ward_without_shifts(self) -> None:
        with pytest.raises(NotFound, match="no shifts"):
            shift_of(london(), AFTER)


class TestBlocks:
    def test_a_whole_set_is_done(self, seen: Callable[..., Observation], vitals: Callable[..., object]) -> None:
        entry = seen(vitals=vitals())
        assert set_taken(replace(entry, assessments=assessed(entry))).kind == "done"

    def test_a_missing_item_makes_it_partial_and_is_named(
        self, seen: Callable[..., Observation], vitals: Callable[..., object], cows: Callable[..., object]
    ) -> None:
        entry = seen(vitals=vitals(spo2_percent=None), answers=cows(tremor=None))
        taken = set_taken(replace(entry, assessments=assessed(entry)))
        assert taken.kind == "partial"
        assert taken.missing == ("COWS without tremor", "NEWS2 without oxygen saturation")

    def test_asleep_with_breathing_seen_is_partial(
        self, seen: Callable[..., Observation], vitals: Callable[..., object]
    ) -> None:
        entry = seen(vitals=vitals(), not_done="asleep")
        assert set_taken(replace(entry, assessments=assessed(entry))).kind == "partial"

    @pytest.mark.parametrize(
        ("why", "kind"),
        [("asleep", "not_done"), ("off_ward", "not_done"), ("other", "not_done"), ("refused", "refused")],
    )
    def test_nothing_seen(self, seen: Callable[..., Observation], why: str, kind: str) -> None:
        assert set_taken(seen(not_done=why)).kind == kind

    def test_words_alone_are_a_note(self, seen: Callable[..., Observation]) -> None:
        assert set_taken(seen(note="Slept well.")).kind == "note"


def assessed(entry: Observation) -> tuple[object, ...]:
    from detox.clinical.judgement import assessments

    return assessments(entry)


@pytest.fixture
def night(
    store: Store,
    ward: Ward,
    password: str,
    nurse: Clinician,
    physician: Clinician,
    admit: Callable[..., Admission],
    admission: Admission,
    vitals: Callable[..., object],
    cows: Callable[..., object],
) -> dict[str, Admission]:
    """The night of 21 November: Silva (bed 7) with everything, Osei (bed 2) not seen, Novak refusing without a bed."""
    osei, novak = admit("Osei", "Daniel", bed="Bed 2", days_ago=3), admit("=Novak", "+Petr", days_ago=1)

    def at(clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        return datetime(2026, 11, 21 if hour > 12 else 22, hour, minute, tzinfo=UTC)

    def record(stay: Admission, clock: str, **what: object) -> care.Recorded:
        entry = Observation(uuid.uuid4().hex, stay.id, at(clock), **what)  # type: ignore[arg-type]
        return care.record(store, nurse, entry, at(clock), confirmed=True)

    record(admission, "18:00", vitals=vitals(), answers=cows())
    record(osei, "17:00", vitals=vitals(), answers=cows())
    record(novak, "19:00", vitals=vitals(), answers=cows())
    first = record(admission, "20:00", vitals=vitals(heart_rate_per_min=124.0), answers=cows(tremor=4, gi_upset=5))
    raised = record(
        admission, "22:00", vitals=vitals(systolic_mmhg=188.0, diastolic_mmhg=112.0), answers=cows(tremor=None),
        other={"chest_pain": 1},  # so that the pressure is red at once
    )  # fmt: skip
    record(admission, "22:30", not_done="off_ward", note="X-ray")
    record(admission, "23:30", vitals=vitals(), answers=cows())
    record(novak, "23:00", not_done="refused")
    record(novak, "23:05", note="Wants to sleep.")
    critical = next(a for a in raised.opened if a.finding.level == "critical")
    care.acknowledge(store, nurse, critical.id, "Dr Park called", at("22:05"))
    fixed = replace(first.observation, id=uuid.uuid4().hex, assessments=(), vitals=vitals(heart_rate_per_min=84.0))
    care.amend(store, nurse, first.observation.id, fixed, "typed 124 for 84", at("20:10"))
    steps = (TaperStep(1, 8.0), TaperStep(2, 0.0))
    plan = TaperPlan(uuid.uuid4().hex, admission.id, "buprenorphine", steps, 24.0, "", at("18:30"))
    care.write_plan(store, physician, plan, at("18:30"))
    care.sign_plan(store, physician, plan.id, at("18:31"))
    for clock, mg, status, why in (
        ("20:30", 8.0, "given", "ordered by Dr Lee"),
        ("21:00", 0.0, "held", "drowsy"),
        ("21:30", 0.0, "refused", "sick"),
    ):
        dose = Dose(uuid.uuid4().hex, admission.id, None, "buprenorphine", mg, status, at(clock), why)  # type: ignore[arg-type]
        care.chart_dose(store, nurse, dose, at(clock), physician_id=physician.id, secret=password)
    return {"silva": admission, "osei": osei, "novak": novak}


def read(store: Store, ward: Ward, now: datetime = AFTER, key: str = NIGHT) -> ShiftSummary:
    return summary(store, OPERATOR, ward.id, period(ward, key), now)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


class TestSummary:
    def test_patients_by_bed(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        assert [p.bed for p in read(store, ward).patients] == ["Bed 2", "Bed 7", ""]

    def test_four_blocks(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        osei, silva, novak = (p.counts for p in read(store, ward).patients)
        assert (silva.sets_done, silva.sets_partial, silva.sets_not_done, silva.sets_refused) == (2, 1, 1, 0)
        assert (novak.sets_done, novak.sets_refused, novak.notes) == (0, 1, 1)
        assert osei.due_unrecorded > 0
        assert (osei.sets_done, osei.sets_partial, osei.sets_not_done, osei.sets_refused) == (0, 0, 0, 0)

    def test_worst_and_last_score(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        silva = read(store, ward).patients[1]
        found = silva.scores["cows"]
        assert (found.worst.assessment.at_least, found.last.assessment.total) == (10, 0)
        assert found.last.words == "0 below mild"
        partial = next(s for s in silva.sets if s.kind == "partial").observation.assessment("cows")
        assert partial is not None
        assert partial.total is None

    def test_a_corrected_value_no_longer_counts(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        silva = read(store, ward).patients[1]
        highest = silva.vitals["heart_rate_per_min"].highest
        assert highest is not None
        assert highest.interpretation.value == 84
        assert [(c.by, c.reason) for c in silva.corrections] == [("N. Test", "typed 124 for 84")]

    def test_worst_is_by_meaning(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        worst = read(store, ward).patients[1].vitals["systolic_mmhg"].worst.interpretation
        assert (worst.value, worst.meaning) == (188, "critically_high")

    def test_how_alerts_were_answered(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        alerts = read(store, ward).patients[1].opened("critical")
        answered = [a for a in alerts if a.answers]
        assert [(a.by, a.what_was_done) for a in answered[0].answers] == [("N. Test", "Dr Park called")]

    def test_an_alert_of_the_shift_before_is_carried_in(
        self, store: Store, ward: Ward, night: dict[str, Admission]
    ) -> None:
        now = read(store, ward, key="2026-11-22/day", now=datetime(2026, 11, 22, 20, 0, tzinfo=UTC)).patients[1]
        assert now.opened() == ()
        assert [a.carried_in for a in now.alerts] == [True] * len(now.alerts)
        assert now.still_open

    def test_a_running_shift_is_as_of_now(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        now = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
        found = read(store, ward, now)
        assert found.running
        assert found.as_of == now
        assert not read(store, ward).running

    def test_who_left_or_came_meanwhile(
        self, store: Store, ward: Ward, nurse: Clinician, night: dict[str, Admission]
    ) -> None:
        care.discharge(store, nurse, night["osei"].id, "completed", datetime(2026, 11, 21, 21, 0, tzinfo=UTC))
        assert "Osei" in {p.admission.patient.family_name for p in read(store, ward).patients}
        assert next(p for p in read(store, ward).patients if p.bed == "Bed 2").due is None
        later = read(store, ward, key="2026-11-22/day")
        assert "Osei" not in {p.admission.patient.family_name for p in later.patients}

    def test_due_times_belong_to_one_shift(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        """Osei's last set was at 17:00, every 6 hours by its score: 23:00 and 05:00 in the night, 11:00 by day."""
        missed = read(store, ward).patients[0].unrecorded_at
        next_day = read(store, ward, key="2026-11-22/day", now=AFTER + timedelta(days=1)).patients[0].unrecorded_at
        every = [*missed, *next_day]
        assert missed
        assert len(every) == len(set(every))
        assert {b - a for a, b in zip(every, every[1:], strict=False)} == {every[1] - every[0]}

    def test_records_dated_ahead_of_the_clock_carry_their_time(
        self, store: Store, ward: Ward, night: dict[str, Admission]
    ) -> None:
        found = read(store, ward, datetime(2020, 1, 1, tzinfo=UTC))
        assert found.as_of == datetime(2026, 11, 21, 23, 30, tzinfo=UTC)

    def test_an_unknown_ward(self, store: Store, ward: Ward) -> None:
        with pytest.raises(NotFound, match="no such ward"):
            summary(store, OPERATOR, "elsewhere", period(ward, NIGHT), AFTER)


class TestCounts:
    def test_screen_file_and_database_agree(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        """The database is counted by its own queries, over the shift's two ends as text."""
        found = read(store, ward)
        _, content = shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
        rows = rows_of(content)
        for name, total in asdict(found.totals).items():
            assert total == sum(int(r[f"count_{name}"]) for r in rows), name
        counts = found.totals
        span = "BETWEEN '2026-11-21T19:30:00.000Z' AND '2026-11-22T07:29:59.999Z'"
        seen = f"FROM observation WHERE replaced_by IS NULL AND taken_at {span}"
        entries = counts.sets_done + counts.sets_partial + counts.sets_not_done + counts.sets_refused + counts.notes
        with inside(store) as tx:

            def count(query: str) -> int:
                return int(tx.execute(f"SELECT count(*) {query}").fetchone()[0])

            assert entries == count(seen)
            refused = f"{seen} AND not_done = 'refused' AND systolic_mmhg IS NULL AND answers = '{{}}'"
            assert counts.sets_refused == count(refused)
            assert counts.sets_done + counts.sets_partial == count(f"{seen} AND heart_rate_per_min IS NOT NULL")
            for level in ("info", "warning", "critical"):
                opened = f"FROM alert WHERE level = '{level}' AND opened_at {span}"
                assert getattr(counts, f"alerts_{level}") == count(opened)
            for status in ("given", "held", "refused"):
                dosed = f"FROM dose WHERE status = '{status}' AND given_at {span}"
                assert getattr(counts, f"doses_{status}") == count(dosed)
            assert counts.decisions == count(f"FROM decision WHERE at {span}")
            assert counts.corrections == count(f"FROM observation WHERE replaced_by IS NOT NULL AND taken_at {span}")
            unanswered = (
                f"FROM alert a LEFT JOIN acknowledgement k ON k.alert_id = a.id WHERE k.id IS NULL AND opened_at {span}"
            )
            assert counts.alerts_unanswered == count(unanswered)
            rated = (
                "FROM assessment s JOIN observation o ON o.id = s.observation_id WHERE scale = 'cows' AND total IS {0} "
            )
            rated += f"NULL AND o.replaced_by IS NULL AND o.taken_at {span}"
            assert counts.cows_complete == count(rated.format("NOT"))
            assert counts.cows_incomplete == count(rated.format(""))
        assert counts.alerts_critical
        assert counts.corrections == 1


class TestFile:
    def test_its_name_tells_neither_patient_nor_ward(
        self, store: Store, ward: Ward, night: dict[str, Admission]
    ) -> None:
        name, _ = shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
        assert name == "shift_2026-11-21_night.csv"
        odd = period(london(("../Früh schicht", "07:00")), "2026-11-21/../früh-schicht")
        assert re.fullmatch(r"[\w.-]+", file_name(odd))

    def test_one_row_a_patient_and_missing_is_empty(
        self, store: Store, ward: Ward, night: dict[str, Admission]
    ) -> None:
        rows = rows_of(shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)[1])
        osei, silva, novak = rows
        assert (osei["worst_systolic_mmhg"], osei["cows_worst_total"], osei["doses_given"]) == ("", "", "")
        assert osei["count_sets_done"] == "0"
        assert silva["worst_systolic_mmhg"] == "188"
        assert silva["lowest_temperature_c"] == "36.8"
        assert "buprenorphine 8 mg" in silva["doses_given"]
        assert (novak["family_name"], novak["given_name"]) == ("'=Novak", "'+Petr")

    def test_a_shift_that_is_over_is_the_same_bytes_whenever_it_is_fetched(
        self, store: Store, ward: Ward, night: dict[str, Admission]
    ) -> None:
        first = shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
        assert first == shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER + timedelta(days=400))
        assert first[1].startswith(b'\xef\xbb\xbf"shift"')

    def test_times_carry_the_wards_offset(self, store: Store, ward: Ward, night: dict[str, Admission]) -> None:
        for row in rows_of(shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)[1]):
            for name, value in row.items():
                if name.endswith("_at") and value and not name.startswith("due_"):
                    assert datetime.fromisoformat(value).utcoffset() is not None, name

    def test_every_column_is_in_the_codebook(self) -> None:
        text = (ROOT / "docs" / "shift-summary.md").read_text(encoding="utf-8")
        described = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
        columns: list[str] = []
        for name in described:
            columns += [name.replace("<scale>", s) for s in WITH_COLUMNS] if "<scale>" in name else [name]
        assert sorted(columns) == sorted(header())
        assert len(header()) == len(set(header()))

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
    def test_text_comes_back_and_never_starts_a_formula(self, cells: list[str]) -> None:
        content = csv_bytes(["column"] * len(cells), [cells])
        written = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1]
        assert [unsafe(cell) for cell in written] == cells
        for cell in written:
            assert cell.strip(" \ufeff\u200b\xa0")[:1] not in set("=+-@|%\t\r\n＝＋－＠") or not cell.strip(
                " \ufeff\u200b\xa0"
            )

    @pytest.mark.parametrize("text", ["=1+1", "  =1", "\t=1", "\ufeff@x", "＝1", "-3", "|calc", "%0A", "'=1", "\n+1"])
    def test_what_looks_like_a_formula_gets_an_apostrophe(self, text: str) -> None:
        assert safe(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["O'Brien", "'t Hooft", "a=b", "", " ", "7"])
    def test_other_text_stays(self, text: str) -> None:
        assert safe(text) == text

    def test_numbers_stay_numbers(self) -> None:
        assert csv_bytes(["a"], [[-3], [36.0], [36.6], [None]]).splitlines()[1:] == [b"-3", b"36", b"36.6", b'""']


@dataclass
class Traced:
    """What one connection was asked, and how much work that was."""

    statements: list[str] = field(default_factory=list)
    steps: int = 0

    def step(self) -> int:
        self.steps += 1
        return 0

    @property
    def judges(self) -> bool:
        """True for a connection to the database as it stood at a moment: the judgement is worked out from it."""
        return any("CREATE TEMP VIEW" in one for one in self.statements)


class TestReading:
    """It reads what it shows and no more."""

    @contextmanager
    def traced(self, monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[list[Traced]]:
        found: list[Traced] = []
        original = Store._open

        def opened(self: Store, kind: Kind) -> Connection:
            connection = original(self, kind)
            found.append(Traced())
            connection.set_trace_callback(found[-1].statements.append)
            connection.set_progress_handler(found[-1].step, 50)
            return connection

        with monkeypatch.context() as patch:
            patch.setattr(Store, "_open", opened)
            yield found

    def test_every_query_goes_by_an_index(
        self, store: Store, ward: Ward, night: dict[str, Admission], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with self.traced(monkeypatch, store) as traced:
            shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
        queries = {s for one in traced for s in one.statements if s.lstrip().upper().startswith("SELECT")}
        big = r"SCAN (o|a|d|k|observation|assessment|alert|dose|decision|acknowledgement|audit_event)\b(?! USING)"
        with inside(store) as tx:
            for query in queries:
                plan = [row["detail"] for row in tx.execute(f"EXPLAIN QUERY PLAN {query}")]
                assert not any(re.match(big, step) for step in plan), (query, plan)

    def test_history_costs_nothing(
        self,
        store: Store,
        ward: Ward,
        nurse: Clinician,
        night: dict[str, Admission],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Thirty days behind the shift or four hundred: the same queries, the same work for the engine.

        The judgement looks back as far as nobody has decided, here all the way: its reading is not counted.
        """
        self.copy_back(store, range(1, 31))
        shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)  # the first read of a quarter of an hour leaves its event
        with self.traced(monkeypatch, store) as before:
            shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
        self.copy_back(store, range(31, 401))
        with self.traced(monkeypatch, store) as after:
            shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
        few, many = ([one for one in traced if not one.judges] for traced in (before, after))
        assert len(few) < len(before)
        with inside(store) as tx:
            assert len(find.observations(tx, night["silva"].id)) > 1000
        assert sum(len(one.statements) for one in many) == sum(len(one.statements) for one in few)
        assert sum(one.steps for one in many) < sum(one.steps for one in few) * 1.2

    def copy_back(self, store: Store, days: range) -> None:
        """Copies of the sets and doses that are kept, each some days further back."""
        for table, moment in (("observation", "taken_at"), ("dose", "given_at")):
            kept = "WHERE id NOT LIKE '%-%'"
            if table == "observation":
                kept += " AND replaced_by IS NULL AND replaces IS NULL"
            with changing(store) as tx:
                columns = [row["name"] for row in tx.execute(f"PRAGMA table_info({table})")]
                for n in days:
                    then = f"strftime('%Y-%m-%dT%H:%M:%S.000Z', {moment}, '-{n} days')"
                    picked = {c: c for c in columns} | {"id": f"id || '-{n}'", moment: then}
                    values = ", ".join(picked[c] for c in columns)
                    tx.execute(f"INSERT INTO {table} SELECT {values} FROM {table} {kept}")


def test_a_corrected_dose_counts_as_corrected_and_is_told(
    store: Store, ward: Ward, night: dict[str, Admission], nurse: Clinician, physician: Clinician, password: str
) -> None:
    stay = night["silva"]
    with inside(store) as tx:
        given = next(d for d in find.doses(tx, stay.id) if d.status == "given")
        held = next(d for d in find.doses(tx, stay.id) if d.status == "held")
    right = replace(given, id=uuid.uuid4().hex, dose_mg=4.0)
    care.amend_dose(store, nurse, given.id, right, "4 drawn up", given.given_at + timedelta(hours=2))
    care.dose_in_error(store, nurse, held.id, "another patient's", given.given_at + timedelta(hours=2))
    silva = next(p for p in read(store, ward).patients if p.admission.id == stay.id)
    assert ([d.dose_mg for d in silva.dosed("given")], silva.dosed("held")) == ([4.0], ())
    assert (silva.counts.doses_given, silva.counts.doses_held, silva.counts.corrections) == (1, 0, 3)
    _, content = shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)
    told = next(row["corrections"] for row in rows_of(content) if row["family_name"] == "Silva")
    given_words = next(row["doses_given"] for row in rows_of(content) if row["family_name"] == "Silva")
    assert "buprenorphine 4 mg over a hold by the word of P. Test" in given_words
    assert "dose buprenorphine 8 mg given of" in told
    assert "corrected 2026" in told
    assert "(4 drawn up)" in told
    assert "entered in error, said" in told


class TestDangers:
    """What board, card and dose form show stands in the summary at its level, as of the shift's end."""

    def told(self, store: Store, ward: Ward, now: datetime = AFTER, key: str = NIGHT) -> dict[str, str]:
        return {r["family_name"]: r["dangers"] for r in rows_of(shift_csv(store, OPERATOR, ward.id, key, now)[1])}

    def marked(
        self, store: Store, nurse: Clinician, stay: Admission, at: datetime, kept: datetime | None = None
    ) -> None:
        entry = Observation(uuid.uuid4().hex, stay.id, at, other={"suicidal_intent": 1})
        care.record(store, nurse, entry, kept or at, confirmed=True)

    def test_a_call_that_is_no_alert_stands_at_its_level(
        self, store: Store, ward: Ward, nurse: Clinician, admission: Admission
    ) -> None:
        at = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
        self.marked(store, nurse, admission, at)
        (patient,) = read(store, ward).patients
        with inside(store) as tx:
            shown = suggesting.judged(tx, admission, patient.dangers[0].since + timedelta(minutes=90)).judgement
        assert shown is not None
        assert [(d.rule, d.level) for d in patient.dangers] == [(d.rule, d.level) for d in shown.dangers]
        assert self.told(store, ward)["Silva"].startswith("critical: A10 self_harm: Suicidal intent")

    def test_the_last_column_says_none_where_there_is_none_and_nothing_for_who_had_left(
        self, store: Store, ward: Ward, nurse: Clinician, admission: Admission, admit: Callable[..., Admission],
        seen: Callable[..., Observation], vitals: Callable[..., object],
    ) -> None:  # fmt: skip
        at = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
        care.record(store, nurse, replace(seen(vitals=vitals()), taken_at=at), at, confirmed=True)
        osei = admit("Osei", "Daniel", bed="Bed 2", days_ago=3)
        care.discharge(store, nurse, osei.id, "completed", at)
        assert header()[-1] == "dangers"
        assert self.told(store, ward) == {"Osei": "", "Silva": "none"}

    @pytest.mark.parametrize(("kept", "known"), [(0, True), (89, True), (91, False)])
    def test_what_was_typed_in_after_the_end_was_not_known_then(
        self, store: Store, ward: Ward, nurse: Clinician, admission: Admission, kept: int, known: bool
    ) -> None:
        at = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
        self.marked(store, nurse, admission, at, at + timedelta(minutes=kept))
        assert ("A10" in self.told(store, ward)["Silva"]) is known

    def test_an_answer_of_after_the_end_changes_nothing_and_one_of_before_it_does(
        self, store: Store, ward: Ward, nurse: Clinician, physician: Clinician, admission: Admission
    ) -> None:
        at = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
        self.marked(store, nurse, admission, at)
        before = self.told(store, ward)
        care.answer_danger(store, physician, admission.id, "self_harm", "seen", AFTER)
        assert self.told(store, ward, AFTER + timedelta(days=1)) == before
        assert "A10" in before["Silva"]

    def test_a_running_shift_is_judged_as_of_now(
        self, store: Store, ward: Ward, nurse: Clinician, admission: Admission
    ) -> None:
        at = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
        self.marked(store, nurse, admission, at)
        assert "A10" in self.told(store, ward, at + timedelta(minutes=1))["Silva"]

    def test_a_dose_given_against_a_hold_is_told_and_calls(
        self, store: Store, ward: Ward, nurse: Clinician, admission: Admission, seen: Callable[..., Observation],
        vitals: Callable[..., object],
    ) -> None:  # fmt: skip
        at = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
        care.record(store, nurse, replace(seen(vitals=vitals(sedation="3")), taken_at=at), at, confirmed=True)
        dose = Dose("m", admission.id, None, "morphine", 10.0, "given", at, "given before the set", against_hold=True)
        care.chart_other_dose(store, nurse, dose, at)
        (row,) = rows_of(shift_csv(store, OPERATOR, ward.id, NIGHT, AFTER)[1])
        assert "morphine 10 mg against a hold, physician called (given before the set)" in row["doses_given"]
        assert "against_hold against_hold: morphine 10 mg was given against a hold" in row["dangers"]
