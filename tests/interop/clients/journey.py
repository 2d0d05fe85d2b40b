"""The same day in every app: what a person does in it, and what is true on our servers afterwards."""

from collections.abc import Sequence
from pathlib import Path

from tests.interop.clients.app import App
from tests.interop.clients.stage import Stage, picture, waits
from tests.interop.clients.steps import Step
from tests.interop.live import PASSWORD, fresh

TOKENS = """
SELECT oauth_token.id FROM oauth_token JOIN oauth_app ON oauth_app.id = oauth_token.app_id
WHERE oauth_token.account_id IS NOT NULL AND oauth_app.name LIKE ?
"""
FOLLOWERS = """
SELECT follower.username, follow.state FROM follow JOIN actor AS follower ON follower.id = follow.follower_id
JOIN actor AS followed ON followed.id = follow.target_id WHERE followed.username = ? AND followed.is_local
"""


class Journey:
    """What one person does in one app."""

    def __init__(self, stage: Stage, app: App, folder: Path) -> None:
        self.stage, self.app = stage, app
        self.alder, self.words = stage.alder, stage.words
        self.answer, self.own, self.more = fresh("reply"), fresh("own"), fresh("more")
        self.picture = folder / "photo.png"
        self.picture.write_bytes(picture(480, 300, red=180))

    def steps(self) -> Sequence[Step]:
        """All of them, in their order."""
        return [
            Step("sign in", self.sign_in),
            Step("home", self.home),
            Step("thread", self.thread),
            Step("reply", self.reply),
            Step("like", self.like),
            Step("boost", self.boost),
            Step("bookmark", self.bookmark),
            Step("bookmarks", self.bookmarks),
            Step("practice", self.practice),
            Step("poll", self.poll),
            Step("post with a picture", self.post),
            Step("post to followers", self.post_to_followers),
            Step("something new", self.something_new),
            Step("edit", self.edit),
            Step("delete", self.delete),
            Step("search for people", self.search_people),
            Step("search for words", self.search_words),
            Step("profile", self.profile),
            Step("follow a community elsewhere", self.follow),
            Step("its practice arrives", self.arrives),
            Step("the community's page", self.community),
            Step("notifications", self.notifications),
            Step("sign out", self.sign_out),
        ]

    def sign_in(self) -> None:
        self.app.sign_in("alder.test", "amara", PASSWORD)
        assert len(self._tokens()) == 1, self._tokens()

    def home(self) -> None:
        self.app.home()
        for name in ("asked", "shown", "chosen", "method"):
            self._sees(self.words[name])
        self.app.window.sees_picture(self.app.timeline_picture())

    def thread(self) -> None:
        self._open("asked")
        self._sees(self.words["answered"])

    def reply(self) -> None:
        self._open("asked")
        self.app.reply(f"It works in my class too {self.answer}.")
        (written,) = waits(lambda: self.alder.posts_of("amara", self.answer))
        (asked,) = self.alder.posts_of("bruno", self.words["asked"])
        assert written["parent_id"] == asked["id"], written
        self._sees(self.answer)

    def like(self) -> None:
        self._open("asked")
        self.app.like()
        self._counted("asked", "likes_count")

    def boost(self) -> None:
        self._open("asked")
        self.app.boost()
        self._counted("asked", "boosts_count")

    def bookmark(self) -> None:
        self._open("method")
        self.app.bookmark()
        waits(lambda: self.alder.rows("SELECT * FROM bookmark"))

    def bookmarks(self) -> None:
        self.app.bookmarks()
        self._sees(self.words["method"])

    def practice(self) -> None:
        self._open("method")
        self._sees(f"Two questions {self.words['method']}")
        self._sees(f"First ask {self.words['method']}")
        self._sees(f"More time {self.words['method']}")

    def poll(self) -> None:
        self._open("chosen")
        self.app.vote("60 minutes")
        waits(lambda: self.alder.rows("SELECT * FROM poll_option WHERE name = '60 minutes' AND votes = 1"))

    def post(self) -> None:
        self.app.home()
        self.app.write(f"Today in class {self.own}", self.picture, "Our blackboard, seen from the back")
        (written,) = waits(lambda: self.alder.posts_of("amara", self.own))
        (attached,) = self.alder.rows("SELECT * FROM post_attachment WHERE post_id = ?", written["id"])
        assert attached["alt"] == "Our blackboard, seen from the back", attached
        self.app.home()
        self._sees(self.own)

    def post_to_followers(self) -> None:
        words = fresh("quiet")
        self.app.home()
        self.app.write_to_followers(f"For those who follow me {words}")
        (written,) = waits(lambda: self.alder.posts_of("amara", words))
        assert written["visibility"] == "followers", written["visibility"]

    def something_new(self) -> None:
        words = fresh("new")
        self.app.home()
        # What one has just opened may still be on its way to being told what is new.
        self.app.window.page.wait_for_timeout(2000)
        self.stage.say_on_alder(f"Just now {words}")
        self.app.show_new()
        self._sees(words)

    def edit(self) -> None:
        self._open_own()
        self.app.edit(f" and {self.more}")
        (edited,) = waits(lambda: self.alder.posts_of("amara", self.more))
        assert edited["version"] == 2, edited["version"]
        assert self.alder.rows("SELECT * FROM post_attachment WHERE post_id = ?", edited["id"])

    def delete(self) -> None:
        self._open_own()
        assert self.alder.posts_of("amara", self.own), "there is nothing to delete"
        self.app.delete()
        waits(lambda: not self.alder.posts_of("amara", self.own))

    def search_people(self) -> None:
        self.app.search("bruno")
        self._sees("@bruno")

    def search_words(self) -> None:
        self.app.search(self.words["asked"])
        self._sees("We begin with a question")

    def profile(self) -> None:
        self.app.profile("bruno")

    def follow(self) -> None:
        self.app.follow("@teaching@birch.test", "Teaching")
        waits(lambda: "amara" in [row["username"] for row in self.stage.birch.rows(FOLLOWERS, "teaching")])

    def arrives(self) -> None:
        words = self.words["practised"]
        self.stage.share_on_birch()
        waits(lambda: self.alder.posts_of("carol", words))
        self.app.home()
        self._open("practised", again=False)
        self._sees(f"Two questions {words}")
        self._sees(f"First ask {words}")
        self._sees(f"More time {words}")

    def community(self) -> None:
        self.app.profile("teaching@birch.test")
        self._sees("Teaching")

    def notifications(self) -> None:
        self.stage.like_on_alder(self.alder.posts_of("amara", self.answer)[0]["short"])
        waits(lambda: self.alder.posts_of("amara", self.answer)[0]["likes_count"] == 1)
        self.app.notifications()
        self._sees(self.words["asked"])
        self._sees(self.answer)

    def sign_out(self) -> None:
        self.app.sign_out()
        if self.app.revokes:
            waits(lambda: not self._tokens())

    def _open(self, name: str, again: bool = True) -> None:
        if again:
            self.app.home()
        self.app.open_post(self.words[name])

    def _sees(self, words: str) -> None:
        self.app.window.sees(words, self.app.place)

    def _open_own(self) -> None:
        self.app.home()
        self.app.open_post(self.own)

    def _counted(self, name: str, column: str) -> None:
        waits(lambda: self.alder.posts_of("bruno", self.words[name])[0][column] == 1)

    def _tokens(self) -> list[dict[str, object]]:
        return self.alder.rows(TOKENS, f"%{self.app.name}%")
