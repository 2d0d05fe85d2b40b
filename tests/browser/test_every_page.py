"""Every page that the demo can show: nothing that axe-core objects to, no sideways scrolling, no errors (N14).

One page of each kind is looked at (of posts one with each thing to do with them), at both widths, in the light
and in the dark: each is opened once and turned over in place. The last test knows why nobody came to some pages.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, ViewportSize
from starlette.routing import Route

from tests.browser.conftest import PASSWORD, Demo
from tests.interop.node import npm_ci
from web.routes import page_routes

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FOLDER = Path(__file__).parent
MOST_PAGES = 400
MOST_POSTS = 30
"""So many are opened, for the links on them; looked at closely is what has something to do that no other had."""
NOT_LINKED = (
    "/components",
    "/welcome",
    "/me/requests",
    "/held",
    "/notes",
    "/reset",
    "/settings/provider",
    "/tags/anotherway",
    "/beforehand",
    "/admin/servers/mode",
    "/admin/servers/lists",
    "/sums/brief",
)
"""Pages to which a link leads only at times."""
LINKS = "[...document.querySelectorAll('a[href]:not([download])')].map(a => a.href)"
DONE_WITH_POSTS = """[...document.querySelectorAll('main a[href^="/p/"], main form[action^="/p/"]')].map(
  (one) => new URL(one.href || one.action).pathname.split('/')[3] || '')"""
came_to: set[str] = set()
"""Addresses that somebody came to, for the last test."""
looked_at: set[str] = set()

# What is downloaded, or ends the visit.
NO_PAGES = ("/sign-out", "/download", "/feed", ".ics", ".json", ".csv", "/ap/a/")
NOBODY_COMES = {
    "is no page": (
        "/theme/",
        "/media/",
        "/manifest",
        "/service-worker",
        "/live",
        "/oauth/token",
        "/settings/data/following.csv",
        "/admin/audit/export",
        "/admin/servers/lists/domain_",
        "/about/servers.json",
    ),
    "is a feed or a calendar": ("/p/{name}/feed.atom", "/c/{slug}/feed.atom", "/p/{name}/event.ics"),
    "takes a link out of a mail": ("/join/", "/confirm/", "/reset/{token}", "/mail/", "/archive/", "/notes/door/"),
    "takes an app, or another server, that sends somebody here": (
        "/oauth/authorize",
        "/authorize_interaction",
        "/intent/",
    ),
    "takes accounts of the organisation, which the demo has none of": ("/sign-in/with", "/settings/provider"),
    "takes what nobody has done in the demo": (
        "/practices/remix/",
        "/p/{name}/coedit",
        "/c/{slug}/apply",
        "/c/{slug}/hello",
        "/c/{slug}/goals",
        "/c/{slug}/charter/propose",
        "/p/{name}/reports",
        "/p/{name}/sum-up",
        "/notes/{pad}",
        "/p/{name}/agenda",
        "/settings/second-step/app",
        "/admin/deletions/{handle}",
        "/admin/networks/{slug}/report",
        "/admin/servers/lists/{list_id}",
        "/beforehand/{name}",
    ),
    "is for members who live elsewhere": ("/c/{slug}/notes/door", "/guest/"),
    "is for who is responsible for safeguarding": ("/safeguarding",),
    "goes on to another page at once": ("/p/{name}/poll", "/me"),
}
"""Why nobody of the walk comes to some addresses; each begins so."""


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
        (r"^/(p|c|tags|notes)/[^/]+", r"/\1/…"),
        (r"^/@[^/]+", "/@…"),
        (r"^/admin/(servers|deletions)/(?!mode|lists)[^/]+", r"/admin/\1/…"),
        (r"/[0-9a-hjkmnp-tv-z]{26}", "/…"),
        (r"/[^/]*\d[^/]*", "/…"),
    ):
        path = re.sub(pattern, word, path)
    return path.rstrip("/") or "/"


NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 800}


class Walk:
    """One person who opens every kind of page they can find a link to."""

    def __init__(self, page: Page, origin: str, axe: str, also: tuple[str, ...] = (), again: bool = True) -> None:
        self.page, self.origin, self.axe, self.also, self.again = page, origin, axe, also, again
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", self._heard)
        page.on("request", lambda request: request.url.startswith(origin) or self.wrong.append(f"asks {request.url}"))

    def _heard(self, message: ConsoleMessage) -> None:
        """What is not for everybody is not there for others, which Chromium writes to its console, too."""
        path = urlsplit(message.location["url"]).path
        if message.type == "error" and not ("404" in message.text and path in NOT_LINKED):
            self.wrong.append(f"{self.page.url}: {path}: {message.text}")

    def sign_in(self, name: str) -> None:
        """Through the form."""
        self.page.goto(f"{self.origin}/sign-in")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(f"{self.origin}/week")

    def everywhere(self) -> int:
        """Look at one page of every kind; returns how many there are."""
        seen: dict[str, int] = {}
        done_with_posts: set[str] = set()
        waiting = [f"{self.origin}{path}" for path in ("/", "/demo", *self.also)]
        known = set(waiting)
        while waiting:
            url = waiting.pop(0)
            kind = _kind(url)
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] > (MOST_POSTS if kind == "/p/…" else 1) or len(seen) > MOST_PAGES:
                continue
            response = self.page.goto(url)
            if response is not None and "html" in response.headers.get("content-type", ""):
                came_to.update((urlsplit(url).path, urlsplit(self.page.url).path))
                if kind == "/p/…":
                    new = set(self.page.evaluate(DONE_WITH_POSTS)) - done_with_posts
                    done_with_posts |= new
                    kind += ",".join(sorted(new))
                if response.status == 404 and urlsplit(url).path in NOT_LINKED:
                    continue  # not for everybody
                if seen.setdefault(f"looked at {kind}", 0) == 0:
                    seen[f"looked at {kind}"] = 1
                    self._look(url, kind, response)
                if kind == "/components":
                    continue  # what stands there leads nowhere
                new = [link for link in self._links() if link not in known]
                known.update(new)
                waiting += new
        return sum(kind.startswith("looked at") for kind in seen)

    def _look(self, url: str, kind: str, response: Response) -> None:
        if response.status >= 400:
            self.wrong.append(f"{url}: status {response.status}")
        # Narrow in the light and wide in the dark, or the other way round; for visitors once more, as it comes.
        turned = len(looked_at) % 2
        ways = [(NARROW, "light" if turned else "dark"), (WIDE, "dark" if turned else "light")]
        for size, scheme in ways if kind not in looked_at else ways[:1] if self.again else []:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                self.wrong.append(f"{url}: {over} px wider than a window of {size['width']}")
            self.page.evaluate(self.axe)
            report = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert report["passes"], f"axe-core looked at nothing on {url}"
            for found in report["violations"]:
                if found["id"] == "heading-order" and self._is_of_author(found["nodes"]):
                    continue  # people choose their own levels, and they are kept
                self.wrong.append(f"{url}, {scheme}: {found['id']}: {found['nodes'][0]['html'][:120]}")
        looked_at.add(kind)

    def _is_of_author(self, nodes: list[dict[str, list[str]]]) -> bool:
        within = "targets => targets.every(one => document.querySelector(one).closest('.prose'))"
        return bool(self.page.evaluate(within, [node["target"][0] for node in nodes]))

    def _links(self) -> Iterator[str]:
        for address in self.page.evaluate(LINKS):
            url = address.partition("#")[0]
            if url.startswith(f"{self.origin}/") and not any(part in urlsplit(url).path for part in NO_PAGES):
                yield url


@pytest.mark.parametrize(
    ("who", "fewest"),
    [("maya", 60), ("joel", 60), ("ana", 80), (None, 30), ("sofia", 6)],
    ids=["a teacher", "a steward", "an admin", "a visitor", "somebody on Mastodon"],
)
def test_n14_every_page_is_for_everybody(demo: Demo, browser: Browser, axe: str, who: str | None, fewest: int) -> None:
    # axe-core is no script of ours, so the pages' own policy would keep it out.
    context = browser.new_context(viewport=NARROW, bypass_csp=True, reduced_motion="reduce")
    is_ours = who != "sofia"
    origin = demo.northfield if is_ours else demo.elsewhere
    walk = Walk(context.new_page(), origin, axe, NOT_LINKED if is_ours else (), again=who is None)
    if who in {"maya", "joel", "ana"}:
        walk.sign_in(str(who))
    pages = walk.everywhere()
    context.close()
    assert not walk.wrong, "\n".join(walk.wrong)
    assert pages >= fewest


def test_n14_there_is_no_page_that_nobody_came_to() -> None:
    if not came_to:
        pytest.skip("nobody walked")
    routes = [route for route in page_routes() if isinstance(route, Route) and "GET" in (route.methods or ())]
    left = [route.path for route in routes if not any(route.path_regex.match(path) for path in came_to)]
    unknown = [path for path in left if not path.startswith(_reasons())]
    assert unknown == [], "link to these in the demo, name one in NOT_LINKED, or say in NOBODY_COMES why nobody can"


@cache
def _reasons() -> tuple[str, ...]:
    return tuple(start for starts in NOBODY_COMES.values() for start in starts)
