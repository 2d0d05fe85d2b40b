"""What an app lets people do, in words that hold for all of them. Each app has its own way to do it."""

from pathlib import Path
from typing import Protocol

from tests.interop.clients.watching import Beside, Window


class App(Protocol):
    """One app in one window. Whatever is not to be found raises."""

    name: str
    window: Window
    place: str
    """Selects what belongs to the page that is open; some apps keep others beneath it."""
    revokes: bool
    """Whether it gives its token back when one signs out."""

    def sign_in(self, host: str, username: str, password: str) -> None:
        """From the first page to the home timeline, through our page that asks for consent."""

    def home(self) -> None:
        """Open the home timeline anew."""

    def open_post(self, words: str) -> None:
        """From a timeline to the page of the post that has these words."""

    def reply(self, text: str) -> None:
        """Answer the post that is open."""

    def like(self) -> None:
        """Like the post that is open."""

    def boost(self) -> None:
        """Boost the post that is open."""

    def bookmark(self) -> None:
        """Keep the post that is open."""

    def bookmarks(self) -> None:
        """Open what one has kept."""

    def write(self, text: str, picture: Path | None = None, description: str = "") -> None:
        """Publish a post, with a picture or without."""

    def write_to_followers(self, text: str) -> None:
        """Publish a post for followers only."""

    def show_new(self) -> None:
        """Show what came while the home timeline was open."""

    def edit(self, add: str) -> None:
        """Add words to the post that is open, which is one's own."""

    def delete(self) -> None:
        """Delete the post that is open, which is one's own."""

    def vote(self, choice: str) -> None:
        """Choose in the poll of the post that is open."""

    def search(self, words: str) -> None:
        """Search for anything."""

    def follow(self, handle: str, name: str) -> None:
        """Find somebody by their handle, open their page, and follow them."""

    def notifications(self) -> None:
        """Open what happened."""

    def profile(self, username: str) -> None:
        """Open somebody's page."""

    def sign_out(self) -> None:
        """End it."""

    def timeline_picture(self) -> str:
        """Selects pictures that belong to posts."""


def consent(window: Window | Beside, username: str, password: str) -> None:
    """Our own pages, in whatever window they are: sign in, and let the app in."""
    page = window.page
    page.fill("[name=name]", username)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.locator("button[name=decision][value=yes]").wait_for()
    window.picture("consent")
    page.click("button[name=decision][value=yes]", no_wait_after=True)
