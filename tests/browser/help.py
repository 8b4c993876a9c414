"""What a nurse's hands do on the record page, and a line to the server that can be made to wait."""

from playwright.sync_api import Page, WebSocketRoute

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
VITALS = {
    "BP systolic": "182",
    "BP diastolic": "104",
    "Heart rate /min": "104",
    "Temperature °C": "37.6",
    "Breaths /min": "18",
    "SpO2 %": "97",
}
CODES = {"Breathing": "Air", "Thermometer": "oral", "Consciousness": "Alert", "Sedation": "1 awake"}
COWS_14 = {
    "Sweating": "2 moist",
    "Restlessness": "1 reports",
    "Pupil size": "1 maybe larger",
    "Bone or joint aches": "2 severe",
    "Runny nose or tearing": "1 stuffy, moist",
    "GI upset": "2 nausea, loose",
    "Tremor": "1 felt",
    "Yawning": "1 once, twice",
    "Anxiety or irritability": "1 reports",
    "Gooseflesh skin": "0 smooth",
}


class Line:
    """What the server tells a page, kept back from `wait` until `go_on`: as on a slow network, for as long as wanted.

    It has to be there before the page is opened.
    """

    def __init__(self, page: Page) -> None:
        self.waits, self.kept = False, []
        page.route_web_socket(lambda url: url.endswith("/_stcore/stream"), self._carry)

    def _carry(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        browser.on_message(server.send)
        server.on_message(lambda said: self.kept.append(said) if self.waits else browser.send(said))
        self.browser = browser

    def wait(self) -> None:
        self.waits = True

    def go_on(self) -> None:
        self.waits = False
        while self.kept:
            self.browser.send(self.kept.pop(0))


def idle(page: Page) -> None:
    """Until no script is running for this page."""
    page.wait_for_selector(IDLE)


def open_record(page: Page) -> None:
    """From the board to the record page of the first patient on it."""
    page.get_by_role("link", name="Record", exact=True).first.click()
    page.wait_for_selector(".st-key-save-bar")


def fill_vitals(page: Page, values: dict[str, str] = VITALS) -> None:
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)
        page.keyboard.press("Tab")


def choose(page: Page, answers: dict[str, str]) -> None:
    for group, option in answers.items():
        buttons = page.get_by_role("radiogroup", name=group)
        buttons.get_by_role("radio", name=option, exact=True).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save set").click()
    page.get_by_text("Next set").wait_for()
