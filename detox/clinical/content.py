"""Clinical content as TOML: what every file says of itself, and how one is read. Nothing is half-loaded."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detox.errors import ProtocolError

ROOT = Path(__file__).resolve().parent.parent / "protocols"

NOT_REVIEWED = "NOT YET REVIEWED"

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Evidence = Annotated[str, Field(pattern=r"^(R2|R|S|K|P|\?)( \+ (R2|R|S|K|P|\?))*$")]

_EMPTY_WORDS = {"todo", "tbd", "tba", "fixme", "n/a", "xxx", "?", "-", "...", "placeholder", "lorem ipsum"}
_UNFINISHED = re.compile(r"\b(TODO|TBD|TBA|FIXME|XXX)\b")


class Content(BaseModel):
    """Strict, frozen clinical content: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Review(Content):
    """Who has read the numbers of a file, when, and which version; empty until somebody has."""

    by: str = ""
    on: str = ""
    version: str = ""


class File(Content):
    """What every content file says of itself."""

    id: Text
    version: Text
    title: Text
    source: Text
    url: str = ""
    evidence: Evidence
    licence: str = ""
    contested: tuple[str, ...] = ()
    review: Review = Review()

    @property
    def reviewed(self) -> bool:
        """True when a named person has reviewed just this version."""
        return bool(self.review.by and self.review.on) and self.review.version == self.version

    @property
    def review_state(self) -> str:
        """What a screen says: the review, or NOT YET REVIEWED."""
        return f"reviewed by {self.review.by} on {self.review.on}" if self.reviewed else NOT_REVIEWED


Kind = TypeVar("Kind", bound=File)


def read(path: Path, kind: type[Kind]) -> Kind:
    """One content file as `kind`. Raises ProtocolError naming file, key and reason."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProtocolError(name, ["the file is missing"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(name, [f"it is not TOML: {error}"]) from None
    placeholders = [key for key, text in _texts(raw) if _placeholder(text)]
    if placeholders:
        raise ProtocolError(name, [f"{key} holds placeholder text" for key in placeholders])
    try:
        return kind.model_validate(_tuples(raw))
    except ValidationError as error:
        raise ProtocolError(name, [_sentence(e) for e in error.errors()]) from None


def _placeholder(text: str) -> bool:
    return text.strip().lower() in _EMPTY_WORDS or _UNFINISHED.search(text) is not None


def _sentence(error: object) -> str:
    where = ".".join(str(part) for part in error["loc"])  # type: ignore[index]
    return f"{where or 'file'}: {error['msg']}"  # type: ignore[index]


def _tuples(value: object) -> object:
    """TOML arrays as tuples: content is frozen, and pydantic's strict mode takes no list for one."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(inner) for inner in value)
    return value


def _texts(value: object, key: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{key}[{number}]")
