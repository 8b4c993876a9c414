"""The schema, as ordered steps. A step that has once run is never edited: the next change is a new step."""

from pathlib import Path

from sqlite_utils import Database, Migrations
from sqlite_utils.utils import sqlite3

from detox.errors import StoreError

migrations = Migrations("detox")

_INSTANT = (
    "CHECK ({0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')"
)


def _instant(name: str, null: bool = False) -> str:
    return f"{name} TEXT {'' if null else 'NOT NULL '}{_INSTANT.format(name)}"


# Columns that may be filled once, when a fact gains its end; everything else of a kept row never changes.
ENDINGS: dict[str, tuple[str, ...]] = {
    "patient": (),
    "admission": ("discharged_at", "discharged_by", "discharge_reason"),
    "bed_stay": ("until_at",),
    "observation": ("replaced_by",),
    "assessment": (),
    "alert": ("resolved_at", "resolved_by", "resolution"),
    "acknowledgement": (),
    "taper_plan": ("signed_at", "signed_by", "ended_at", "ended_by", "end_reason"),
    "step_change": (),
    "dose": (),
    "decision": (),
    "audit_event": (),
}
# The same for tables of later steps, each made append-only by the step that makes it.
LATER_ENDINGS: dict[str, tuple[str, ...]] = {
    "protocol_review": (),
    "self_report": ("ended_at", "ended_by", "observation_id"),
    "self_report_answer": (),
    "pin": (),
    "pin_try": (),
    "patient_limit": ("ended_at", "ended_by"),
    "baseline": (),
    "interval_order": ("ended_at", "ended_by"),
    "snooze": (),
    "ward_setting": (),
    "stay_fact": (),
    "dose_vomited": (),
    "dose_correction": (),
    "dose_over_hold": (),
    "answer": (),
    "access_event": (),
    "clinician_ward": ("until_at",),
}


