"""Every answer of the client API has the fields that the documentation names, for what we have of every kind.

The same things are asked for where they were written and on another instance that has them by federation.
"""

import io
from typing import Any

import pytest
from PIL import Image
from starlette.routing import Route

from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.mastodon.ids import number_of
from server.mastodon.routes import routes
from server.media import actions as media
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts import actions as posts
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.resources import actions as resources
from server.resources.form import ResourceForm
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.apps import App, app_of
from tests.conftest import Fediverse, Person
from tests.contract import ANSWERS
from tests.posting import community, follow, found, join, reply

KINDS = ("practice", "tip", "resource", "discussion", "ask", "poll", "session", "reply")

READ = [path for (method, path), _ in ANSWERS.items() if method == "GET"]
"""What is asked for on both servers here; everything else is held against the same table wherever a test calls it."""


async def _everything(author: Person, group: Any) -> dict[str, str]:
    """One post of every kind, by kind: their ids on the wire."""
    here = author.here
    pixels = io.BytesIO()
    Image.new("RGB", (40, 30), "#2f6f5e").save(pixels, "PNG")
    picture = await here.run(media.upload, here, author.id, pixels.getvalue(), "board.png", "A board")
    sure = {"visibility": "public", "nobody_identifiable": True}
    written: dict[str, Any] = {
        "practice": await author.do(
            practices.share,
            PracticeForm(
                entry="full",
                title="Exit tickets",
                promise="You see where to begin.",
                problem="Nobody knew.",
                steps=("Ask.", "Sort the slips."),
                evidence="Fewer did not know.",
                certainty="tried",
                would_change="Fewer questions.",
                licence="CC-BY-4.0",
                community_id=group.id,
                **sure,
            ),
        ),
        "tip": await author.do(
            practices.share, PracticeForm(entry="tip", text="Count to five. #waiting", licence="CC-BY-4.0", **sure)
        ),
        "resource": await author.do(
            resources.add_resource,
            ResourceForm(
                resource_type="link",
                title="A page",
                text="Worth it.",
                link="https://example.org/a",
                community_id=group.id,
                **sure,
            ),
        ),
        "discussion": await author.do(
            discussions.start,
            ThreadForm(
                kind="discussion", title="How do you begin?", text="With whom?", media_ids=(picture.id,), **sure
            ),
        ),
        "ask": await author.do(
            discussions.start, ThreadForm(kind="ask", title="What is a slip?", text="I do not know it.", **sure)
        ),
        "poll": await author.do(
            polls.start_poll, PollForm(question="Which?", text="Say.", options=("Paper", "Blocks"), visibility="public")
        ),
        "session": await author.do(
            sessions.publish_event,
            SessionForm(
                title="A meeting",
                text="Come.",
                starts="2100-01-01T10:00",
                ends="2100-01-01T11:00",
                place="Here",
                timezone="UTC",
                visibility="public",
            ),
        ),
    }
    written["reply"] = await reply(author, written["ask"], "A piece of paper")
    return {kind: post.uri for kind, post in written.items()}


@pytest.fixture
async def scenes(fediverse: Fediverse) -> list[tuple[App, dict[str, str]]]:
    """An app where everything was written, and one where all of it has arrived; with digits of posts by kind."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    author, reader = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    group = await community(author, "science")
    await follow(reader, author)
    await join(reader, group)
    await fediverse.settle()
    uris = await _everything(author, group)
    await fediverse.settle()
    made = []
    for person in (author, reader):
        here = person.here
        digits = {}
        for kind, uri in uris.items():
            post = await found(here, uri)
            assert post is not None, f"{kind} is not at {here.settings.domain}"
            digits[kind] = number_of(post.id)
            if kind in {"practice", "ask"}:
                await person.do(posts.like_post, post.id)
                await person.do(posts.boost_post, post.id)
        who = await here.run(
            here.db.rows, "SELECT id, kind FROM actor WHERE uri IN (:a, :b)", a=author.uri, b=group.uri
        )
        digits |= {f"account {row['kind']}": number_of(row["id"]) for row in who}
        made.append((await app_of(fediverse, here, person), digits))
    await fediverse.settle()
    return made


def _endpoints() -> set[tuple[str, str]]:
    """Methods and addresses."""
    found = set()
    for route in routes():
        if isinstance(route, Route):
            found |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    return found


async def test_what_is_read_is_as_documented_on_both_servers(scenes: list[tuple[App, dict[str, str]]]) -> None:
    for app, digits in scenes:
        accounts = [number for name, number in digits.items() if name.startswith("account")]
        statuses = [number for name, number in digits.items() if not name.startswith("account")]
        for path in (path for path in READ if ("GET", path) in _endpoints()):
            numbers = accounts if "/accounts/" in path else statuses
            for number in numbers if "{" in path else [""]:
                address = path.replace("{name}", "waiting").replace("{id}", number)
                # The call itself looks at what comes back.
                answer = await app.call("GET", address, params={"q": "exit", "acct": "amara@alder.example"})
                if "{id}" not in path or path.startswith(("/api/v1/statuses/", "/api/v1/accounts/")):
                    assert answer.status_code == 200, (address, answer.text)


async def test_every_kind_reads_whole_on_both_servers(scenes: list[tuple[App, dict[str, str]]]) -> None:
    for app, digits in scenes:
        shown = {kind: await app.get(f"/api/v1/statuses/{digits[kind]}") for kind in KINDS}
        practice = shown["practice"]["content"]
        for words in ("Exit tickets", "Nobody knew.", "Sort the slips.", "Fewer did not know.", "@science"):
            assert words in practice, (app.here.settings.domain, words)
        assert [option["title"] for option in shown["poll"]["poll"]["options"]] == ["Paper", "Blocks"]
        assert "Which?" in shown["poll"]["content"]
        assert "When:" in shown["session"]["content"]
        assert shown["session"]["content"].count("When:") == 1
        assert "Here" in shown["session"]["content"]
        assert shown["resource"]["card"]["url"] == "https://example.org/a"
        (picture,) = shown["discussion"]["media_attachments"]
        assert (picture["type"], picture["description"]) == ("image", "A board")
        assert shown["reply"]["in_reply_to_id"] == digits["ask"]
        assert shown["tip"]["tags"][0]["name"] == "waiting"
        group = await app.get(f"/api/v1/accounts/{digits['account Group']}")
        assert (group["group"], group["username"]) == (True, "science")
        assert digits["practice"] in [
            status["id"] for status in await app.get(f"/api/v1/accounts/{group['id']}/statuses")
        ]
