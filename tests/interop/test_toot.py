"""toot, a client for the terminal, against a running server: what people do with it, command by command."""

import json
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from tests.interop.live import Ours, fresh
from tests.interop.mastodon_py import OUT_OF_BAND, agree, finish_first_visit
from tests.interop.tls import Authority

pytestmark = [pytest.mark.peer, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]


class Terminal:
    """Somebody at a terminal, signed in with toot."""

    def __init__(self, served: Ours) -> None:
        self.served = served
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.toot = import_module("toot")
            self.cli = import_module("toot.cli").cli
            for name in ("api", "auth", "config"):
                import_module(f"toot.{name}")

    def run(self, *words: str, input: str | None = None) -> str:
        """One command that has to succeed; what it says."""
        done = CliRunner().invoke(self.cli, list(words), input=input)
        assert done.exit_code == 0, (words, done.output, done.exception)
        return str(done.output)

    def ask(self, *words: str) -> Any:
        """One command, and what it answers as JSON."""
        said = self.run(*words, "--json")
        return json.loads(said[min(index for index in (said.find("{"), said.find("[")) if index >= 0) :])

    def refused(self, *words: str) -> str:
        """One command that has to fail; what it says."""
        done = CliRunner().invoke(self.cli, list(words))
        assert done.exit_code != 0, (words, done.output)
        return str(done.output)

    def sign_in(self, name: str) -> None:
        """As toot does it: by a page in the browser, and the code on it."""
        app = self.toot.auth.get_or_create_app(self.served.origin)
        code = agree(self.served, name, self.toot.api.get_browser_login_url(app), OUT_OF_BAND)
        self.run("login", "-i", self.served.origin, input=f"n\n{code}\n")