@migrations()
def tables(db: Database) -> None:
    """Ward, people, admissions, what was seen, what it meant, what was done."""
    for statement in (
        f"""CREATE TABLE ward (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, time_zone TEXT NOT NULL,
            temperature_unit TEXT NOT NULL CHECK (temperature_unit IN ('C', 'F')),
            demo INTEGER NOT NULL DEFAULT 0, {_instant("created_at")}
        ) STRICT""",
        """CREATE TABLE shift (
            ward_id TEXT NOT NULL REFERENCES ward, name TEXT NOT NULL,
            starts_at TEXT NOT NULL CHECK (starts_at GLOB '[0-2][0-9]:[0-5][0-9]'), PRIMARY KEY (ward_id, name)
        ) STRICT""",
        """CREATE TABLE bed (
            id TEXT PRIMARY KEY, ward_id TEXT NOT NULL REFERENCES ward, label TEXT NOT NULL,
            place INTEGER NOT NULL, UNIQUE (ward_id, label)
        ) STRICT""",
        f"""CREATE TABLE clinician (
            id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('nurse', 'physician', 'manager')),
            password_hash TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1, {_instant("created_at")}
        ) STRICT""",
        f"""CREATE TABLE session (
            token_hash TEXT PRIMARY KEY, clinician_id TEXT NOT NULL REFERENCES clinician,
            {_instant("created_at")}, {_instant("expires_at")}, {_instant("ended_at", null=True)}
        ) STRICT, WITHOUT ROWID""",
        f"""CREATE TABLE failed_sign_in (
            username TEXT NOT NULL, {_instant("failed_at")}
        ) STRICT""",
        f"""CREATE TABLE patient (
            id TEXT PRIMARY KEY, family_name TEXT NOT NULL, given_name TEXT NOT NULL, born_on TEXT,
            sex_at_birth TEXT CHECK (sex_at_birth IN ('F', 'M')), external_id TEXT UNIQUE, {_instant("created_at")}
        ) STRICT""",
        f"""CREATE TABLE admission (
            id TEXT PRIMARY KEY, patient_id TEXT NOT NULL REFERENCES patient, ward_id TEXT NOT NULL REFERENCES ward,
            programme TEXT NOT NULL, setting TEXT NOT NULL, {_instant("admitted_at")},
            pregnancy TEXT NOT NULL CHECK (pregnancy IN ('negative', 'positive', 'unknown', 'n/a')),
            allergies TEXT NOT NULL, opioid TEXT NOT NULL, {_instant("last_use_at", null=True)},
            spo2_scale INTEGER NOT NULL CHECK (spo2_scale IN (1, 2)), planned_days INTEGER, external_id TEXT UNIQUE,
            {_instant("discharged_at", null=True)}, discharged_by TEXT REFERENCES clinician, discharge_reason TEXT
        ) STRICT""",
        f"""CREATE TABLE bed_stay (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, bed_id TEXT NOT NULL REFERENCES bed,
            {_instant("from_at")}, {_instant("until_at", null=True)}
        ) STRICT""",
        f"""CREATE TABLE observation (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission,
            {_instant("taken_at")}, {_instant("recorded_at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL,
            systolic_mmhg REAL, diastolic_mmhg REAL, heart_rate_per_min REAL, temperature_c REAL,
            temperature_site TEXT, respiratory_rate_per_min REAL, spo2_percent REAL, spo2_scale INTEGER,
            on_oxygen INTEGER CHECK (on_oxygen IN (0, 1)), consciousness TEXT, sedation TEXT,
            breath_alcohol_percent REAL,
            answers TEXT NOT NULL CHECK (json_valid(answers)), pulse_reason TEXT NOT NULL,
            not_done TEXT CHECK (not_done IN ('asleep', 'refused', 'off_ward', 'other')), note TEXT NOT NULL,
            replaces TEXT UNIQUE REFERENCES observation, replace_reason TEXT NOT NULL,
            replaced_by TEXT REFERENCES observation DEFERRABLE INITIALLY DEFERRED,
            CHECK ((replaces IS NULL) = (replace_reason = ''))
        ) STRICT""",
        """CREATE TABLE assessment (
            observation_id TEXT NOT NULL REFERENCES observation, scale TEXT NOT NULL, version TEXT NOT NULL,
            total INTEGER, band TEXT, at_least INTEGER NOT NULL, risk TEXT,
            items TEXT NOT NULL CHECK (json_valid(items)), missing TEXT NOT NULL CHECK (json_valid(missing)),
            PRIMARY KEY (observation_id, scale), CHECK (total IS NULL OR json_array_length(missing) = 0)
        ) STRICT, WITHOUT ROWID""",
        f"""CREATE TABLE alert (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission,
            observation_id TEXT REFERENCES observation, problem TEXT NOT NULL, rule TEXT NOT NULL,
            level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'critical')), kind TEXT NOT NULL,
            message TEXT NOT NULL, reason TEXT NOT NULL, action TEXT NOT NULL,
            measured TEXT NOT NULL CHECK (json_valid(measured)), protocol_version TEXT NOT NULL,
            source TEXT NOT NULL, evidence TEXT NOT NULL, {_instant("opened_at")}, {_instant("recorded_at")},
            {_instant("resolved_at", null=True)}, resolved_by TEXT REFERENCES observation,
            resolution TEXT CHECK (resolution IN ('data', 'escalated', 'amended', 'discharged'))
        ) STRICT""",
        f"""CREATE TABLE acknowledgement (
            id TEXT PRIMARY KEY, alert_id TEXT NOT NULL REFERENCES alert, {_instant("at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL, what_was_done TEXT NOT NULL
        ) STRICT""",
        f"""CREATE TABLE taper_plan (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, drug TEXT NOT NULL,
            steps TEXT NOT NULL CHECK (json_valid(steps)), interval_h REAL NOT NULL CHECK (interval_h > 0),
            written_by TEXT NOT NULL REFERENCES clinician, {_instant("written_at")}, note TEXT NOT NULL,
            signed_by TEXT REFERENCES clinician, {_instant("signed_at", null=True)},
            ended_by TEXT REFERENCES clinician, {_instant("ended_at", null=True)}, end_reason TEXT
        ) STRICT""",
        f"""CREATE TABLE decision (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, plan_id TEXT REFERENCES taper_plan,
            verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'changed', 'declined')), chosen TEXT NOT NULL,
            reason TEXT NOT NULL, suggestion TEXT NOT NULL CHECK (json_valid(suggestion)),
            step_from INTEGER, step_to INTEGER, {_instant("at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL
        ) STRICT""",
        f"""CREATE TABLE step_change (
            id TEXT PRIMARY KEY, plan_id TEXT NOT NULL REFERENCES taper_plan, {_instant("at")},
            step_from INTEGER, step_to INTEGER NOT NULL, decision_id TEXT REFERENCES decision
        ) STRICT""",
        f"""CREATE TABLE dose (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, plan_id TEXT REFERENCES taper_plan,
            drug TEXT NOT NULL, dose_mg REAL NOT NULL CHECK (dose_mg >= 0),
            status TEXT NOT NULL CHECK (status IN ('given', 'held', 'refused')), reason TEXT NOT NULL,
            {_instant("given_at")}, {_instant("recorded_at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL,
            CHECK (status = 'given' OR reason <> '')
        ) STRICT""",
        f"""CREATE TABLE audit_event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, {_instant("at")}, clinician_id TEXT NOT NULL, role TEXT NOT NULL,
            verb TEXT NOT NULL, subject TEXT NOT NULL, subject_id TEXT NOT NULL, admission_id TEXT,
            detail TEXT NOT NULL CHECK (json_valid(detail)), chain TEXT NOT NULL
        ) STRICT""",
    ):
        db.execute(statement)


