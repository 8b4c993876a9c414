"""Every file of clinical content that this process uses, with its own text, so that exactly what is used can be signed.

A file under detox/protocols that no reader knows is still listed: nothing clinical is in force unseen.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import ConfigDict

from detox.clinical import protocols
from detox.clinical.administration import giving_file
from detox.clinical.alerts.escalation import answering_file
from detox.clinical.alerts.folding import alerts_file
from detox.clinical.content import File, read
from detox.clinical.danger_content import dangers_file
from detox.clinical.drugs import drugs_file
from detox.clinical.limits import limits_file
from detox.clinical.measuring_quality import habits_file
from detox.clinical.medicines import medicines_file
from detox.clinical.monitoring.schedule import monitoring_file
from detox.clinical.protocols import Scale, vitals_file
from detox.clinical.situations import discharge_file, situations_file
from detox.clinical.suggestions.content import content
from detox.clinical.taper_content import ladders_file, templates
from detox.clinical.watch import watch_file
from detox.errors import ProtocolError

_READERS: dict[str, Callable[[], File]] = {
    "limits.toml": limits_file,
    "alerts.toml": alerts_file,
    "vitals.toml": vitals_file,
    "monitoring.toml": monitoring_file,
    "suggestions.toml": content,
    "watch.toml": watch_file,
    "answering.toml": answering_file,
    "ladders.toml": ladders_file,
    "dangers.toml": dangers_file,
    "giving.toml": giving_file,
    "drugs.toml": drugs_file,
    "situations.toml": situations_file,
    "discharge.toml": discharge_file,
    "medicines.toml": medicines_file,
    "honesty.toml": habits_file,
}


class OtherFile(File):
    """A content file whose keys no reader names here."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, eq=False)
class ContentFile:
    """One file in force: where it stands under detox/protocols, what it says, its text and the text's SHA-256."""

    path: str
    file: File
    text: str = field(repr=False)

    @property
    def id(self) -> str:
        """The id that the file gives itself."""
        return self.file.id

    @property
    def sha256(self) -> str:
        """Of the text, in UTF-8: any other text has another one."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def name(self) -> str:
        """A word or two for a button: the short name of a scale, else the id."""
        return self.file.short_name if isinstance(self.file, Scale) else self.id.replace("_", " ").capitalize()


@dataclass(frozen=True)
class ProtocolReview:
    """That a named person has read one version of one file: who, as what, when, in which words; and who kept it."""

    id: str
    file_id: str
    version: str
    sha256: str
    reviewer_name: str
    profession: str
    statement: str
    reviewed_at: datetime
    recorded_by: str = ""
    role: str = ""

    def covers(self, one: ContentFile) -> bool:
        """True for exactly the text that was reviewed: another version, or another text of it, is not reviewed."""
        return (self.file_id, self.version, self.sha256) == (one.id, one.file.version, one.sha256)


@cache
def content_files() -> tuple[ContentFile, ...]:
    """Every content file: the rules first, then the scales by name. Raises ProtocolError.

    The text is read once, with the values: a file that has changed since the values were loaded is refused, so that
    nobody signs numbers that this process does not use.
    """
    found = tuple(_content_file(path) for path in _paths())
    ids = [one.id for one in found]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ProtocolError("protocols", [f"the id {', '.join(twice)} is given to two files"])
    return found


def checked() -> tuple[list[ContentFile], list[str]]:
    """Every content file that loads, and a sentence for each that does not."""
    found, broken = [], []
    for path in _paths():
        try:
            found.append(_content_file(path))
        except ProtocolError as error:
            broken.append(str(error))
    return found, broken


def content_file(file_id: str) -> ContentFile | None:
    """The content file of that id, or None."""
    return next((one for one in content_files() if one.id == file_id), None)


def _paths() -> list[Path]:
    root = protocols.ROOT
    return sorted(root.rglob("*.toml"), key=lambda path: _place(path.relative_to(root).as_posix()))


def _place(path: str) -> tuple[int, str]:
    order = list(_READERS)
    return (order.index(path) if path in order else len(order) + path.startswith("scales/"), path)


def _content_file(path: Path) -> ContentFile:
    name = path.relative_to(protocols.ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    if name.startswith("scales/"):
        loaded: File = protocols.scale(path.stem)
    elif name.startswith("tapers/"):
        loaded = templates()[path.stem]
    else:
        loaded = _READERS[name]() if name in _READERS else read(path, OtherFile)
    if read(path, type(loaded)) != loaded:
        raise ProtocolError(name, ["the file has changed since this program was started: start it again"])
    return ContentFile(name, loaded, text)