def _forget_toot() -> None:
    """What it draws screens with warns whoever looks at its modules, and others look at all that are loaded."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"toot", "urwid"}:
            del sys.modules[name]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A server with Amara, who is an admin, and Chen; Amara is signed in last."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with ExitStack() as stack:
        stack.callback(_forget_toot)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
        served = Ours(tmp_path_factory.mktemp("alder"), authority=authority)
        stack.callback(served.close)
        served.add_person("amara", role="admin")
        served.add_person("chen")
        served.add_community("science", "amara")
        served.start()
        made = Terminal(served)
        for name in ("chen", "amara"):
            finish_first_visit(served, name)
            made.sign_in(name)
        yield made


def test_no_password_lets_anybody_in(terminal: Terminal) -> None:
    said = terminal.refused(
        "login_cli", "-i", terminal.served.origin, "-e", "amara", "-p", "correct horse battery staple"
    )
    assert "failed" in said.lower()
    assert len(terminal.toot.config.load_config()["users"]) == 2


def test_one_knows_who_and_where_one_is(terminal: Terminal) -> None:
    assert "amara" in terminal.run("auth")
    assert terminal.ask("whoami")["username"] == "amara"
    assert terminal.ask("whois", "chen")["username"] == "chen"
    assert terminal.ask("instance")["uri"] == terminal.served.domain
    assert "Peerhall" in terminal.run("instance")
    changed = terminal.ask("update-account", "--display-name", "Amara A.", "--note", "Science", "--language", "en")
    assert changed["display_name"] == "Amara A."


def test_posts_are_written_read_and_marked(terminal: Terminal, tmp_path: Path) -> None:
    picture = tmp_path / "board.png"
    Image.new("RGB", (40, 30), "#2f6f5e").save(picture)
    words = fresh("toot")
    posted = terminal.ask("post", f"{words} #slips", "-m", str(picture), "-d", "A board", "-p", "Look", "-l", "en")
    assert posted["media_attachments"][0]["description"] == "A board"
    assert posted["spoiler_text"] == "Look"
    id_ = posted["id"]
    assert terminal.ask("status", id_)["id"] == id_
    answer = terminal.ask("post", "And again", "-r", id_, "-v", "unlisted")
    assert [one["id"] for one in terminal.ask("thread", id_)["descendants"]] == [answer["id"]]
    assert words in terminal.run("thread", id_)
    for name, field in (("favourite", "favourited"), ("bookmark", "bookmarked"), ("pin", "pinned")):
        assert terminal.ask(name, id_)[field] is True
        assert terminal.ask(f"un{name}", id_)[field] is False
    terminal.run("bookmark", id_)
    assert words in terminal.run("bookmarks", "--once")
    assert terminal.ask("reblog", id_)["reblog"]["reblogged"] is True
    assert "amara" in terminal.run("reblogged-by", id_)
    assert terminal.ask("unreblog", id_)["reblogged"] is False
    for line in (("home",), ("public",), ("tag", "slips"), ("account", "amara"), ("trending",), ("favourites",)):
        terminal.run("timelines", *line, "--no-pager", "--no-clear")
    home = terminal.ask("timelines", "home", "--no-pager", "--no-clear")
    assert {id_, answer["id"]} <= {one["id"] for one in home}
    terminal.run("delete", answer["id"])
    assert terminal.refused("status", answer["id"])
    later = terminal.ask("post", "Later", "--scheduled-in", "1 hour")
    assert later["scheduled_at"]
    assert terminal.ask("upload", str(picture), "-d", "Again")["url"]
    direct = terminal.ask("post", f"@science {fresh('community')}")
    assert direct["peerhall"]["community"]["acct"] == "science"


def test_polls_are_made_and_shown(terminal: Terminal) -> None:
    posted = terminal.ask("post", "Which?", "--poll-option", "Paper", "--poll-option", "Blocks")
    shown = terminal.ask("polls", "show", posted["poll"]["id"])
    assert [option["title"] for option in shown["options"]] == ["Paper", "Blocks"]
    assert terminal.refused("polls", "vote", posted["poll"]["id"], "1")  # one's own
    assert terminal.ask("--as", f"chen@{terminal.served.domain}", "polls", "vote", posted["poll"]["id"], "1")["voted"]


def test_people_are_found_followed_and_kept_away(terminal: Terminal) -> None:
    assert terminal.ask("search", "chen")["accounts"][0]["username"] == "chen"
    assert "chen" in terminal.run("search", "chen")
    assert terminal.ask("follow", "chen")["following"] is True
    assert [one["username"] for one in terminal.ask("following")] == ["chen"]
    assert terminal.ask("followers", "chen") == []  # names are for themselves alone
    assert terminal.ask("--as", f"chen@{terminal.served.domain}", "followers")[0]["username"] == "amara"
    assert terminal.ask("lists", "create", "Friends")["title"] == "Friends"
    assert terminal.ask("lists", "add", "Friends", "chen") is not None
    assert "chen" in terminal.run("lists", "accounts", "Friends")
    terminal.run("timelines", "list", "Friends", "--no-pager", "--no-clear")
    terminal.run("lists", "remove", "Friends", "chen")
    terminal.run("lists", "delete", "Friends")
    assert terminal.ask("lists", "list") == []
    assert terminal.ask("unfollow", "chen")["following"] is False
    for name, listed, field in (("mute", "muted", "muting"), ("block", "blocked", "blocking")):
        assert terminal.ask(name, "chen")[field] is True
        assert [one["username"] for one in terminal.ask(listed)] == ["chen"]
        assert terminal.ask(f"un{name}", "chen")[field] is False
    terminal.run("update-account", "--locked")
    chen = ("--as", f"chen@{terminal.served.domain}")
    assert terminal.ask(*chen, "follow", "amara")["requested"] is True
    assert "chen" in terminal.run("follow-requests", "list")
    terminal.run("follow-requests", "accept", "chen")
    assert terminal.ask(*chen, "unfollow", "amara")["following"] is False
    terminal.ask(*chen, "follow", "amara")
    terminal.run("follow-requests", "reject", "chen")
    terminal.run("update-account", "--no-locked")


def test_hashtags_and_notifications(terminal: Terminal) -> None:
    assert terminal.ask("tags", "follow", "slips")["following"] is True
    assert [tag["name"] for tag in terminal.ask("tags", "followed")] == ["slips"]
    assert terminal.ask("tags", "info", "slips")["name"] == "slips"
    assert terminal.ask("tags", "unfollow", "slips")["following"] is False
    assert terminal.ask("tags", "feature", "slips")["name"] == "slips"
    assert "slips" in terminal.run("tags", "featured")
    terminal.run("tags", "unfeature", "slips")
    terminal.run("--as", f"chen@{terminal.served.domain}", "post", f"@amara {fresh('hello')}")
    told = terminal.ask("notifications", "-t", "mention")
    assert told[0]["account"]["username"] == "chen"
    assert re.search(r"(?i)mention", terminal.run("notifications"))
    terminal.run("notifications", "--clear")
    assert terminal.ask("notifications") == []
    terminal.run("activate", f"chen@{terminal.served.domain}")
    assert terminal.ask("whoami")["username"] == "chen"
    terminal.run("logout", f"chen@{terminal.served.domain}")
