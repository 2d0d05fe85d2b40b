"""Phanpy (github.com/cheeaun/phanpy), the folder that its build makes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.clients import app
from tests.interop.clients.front import Front
from tests.interop.clients.inside import NotHere
from tests.interop.clients.watching import Window

HOST = "phanpy.test"
FIELD = "#compose-container textarea[name=status]"
POST = ".status-deck .status.large"


def site(folder: Path, work: Path) -> Path | int:
    """What the front serves for it."""
    for each in (folder, folder / "dist"):
        if (each / "index.html").is_file() and (each / "assets").is_dir():
            return each
    raise NotHere(f"{folder} has no index.html and assets, which a build of Phanpy makes")


@contextmanager
def serving(folder: Path, work: Path, front: Front) -> Iterator[None]:
    """Nothing runs besides the front."""
    yield


class Phanpy:
    """As in `app.App`."""

    name = "Phanpy"
    revokes = False
    """It sends no id of an app with its token, so that no server takes it back."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.page = window.page
        self.place = "body"
        # It offers what was not sent again and again, above all else.
        offered = self.page.get_by_role("heading", name="Unsent drafts")
        self.page.add_locator_handler(offered, self._close)

    def sign_in(self, host: str, username: str, password: str) -> None:
        self.page.goto(f"https://{HOST}/")
        self.page.get_by_role("link", name="Log in with Mastodon").or_(self.page.get_by_text("Log in")).first.click()
        self.page.fill("#instanceURL", host)
        with self.page.expect_popup() as popup:
            self.page.get_by_role("button", name=f"Continue with {host}").click()
        inner = self.window.beside(popup.value)
        app.consent(inner, username, password)
        self.page.locator("#home-page, .deck-container").first.wait_for(timeout=20_000)

    def home(self) -> None:
        self._go("/", "#following-page, #home-page")
        self.page.reload()
        self.page.locator(".timeline .status").first.wait_for()

    def open_post(self, words: str) -> None:
        self.window.find(self.page.locator(".status-link").filter(has_text=words)).click(
            position={"x": 120, "y": 14}  # above polls and links
        )
        self.page.locator(POST).filter(has_text=words).wait_for()
        self.place = ".status-deck"

    def reply(self, text: str) -> None:
        self.page.locator(POST).locator(".reply-button").click()
        self._publish(text)

    def like(self) -> None:
        self.page.locator(POST).locator(".favourite-button").click()
        self.page.locator(f"{POST} .favourite-button.checked").wait_for()

    def boost(self) -> None:
        self.page.locator(POST).locator(".reblog-button").click()
        self.page.get_by_role("menuitem", name="Boost", exact=True).click()
        self.page.locator(f"{POST} .reblog-button.checked").wait_for()

    def bookmark(self) -> None:
        self.page.locator(POST).locator(".bookmark-button").click()
        self.page.locator(f"{POST} .bookmark-button.checked").wait_for()

    def bookmarks(self) -> None:
        self._go("/b", "#bookmarks-page")
        self.page.locator("#bookmarks-page .status").first.wait_for()

    def write(self, text: str, picture: Path | None = None, description: str = "") -> None:
        self.page.locator("#compose-button").click()
        if picture is not None:
            self.page.locator("#compose-container input[type=file]").first.set_input_files(picture)
            self.page.locator(".media-attachment textarea").fill(description)
            # It passes descriptions on a little later.
            self.page.wait_for_timeout(500)
        self._publish(text)

    def write_to_followers(self, text: str) -> None:
        self.page.locator("#compose-button").click()
        self.page.locator("#compose-container select[name=visibility]").select_option("private")
        self._publish(text)

    def show_new(self) -> None:
        # It looks every fifteen or thirty seconds, stream or not.
        self.page.locator(".updates-button").click(timeout=45_000)

    def edit(self, add: str) -> None:
        self._more("Edit")
        field = self.page.locator(FIELD)
        self.page.wait_for_timeout(500)
        self._publish(field.input_value() + add)
        self.page.locator(POST).filter(has_text=add).wait_for()

    def delete(self) -> None:
        self._more("Delete…")
        self.page.get_by_role("menuitem", name="Delete this post?").click()
        self.page.get_by_text("Post deleted").first.wait_for()

    def vote(self, choice: str) -> None:
        poll = self.page.locator(f"{POST} .poll")
        poll.get_by_text(choice).click()
        poll.get_by_role("button", name="Vote").click()
        poll.locator(".poll-result").first.wait_for()

    def search(self, words: str) -> None:
        self._go("/search", "#search-page")
        self.page.reload()
        field = self.page.locator("#search-page input[type=search]").first
        field.fill(words)
        field.press("Enter")
        self.page.locator("#search-page main").wait_for()

    def follow(self, handle: str, name: str) -> None:
        self.search(handle)
        self.page.locator("#search-page .account-block").filter(has_text=name).first.click()
        container = self.page.locator(".account-container")
        container.get_by_text(name).first.wait_for()
        self.window.picture("before following")
        container.get_by_role("button", name="Follow", exact=True).click()
        container.get_by_role("button", name="Following").or_(
            container.get_by_role("button", name="Requested")
        ).first.wait_for()

    def notifications(self) -> None:
        self._go("/notifications", "#notifications-page")
        self.page.locator("#notifications-page .notification").first.wait_for()

    def profile(self, username: str) -> None:
        self.search(f"@{username}")
        self.page.locator("#search-page .account-block").filter(has_text=username).first.click()
        self.place = ".account-container"
        self.page.locator(self.place).get_by_text(username).first.wait_for()

    def sign_out(self) -> None:
        self.page.goto(f"https://{HOST}/#/settings")
        self.page.goto(f"https://{HOST}/#/")
        self.page.reload()
        self.page.locator(".nav-menu-button, [title='Menu'], button:has(.icon[title=Menu])").first.click()
        self.page.get_by_role("menuitem", name="Accounts…").click()
        self.page.locator("#accounts-container .actions button").last.click()
        self.page.get_by_role("menuitem", name="Log out…").click()
        self.page.get_by_role("menuitem", name="Log out").last.click()
        self.page.wait_for_timeout(1500)

    def timeline_picture(self) -> str:
        return ".status .media img"

    def _go(self, path: str, place: str) -> None:
        self.page.goto(f"https://{HOST}/#{path}")
        self.place = place

    def _close(self) -> None:
        self.page.locator(".sheet-close").last.click()

    def _more(self, choice: str) -> None:
        self.page.locator(f"{POST} .actions .more-button").click()
        self.page.get_by_role("menuitem", name=choice, exact=True).click()

    def _publish(self, text: str) -> None:
        field = self.page.locator(FIELD)
        field.wait_for()
        field.fill(text)
        self.page.locator("#compose-container button[type=submit]").click()
        self.page.locator("#compose-container").wait_for(state="detached", timeout=15_000)
