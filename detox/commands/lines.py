"""JSON Lines in, JSON Lines out: one answer or one error a line, and the run goes on."""

import json
from collections.abc import Callable, Iterable
from typing import IO, NoReturn

from detox.errors import DetoxError, Refused

Answer = Callable[[dict[str, object]], dict[str, object]]


def answer_lines(source: Iterable[bytes], out: IO[bytes], answer: Answer) -> int:
    """Write to `out` what `answer` makes of each object in `source`; returns how many lines were errors.

    Blank lines are passed over. An error names the line's id where the line could be read.
    """
    errors = 0
    for number, raw in enumerate(source):
        if number == 0:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw.strip():
            continue
        result = _answered(raw, answer)
        errors += "error" in result
        out.write(_encoded(result))
        out.flush()
    return errors


def _answered(raw: bytes, answer: Answer) -> dict[str, object]:
    try:
        line = _read(raw)
    except Refused as refused:
        return {"id": None, "error": str(refused)}
    try:
        return answer(line)
    except DetoxError as error:
        return {"id": line.get("id"), "error": str(error)}
    except Exception as error:  # noqa: BLE001 - one line's fault must not end the run, and never reads as an answer
        why = f"{type(error).__name__}: {error}"
        return {"id": line.get("id"), "error": f"This line could not be worked out ({why}): report it with the line."}


def _read(raw: bytes) -> dict[str, object]:
    try:
        line = _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise Refused("The line is not UTF-8: write the file in UTF-8.") from None
    except RecursionError:
        raise Refused("The line is nested too deeply: one flat object is expected.") from None
    except ValueError as error:
        raise Refused(f"The line is not JSON ({error}): correct it.") from None
    if not isinstance(line, dict):
        raise Refused('The line is no JSON object: write one such as {"id": "a1", ...}.')
    return line


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a key that stands twice is refused, since one of its two values would be dropped in silence."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise Refused(f"The key {', '.join(map(repr, twice))} stands twice in one object: keep one.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Refused(f"{name} is no number: write a value, or leave the key out.")


def _encoded(result: dict[str, object]) -> bytes:
    try:
        return _ENCODER.encode(result).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair in somebody's id: legal JSON, no legal UTF-8
        return json.dumps(result).encode() + b"\n"


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False)
