"""The first practice that crosses servers, in a real Chromium against the real demo: with JavaScript and without.

Pictures of each step at both widths are left in ``tests/browser/out``.
"""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from tests.browser.conftest import PASSWORD, Demo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

OUT = Path(__file__).parent / "out"
ARRIVES_WITHIN_SECONDS = 10
VISIBLE_WORDS = """() => {
  const seen = document.querySelector("main").cloneNode(true);
  seen.querySelectorAll(".unseen, option:not([selected]):not(:first-child), details:not([open]) > :not(summary)")
    .forEach(part => part.remove());
  return seen.textContent.split(/\\s+/).filter(Boolean).length;
}"""


def go_by(way: Locator) -> None:
    """Press what leads to another page, and wait until that is there: a click alone does not."""
    with way.page.expect_navigation():
        way.click()


class Visitor:
    """One person in one browser window, who keeps pictures and notices errors."""

    def __init__(self, page: Page, label: str) -> None:
        self.page = page
        self.label = label
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._heard)
        page.on("request", lambda request: self.foreign.append(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        # A form that is sent back says so with 422, which Chromium also writes to its console.
        if message.type == "error" and "status of 422" not in message.text:
            self.errors.append(message.text)

    def sign_in(self, origin: str, name: str) -> None:
        """Through the form, with the password that the demo printed."""
        self.page.goto(f"{origin}/sign-in")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(f"{origin}/week")

    def picture(self, name: str) -> None:
        """Keep what is seen now."""
        OUT.mkdir(exist_ok=True)
        self.page.screenshot(path=OUT / f"{self.label}-{name}.png", full_page=True)

    def wait_for(self, url: str, words: str) -> None:
        """Look again, as a person would, until the words stand on the page."""
        begun = time.monotonic()
        while True:
            self.page.goto(url)
            if self.page.get_by_text(words, exact=False).count():
                return
            assert time.monotonic() - begun < ARRIVES_WITHIN_SECONDS, f"{words!r} did not arrive at {url}"
            time.sleep(0.3)

    def wait_until_gone(self, url: str, words: str) -> None:
        """Look again until the words are no longer there."""
        begun = time.monotonic()
        while True:
            self.page.goto(url)
            if not self.page.get_by_text(words, exact=False).count():
                return
            assert time.monotonic() - begun < ARRIVES_WITHIN_SECONDS, f"{words!r} is still at {url}"
            time.sleep(0.3)


class Pace:
    """A person with a phone, in numbers: how long what they do takes them, without anybody waiting for it.

    They type 36 words a minute (people on their own phones: Palin and others, 2019), which is three letters a second;
    read 238 words a minute (Brysbaert, 2019), and every word of a page that is new to them; and take 2.5 seconds to
    decide on something and hit it (1.35 to decide: Card, Moran and Newell, 1983; and a second to get there).
    """

    LETTERS_A_SECOND = 36 * 5 / 60
    WORDS_A_SECOND = 238 / 60
    SECONDS_A_TAP = 2.5

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0
        self.seconds = 0.0

    def read(self) -> None:
        """All that is seen on the page: of what can be chosen in a list, what is chosen."""
        words = self.page.evaluate(VISIBLE_WORDS)
        self.seconds += words / self.WORDS_A_SECOND

    def tap(self, selector: str) -> None:
        """One tap."""
        self._get_to()
        self.page.locator(selector).first.click()

    def type(self, selector: str, words: str) -> None:
        """One field, letter by letter."""
        self._get_to()
        self.seconds += len(words) / self.LETTERS_A_SECOND
        self.page.locator(selector).first.fill(words)

    def _get_to(self) -> None:
        self.taps += 1
        self.seconds += self.SECONDS_A_TAP


def test_c1_a_first_practice_takes_under_three_minutes_on_a_phone(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    joel = Visitor(context.new_page(), "phone-joel")
    joel.sign_in(demo.northfield, "joel")
    joel.page.goto(f"{demo.northfield}/new")
    pace = Pace(joel.page)
    pace.read()
    pace.tap("main a[href^='/practices/new']")
    joel.page.wait_for_url("**/practices/new**")
    pace.read()
    joel.picture("first-1-the-form")
    pace.type("[name=title]", "Begin with the answer")
    pace.type("[name=steps]", "Write the answer on the board before anybody sits down.")
    pace.type("[name=steps] >> nth=1", "Ask for three questions that it could be the answer to.")
    pace.type("[name=would_change]", "Pick an answer that has a wrong question, too.")
    pace.tap("[name=share]")
    joel.page.wait_for_url("**/p/begin-with-the-answer-*")
    joel.picture("first-2-shared")
    assert joel.page.get_by_text("Ask for three questions").count()
    assert pace.seconds < 180


@pytest.mark.parametrize(
    ("label", "width", "height", "script"),
    [("wide", 1280, 800, True), ("narrow-without-javascript", 360, 740, False)],
)
def test_c1_c15_a_practice_crosses_is_answered_edited_and_deleted(
    demo: Demo, browser: Browser, label: str, width: int, height: int, script: bool
) -> None:
    def visitor(name: str) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script)
        return Visitor(context.new_page(), f"{label}-{name}")

    title = f"Two questions before the bell ({label})"
    maya, tom = visitor("maya"), visitor("tom")
    maya.sign_in(demo.northfield, "maya")
    tom.sign_in(demo.riverside, "tom")
    elsewhere = f"{demo.riverside}/c/science@{demo.northfield.split('//')[1]}"

    # Nothing filled in: the form says what is missing, and keeps what was typed.
    maya.page.goto(f"{demo.northfield}/practices/new?speed=quick&community=science")
    maya.page.fill("[name=title]", title)
    maya.page.click("[name=share]")
    assert maya.page.input_value("[name=title]") == title
    maya.picture("1-what-is-missing")

    maya.page.locator("[name=steps]").first.fill("Ask what they would tell somebody who was away.")
    maya.page.fill("[name=would_change]", "It needs two quiet minutes.")
    tom.page.goto(elsewhere)
    maya.page.click("[name=share]")
    maya.page.wait_for_url("**/p/two-questions-before-the-bell-*")
    practice = maya.page.url
    maya.picture("2-shared")

    if script:
        # The page that Tom has open on another server says by itself that something came, and shows it.
        tom.page.locator("[data-live-show]").click(timeout=ARRIVES_WITHIN_SECONDS * 1000)
        tom.page.get_by_role("link", name=title).first.wait_for()
    tom.wait_for(elsewhere, title)
    tom.picture("3-arrived")
    go_by(tom.page.get_by_role("link", name=title).first)
    assert tom.page.get_by_text("Ask what they would tell somebody who was away.").count()
    copy = tom.page.url
    tom.page.locator("form[action$='/reply'] [name=content]").first.fill("We ask the same after story time.")
    go_by(tom.page.locator("form[action$='/reply'] button[type=submit]:not([name])").first)
    tom.picture("4-answered")

    maya.wait_for(practice, "We ask the same after story time.")
    maya.picture("5-the-answer-at-home")

    maya.page.goto(f"{practice}/edit")
    maya.page.fill("[name=title]", f"{title}, revised")
    note = maya.page.locator("[name=change_note]")
    if note.count():
        note.fill("A better title.")
    go_by(maya.page.get_by_role("button", name="Save").last)
    tom.wait_for(copy, "revised")
    tom.picture("6-the-edit-arrived")

    maya.page.goto(f"{practice}/delete")
    maya.picture("7-really")
    go_by(maya.page.locator("main form button[type=submit]").first)
    tom.wait_until_gone(elsewhere, "revised")
    tom.picture("8-gone")

    assert maya.errors == []
    for person, origin in ((maya, demo.northfield), (tom, demo.riverside)):
        assert [url for url in person.foreign if not url.startswith(origin)] == []


def test_the_tour_takes_one_tap_a_stop(demo: Demo, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{demo.northfield}/demo")
    go_by(page.get_by_role("link", name="Begin: ").first)
    assert page.url == f"{demo.northfield}/demo/maya/1"
    go_by(page.locator("form[action='/demo/maya/1'] button"))
    assert page.url.startswith(f"{demo.northfield}/week")
    page.goto(f"{demo.northfield}/demo")
    page.get_by_text("Look around without a tour").click()
    go_by(page.get_by_role("link", name="Tom").first)
    go_by(page.get_by_role("button", name="Tom").first)
    assert page.url == f"{demo.riverside}/week"
    assert page.get_by_text("Start with the odd one out").count()


def test_the_demo_prints_where_to_go(demo: Demo) -> None:
    assert demo.northfield in demo.printed
    assert demo.riverside in demo.printed
    assert f"{demo.northfield}/demo" in demo.printed
