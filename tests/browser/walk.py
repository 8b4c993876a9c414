"""An admission walked through in Chromium, day by day: the server's clock is set by time-machine, nothing else is.

Each walk begins at the same moment of the ward, whatever the hour: its days are the ward's days.

What a person decides, gives, answers and ends is done on the screen; the sets between are kept through the same verbs.
"""

import contextlib
import re
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import hours
from help import idle
from inside import inside
from playwright.sync_api import Page, TimeoutError, expect
from serving import Server

from detox import care
from detox.clinical import drugs
from detox.clinical.model import Observation, Vitals
from detox.store import Store, find

START = datetime(2026, 11, 23, 8, 0, tzinfo=hours.WARD).astimezone(UTC)
"""A Monday at eight in the morning, with no change of the clocks in the weeks after it."""
CALM = {
    "systolic_mmhg": 122, "diastolic_mmhg": 78, "heart_rate_per_min": 76, "temperature_c": 36.8,
    "respiratory_rate_per_min": 16, "spo2_percent": 97, "on_oxygen": False, "consciousness": "A", "sedation": "1",
}  # fmt: skip
SCORES = {  # answers beside the pulse item (0 up to 80 /min, 1 up to 100), by the total they add up to
    0: {},
    3: {"restlessness": 1, "bone_joint_aches": 1, "anxiety_irritability": 1},
    5: {"restlessness": 1, "bone_joint_aches": 1, "gi_upset": 2, "anxiety_irritability": 1},
    9: {"sweating": 2, "restlessness": 1, "bone_joint_aches": 2, "gi_upset": 2, "anxiety_irritability": 2},
    14: {
        "sweating": 2, "restlessness": 1, "pupil_size": 2, "bone_joint_aches": 2, "runny_nose_tearing": 2,
        "gi_upset": 2, "tremor": 2, "anxiety_irritability": 1,
    },
    21: {
        "sweating": 3, "restlessness": 3, "pupil_size": 2, "bone_joint_aches": 2, "runny_nose_tearing": 2,
        "gi_upset": 3, "tremor": 2, "yawning": 2, "anxiety_irritability": 2,
    },
}  # fmt: skip
ITEMS = (
    "sweating", "restlessness", "pupil_size", "bone_joint_aches", "runny_nose_tearing", "gi_upset", "tremor", "yawning",
    "anxiety_irritability", "gooseflesh",
)  # fmt: skip


class Clock:
    """The server's clock, `ahead` of the real one: it runs on from where it was set, and is only ever set forward."""

    def __init__(self, served: Server, ahead: timedelta) -> None:
        self.served, self.ahead = served, ahead

    @property
    def now(self) -> datetime:
        return hours.real_now() + self.ahead

    def forward(self, *, hours: float = 0, minutes: float = 0) -> datetime:
        step = timedelta(hours=hours, minutes=minutes)
        self.ahead += step
        self.served.process.stdin.write(f"{step.total_seconds()}\n".encode())
        self.served.process.stdin.flush()
        while not self._arrived():
            pass  # each question takes a moment of its own
        return self.now

    def _arrived(self) -> bool:
        """True once the server says that time in the head of an answer."""
        with urllib.request.urlopen(f"{self.served.url}/_stcore/health", timeout=10) as answer:
            told = parsedate_to_datetime(answer.headers["date"])
        return abs(told - self.now) < timedelta(seconds=5)


