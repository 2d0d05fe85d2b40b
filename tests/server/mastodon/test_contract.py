"""Every answer of the client API has the fields that the documentation names, for what we have of every kind.

The same things are asked for where they were written and on another instance that has them by federation.
"""

import io
import re
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
from tests.contract import broken
from tests.posting import community, follow, found, join, reply

KINDS = ("practice", "tip", "resource", "discussion", "ask", "poll", "session", "reply")

ANSWERS: dict[str, str] = {
    "/api/v1/timelines/home": "[Status]",
    "/api/v1/timelines/public": "[Status]",
    "/api/v1/timelines/tag/{name}": "[Status]",
    "/api/v1/statuses/{id}": "Status",
    "/api/v1/statuses/{id}/context": "Context",
    "/api/v1/statuses/{id}/history": "[StatusEdit]",
    "/api/v1/statuses/{id}/favourited_by": "[Account]",
    "/api/v1/statuses/{id}/reblogged_by": "[Account]",
    "/api/v1/bookmarks": "[Status]",
    "/api/v1/favourites": "[Status]",
    "/api/v1/accounts/verify_credentials": "Account",
    "/api/v1/accounts/{id}": "Account",
    "/api/v1/accounts/{id}/statuses": "[Status]",
    "/api/v1/notifications": "[Notification]",
}
"""What a GET answers. What is no entity of the documentation, or is asked for elsewhere, stands in `OTHERS`."""

OTHERS = {
    "/api/v1/statuses",
    "/api/v1/statuses/{id}/source",
    "/api/v1/media/{id}",
    "/api/v1/polls/{id}",
    "/api/v1/accounts/lookup",
    "/api/v1/instance",
    "/api/v2/instance",
    "/api/v1/instance/rules",
    "/api/v1/instance/extended_description",
    "/api/v1/instance/languages",
    "/api/v1/instance/translation_languages",
    "/api/v1/notifications/{id}",
    "/api/v1/notifications/unread_count",
    "/api/v1/markers",
    "/api/v1/streaming",
    "/api/v1/streaming/health",
    "/api/v1/streaming/{stream:path}",
}


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


def _paths() -> list[str]:
    return [route.path for route in routes() if isinstance(route, Route) and "GET" in (route.methods or ())]


def test_every_answer_is_held_against_the_documentation() -> None:
    assert sorted(set(_paths()) - set(ANSWERS) - OTHERS) == [], (
        "add these to ANSWERS, or to OTHERS with a test elsewhere"
    )
    assert sorted((set(ANSWERS) | OTHERS) - set(_paths())) == [], "these are gone"


async def test_every_answer_is_as_documented(scenes: list[tuple[App, dict[str, str]]]) -> None:
    faults = []
    for app, digits in scenes:
        accounts = [number for name, number in digits.items() if name.startswith("account")]
        statuses = [number for name, number in digits.items() if not name.startswith("account")]
        for path, entity in ANSWERS.items():
            for number in accounts if "/accounts/" in path else statuses:
                address = re.sub(r"{(\w+)}", lambda match: "waiting" if match[1] == "name" else number, path)  # noqa: B023
                answer = await app.call("GET", address)
                assert answer.status_code == 200, (address, answer.text)
                faults += broken(entity, answer.json(), f"{app.here.settings.domain} {address}")
                if "{" not in path:
                    break
    assert faults == []


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
