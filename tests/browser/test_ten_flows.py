"""Ten things that people come for, with nothing but a keyboard: once with JavaScript, once without (N14).

Each stop of the Tab key has to be seen, with a ring around it, in the order in which a page reads, and there is always
a way on. Whoever cannot hold a pointer does all of it.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Demo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

MOST_STOPS = 120
"""So often somebody presses Tab at most, from the top of the content to what they want."""
STOP = """(wanted) => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const ringed = (one) => {
    const style = one && getComputedStyle(one);
    return style && (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none");
  };
  const box = at.getBoundingClientRect();
  const shown = [at, at.nextElementSibling, at.closest("label"), at.parentElement].filter(ringed);
  const seen = (shown[0] || at).getBoundingClientRect();
  return {
    is: at.matches(wanted), what: at.outerHTML.slice(0, 160), ring: shown.length > 0,
    seen: seen.width > 2 && seen.height > 2 && seen.bottom > 0 && seen.top < innerHeight && seen.right > 0,
    inside: Boolean(at.closest("main")), top: box.top + scrollY, left: box.left,
  };
}"""


class Keys:
    """Somebody at a keyboard, who has no pointer."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin = page, origin

    def open(self, path: str) -> None:
        """Type an address; then past what stands on every page, by the link that is first."""
        self.page.goto(path if path.startswith("http") else f"{self.origin}{path}")
        if self._stop("input[autofocus]") is None:
            self.page.keyboard.press("Tab")
            first = self._stop(".skip-link")
            assert first is not None
            assert first["is"], f"{path} begins with {first['what']}, not with the way past the menu"
            self.page.keyboard.press("Enter")

    def to(self, wanted: str) -> None:
        """Press Tab until it is there."""
        before: dict[str, Any] | None = None
        for _ in range(MOST_STOPS):
            stop = self._stop(wanted)
            if stop is not None and stop["what"].startswith("<main"):
                stop = None  # where the skip link leads
            if stop is not None:
                assert stop["ring"], f"{self.page.url}: no ring around {stop['what']}"
                assert stop["seen"], f"{self.page.url}: {stop['what']} has the focus and is not seen"
                if before is not None and before["inside"] and stop["inside"] and stop["left"] < before["left"] + 60:
                    assert stop["top"] >= before["top"] - 60, (
                        f"{self.page.url}: up from {before['what']} to {stop['what']}"
                    )
                if stop["is"]:
                    return
                before = stop
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: {wanted} cannot be reached with the Tab key")

    def type(self, wanted: str, words: str) -> None:
        """Fill a field in, letter by letter."""
        self.to(wanted)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(words)

    def choose(self, name: str, value: str) -> None:
        """One of several: Tab to them, and along with the arrows."""
        self.to(f"[name={name}]")
        for _ in range(12):
            if self._is(f"[name={name}][value='{value}']"):
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Space")
        assert self.page.locator(f"[name={name}][value='{value}']").is_checked()

    def press(self, wanted: str, leads_to: str = "**") -> None:
        """A link or a button, by Enter."""
        self.to(wanted)
        with self.page.expect_navigation(url=leads_to):
            self.page.keyboard.press("Enter")

    def _is(self, wanted: str) -> bool:
        return bool((self._stop(wanted) or {}).get("is"))

    def _stop(self, wanted: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.page.evaluate(STOP, wanted)
        return found


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_n14_ten_things_with_the_keyboard_alone(demo: Demo, browser: Browser, script: bool) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=script)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    keys = Keys(page, demo.northfield)
    way = "with" if script else "without"

    # Sign in.
    page.goto(f"{demo.northfield}/sign-in")
    keys.type("[name=name]", "hannah")
    keys.type("[name=password]", PASSWORD)
    keys.press("main button[type=submit]", "**/week")

    # The first visit.
    keys.open("/welcome")
    keys.type("[name=teaches]", "English, Years 7 to 11")
    keys.press("main form button[type=submit]", "**/week**")

    # Join a community, and ask there.
    keys.open("/c/science")
    keys.press("form[action$='/join'] button", "**/c/science**")
    keys.open("/c/science/guidelines")
    if page.locator("form[action$='/accept']").count():  # the second time it is known that she agreed
        keys.press("form[action$='/accept'] button", "**/c/science**")
    keys.open("/c/science/new?kind=ask")
    keys.type("[name=title]", f"Who reads aloud {way} me?")
    keys.type("[name=content]", "In a lab, of all places.")
    keys.press("button[name=share]", "**/p/who-reads-aloud-*")

    # Find something, and try it.
    keys.open("/search")
    keys.type("[name=q]", found := "silent mixing" if script else "one circuit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    keys.press(f"main a[href^='/p/{found.replace(' ', '-')}']", "**/p/**")
    practice = page.url
    keys.open(practice)
    keys.press(".try-bar a", "**/tried")
    keys.choose("outcome", "worked")
    keys.type("[name=saw]", "They were quiet for once.")
    keys.press("main .form-actions button[type=submit]", "**/p/**")
    assert page.get_by_text("They were quiet for once.").count()

    # Answer, and say that one comes to an event.
    keys.open("/c/science")
    keys.press("main a[href^='/p/how-do-you-get-mini']", "**/p/how-do-you-get-mini-*")
    keys.type("form[action$='/reply'] [name=content]", f"We hand them out {way} a list.")
    keys.press("form[action$='/reply'] button[type=submit]:not([name])", "**/p/**")
    assert page.get_by_text(f"We hand them out {way} a list.").count()
    keys.open("/c/science")
    keys.press("main a[href^='/p/half-an-hour']", "**/p/half-an-hour-*")
    keys.press("form[action$='/take-part'] button", "**/p/half-an-hour-*")
    keys.open(page.url)
    keys.press("form[action$='/leave-event'] button", "**/p/half-an-hour-*")

    # Report something.
    keys.open(f"{practice}/report")
    keys.choose("category", "other")
    keys.type("[name=text]", "It is the same as another one.")
    keys.press("main form button[type=submit]", "**/me/reports")

    # Share a practice.
    keys.open("/practices/new?speed=quick&community=science")
    keys.type("[name=title]", f"Read the last page first, {way}")
    keys.type("[name=steps]", "Everybody reads the last page, and guesses the first.")
    keys.type("[name=would_change]", "A shorter book.")
    keys.press("[name=share]", "**/p/read-the-last-page-first-*")

    # Change how it looks, and leave what was joined.
    keys.open("/settings/look")
    keys.press("main form button[type=submit]", "**/settings/look**")
    keys.open("/c/science")
    keys.press("form[action$='/leave'] button", "**")
    context.close()
    assert wrong == []