class Walk:
    """One patient's way through a programme; `shots` is where what was seen is kept."""

    def __init__(self, store: Store, clock: Clock, url: str, shots: Path) -> None:
        self.store, self.clock, self.url, self.shots = store, clock, url, shots
        self.admission = ""

    def person(self, username: str):
        with inside(self.store) as tx:
            return find.account(tx, username)[0]

    def admit(self, page: Page, programme: str, **typed: str) -> None:
        """Through the admission form; `typed` are labels of its fields and buttons with what is entered."""
        page.get_by_role("link", name="Admit", exact=True).click()
        page.get_by_label("Family name").fill("Demo-Walker")
        page.get_by_label("Given name").fill("Wilma")
        page.get_by_role("spinbutton", name=re.compile("^year, Born")).click()
        page.keyboard.type("19880305")
        pick(page, "Programme", programme)
        pick(page, "Bed", "Bed 1")
        for label, value in typed.items():
            page.get_by_label(label, exact=True).fill(value)
            page.keyboard.press("Tab")
        for group, answer in {
            "Sex at birth": "Female", "Pregnancy": "Negative test", "liver": "Not impaired", "kidney": "90 or more",
            "opioids for pain": "No", "fentanyl": "Test negative", "medicines": "Takes none",
            "next shift": "Nothing else", "allergy": "None known",
        }.items():  # fmt: skip
            group_of = page.get_by_role("radiogroup", name=re.compile(group))
            group_of.get_by_role("radio", name=answer, exact=True).click()
        for group, answer in {
            "long QT": "None of them", "lung disease": "None", "depend on alcohol": "Neither",
        }.items():  # fmt: skip
            group_of = page.get_by_role("toolbar", name=re.compile(group))
            group_of.get_by_role("button", name=answer, exact=True).click()
        page.get_by_role("button", name="Admit", exact=True).click()
        page.get_by_text("✓ Admitted").wait_for()
        with inside(self.store) as tx:
            self.admission = find.admissions_here(tx, find.wards(tx)[0].id)[0].id

    def see(self, score: int | None = 0, *, ago: float = 0, other: dict[str, float] | None = None, **vitals) -> None:
        """One set of vitals with a COWS of `score` points beside the pulse item; None leaves COWS out."""
        at = self.clock.now - timedelta(minutes=ago)
        answers = {} if score is None else {"cows": dict.fromkeys(ITEMS, 0) | SCORES[score]}
        entry = Observation(
            uuid.uuid4().hex, self.admission, at, Vitals(**(CALM | vitals)), answers=answers, other=other or {}
        )
        care.record(self.store, self.person("nurse"), entry, self.clock.now, confirmed=True)

    def results(self, **other: float) -> None:
        """What came back from the laboratory."""
        entry = Observation(uuid.uuid4().hex, self.admission, self.clock.now, other=other)
        care.record(self.store, self.person("nurse"), entry, self.clock.now)

    def open(self, page: Page) -> None:
        """The patient's page, as it stands now, from the board."""
        idle(page)
        page.get_by_role("link", name="Ward board", exact=True).click()
        page.get_by_role("link", name="Open", exact=True).click()
        page.locator(".px-says").wait_for()
        idle(page)

    def expect(self, page: Page, *said: str) -> None:
        """The suggestion on the page says all of it."""
        card = page.locator(".st-key-suggestion")
        for text in said:
            card.get_by_text(re.compile(text)).first.wait_for()

    def shot(self, page: Page, name: str) -> None:
        page.screenshot(path=self.shots / f"{name}.png")

    def plan(self, page: Page, secret: str, drug: str, doses: str, hours: str = "24") -> None:
        """Write and sign."""
        section(page, "Plan and doses")
        another = page.get_by_text("Write another plan")
        another.or_(page.get_by_label("Drug", exact=True)).first.wait_for()
        if another.count():
            another.click()
        pick(page, "Drug", drug)
        page.get_by_role("textbox", name="Daily doses in mg").fill(doses)
        page.get_by_role("spinbutton", name="Least hours at a step").fill(hours)
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_text("NOT SIGNED").first.wait_for()
        page.get_by_label("Your PIN or password, to sign").first.fill(secret)
        page.keyboard.press("Tab")
        page.get_by_role("button", name=re.compile("^Sign as .* mg$")).click()
        page.get_by_text("NOT SIGNED").first.wait_for(state="detached")
        idle(page)

    def decide(self, page: Page, secret: str, verdict: str, why: str = "") -> None:
        """Accept or decline what is suggested, signed."""
        page.get_by_role("radiogroup", name="Your decision").get_by_role("radio", name=verdict).click()
        if why:
            page.get_by_label("Reason in your words").fill(why)
            page.keyboard.press("Tab")
        page.locator(".st-key-suggestion").get_by_label("Your PIN or password, to sign").fill(secret)
        page.keyboard.press("Tab")
        page.get_by_role("button", name=re.compile("^Sign as .*: (accept|change|decline)$")).click()
        page.get_by_text("Last decision").wait_for()
        page.get_by_text("Nothing was recorded since that decision").wait_for()

    def open_dose(self, page: Page) -> None:
        """The form of a dose; it stays open until the page is left."""
        form = page.locator(".st-key-dose")
        if not form.count():
            page.get_by_text("Give a dose", exact=True).click()
            form.wait_for()

    def dose(
        self, page: Page, what: str, mg: str = "", why: str = "", held_for: str = "", by: str = "", secret: str = ""
    ) -> None:
        """Chart a dose of the plan, and wait until it is on disk; `by` is a physician who signs over what holds it."""
        self.open_dose(page)
        page.get_by_role("radiogroup", name="What happened").get_by_role("radio", name=what).click()
        if mg:
            page.get_by_label("Amount, mg (if given)").fill(mg)
            page.keyboard.press("Tab")
        if held_for:
            page.get_by_role("button", name=re.compile(held_for)).click()
        if why:
            page.get_by_label(re.compile("^Reason .if held")).fill(why)
            page.keyboard.press("Tab")
        if by:
            pick(page, "Given over the hold by order of (only a physician)", by)
            page.get_by_label("This physician's own PIN or password").fill(secret)
            page.keyboard.press("Tab")
        page.get_by_role("button", name="Chart this dose").click()
        page.locator(".st-key-dose").get_by_text("✓ Saved").wait_for()

    def elsewhere(self, page: Page, drug: str, mg: str, where: str) -> None:
        """A dose that somebody else gave yesterday."""
        self.open_dose(page)
        page.get_by_text("Other medicine, or given elsewhere").click()
        pick(page, "Medicine", drugs.drug(drug).listed)
        page.get_by_role("radio", name="Given elsewhere").click()
        idle(page)  # what holds the medicine stands above the form, and goes for a dose from elsewhere
        page.get_by_label("Amount given, mg").fill(mg)
        page.get_by_role("spinbutton", name=re.compile("^year, Day")).click()
        page.keyboard.type((self.clock.now - timedelta(days=1)).strftime("%Y%m%d"))
        page.get_by_role("spinbutton", name=re.compile("^hour, At .empty. now")).last.click()
        page.keyboard.type("0800")
        page.get_by_label("Where, or by whose order").fill(where)
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Chart this other dose").click()
        page.get_by_text("✓ Saved").first.wait_for()

    def change_programme(self, page: Page, to: str, why: str) -> None:
        section(page, "Situation")
        pick(page, "Go on with", to)
        page.locator("form, [data-testid=stForm]").filter(has_text="Go on with").get_by_label("Reason").fill(why)
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Change the programme").click()
        page.locator(".px-facts").first.get_by_text(to).wait_for()

    def tick_all(self, page: Page) -> None:
        """Every line of the checklist done."""
        section(page, "Before leaving")
        page.get_by_role("button", name="Done", exact=True).first.wait_for()
        while page.get_by_role("button", name="Done", exact=True).count():
            left = page.get_by_role("button", name="Done", exact=True).count()
            page.get_by_role("button", name="Done", exact=True).first.click()
            page.get_by_text(f"Before leaving: {left - 1} open" if left > 1 else "Before leaving: complete").wait_for()
            idle(page)

    def discharge(self, page: Page, why: str) -> None:
        section(page, "Stay")
        page.get_by_label("Discharge: how the admission ended").fill(why)
        page.keyboard.press("Tab")
        page.get_by_text(re.compile("^Discharge .* now: frees the bed")).click()
        page.get_by_role("button", name="Discharge", exact=True).click()
        page.get_by_text("The admission has ended").first.wait_for()