@migrations()
def indexes(db: Database) -> None:
    """What the board, the patient page and the shift summary look up, so that history costs nothing."""
    for statement in (
        "CREATE INDEX admission_here ON admission (ward_id) WHERE discharged_at IS NULL",
        "CREATE INDEX admission_period ON admission (ward_id, discharged_at)",
        "CREATE INDEX admission_patient ON admission (patient_id)",
        "CREATE UNIQUE INDEX bed_taken ON bed_stay (bed_id) WHERE until_at IS NULL",
        "CREATE UNIQUE INDEX bed_of_admission ON bed_stay (admission_id) WHERE until_at IS NULL",
        "CREATE INDEX bed_stay_admission ON bed_stay (admission_id, from_at)",
        "CREATE INDEX observation_current ON observation (admission_id, taken_at) WHERE replaced_by IS NULL",
        "CREATE INDEX observation_all ON observation (admission_id, taken_at)",
        "CREATE INDEX alert_open ON alert (admission_id) WHERE resolved_at IS NULL",
        "CREATE INDEX alert_all ON alert (admission_id, opened_at)",
        "CREATE INDEX acknowledgement_alert ON acknowledgement (alert_id)",
        "CREATE INDEX taper_plan_admission ON taper_plan (admission_id, written_at)",
        "CREATE INDEX step_change_plan ON step_change (plan_id, at)",
        "CREATE INDEX decision_admission ON decision (admission_id, at)",
        "CREATE INDEX dose_admission ON dose (admission_id, given_at)",
        "CREATE INDEX session_clinician ON session (clinician_id)",
        "CREATE INDEX failed_sign_in_name ON failed_sign_in (username, failed_at)",
        "CREATE INDEX audit_subject ON audit_event (subject, subject_id)",
        "CREATE INDEX audit_admission ON audit_event (admission_id, seq)",
    ):
        db.execute(statement)


@migrations()
def append_only(db: Database) -> None:
    """Nothing is overwritten or deleted: the database itself refuses it. An ending is filled once and admissions."""
    for table, endings in ENDINGS.items():
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are never deleted'); END"
        )
        columns = [c.name for c in db[table].columns]
        changed = " OR ".join(
            f"(old.{c} IS NOT NULL AND new.{c} IS NOT old.{c})" if c in endings else f"new.{c} IS NOT old.{c}"
            for c in columns
        )
        db.execute(
            f"CREATE TRIGGER {table}_keeps BEFORE UPDATE ON {table} WHEN {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are never changed: add a new one'); END"
        )
    db.execute(
        "CREATE TRIGGER audit_event_next BEFORE INSERT ON audit_event "
        "WHEN new.seq <= (SELECT coalesce(max(seq), 0) FROM audit_event) AND new.seq > 0 "
        "BEGIN SELECT RAISE(ABORT, 'audit events are only appended'); END"
    )


