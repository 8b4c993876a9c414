"""The few errors that people are shown. Each message says what, where and what to do."""

from collections.abc import Iterable


class DetoxError(Exception):
    """Something a person must know. Its text is written for that person, never for a programmer."""


class Refused(DetoxError):
    """An entry that cannot be kept as it stands.

    `problems` maps the field's name to one sentence each: every problem of an entry is told at once.
    """

    def __init__(self, problems: dict[str, str] | str) -> None:
        self.problems = {"": problems} if isinstance(problems, str) else dict(problems)
        super().__init__(" ".join(self.problems.values()))


class NeedsConfirmation(DetoxError):
    """Unusual but possible values: kept as soon as a person says that they are right.

    `questions` maps the field's name to one sentence each.
    """

    def __init__(self, questions: dict[str, str]) -> None:
        self.questions = dict(questions)
        super().__init__(" ".join(self.questions.values()))


class NotAllowed(DetoxError):
    """The clinician's role does not carry this verb."""


class NotFound(DetoxError):
    """The record that was asked for does not exist."""


class Conflict(DetoxError):
    """Another record stands where this one was to go: the same id with other content, or newer data."""


class ProtocolError(DetoxError):
    """A clinical content file is broken: names the file, the key and the reason."""

    def __init__(self, file: str, problems: Iterable[str]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__(f"{file}: " + "; ".join(self.problems))


class StoreError(DetoxError):
    """The database cannot be used as it is: wrong engine, damaged file, full disk."""