def answer(page: Page, alert: str, button: str, label: str, text: str, doses: str = "") -> None:
    """Open the place beside the alert, say something, confirm; `doses` is what a physician orders meanwhile."""
    row = page.locator("[data-testid=stHorizontalBlock]").filter(has=page.locator(".dx-alert", has_text=alert)).last
    row.get_by_role("button", name=button).click()
    page.get_by_label(label).fill(text)
    page.keyboard.press("Tab")
    if doses:
        page.get_by_role("radiogroup", name="Doses meanwhile").get_by_role("radio", name=doses).click()
    page.get_by_role("button", name=button, exact=True).last.click()


def doses(walk: Walk) -> list[tuple[str, float, str]]:
    """Drug, mg and status of every charted dose, oldest first."""
    with inside(walk.store) as tx:
        return [(d.drug, d.dose_mg, d.status) for d in find.doses(tx, walk.admission)]


def decisions(walk: Walk) -> list[tuple[str, str, int | None]]:
    """Verdict, class and step of every decision, oldest first."""
    with inside(walk.store) as tx:
        return [(d.verdict, d.chosen, d.step_to) for d in reversed(find.decisions(tx, walk.admission))]


def section(page: Page, name: str) -> None:
    page.get_by_role("radiogroup", name="More").get_by_role("radio", name=name).click()
    idle(page)


def pick(page: Page, label: str, option: str) -> None:
    """Choose from a list; what is typed narrows it down. A list that closes because the page moves is opened again."""
    box, choice = page.get_by_label(label, exact=True), page.get_by_role("option", name=option, exact=True)
    for _ in range(3):
        idle(page)
        box.click()
        box.fill(option)
        with contextlib.suppress(TimeoutError):
            choice.click(timeout=5_000)
            break
    else:
        choice.click(timeout=5_000)  # or what was only typed would be taken for what was chosen
    expect(box).to_have_value(option)