@migrations()
def protocol_reviews(db: Database) -> None:
    """Who has reviewed which text of which content file. The text stands beside it: what differs can be told later."""
    db.execute(
        f"""CREATE TABLE protocol_review (
            id TEXT PRIMARY KEY, file_id TEXT NOT NULL, version TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64), content TEXT NOT NULL,
            reviewer_name TEXT NOT NULL CHECK (reviewer_name <> ''), profession TEXT NOT NULL CHECK (profession <> ''),
            statement TEXT NOT NULL CHECK (statement <> ''), {_instant("reviewed_at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX protocol_review_file ON protocol_review (file_id, reviewed_at)")
    _only_grows(db, "protocol_review")


@migrations()
def self_reports(db: Database) -> None:
    """What patients answer themselves on a tablet that was handed to them, and the PINs that take it back."""
    for statement in (
        f"""CREATE TABLE self_report (
            id TEXT PRIMARY KEY, token_hash TEXT NOT NULL, admission_id TEXT NOT NULL REFERENCES admission,
            scale TEXT NOT NULL, version TEXT NOT NULL, started_by TEXT NOT NULL REFERENCES clinician,
            {_instant("started_at")}, {_instant("ended_at", null=True)}, ended_by TEXT REFERENCES clinician,
            observation_id TEXT REFERENCES observation, CHECK ((ended_at IS NULL) = (ended_by IS NULL))
        ) STRICT""",
        f"""CREATE TABLE self_report_answer (
            seq INTEGER PRIMARY KEY, self_report_id TEXT NOT NULL REFERENCES self_report, item TEXT NOT NULL,
            value INTEGER, {_instant("at")}
        ) STRICT""",
        f"""CREATE TABLE pin (
            seq INTEGER PRIMARY KEY, clinician_id TEXT NOT NULL REFERENCES clinician, pin_hash TEXT NOT NULL,
            {_instant("set_at")}
        ) STRICT""",
        f"""CREATE TABLE pin_try (
            seq INTEGER PRIMARY KEY, clinician_id TEXT NOT NULL REFERENCES clinician, {_instant("at")},
            proven INTEGER NOT NULL CHECK (proven IN (0, 1))
        ) STRICT""",
        "CREATE UNIQUE INDEX self_report_open ON self_report (token_hash) WHERE ended_at IS NULL",
        "CREATE INDEX self_report_admission ON self_report (admission_id, started_at)",
        "CREATE INDEX self_report_answer_report ON self_report_answer (self_report_id, seq)",
        "CREATE INDEX pin_clinician ON pin (clinician_id, seq)",
        "CREATE INDEX pin_try_clinician ON pin_try (clinician_id, seq)",
    ):
        db.execute(statement)
    for table in ("self_report", "self_report_answer", "pin", "pin_try"):
        _only_grows(db, table)


@migrations()
def observation_order(db: Database) -> None:
    """Observations stand in their indexes in the order in which they are read, so that none has to be sorted."""
    for statement in (
        "DROP INDEX observation_current",
        "DROP INDEX observation_all",
        "CREATE INDEX observation_current ON observation (admission_id, taken_at, recorded_at) "
        "WHERE replaced_by IS NULL",
        "CREATE INDEX observation_all ON observation (admission_id, taken_at, recorded_at)",
    ):
        db.execute(statement)


@migrations()
def watching(db: Database) -> None:
    """What is set for one admission (limits, baselines, intervals), alerts put aside, the ward's own settings.

    And two more columns: what was charted beside the vitals, and the other rules that an alert's card tells of.
    """
    set_by = f"{_instant('set_at')}, clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL"
    ending = f"{_instant('ended_at', null=True)}, ended_by TEXT REFERENCES clinician"
    for statement in (
        f"""CREATE TABLE patient_limit (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, vital TEXT NOT NULL,
            side TEXT NOT NULL CHECK (side IN ('low', 'high')), warning REAL, critical REAL,
            reason TEXT NOT NULL CHECK (reason <> ''), {_instant("until_at")}, {set_by}, {ending},
            CHECK (warning IS NOT NULL OR critical IS NOT NULL), CHECK (until_at > set_at)
        ) STRICT""",
        f"""CREATE TABLE baseline (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, vital TEXT NOT NULL,
            value REAL NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('usual', 'anew')),
            reason TEXT NOT NULL CHECK (reason <> ''), {set_by}
        ) STRICT""",
        f"""CREATE TABLE interval_order (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission,
            interval_min INTEGER NOT NULL CHECK (interval_min > 0), reason TEXT NOT NULL CHECK (reason <> ''),
            {_instant("until_at", null=True)}, {set_by}, {ending}
        ) STRICT""",
        f"""CREATE TABLE snooze (
            id TEXT PRIMARY KEY, alert_id TEXT NOT NULL REFERENCES alert, {_instant("at")}, {_instant("until_at")},
            reason TEXT NOT NULL CHECK (reason <> ''), clinician_id TEXT NOT NULL REFERENCES clinician,
            role TEXT NOT NULL, CHECK (until_at > at)
        ) STRICT""",
        f"""CREATE TABLE ward_setting (
            seq INTEGER PRIMARY KEY, ward_id TEXT NOT NULL REFERENCES ward, name TEXT NOT NULL, value TEXT NOT NULL,
            {_instant("at")}, clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX patient_limit_admission ON patient_limit (admission_id, set_at)",
        "CREATE INDEX baseline_admission ON baseline (admission_id, set_at)",
        "CREATE INDEX interval_order_admission ON interval_order (admission_id, set_at)",
        "CREATE INDEX snooze_alert ON snooze (alert_id, at)",
        "CREATE INDEX ward_setting_name ON ward_setting (ward_id, name, seq)",
        "ALTER TABLE observation ADD COLUMN other TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(other))",
        "ALTER TABLE alert ADD COLUMN also TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(also))",
        "DROP TRIGGER observation_keeps",
        "DROP TRIGGER alert_keeps",
    ):
        db.execute(statement)
    for table in ("patient_limit", "baseline", "interval_order", "snooze", "ward_setting"):
        _only_grows(db, table)
    for table in ("observation", "alert"):
        _keeps(db, table, ENDINGS[table])


