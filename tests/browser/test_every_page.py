"""Every page of the demo that a person can walk to: nothing that axe-core objects to, no sideways scrolling, no errors.

One page of each kind is looked at (`/p/…` once, not every post), at both widths, in the light and in the dark.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize

from tests.browser.conftest import PASSWORD, Demo
from tests.interop.node import npm_ci

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FOLDER = Path(__file__).parent
MOST_PAGES = 150

# What is downloaded, or ends the visit.
NO_PAGES = ("/sign-out", "/download", "/feed", ".ics", ".json", ".csv")


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, installed from the committed lock on first use."""
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        npm_ci(FOLDER)
    return script.read_text(encoding="utf-8")


def _kind(url: str) -> str:
    """The address with everything that names one thing among many taken out."""
    path = urlsplit(url).path
    for pattern, word in (
        (r"^/(p|c|tags)/[^/]+", r"/\1/…"),
        (r"^/@[^/]+", "/@…"),
        (r"^/admin/servers/[^/]+", "/admin/servers/…"),
        (r"/[0-9a-hjkmnp-tv-z]{26}", "/…"),
        (r"/[^/]*\d[^/]*", "/…"),
    ):
        path = re.sub(pattern, word, path)
    return path.rstrip("/") or "/"


NARROW: ViewportSize = {"width": 360, "height": 740}


class Walk:
    """One person who opens every kind of page they can find a link to."""

    def __init__(self, page: Page, origin: str, axe: str) -> None:
        self.page, self.origin, self.axe = page, origin, axe
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", lambda message: message.type == "error" and self.wrong.append(f"{page.url}: {message.text}"))
        page.on("request", lambda request: request.url.startswith(origin) or self.wrong.append(f"asks {request.url}"))

    def sign_in(self, name: str) -> None:
        """Through the form."""
        self.page.goto(f"{self.origin}/sign-in")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(f"{self.origin}/week")

    def everywhere(self) -> int:
        """Look at one page of every kind; returns how many there are."""
        seen: set[str] = set()
        waiting = [f"{self.origin}/", f"{self.origin}/demo"]
        while waiting:
            url = waiting.pop(0)
            if _kind(url) in seen or len(seen) >= MOST_PAGES:
                continue
            seen.add(_kind(url))
            response = self.page.goto(url)
            if response is not None and "html" in response.headers.get("content-type", ""):
                self.look(url, response)
                waiting += list(self._links())
        return len(seen)

    def look(self, url: str, response: Response) -> None:
        """What axe-core and the width of a phone have to say of the page that is open."""
        if response.status >= 400:
            self.wrong.append(f"{url}: status {response.status}")
        wide = self.page.viewport_size
        for size in (NARROW, wide):
            # What somebody looks at from a desk has to fit on their phone, too.
            self.page.set_viewport_size(size)
            over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                self.wrong.append(f"{url}: {over} px wider than a window of {size['width']}")
        self.page.evaluate(self.axe)
        report = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert report["passes"], f"axe-core looked at nothing on {url}"
        for found in report["violations"]:
            self.wrong.append(f"{url}: {found['id']}: {found['nodes'][0]['html'][:120]}")

    def _links(self) -> Iterator[str]:
        for address in self.page.evaluate("[...document.querySelectorAll('a[href]:not([download])')].map(a => a.href)"):
            url = address.partition("#")[0]
            if url.startswith(f"{self.origin}/") and not any(part in urlsplit(url).path for part in NO_PAGES):
                yield url


@pytest.mark.parametrize(
    ("who", "width", "height", "scheme", "fewest"),
    [
        (None, 360, 740, "light", 10),
        ("maya", 360, 740, "dark", 25),
        ("ana", 1280, 800, "light", 30),
        ("sofia", 360, 740, "dark", 6),
    ],
    ids=["a visitor", "a teacher on a phone", "an admin at a desk", "somebody on Mastodon"],
)
def test_every_page_is_for_everybody(
    demo: Demo, browser: Browser, axe: str, who: str | None, width: int, height: int, scheme: str, fewest: int
) -> None:
    # axe-core is no script of ours, so the pages' own policy would keep it out.
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    walk = Walk(context.new_page(), demo.elsewhere if who == "sofia" else demo.northfield, axe)
    if who in {"maya", "ana"}:
        walk.sign_in(str(who))
    pages = walk.everywhere()
    context.close()
    assert not walk.wrong, "\n".join(walk.wrong)
    assert pages >= fewest


def test_s32_a_passkey_of_chromium_is_both_steps(demo: Demo, browser: Browser, axe: str) -> None:
    context = browser.new_context(viewport=NARROW, bypass_csp=True)
    walk = Walk(context.new_page(), demo.northfield, axe)
    page = walk.page
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": device | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    walk.sign_in("joel")

    def press(form: str) -> None:
        with page.expect_navigation() as going:
            page.click(f"{form} button")
        walk.look(page.url, going.value)

    page.goto(f"{demo.northfield}/settings/second-step")
    press("form[action='/settings/second-step/app']")  # the picture and the key
    page.goto(f"{demo.northfield}/settings/second-step/passkeys")
    page.fill("[name=name]", "Joel’s phone")
    press("form[data-make]")  # recovery codes
    context.clear_cookies(name="peerhall_session")
    page.goto(f"{demo.northfield}/sign-in?next=/settings/second-step")
    page.fill("[name=name]", "joel")
    page.fill("[name=password]", PASSWORD)
    press("form[action='/sign-in']")
    press("form[action='/sign-in/second-step'][data-passkey]")
    assert page.get_by_text("Joel’s phone").is_visible()
    context.clear_cookies(name="peerhall_session")
    page.goto(f"{demo.northfield}/sign-in?next=/settings/second-step")
    press("form[action='/sign-in/passkey']")
    assert page.url.endswith("/settings/second-step")
    assert not walk.wrong, "\n".join(walk.wrong)

    context.clear_cookies(name="peerhall_session")
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"isUserVerified": False}})
    page.goto(f"{demo.northfield}/sign-in")
    page.click("form[action='/sign-in/passkey'] button")
    page.get_by_text("Nothing came from your device").wait_for()
    context.close()
