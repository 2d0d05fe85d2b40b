"""A browser with an app in it: what it shows, what it complains of, and which of its requests came to nothing."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, sync_playwright

from tests.interop.clients.inside import program

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-dev-shm-usage"),
    # The authority is as old as this run. Not by the context: service workers do not look there.
    "--ignore-certificate-errors",
]
PATIENCE = 10_000


class Window:
    """One window, its pictures, and all that went wrong in it since one last asked."""

    def __init__(self, context: BrowserContext, pictures: Path) -> None:
        self.page: Page = context.new_page()
        self._pictures = pictures
        self._complaints: list[str] = []
        self._failed: list[str] = []
        self._count = 0
        context.set_default_timeout(PATIENCE)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self._complaints.append(str(error.error).splitlines()[0][:300]))
        context.on("requestfailed", self._missed)
        # Whether to leave something half written: yes.
        context.on("dialog", lambda dialog: dialog.accept())

    def _heard(self, message: ConsoleMessage) -> None:
        # What lies on the Internet is not there.
        if message.type == "error" and ".test/" in message.location.get("url", "") + message.text:
            self._complaints.append(message.text.splitlines()[0][:300])

    def _missed(self, request: Request) -> None:
        # What a page gives up because one leaves it has not failed.
        if request.failure not in {None, "net::ERR_ABORTED"} and ".test/" in request.url:
            self._failed.append(f"{request.failure} {request.method} {request.url[:200]}")

    def beside(self, page: Page) -> "Beside":
        """Another page of the same app, with pictures in the same series."""
        return Beside(self, page)

    def taken(self) -> tuple[list[str], list[str]]:
        """Complaints on the console and failed requests since the last time."""
        complaints, failed = list(dict.fromkeys(self._complaints)), list(dict.fromkeys(self._failed))
        self._complaints.clear()
        self._failed.clear()
        return complaints, failed

    def picture(self, name: str, page: Page | None = None) -> Path:
        """Keep what is seen now."""
        page = page or self.page
        self._count += 1
        path = self._pictures / f"{self._count:02d}-{name.replace(' ', '-')}.png"
        with contextlib.suppress(Exception):
            page.wait_for_load_state("networkidle", timeout=3000)
        page.wait_for_timeout(400)
        page.screenshot(path=path)
        return path

    def find(self, wanted: Locator) -> Locator:
        """Wait for the first of something and scroll down to it: long lists have only what is near in them."""
        begun, found = time.monotonic(), wanted.first
        while not found.count() or not found.is_visible():
            assert time.monotonic() - begun < PATIENCE / 1000, f"not to be seen: {wanted}"
            if time.monotonic() - begun > 2:
                self.page.mouse.move(640, 450)
                self.page.mouse.wheel(0, 400)
            self.page.wait_for_timeout(200)
        found.scroll_into_view_if_needed()
        return found

    def sees(self, words: str, where: str = "body") -> Locator:
        """Find words that are seen; returns the first place."""
        return self.find(self.page.locator(where).get_by_text(words, exact=False).locator("visible=true"))

    def sees_picture(self, selector: str) -> None:
        """Wait until an image is there and has really been loaded."""
        found = self.find(self.page.locator(selector))
        begun = time.monotonic()
        while not found.evaluate("image => image.complete && image.naturalWidth > 0"):
            assert time.monotonic() - begun < PATIENCE / 1000, f"{selector} does not load: {found.get_attribute('src')}"
            self.page.wait_for_timeout(100)

    def click(self, selector: str) -> None:
        """Click the first that is seen."""
        self.page.locator(selector).locator("visible=true").first.click()


class Beside:
    """A second page, such as the one that asks for consent."""

    def __init__(self, window: Window, page: Page) -> None:
        self.page = page
        self._window = window

    def picture(self, name: str) -> Path:
        """Keep what is seen there now."""
        return self._window.picture(name, self.page)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program("chromium", "chromium"), args=ARGUMENTS)
        yield opened
        opened.close()


def window(opened: Browser, pictures: Path) -> Window:
    """A new window of a size that people have."""
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.png"):
        old.unlink()
    context = opened.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", timezone_id="UTC")
    return Window(context, pictures)
