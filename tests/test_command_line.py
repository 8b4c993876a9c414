"""The command line as scripts and people meet it: streams, statuses, sentences, and no traceback."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from inside import changing, inside

from detox import care
from detox.__main__ import main
from detox.clinical.model import Clinician, Observation, Ward
from detox.commands import keeping, tables
from detox.gate import OPERATOR
from detox.reports.shift import shift_csv
from detox.store import Store, find

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("DETOX_SHARED") or ROOT.parent / "shared")
CASES = SHARED / "clinical" / "suggestion_cases_examples.json"
SAMPLE = ROOT / "data" / "sample_vitals.csv"
PASSWORD = "only for tests 1"
ALL_ZERO = dict.fromkeys(
    ("sweating", "restlessness", "pupil_size", "bone_joint_aches", "runny_nose_tearing", "gi_upset", "tremor",
     "yawning", "anxiety_irritability", "gooseflesh"), 0,
)  # fmt: skip

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("DETOX_DATABASE", keeping.NEW_PASSWORD, keeping.OWN_PASSWORD):
        monkeypatch.delenv(name, raising=False)

    def call(*args: object, given: str | bytes | None = None, **env: str) -> Result:
        return CliRunner().invoke(main, [str(a) for a in args], input=given, env=env)

    return call


def answers(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def lines(*objects: object) -> str:
    return "".join(json.dumps(o) + "\n" for o in objects)


class TestScore:
    def test_a_complete_score(self, run: Run) -> None:
        items = ALL_ZERO | {"sweating": 2, "tremor": 4}
        result = run("score", "cows", given=lines({"id": "a1", "items": items, "vitals": {"heart_rate_per_min": 104}}))
        assert result.exit_code == 0
        (found,) = answers(result)
        keys = ["id", "scale", "version", "total", "band", "complete", "missing", "at_least", "items"]
        assert list(found) == keys
        assert (found["id"], found["total"], found["band"], found["complete"]) == ("a1", 8, "mild", True)
        assert found["items"] == {"resting_pulse": 2} | items

    def test_an_incomplete_score_has_no_total_and_no_band(self, run: Run) -> None:
        result = run("score", "cows", given=lines({"id": 1, "items": {"sweating": 2, "tremor": None}}))
        (found,) = answers(result)
        assert result.exit_code == 0
        assert (found["total"], found["band"], found["at_least"]) == (None, None, 2)
        assert {"resting_pulse", "tremor"} <= set(found["missing"])  # type: ignore[arg-type]

    def test_news2_says_its_risk(self, run: Run) -> None:
        vitals = {
            "respiratory_rate_per_min": 8, "spo2_percent": 98, "on_oxygen": False, "systolic_mmhg": 120,
            "heart_rate_per_min": 70, "consciousness": "A", "temperature_c": 36.8,
        }  # fmt: skip
        (found,) = answers(run("score", "news2", given=lines({"id": 1, "vitals": vitals})))
        assert (found["total"], found["risk"]) == (3, "low-medium")
        assert list(found)[-1] == "risk"
        assert found["items"] == {
            "respiratory_rate": 3, "spo2": 0, "air_or_oxygen": 0, "systolic_bp": 0, "pulse": 0, "consciousness": 0,
            "temperature": 0,
        }  # fmt: skip

    def test_scoring_rounds_as_it_is_charted(self, run: Run) -> None:
        (found,) = answers(run("score", "news2", given=lines({"id": 1, "vitals": {"temperature_c": 38.05}})))
        assert found["items"] == {"temperature": 1}

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ({"items": {"sweating": 9}}, "Sweating cannot be 9"),
            ({"items": {"sweating": True}}, "cannot be True"),
            ({"items": {"sweating": "2"}}, "cannot be '2'"),
            ({"items": {"pulse": 2}}, "no item 'pulse'"),
            ({"items": [1]}, "items must be an object"),
            ({"items": 0}, "items must be an object"),
            ({"vitals": ""}, "vitals must be an object"),
            ({"vitals": {"pulse": 80}}, "no vital 'pulse'"),
            ({"vitals": {"heart_rate_per_min": 412}}, "Pulse 412 /min is outside 0-300"),
            ({"vitals": {"heart_rate_per_min": 10**400}}, "too large"),
            ({"vitals": {"heart_rate_per_min": "80"}}, "not a number"),
            ({"vitals": {"heart_rate_per_min": True}}, "not a number"),
            ({"vitals": {"on_oxygen": 1}}, "neither true nor false"),
            ({"vitals": {"consciousness": "X"}}, "not one of A, C, V, P, U"),
            ({"vitals": {"spo2_scale": 3}}, "it is 1 or 2"),
            ({"vitals": {"systolic_mmhg": 80, "diastolic_mmhg": 90}}, "not below systolic"),
            ({"item": {}}, "Unknown key 'item'"),
            ({"items": {"resting_pulse": 4}, "vitals": {"heart_rate_per_min": 70}}, "higher than"),
            ({"items": {"resting_pulse": 0}, "vitals": {"heart_rate_per_min": 104}}, "say why"),
            ({"pulse_reason": 7}, "no text"),
        ],
    )
    def test_what_cannot_be_is_an_error_in_words(self, run: Run, line: dict[str, object], says: str) -> None:
        result = run("score", "cows", given=lines({"id": "x"} | line, {"id": "next"}))
        bad, good = answers(result)
        assert result.exit_code == 1
        assert list(bad) == ["id", "error"]
        assert bad["id"] == "x"
        assert says in str(bad["error"])
        assert good["id"] == "next"

    def test_a_lower_pulse_item_needs_its_reason(self, run: Run) -> None:
        line = {"items": {"resting_pulse": 1}, "vitals": {"heart_rate_per_min": 104}, "pulse_reason": "walked in"}
        (found,) = answers(run("score", "cows", given=lines(line)))
        assert found["items"] == {"resting_pulse": 1}

    def test_news2_takes_vitals_alone(self, run: Run) -> None:
        both = run("score", "news2", given=lines({"items": {"pulse": 1}}, {"pulse_reason": "x"}, {"items": {}}))
        assert ["error" in a for a in answers(both)] == [True, True, False]

    @pytest.mark.parametrize(
        "garbage",
        [b"{", b"nonsense", b"[1, 2]", b"null", b'"text"', b"\xff\xfe", b'{"id": NaN}', b'{"id": 1, "id": 2}',
         b"[" * 99999, b'{"items": {"tremor": 1, "tremor": 4}}'],
    )  # fmt: skip
    def test_garbage_has_no_id_and_the_run_goes_on(self, run: Run, garbage: bytes) -> None:
        result = run("score", "cows", given=b"\n  \n" + garbage + b'\n{"id": "after"}\n')
        bad, good = answers(result)
        assert (bad["id"], good["id"], result.exit_code) == (None, "after", 1)
        assert bad["error"]

    @pytest.mark.parametrize("given", [None, 0, "", [1, {"a": None}], {"k": True}, 1.5, "Zoë \u202e", "\ud800"])
    def test_any_id_comes_back(self, run: Run, given: object) -> None:
        assert answers(run("score", "cows", given=lines({"id": given})))[0]["id"] == given

    def test_a_line_without_id_and_a_byte_order_mark(self, run: Run) -> None:
        assert answers(run("score", "cows", given=b'\xef\xbb\xbf{"items": {}}\n'))[0]["id"] is None

    def test_nothing_in_is_nothing_out(self, run: Run) -> None:
        result = run("score", "cows", given="")
        assert (result.exit_code, result.stdout) == (0, "")

    def test_from_a_file(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "in.jsonl").write_text(lines({"id": 1}, {"id": 2}))
        assert [a["id"] for a in answers(run("score", "cows", tmp_path / "in.jsonl"))] == [1, 2]

    def test_a_wrong_call(self, run: Run, tmp_path: Path) -> None:
        unknown = run("score", "cwos", given="")
        assert unknown.exit_code == 2
        assert "cows" in unknown.stderr
        assert "news2" in unknown.stderr
        absent = run("score", "cows", tmp_path / "absent.jsonl")
        assert absent.exit_code == 2
        assert "does not exist" in absent.stderr
        assert run("score").exit_code == 2

    def test_as_a_process_it_answers_line_by_line(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "detox", "score", "cows"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for n in range(3):
                process.stdin.write(lines({"id": n}).encode())
                process.stdin.flush()
                assert json.loads(process.stdout.readline())["id"] == n
            process.stdin.close()
            assert process.wait(10) == 0


class TestSuggest:
    def test_a_case_in_the_form(self, run: Run) -> None:
        result = run(
            "suggest",
            given=lines({"id": "c1", "programme": "taper"}, {"id": "c2", "programme": "no"}, {"id": "c3", "x": 1}),
        )
        first, second, third = answers(result)
        assert result.exit_code == 1
        assert {"id", "class", "dose_action", "rules", "text", "reasons", "missing", "expires_at"} <= set(first)
        assert first["id"] == "c1"
        assert first["class"] != "CONTINUE"
        assert (second["id"], third["id"]) == ("c2", "c3")
        assert "programme" in str(second["error"])

    @pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here")
    def test_the_example_cases(self, run: Run) -> None:
        cases = json.loads(CASES.read_text())["cases"]
        result = run("suggest", given=lines(*cases))
        assert result.exit_code == 0
        for case, answer in zip(cases, answers(result), strict=True):
            assert answer["id"] == case["id"]
            allowed = [case["expected"]["class"], *case["expected"]["also_acceptable"]]
            assert answer["class"] in allowed, case["id"]


class TestReplay:
    def test_counts_and_alerts(self, run: Run, tmp_path: Path) -> None:
        out = tmp_path / "alerts.csv"
        result = run("replay", SAMPLE, "--alerts", out)
        assert result.exit_code == 0
        counts = json.loads(result.stdout.splitlines()[-1])
        assert list(counts) == [
            "rows", "patients", "patient_days", "alerts_opened", "critical_opened", "per_100_patient_days",
            "rows_rejected", "cells_rejected", "seconds",
        ]  # fmt: skip
        rows = list(csv.DictReader(io.StringIO(out.read_text(), newline="")))
        assert list(rows[0]) == ["patient_id", "admission_id", "taken_at", "rule", "level", "kind", "message", "state"]
        assert sum(r["state"] == "opened" for r in rows) == counts["alerts_opened"] > 0
        assert [r["taken_at"] for r in rows] == sorted(r["taken_at"] for r in rows)

    def test_gzip_and_rejected_rows(self, run: Run, tmp_path: Path) -> None:
        packed = tmp_path / "v.csv.gz"
        packed.write_bytes(gzip.compress(SAMPLE.read_bytes() + b"SAMPLE-1,SAMPLE-1-A,then,1,2,3,4,5,6,7,8,9\n"))
        result = run("replay", packed)
        assert result.exit_code == 1
        assert json.loads(result.stdout.splitlines()[-1])["rows_rejected"] == 1
        assert "line 26, taken_at, 'then'" in result.stderr

    def test_no_value_of_a_row_silences_another(self, run: Run, tmp_path: Path) -> None:
        """Every true extreme alarms; what cannot be is refused alone, and told."""
        file, out = tmp_path / "extremes.csv", tmp_path / "alerts.csv"
        file.write_text(EXTREMES)
        result = run("replay", file, "--alerts", out)
        assert result.exit_code == 1
        counts = json.loads(result.stdout.splitlines()[-1])
        assert (counts["rows"], counts["rows_rejected"], counts["cells_rejected"]) == (10, 0, 3)
        assert [line.split("': rejected")[0] for line in result.stderr.splitlines() if "rejected" in line] == [
            "line 8, respiratory_rate_per_min, '70", "line 9, diastolic_mmhg, '75", "line 10, systolic_mmhg, '310",
        ]  # fmt: skip
        told: dict[str, set[str]] = {}
        for row in csv.DictReader(io.StringIO(out.read_text(), newline="")):
            told.setdefault(row["patient_id"], set()).add(row["level"])
        assert {patient for patient, levels in told.items() if "critical" in levels} == set("abcdeghj")
        assert {"f", "i"} <= {patient for patient, levels in told.items() if "warning" in levels}

    def test_a_broken_file(self, run: Run, tmp_path: Path) -> None:
        broken = tmp_path / "v.csv.gz"
        broken.write_bytes(gzip.compress(SAMPLE.read_bytes())[:200])
        for path in (broken, tmp_path / "absent.csv"):
            result = run("replay", path)
            assert result.exit_code == 2
            assert result.stderr
        (tmp_path / "other.csv").write_text("a,b\n1,2\n")
        assert "Unknown column" in run("replay", tmp_path / "other.csv").stderr


EXTREMES = """\
patient_id,admission_id,taken_at,systolic_mmhg,diastolic_mmhg,heart_rate_per_min,temperature_c,\
respiratory_rate_per_min,spo2_percent,on_oxygen,consciousness
a,1,2026-01-01T08:00:00,118,70,82,37.0,0,,0,U
b,1,2026-01-01T08:00:00,118,70,82,37.0,2,97,0,A
c,1,2026-01-01T08:00:00,118,70,82,37.0,16,45,0,A
d,1,2026-01-01T08:00:00,45,20,82,37.0,16,97,0,A
e,1,2026-01-01T08:00:00,118,70,18,37.0,6,84,0,P
f,1,2026-01-01T08:00:00,118,70,82,27.0,16,97,0,A
g,1,2026-01-01T08:00:00,60,,82,37.0,70,97,0,A
h,1,2026-01-01T08:00:00,70,75,140,39.9,34,85,1,V
i,1,2026-01-01T08:00:00,310,150,82,37.0,16,97,0,A
j,1,2026-01-01T08:00:00,,,0,,,,,
"""


class TestImport:
    def test_twice(self, run: Run, store: Store, ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "clock", lambda: now)  # the sample has dates, and none may lie ahead
        dry = run("import", SAMPLE, "--dry-run", "--database", store.path)
        first = run("--database", store.path, "import", SAMPLE)
        again = run("import", SAMPLE, DETOX_DATABASE=str(store.path))
        assert (dry.exit_code, first.exit_code, again.exit_code) == (0, 0, 0)
        assert "24 would be kept" in dry.stdout
        assert "24 kept, 0 were kept already, 0 rejected, 0 cells rejected" in first.stdout
        assert "0 kept, 24 were kept already" in again.stdout

    def test_rejected_rows_are_told_on_one_line(self, run: Run, store: Store, ward: Ward, tmp_path: Path) -> None:
        bad = tmp_path / "bad.csv"
        bad.write_text("patient_id,admission_id,taken_at,heart_rate_per_min\nP,A,2026-09-01T08:00,'80\x1b[31m'\n")
        result = run("import", bad, "--database", store.path)
        assert result.exit_code == 1
        assert "line 2, heart_rate_per_min" in result.stdout
        assert "\x1b" not in result.stdout

    def test_without_a_database(self, run: Run, tmp_path: Path) -> None:
        result = run("--database", tmp_path / "none.db", "import", SAMPLE)
        assert result.exit_code == 2
        assert "set-up-ward" in result.stderr
        assert not (tmp_path / "none.db").exists()


class TestExport:
    def test_the_same_bytes_as_the_screens(
        self,
        run: Run,
        store: Store,
        ward: Ward,
        nurse: Clinician,
        seen: Callable[..., Observation],
        now: datetime,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(tables, "clock", lambda: now)
        care.record(store, nurse, seen(not_done="asleep"), now)
        name, content = shift_csv(store, OPERATOR, ward.id, "2026-11-21/night", now)
        call = ("--database", store.path, "export", "shift", "--shift", "2026-11-21/night")
        assert run(*call, "-o", tmp_path).exit_code == 0
        assert (tmp_path / name).read_bytes() == content
        assert run(*call, "--ward", ward.name).stdout_bytes == content
        with inside(store) as tx:
            events = [r["detail"] for r in tx.execute("SELECT detail FROM audit_event WHERE verb = 'export'")]
        assert len(events) == 2

    @pytest.mark.parametrize(
        "extra", [("--shift", "2026-11-21/noon"), ("--shift", "2026-11-21/day", "--ward", "x"), ()]
    )
    def test_a_wrong_call(self, run: Run, store: Store, ward: Ward, extra: tuple[str, ...]) -> None:
        result = run("--database", store.path, "export", "shift", *extra)
        assert result.exit_code == 2
        assert result.stderr

    def test_it_leaves_no_half_file(self, run: Run, store: Store, ward: Ward, tmp_path: Path) -> None:
        call = (
            "--database",
            store.path,
            "export",
            "shift",
            "--shift",
            "2026-11-21/day",
            "-o",
            tmp_path / "no" / "f.csv",
        )
        result = run(*call)
        assert result.exit_code == 2
        assert "cannot be written" in result.stderr


class TestKeeping:
    def test_a_site_can_start_from_a_terminal(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "new.db"
        call = ("--database", path, "set-up-ward", "--name", "Ward 1", "--beds", "4", "--shift", "Day=07:00",
                "--shift", "Night=19:00", "--username", "boss", "--manager-name", "B. Oss")  # fmt: skip
        short = run(*call, DETOX_NEW_PASSWORD="x")
        assert short.exit_code == 2
        assert not path.exists()
        assert run(*call, given=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
        assert run(*call, DETOX_NEW_PASSWORD=PASSWORD).exit_code == 2
        more = ("--database", path, "add-clinician", "--username", "nina", "--name", "N. Ina", "--role", "nurse")
        assert run(*more, DETOX_NEW_PASSWORD="another one", DETOX_PASSWORD="wrong one").exit_code == 2
        added = run(*more, given=f"{PASSWORD}\nanother one\nanother one\n")
        assert added.exit_code == 0
        assert "another one" not in added.output
        twice = run(*more, DETOX_NEW_PASSWORD="another one", DETOX_PASSWORD=PASSWORD)
        assert twice.exit_code == 2
        assert "taken" in twice.stderr
        with inside(Store(path)) as tx:
            assert [(c.username, c.role) for c in find.clinicians(tx)] == [("boss", "manager"), ("nina", "nurse")]

    def test_adding_somebody_before_the_ward_is_there(self, run: Run, store: Store) -> None:
        result = run("--database", store.path, "add-clinician", "--username", "aa", "--name", "A", "--role", "nurse")
        assert result.exit_code == 2
        assert "set-up-ward" in result.stderr

    def test_verify_a_sound_one(self, run: Run, store: Store, ward: Ward) -> None:
        result = run("verify", "--database", store.path)
        assert result.exit_code == 0
        assert "chain holds" in result.stdout
        assert "NOT YET REVIEWED" in result.stdout
        assert "WRONG" not in result.stdout

    def test_verify_finds_a_changed_event(self, run: Run, store: Store, ward: Ward) -> None:
        with changing(store) as tx:
            tx.execute("DROP TRIGGER audit_event_keeps")
            tx.execute("UPDATE audit_event SET verb = 'nothing' WHERE seq = 2")
        result = run("verify", "--database", store.path)
        assert result.exit_code == 1
        assert "breaks at event 2" in result.stdout

    def test_verify_finds_a_record_without_its_event(
        self, run: Run, store: Store, nurse: Clinician, seen: Callable[..., Observation], now: datetime
    ) -> None:
        kept = care.record(store, nurse, seen(not_done="asleep"), now).observation
        with changing(store) as tx:
            tx.execute("DROP TRIGGER audit_event_stays")
            tx.execute("DELETE FROM audit_event WHERE subject_id = ?", (kept.id,))
        result = run("verify", "--database", store.path)
        assert result.exit_code == 1
        assert f"observation {kept.id}" in result.stdout

    def test_verify_a_damaged_file(self, run: Run, store: Store, ward: Ward) -> None:
        content = bytearray(store.path.read_bytes())
        content[4096:12288] = os.urandom(8192)
        store.path.write_bytes(content)
        result = run("verify", "--database", store.path)
        assert result.exit_code == 1
        assert "WRONG" in result.stdout
        assert result.exception is None or isinstance(result.exception, SystemExit)

    def test_verify_nothing(self, run: Run, tmp_path: Path) -> None:
        result = run("verify", "--database", tmp_path / "none.db")
        assert result.exit_code == 2
        assert "no database" in result.stderr

    def test_the_demo_says_where(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[Path] = []
        monkeypatch.setattr(keeping.demo, "build", lambda path, now, tell: made.append(path))
        beside = run("demo", DETOX_DATABASE=str(tmp_path / "ward.db"))
        named = run("--database", tmp_path / "x.db", "demo")
        assert (beside.exit_code, named.exit_code) == (0, 0)
        assert made == [tmp_path / "demo.db", tmp_path / "x.db"]
        assert str(tmp_path / "x.db") in named.stdout.replace("\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "score",
        "suggest",
        "replay",
        "import",
        "export",
        "export shift",
        "demo",
        "verify",
        "add-clinician",
        "set-up-ward",
    ],
)
def test_every_command_explains_itself_and_is_in_the_manual(run: Run, command: str) -> None:
    result = run(*command.split(), "-h")
    assert result.exit_code == 0
    manual = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert f"detox {command}" in manual
