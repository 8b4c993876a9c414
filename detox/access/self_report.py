"""What a patient sees of a tablet that was handed over: one question at a time, and no other page.

Plain pages without a script. The guard lets a browser in a patient's hands reach these two addresses and nothing else;
a clinician's PIN or password opens it again.
"""

from datetime import UTC, datetime

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detox import care, gate
from detox.access import forms, pages, sessions
from detox.access.sessions import COOKIE, Session
from detox.care import self_reporting
from detox.care.text import without_tags
from detox.clinical import protocols
from detox.clinical.model import Clinician
from detox.clinical.protocols import Scale
from detox.errors import DetoxError, NotAllowed, NotFound, Refused
from detox.store import find
from detox.store.self_reports import SelfReport

HERE = "/self-report"
_AGAIN = "That took too long. Please tap your answer once more."
_STALE = "The page had been open for too long: please try again."
_hashing = CapacityLimiter(2)

Handed = tuple[Session, SelfReport]


async def questionnaire(request: Request) -> Response:
    """Show a greeting, one question or the thanks; keep an answer and go to the next question."""
    handed = await _handed(request)
    if handed is None:
        return RedirectResponse("/", 303)
    session, report = handed
    scale = protocols.scale(report.scale)
    if request.method != "POST":
        return await _show(request, handed, scale, _number(request.query_params.get("q", "")))
    fields = await forms.read(request)
    number = next((n for n, item in enumerate(scale.items, 1) if item.id == fields.get("item")), 0)
    if not forms.is_ours(request, fields) or not number:
        return await _show(request, handed, scale, number or None, _AGAIN, 403)
    given = fields.get("answer", "")
    try:
        value = int(given) if given else None
        await to_thread.run_sync(care.answer, session.store, report.token_hash, fields["item"], value, _now())
    except NotFound:
        return RedirectResponse(f"{HERE}?q={len(scale.items) + 1}", 303)
    except (Refused, ValueError):
        return await _show(request, handed, scale, number, _AGAIN, 422)
    return RedirectResponse(f"{HERE}?q={number + 1}", 303)


async def give_back(request: Request) -> Response:
    """Ask who takes the tablet back; open it for them and show what the patient's answers say."""
    handed = await _handed(request)
    if handed is None:
        return RedirectResponse("/", 303)
    if request.method != "POST":
        way = "password" if request.query_params.get("way") == "password" else "pin"
        return _return_page(request, handed, way, {"username": handed[0].clinician.username})
    fields = await forms.read(request)
    way = "password" if fields.get("way") == "password" else "pin"
    if not forms.is_ours(request, fields):
        return _return_page(request, handed, way, fields, {"": _STALE}, 403)
    try:
        done, token = await to_thread.run_sync(_taken_back, handed, fields, way, limiter=_hashing)
    except Refused as refused:
        return _return_page(request, handed, way, fields, refused.problems, 403)
    except (NotAllowed, NotFound) as error:
        return _return_page(request, handed, way, fields, {"": str(error)}, 403)
    kept = f"&saved={done.observation_id}" if done.observation_id else ""
    response = RedirectResponse(f"/scale?admission={done.report.admission_id}{kept}", 303)
    if token is not None:
        forms.remember_session(response, token)
    return response


def _taken_back(handed: Handed, fields: dict[str, str], way: str) -> tuple[self_reporting.TakenBack, str | None]:
    session, report = handed
    now = _now()
    by = _proven(session, report, fields, way, now)
    return sessions.take_back(session.store, by, report, now, here=True)


def _proven(session: Session, report: SelfReport, fields: dict[str, str], way: str, now: datetime) -> Clinician:
    if session.place == "demo":  # anybody may enter the demo ward: there is nothing to guard
        return session.clinician
    username, secret = fields.get("username", ""), fields.get("secret", "")
    if way == "pin":
        return care.check_pin(session.store, username, secret.strip(), now, where=report.id)
    return self_reporting.check_password(session.store, username, secret, now)


async def _handed(request: Request) -> Handed | None:
    return await to_thread.run_sync(sessions.handed_over, request.cookies.get(COOKIE), _now())


async def _show(
    request: Request, handed: Handed, scale: Scale, number: int | None, problem: str = "", status: int = 200
) -> Response:
    session, report = handed
    count = len(scale.items)
    window = without_tags(scale.window)
    if number is None:
        number = 0 if not report.answers else _next(report, scale)
    if number == 0:
        called = await to_thread.run_sync(_called, session, report)
        return pages.page("self_report_start.html", status, called=called, count=count, window=window)
    if number > count:
        left_out = sum(report.answers.get(item.id) is None for item in scale.items)
        return pages.page("self_report_thanks.html", count=count, left_out=left_out)
    item = scale.items[number - 1]
    cookie, token = forms.seal(request)
    response = pages.page(
        "self_report_question.html", status, form_token=token, item=item, number=number, count=count, window=window,
        given=report.answers.get(item.id), left_out=item.id in report.answers and report.answers[item.id] is None,
        numbers=_by_number(scale), problem=problem,
    )  # fmt: skip
    forms.remember_form(response, cookie)
    return response


def _return_page(
    request: Request,
    handed: Handed,
    way: str,
    fields: dict[str, str],
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    session, report = handed
    cookie, token = forms.seal(request)
    response = pages.page(
        "self_report_return.html", status, form_token=token, way=way, fields=fields, problems=problems or {},
        demo=session.place == "demo", count=len(protocols.scale(report.scale).items),
        answered=sum(value is not None for value in report.answers.values()),
    )  # fmt: skip
    forms.remember_form(response, cookie)
    return response


def _called(session: Session, report: SelfReport) -> str:
    """The given name alone, or the bed: a tablet is read by whoever walks past."""
    try:
        with gate.read(session.store, session.clinician, "answer", _now(), admission_id=report.admission_id) as tx:
            admission = find.admission(tx, report.admission_id)
    except DetoxError:
        return ""
    return admission.patient.given_name or (admission.bed or "")


def _by_number(scale: Scale) -> bool:
    """True where the answer itself is a number and its words only name the ends."""
    return len(scale.items) == 1 and len(scale.items[0].options) > 6


def _next(report: SelfReport, scale: Scale) -> int:
    """The first question that was not reached yet."""
    return next((n for n, item in enumerate(scale.items, 1) if item.id not in report.answers), len(scale.items) + 1)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None


def _now() -> datetime:
    return datetime.now(UTC)
