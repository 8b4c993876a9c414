"""Imports run one way, and each room keeps to itself what is its own. Read from the source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Who may import whom. A room that is not named here may be imported by nobody until somebody decides.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "instants": {"errors"},
    "settings": {"errors"},
    "clinical": {"errors", "instants", "clinical"},
    "chart": {"errors", "instants", "clinical", "chart"},
    "store": {"errors", "instants", "clinical", "chart", "store"},
    "gate": {"errors", "instants", "clinical", "store", "gate"},
    "care": {"errors", "instants", "clinical", "chart", "store", "gate", "care"},
    "reports": {"errors", "instants", "clinical", "chart", "store", "gate", "care", "reports"},
    "access": {"errors", "instants", "settings", "clinical", "store", "gate", "care", "reports", "access"},
    "ui": {"errors", "instants", "settings", "clinical", "chart", "store", "gate", "care", "reports", "access", "ui"},
    "commands": {
        "errors",
        "instants",
        "settings",
        "clinical",
        "chart",
        "store",
        "gate",
        "care",
        "reports",
        "access",
        "commands",
    },  # fmt: skip
    "__main__": {"errors", "instants", "settings", "clinical", "store", "care", "reports", "access", "commands"},
    "dashboard": {"errors", "instants", "settings", "access", "store", "ui"},
}
IMPURE = {
    "pandas", "streamlit", "sqlite3", "pysqlite3", "sqlite_utils", "plotly", "numpy", "click", "starlette", "os",
    "socket", "subprocess", "threading", "time", "random", "requests", "logging",
}  # fmt: skip
CLOCK_ROOMS = {"ui", "__main__", "commands", "access", "dashboard"}
SQL = re.compile(
    r"\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|REPLACE\s+INTO\s|PRAGMA\s"
    r"|CREATE\s+(TABLE|INDEX|TRIGGER|UNIQUE)|DROP\s+(TABLE|INDEX|TRIGGER)|ALTER\s+TABLE\s|BEGIN\s+IMMEDIATE)"
)

FILES = [*sorted((ROOT / "detox").rglob("*.py")), ROOT / "dashboard.py"]


def room(path: Path) -> str:
    if path == ROOT / "dashboard.py":
        return "dashboard"
    return path.relative_to(ROOT / "detox").parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> tuple[tuple[int, str], ...]:
    """Every module that a file imports, anywhere in it, with its line; `from detox import care` is detox.care."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            found += [(node.lineno, f"{node.module}.{name.name}") for name in node.names]
    return tuple(found)


def outside(path: Path) -> Iterator[tuple[int, str]]:
    return ((line, name.split(".")[0]) for line, name in imported(path))


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a file but its docstrings."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 20
    assert {"clinical", "store", "care", "ui", "access", "reports"} <= {room(path) for path in FILES}


def test_imports_run_one_way() -> None:
    wrong = [
        f"{where(path, line)} imports {name}"
        for path in FILES
        for line, name in imported(path)
        if name.startswith("detox.") and room(path) != "__init__"
        if name.split(".")[1] not in MAY_IMPORT[room(path)]
    ]
    assert wrong == []


def test_the_clinical_core_touches_nothing_outside_itself() -> None:
    wrong = [
        f"{where(path, line)} imports {name}"
        for path in FILES
        if room(path) == "clinical"
        for line, name in outside(path)
        if name in IMPURE
    ]
    assert wrong == []


def test_only_the_screens_import_streamlit() -> None:
    wrong = [
        where(path, line)
        for path in FILES
        if room(path) not in ("ui", "dashboard", "access")
        for line, name in outside(path)
        if name == "streamlit"
    ]
    assert wrong == []


def test_nobody_imports_the_engine_that_damages_databases() -> None:
    wrong = [where(path, line) for path in FILES for line, name in outside(path) if name in ("sqlite3", "pysqlite3")]
    assert wrong == []


def test_only_the_store_speaks_sql() -> None:
    spoken = [
        f"{where(path, line)} {text[:40]!r}"
        for path in FILES
        if room(path) != "store"
        for line, text in texts(path)
        if SQL.match(text)
    ]
    run = [
        where(path, node.lineno)
        for path in FILES
        if room(path) != "store"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("execute", "executemany", "executescript")
    ]
    assert spoken == []
    assert run == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM alert",
        "INSERT INTO dose VALUES (1)",
        "UPDATE alert SET x = 1",
        "DELETE FROM dose",
        "\n  PRAGMA x",
    ],
)
def test_sql_is_recognised(text: str) -> None:
    assert SQL.match(text)


@pytest.mark.parametrize("text", ["Select a bed", "Update the plan", "Delete nothing", "SELECTED"])
def test_words_are_not_taken_for_sql(text: str) -> None:
    assert not SQL.match(text)


def test_nobody_reads_the_clock_inside() -> None:
    wrong = [
        where(path, node.lineno)
        for path in FILES
        if room(path) not in CLOCK_ROOMS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and _is_clock(node.value)
    ]
    assert wrong == []


def _is_clock(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in ("datetime", "date", "Timestamp", "time")


def test_only_care_access_and_commands_write() -> None:
    allowed = {"care", "access", "commands", "gate", "store"}
    wrong = [
        where(path, node.lineno)
        for path in FILES
        if room(path) not in allowed
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write"
        if _is_store(node.func.value)
    ]
    keeping = [
        where(path, line)
        for path in FILES
        if room(path) not in allowed
        for line, name in imported(path)
        if name.startswith(("detox.store.keep", "detox.store.audit"))
    ]
    assert wrong == []
    assert keeping == []


def _is_store(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return isinstance(node, ast.Call) or "store" in name.lower() or name in ("db", "database")


def test_nothing_allows_unsafe_html() -> None:
    """Text that people typed never becomes markup."""
    wrong = [
        where(path, node.lineno)
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html"
    ]
    assert wrong == []
    assert [where(path, line) for path in FILES for line, text in texts(path) if "unsafe_allow_html" in text] == []


def test_modules_stay_small() -> None:
    lengths = {where(path, 1): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: n for path, n in lengths.items() if n > 600} == {}
