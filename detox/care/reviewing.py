"""Signing clinical content: a named clinician has read every number of one version of one file."""

import uuid
from datetime import datetime

from detox.care.text import clean
from detox.clinical.files import ContentFile, ProtocolReview, content_file
from detox.clinical.model import Clinician
from detox.errors import Conflict, NotFound, Refused
from detox.gate import permit
from detox.store import Store, audit, find_reviews, keep

_FIELDS = {
    "reviewer_name": "The reviewer has no name: enter who has read the file.",
    "profession": "The reviewer has no profession: enter it, such as consultant in addiction psychiatry.",
    "statement": "There is no statement: enter what was read and what the reviewer says of it.",
}


def review(
    store: Store,
    by: Clinician,
    file_id: str,
    version: str,
    reviewer_name: str,
    statement: str,
    now: datetime,
    *,
    profession: str,
    sha256: str,
    review_id: str = "",
) -> ProtocolReview:
    """Keep that a named clinician has reviewed this version of a content file, with the file's whole text.

    `version` and `sha256` are those of the text that was read. Raises Conflict when another text is in force now,
    Refused with every problem at once, NotFound, NotAllowed. The same `review_id` twice keeps one.
    """
    permit(store, by, "review", now)
    one = content_file(file_id)
    if one is None:
        raise NotFound(f"There is no content file {file_id!r}.")
    texts = {
        "reviewer_name": clean(reviewer_name),
        "profession": clean(profession),
        "statement": clean(statement, "statement"),
    }
    _check(texts)
    made = ProtocolReview(
        review_id or uuid.uuid4().hex, one.id, version, sha256, **texts,
        reviewed_at=now, recorded_by=by.name, role=by.role,
    )  # fmt: skip
    with store.write() as tx:
        kept = find_reviews.review(tx, made.id)
        if kept is not None:
            return _same(kept, made)
        if not made.covers(one):
            raise Conflict(_other_text(one, version))
        keep.protocol_review(tx, made, one.text, by)
        detail = {"file": one.id, "version": version, "sha256": sha256, "reviewer": made.reviewer_name}
        audit.event(tx, now, by, "review", "protocol_review", made.id, detail=detail)
    return made


def _check(texts: dict[str, str]) -> None:
    problems = {name: _FIELDS[name] for name, text in texts.items() if not any(map(str.isalpha, text))}
    if problems:
        raise Refused(problems)


def _same(kept: ProtocolReview, made: ProtocolReview) -> ProtocolReview:
    def said(one: ProtocolReview) -> tuple[str, ...]:
        return one.file_id, one.version, one.sha256, one.reviewer_name, one.profession, one.statement

    if said(kept) != said(made):
        raise Conflict("This review is already saved with other words: look at the history, and record another one.")
    return kept


def _other_text(one: ContentFile, version: str) -> str:
    if one.file.version != version:
        return f"{one.name}: version {one.file.version} is in force, not {version}. Read that one before signing it."
    return f"{one.name}: the text of version {version} has changed since it was read. Read it again before signing it."
