"""Rows are added by the names of their columns, wherever it happens."""

import ast
import re
from pathlib import Path

from inside import changing

from detox.store.rows import insert, insert_once

STORE = Path(__file__).resolve().parents[2] / "detox" / "store"
BY_PLACE = re.compile(r"INSERT\s+(OR\s+\w+\s+)?INTO\s+\S+\s+(VALUES|SELECT)")
OWN_TABLE = "sorting.py"  # a table of its own, made beside the statement


def test_no_statement_fills_a_row_by_place():
    found = [
        path.name
        for path in STORE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and BY_PLACE.search(node.value)
    ]
    assert set(found) <= {OWN_TABLE}
    assert BY_PLACE.search("INSERT INTO dose VALUES (?, ?)"), "what is looked for is recognised"


def test_a_column_in_the_middle_shifts_nothing(store):
    with changing(store) as tx:
        tx.execute("CREATE TABLE told (id TEXT PRIMARY KEY, later TEXT DEFAULT 'unknown', words TEXT)")
        insert(tx, "told", words="seen", id="a")
        insert_once(tx, "told", id="a", words="again")
        insert_once(tx, "told", id="b", words="new")
        rows = tx.execute("SELECT id, words, later FROM told ORDER BY id").fetchall()
        assert [tuple(row) for row in rows] == [("a", "seen", "unknown"), ("b", "new", "unknown")]
