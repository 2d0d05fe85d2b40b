"""Elk (github.com/elk-zone/elk), the `.output` that its build makes, with its own server."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator

from tests.interop.clients import app
from tests.interop.clients.front import Front
from tests.interop.clients.inside import NotHere
from tests.interop.clients.watching import Window
from tests.interop.live import Process, alive
from tests.interop.node import node

HOST = "elk.test"
PORT = 5314
POST = "main [aria-roledescription=status-details]"
EDITOR = "[aria-roledescription=publish-widget] .ProseMirror"


def site(folder: Path, work: Path) -> Path | int:
    """What the front serves for it."""
    if not _server(folder).is_file():
        raise NotHere(f"{folder} has no server/index.mjs, which a build of Elk makes")
    return PORT


@contextmanager
def serving(folder: Path, work: Path, front: Front) -> Iterator[None]:
    """Its server, which registers the app with ours."""
    (work / "elk").mkdir()
    environment = os.environ | {
        "PORT": str(PORT),
        "HOST": "127.0.0.1",
        "NUXT_STORAGE_FS_BASE": str(work / "elk"),
        "NUXT_PUBLIC_DEFAULT_SERVER": "alder.test",
        "NODE_EXTRA_CA_CERTS": str(front.ca_file),
    }
    running = Process([node(), str(_server(folder))], log=work / "elk.log", cwd=work, env=environment)
    try:
        running.wait_for(lambda: alive(f"http://127.0.0.1:{PORT}/"))
        yield
    finally:
        running.close()


def _server(folder: Path) -> Path:
    return folder / "server" / "index.mjs"


class Elk:
    """As in `app.App`."""

    name = "Elk"
    revokes = False
    """It only forgets its token."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.page = window.page
        self.place = "main"
        # Without it, Elk asks for files in the way that can be answered here.
        self.page.add_init_script("delete window.showOpenFilePicker")

    def sign_in(self, host: str, username: str, password: str) -> None:
        self.page.goto(f"https://{HOST}/")
        # It goes on to another page, which would close the form again.
        self.page.wait_for_url("**/public/local")
        self.page.wait_for_load_state("networkidle")
        self.page.get_by_role("button", name="Sign in").first.click()
        field = self.page.locator("form input[inputmode=url]")
        field.wait_for()
        field.fill(host)
        self.page.locator("form button[type=submit], form button.btn-solid, form [btn-solid]").last.click()
        self.page.wait_for_url("https://alder.test/**")
        app.consent(self.window, username, password)
        self.page.wait_for_url(f"https://{HOST}/**", timeout=20_000)
        self.page.get_by_role("link", name="Notifications").first.wait_for(timeout=20_000)

    def home(self) -> None:
        self.page.goto(f"https://{HOST}/home")
        self.page.locator("main [id^=status-]").first.wait_for()

    def open_post(self, words: str) -> None:
        post = self.window.find(self.page.locator("main [id^=status-]").filter(has_text=words))
        # Not with the pointer: what is above may still grow, and push it away.
        post.locator("a:has(time)").first.dispatch_event("click")
        self.page.wait_for_url("**/alder.test/@*/*")
        self._post().get_by_text(words).first.wait_for()

    def reply(self, text: str) -> None:
        self._write(text)
        self.page.locator(".publish-button").last.click()

    def like(self) -> None:
        self._act("Favorite")
        self._post().get_by_role("button", name="Favorited").wait_for()

    def boost(self) -> None:
        self._act("Boost")
        self._post().get_by_role("button", name="Boosted").wait_for()

    def bookmark(self) -> None:
        self._act("Bookmark")
        self._post().get_by_role("button", name="Bookmarked").wait_for()

    def bookmarks(self) -> None:
        self.page.goto(f"https://{HOST}/bookmarks")
        self.page.locator("main [id^=status-]").first.wait_for()

    def write(self, text: str, picture: Path | None = None, description: str = "") -> None:
        self.page.goto(f"https://{HOST}/compose")
        self._write(text)
        if picture is not None:
            with self.page.expect_file_chooser() as chooser:
                self.page.get_by_role("button", name="Add images, a video or an audio file").first.click()
            chooser.value.set_files(picture)
            widget = self.page.locator("[aria-roledescription=publish-widget]")
            widget.get_by_role("button", name="Edit", exact=True).click()
            field = self.page.locator("textarea:visible")
            field.fill(description)
            self.page.get_by_role("button", name="Apply").click()
            field.wait_for(state="hidden")
        self.page.locator(".publish-button").last.click()
        self.page.wait_for_timeout(1500)

    def write_to_followers(self, text: str) -> None:
        self.page.goto(f"https://{HOST}/compose")
        self._write(text)
        self.page.get_by_role("button", name="Change content visibility").click()
        self.page.locator(".v-popper__popper").get_by_text("Followers only", exact=True).click()
        self.page.locator(".publish-button").last.click()
        self.page.wait_for_timeout(1500)

    def show_new(self) -> None:
        self.page.get_by_text(re.compile(r"Show \d+ new item")).click(timeout=20_000)

    def edit(self, add: str) -> None:
        self._more("Edit")
        self.page.get_by_text("Editing", exact=True).wait_for()
        self.page.locator(EDITOR).last.click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(add)
        self.page.locator(".publish-button").last.click()
        self._post().get_by_text(add).first.wait_for()

    def delete(self) -> None:
        self._more("Delete")
        self.page.get_by_role("button", name="Delete", exact=True).last.click()

    def vote(self, choice: str) -> None:
        poll = self._post().locator(".poll-wrapper")
        poll.get_by_text(choice).click()
        poll.get_by_role("button", name="Vote").click()
        poll.locator("form").wait_for(state="detached")

    def search(self, words: str) -> None:
        self.page.goto(f"https://{HOST}/alder.test/search")
        field = self.page.locator("main input[placeholder=Search]").first
        field.click()
        field.fill(words)
        self.page.wait_for_timeout(1200)

    def follow(self, handle: str, name: str) -> None:
        self.search(handle)
        self.page.locator("main a").filter(has_text=name).first.click()
        self.page.wait_for_url("**/alder.test/@*")
        follow = self.page.locator("main").get_by_role("button", name="Follow", exact=True).first
        follow.wait_for()
        self.window.picture("before following")
        follow.click()
        # With the pointer on it, it offers the opposite.
        self.page.locator("main").get_by_role(
            "button", name=re.compile("Following|Unfollow|Requested|Withdraw")
        ).first.wait_for()

    def notifications(self) -> None:
        self.page.goto(f"https://{HOST}/notifications")
        self.page.locator("main article, main [id^=status-]").first.wait_for()

    def profile(self, username: str) -> None:
        self.page.goto(f"https://{HOST}/alder.test/@{username}")
        self.page.locator("main").get_by_text(f"@{username.partition('@')[0]}").first.wait_for()
        self.page.locator("main [id^=status-]").first.wait_for()

    def sign_out(self) -> None:
        self.page.goto(f"https://{HOST}/home")
        self.page.get_by_role("button", name="Switch account").last.click()
        self.page.get_by_role("button", name="Sign out").first.click()
        self.page.get_by_role("button", name="Sign in").first.wait_for()

    def timeline_picture(self) -> str:
        return ".status-media-container img"

    def _post(self) -> Locator:
        return self.page.locator(POST)

    def _act(self, name: str) -> None:
        self._post().get_by_role("button", name=name, exact=True).first.click()

    def _more(self, choice: str) -> None:
        self._act("More")
        self.page.locator(".v-popper__popper").get_by_text(choice, exact=True).first.click()

    def _write(self, text: str) -> None:
        editor = self.page.locator(EDITOR).last
        editor.click()
        self.page.keyboard.type(text)
