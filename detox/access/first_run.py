"""The first run: two doors while there is no account yet, and the form that sets up the ward."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detox import care
from detox.access import forms, pages, sessions
from detox.care import passwords
from detox.clinical.model import Shift
from detox.errors import NotAllowed, Refused
from detox.store import find

MOST_BEDS = 200
MOST_SHIFTS = 4
_STALE_FORM = "The page had been open for too long: nothing was saved. Please send it again."


async def set_up(request: Request) -> Response:
    """Show the doors or the form; make the ward and its first manager; sign the manager in."""
    if await to_thread.run_sync(is_set_up):
        return RedirectResponse("/sign-in", 303)
    if request.method != "POST":
        return _page(request, "set_up.html" if request.query_params.get("form") else "doors.html", _suggested(), {})
    fields = await forms.read(request)
    if not forms.is_ours(request, fields):
        return _page(request, "set_up.html", fields or _suggested(), {"": _STALE_FORM}, 403)
    try:
        token = await to_thread.run_sync(make_ward, fields, datetime.now(UTC))
    except Refused as refused:
        return _page(request, "set_up.html", fields, refused.problems, 422)
    except NotAllowed:
        return RedirectResponse("/sign-in", 303)
    response = RedirectResponse("/", 303)
    forms.remember_session(response, token)
    return response


def make_ward(fields: dict[str, str], now: datetime) -> str:
    """Set up the ward from the posted fields and sign its manager in. Raises Refused with every problem at once."""
    store = sessions.store_of("ward")
    beds, problems = _beds(fields.get("beds", ""))
    password = fields.get("password", "")
    if password != fields.get("password_again", ""):
        problems["password_again"] = "The two passwords differ: type the same one twice."
    try:
        care.set_up_ward(
            store,
            name=fields.get("name", ""),
            beds=beds,
            shifts=_shifts(fields),
            time_zone=fields.get("time_zone", "").strip(),
            temperature_unit=fields.get("temperature_unit", ""),
            username=fields.get("username", ""),
            manager_name=fields.get("manager_name", ""),
            password="" if problems else password,  # no ward is made while one of our own problems stands
            now=now,
        )
    except Refused as refused:
        found = refused.problems | problems
        found.pop("password", None)
        try:
            passwords.check_new(password)
        except Refused as too_short:
            found |= too_short.problems
        raise Refused(found) from None
    return sessions.sign_in(store, fields["username"], password, now)


def _beds(text: str) -> tuple[list[str], dict[str, str]]:
    """The bed labels of `12` or of `1, 2, 3A`; what is wrong with them apart from what the ward itself checks."""
    text = text.strip()
    if text.isdecimal():
        if len(text) > 4 or int(text) > MOST_BEDS:
            return [], {"beds": f"{text[:6]} beds are more than {MOST_BEDS}: check the number."}
        return [str(number) for number in range(1, int(text) + 1)], {}
    return [label.strip() for label in text.replace(";", ",").split(",") if label.strip()][: MOST_BEDS + 1], {}


def _shifts(fields: dict[str, str]) -> list[Shift]:
    rows = [
        Shift(fields.get(f"shift_name_{n}", "").strip(), fields.get(f"shift_start_{n}", "")[:5])
        for n in range(1, MOST_SHIFTS + 1)
    ]
    return sorted((row for row in rows if row.name or row.starts_at), key=lambda row: row.starts_at)


def _suggested() -> dict[str, str]:
    return {
        "shift_name_1": "Day",
        "shift_start_1": "07:30",
        "shift_name_2": "Night",
        "shift_start_2": "19:30",
        "time_zone": server_zone(),
        "temperature_unit": "C",
    }


def server_zone(clock: Path = Path("/etc/localtime")) -> str:
    """The zone of this machine where it names one, else Europe/London."""
    name = clock.resolve().as_posix().partition("zoneinfo/")[2]
    return name if name in _zones() and "/" in name and not name.startswith("Etc/") else "Europe/London"


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


def is_set_up() -> bool:
    """True once the ward was set up."""
    with sessions.store_of("ward").read() as tx:
        return find.has_accounts(tx)


def _page(
    request: Request, template: str, fields: dict[str, str], problems: dict[str, str], status: int = 200
) -> Response:
    cookie, token = forms.seal(request)
    response = pages.page(
        template,
        status,
        form_token=token,
        fields=fields,
        problems=problems,
        zones=_zones(),
        shortest=passwords.SHORTEST,
    )
    forms.remember_form(response, cookie)
    return response