@migrations()
def weights(db: Database) -> None:
    """The few observations that hold a weight, so that the first of an admission is found at once."""
    db.execute(
        "CREATE INDEX observation_weight ON observation (admission_id, taken_at) "
        "WHERE replaced_by IS NULL AND json_extract(other, '$.weight_kg') IS NOT NULL"
    )


@migrations()
def treatments(db: Database) -> None:
    """What is asked beside the observations; doses elsewhere, with a witness, or brought up again."""
    for statement in (
        f"""CREATE TABLE stay_fact (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, name TEXT NOT NULL,
            value TEXT NOT NULL, note TEXT NOT NULL, {_instant("set_at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL
        ) STRICT""",
        f"""CREATE TABLE dose_vomited (
            dose_id TEXT PRIMARY KEY REFERENCES dose, {_instant("vomited_at")}, note TEXT NOT NULL, {_instant("at")},
            clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX stay_fact_name ON stay_fact (admission_id, name, set_at)",
        "ALTER TABLE dose ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere IN (0, 1))",
        "ALTER TABLE dose ADD COLUMN witness TEXT REFERENCES clinician",
        "DROP TRIGGER dose_keeps",
    ):
        db.execute(statement)
    for table in ("stay_fact", "dose_vomited"):
        _only_grows(db, table)
    _keeps(db, "dose", ENDINGS["dose"])


@migrations()
def dose_corrections(db: Database) -> None:
    """Doses that were charted wrongly, with what stands instead; and by whose word one was given over a hold."""
    who = f"{_instant('at')}, clinician_id TEXT NOT NULL REFERENCES clinician"
    for statement in (
        f"""CREATE TABLE dose_correction (
            dose_id TEXT PRIMARY KEY REFERENCES dose, replaced_by TEXT UNIQUE REFERENCES dose,
            reason TEXT NOT NULL CHECK (reason <> ''), {who}, role TEXT NOT NULL
        ) STRICT""",
        f"""CREATE TABLE dose_over_hold (
            dose_id TEXT PRIMARY KEY REFERENCES dose, held TEXT NOT NULL CHECK (json_valid(held)),
            signed_with TEXT NOT NULL CHECK (signed_with <> ''), decision_id TEXT REFERENCES decision, {who}
        ) STRICT""",
    ):
        db.execute(statement)
    for table in ("dose_correction", "dose_over_hold"):
        _only_grows(db, table)


@migrations()
def answers(db: Database) -> None:
    """Answers as acts: what an answer means for the doses, and answers to dangers that are no alert.

    And two more columns of a dose: how it was taken, and that it had been given already although something held it.
    """
    giving = "giving TEXT NOT NULL DEFAULT 'withhold' CHECK (giving IN ('withhold', 'as_ordered'))"
    closes = "closes INTEGER NOT NULL DEFAULT 0 CHECK (closes IN (0, 1))"
    for statement in (
        f"""CREATE TABLE answer (
            id TEXT PRIMARY KEY, admission_id TEXT NOT NULL REFERENCES admission, problem TEXT NOT NULL,
            {_instant("at")}, clinician_id TEXT NOT NULL REFERENCES clinician, role TEXT NOT NULL,
            done TEXT NOT NULL CHECK (done <> ''), {giving}, {closes}
        ) STRICT""",
        "CREATE INDEX answer_admission ON answer (admission_id, at)",
        f"ALTER TABLE acknowledgement ADD COLUMN {giving}",
        f"ALTER TABLE acknowledgement ADD COLUMN {closes}",
        "ALTER TABLE dose ADD COLUMN form TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE dose ADD COLUMN against_hold INTEGER NOT NULL DEFAULT 0 CHECK (against_hold IN (0, 1))",
        "DROP TRIGGER acknowledgement_keeps",
        "DROP TRIGGER dose_keeps",
    ):
        db.execute(statement)
    _only_grows(db, "answer")
    for table in ("acknowledgement", "dose"):
        _keeps(db, table, ENDINGS[table])


@migrations()
def gate(db: Database) -> None:
    """Who read, was refused or broke the glass; and who works on which ward: everybody of today on every ward of today.

    `quarter` is the quarter of an hour of a read, of which one is kept a person and subject.
    """
    for statement in (
        f"""CREATE TABLE access_event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, {_instant("at")}, action TEXT NOT NULL CHECK (
                action IN ('read', 'denied', 'failed_sign_in', 'locked_out', 'break_glass')
            ), clinician_id TEXT, role TEXT, act TEXT NOT NULL, subject TEXT, subject_id TEXT, admission_id TEXT,
            purpose TEXT NOT NULL, {_instant("quarter", null=True)}, detail TEXT NOT NULL CHECK (json_valid(detail)),
            CHECK ((action = 'read') = (quarter IS NOT NULL))
        ) STRICT""",
        "CREATE UNIQUE INDEX access_event_once ON access_event (clinician_id, subject_id, quarter) "
        "WHERE action = 'read'",
        "CREATE INDEX access_event_subject ON access_event (subject, subject_id, at)",
        "CREATE INDEX access_event_glass ON access_event (clinician_id, admission_id) WHERE action = 'break_glass'",
        f"""CREATE TABLE clinician_ward (
            clinician_id TEXT NOT NULL REFERENCES clinician, ward_id TEXT NOT NULL REFERENCES ward,
            {_instant("from_at")}, added_by TEXT NOT NULL, {_instant("until_at", null=True)}
        ) STRICT""",
        "CREATE UNIQUE INDEX clinician_ward_now ON clinician_ward (clinician_id, ward_id) WHERE until_at IS NULL",
        "INSERT INTO clinician_ward (clinician_id, ward_id, from_at, added_by) "
        "SELECT c.id, w.id, max(c.created_at, w.created_at), c.id FROM clinician c CROSS JOIN ward w",
    ):
        db.execute(statement)
    for table in ("access_event", "clinician_ward"):
        _only_grows(db, table)


def _only_grows(db: Database, table: str) -> None:
    """The triggers of a later table: its rows are never deleted, and nothing but an ending is filled, once."""
    db.execute(
        f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are never deleted'); END"
    )
    _keeps(db, table, LATER_ENDINGS[table])


def _keeps(db: Database, table: str, endings: tuple[str, ...]) -> None:
    changed = " OR ".join(
        f"(old.{c.name} IS NOT NULL AND new.{c.name} IS NOT old.{c.name})"
        if c.name in endings
        else f"new.{c.name} IS NOT old.{c.name}"
        for c in db[table].columns
    )
    db.execute(
        f"CREATE TRIGGER {table}_keeps BEFORE UPDATE ON {table} WHEN {changed} "
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are never changed: add a new one'); END"
    )


def migrate(path: Path) -> None:
    """Bring the file at `path` to today's schema; all steps or none. Raises StoreError when it cannot."""
    connection = sqlite3.connect(str(path), isolation_level=None, timeout=10)
    try:
        db = Database(connection)
        db.enable_wal()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrations.apply(db)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        pending = [m.name for m in migrations.pending(db)]
        missing = {f"{table}_{kind}" for table in {**ENDINGS, **LATER_ENDINGS} for kind in ("stays", "keeps")} - {
            t.name for t in db.triggers
        }
        if pending or missing:
            raise StoreError(
                f"The database is not of this version: steps {pending} and triggers {sorted(missing)} are missing."
            )
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path.name} is no sound database: {error}. Restore the last backup.") from error
    finally:
        connection.close()
