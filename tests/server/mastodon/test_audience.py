"""S15 over the whole client API: every endpoint, asked with every kind of token for what it must not show, does not.

Each post says a word that nothing else says. Every GET there is is asked by everybody, with the digits of every post
and actor where it wants some; whoever may not read a post never meets its word, nor its digits. A new endpoint is asked
by itself as soon as it is registered.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.routing import Route

from server.accounts import actions as accounts
from server.mastodon.ids import number_of
from server.mastodon.routes import routes
from server.oauth import actions as oauth
from server.posts import actions as posts
from server.posts.models import Post
from tests.apps import App, app_of
from tests.conftest import Fediverse, Person
from tests.posting import community, follow, join, reply, write

AUTHOR, FOLLOWER, MEMBER, NAMED, OTHER, SUSPENDED, APP, NOBODY = everybody = (
    "author",
    "follower",
    "member",
    "named",
    "other",
    "suspended",
    "app",
    "nobody",
)
HERE = {AUTHOR, FOLLOWER, MEMBER, NAMED, OTHER}

READERS: dict[str, set[str]] = {
    "public": HERE | {APP, NOBODY},
    "unlisted": HERE | {APP, NOBODY},
    "network": HERE,
    "instance": HERE,
    "members": {AUTHOR, MEMBER},
    "followers": {AUTHOR, FOLLOWER},
    "direct": {AUTHOR, NAMED},
    "private": {AUTHOR},
    "draft": set(),
    "deleted": set(),
    # Whoever is answered may read the answer.
    "answer-followers": {AUTHOR, FOLLOWER, OTHER},
    "answer-instance": HERE,
}
"""Who may read what, by hand: nothing here is worked out by the code that is tested. Apps know no drafts."""


@dataclass
class Scene:
    """Everybody's app, and posts by what they are."""

    apps: dict[str, App] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    actors: list[str] = field(default_factory=list)

    def word(self, level: str) -> str:
        """What only the post of this level says."""
        return f"zebra{level}zebra"


@pytest.fixture
async def scene(fediverse: Fediverse) -> Scene:
    here = await fediverse.start("alder.example")
    people: dict[str, Person] = {
        name: await fediverse.person(here, name) for name in (AUTHOR, FOLLOWER, MEMBER, NAMED, OTHER, SUSPENDED)
    }
    author = people[AUTHOR]
    group = await community(author, "quiet", visibility="members")
    await join(people[MEMBER], group)
    await follow(people[FOLLOWER], author)
    await fediverse.settle()
    found = Scene()
    for level in (level for level in READERS if not level.startswith("answer-")):
        text = f"{found.word(level)} #zebra" + (" @named" if level == "direct" else "")
        more: dict[str, Any] = {"visibility": level if level not in {"draft", "deleted"} else "public"}
        if level == "members":
            more["community_id"] = group.id
        if level == "direct":
            more["kind"], more["parent_id"] = "reply", found.posts["public"].id
        elif level == "draft":
            more["draft"] = True
        fediverse.clock.advance(60)
        kind = more.pop("kind", "discussion")
        found.posts[level] = await write(
            author, text, kind=kind, title="" if kind == "reply" else level.title(), **more
        )
    answered = await write(people[OTHER], "What do you think?", kind="discussion")
    for level in ("followers", "instance"):
        word = found.word(f"answer-{level}")
        found.posts[f"answer-{level}"] = await reply(author, answered, word, visibility=level)
    await author.do(posts.delete_post, found.posts["deleted"].id)
    await author.do(posts.boost_post, found.posts["unlisted"].id)
    for name, person in people.items():
        found.apps[name] = await app_of(fediverse, here, person)
    found.apps[NOBODY] = await app_of(fediverse, here)
    found.apps[APP] = await _app_alone(fediverse, here)
    await here.run(accounts.suspend_account, here, people[SUSPENDED].viewer.account_id, by="test")
    found.actors = [person.id for person in people.values()] + [group.id]
    await fediverse.settle()
    return found


async def _app_alone(fediverse: Fediverse, here: Any) -> App:
    """An app with a token of its own, for nobody."""
    app = await app_of(fediverse, here)
    made = await here.run(
        oauth.register_app,
        here,
        name="Alone",
        redirect_uris=["https://phone.example/"],
        scopes_text="read write",
        website=None,
    )
    issued = await here.run(oauth.issue_to_app, here, made.app, "read write")
    app.http.headers["authorization"] = f"Bearer {issued.token}"
    return app


def _addresses(scene: Scene, method: str) -> Iterator[str]:
    """Every address with this method, with everything that can stand in it."""
    statuses = [number_of(post.id) for post in scene.posts.values()]
    actors = [number_of(actor_id) for actor_id in scene.actors]
    for route in routes():
        if not isinstance(route, Route) or method not in (route.methods or ()):
            continue
        names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        if not names:
            yield route.path
        elif "zebra" not in route.path and names == ["name"]:
            yield re.sub(r"{.*?}", "zebra", route.path)
        else:
            numbers = actors if "/accounts/" in route.path or "/tags/" in route.path else [*statuses, *actors[:1]]
            for number in numbers:
                yield re.sub(r"{.*?}", number, route.path)


BATCHES = {"/api/v1/statuses", "/api/v1/accounts/relationships"}
QUERIES: dict[str, list[dict[str, Any]]] = {
    "/api/v2/search": [
        {"q": "zebra", "type": "hashtags"},
        *({"q": f"zebra{level}zebra"} for level in READERS),
        *({"q": f"zebra{level}zebra", "type": "statuses", "resolve": "true"} for level in READERS),
    ],
    "/api/v1/accounts/lookup": [{"acct": "author"}],
    "/api/v1/timelines/public": [{}, {"local": "true"}, {"remote": "true"}, {"only_media": "true"}],
}


async def nobody_meets_a_word_that_is_not_for_them(scene: Scene) -> None:
    for name, app in scene.apps.items():
        hidden = [level for level in READERS if name not in READERS[level]]
        unseen = {scene.word(level): level for level in hidden}
        digits = {number_of(scene.posts[level].id): level for level in hidden}
        for address in _addresses(scene, "GET"):
            if "/streaming" in address:
                continue  # a stream never ends: its own tests ask it
            listed = (
                [{"id[]": list(digits)}] if address in {"/api/v1/statuses", "/api/v1/accounts/relationships"} else [{}]
            )
            for query in QUERIES.get(address, listed):
                answer = await app.call("GET", address, params={"limit": 80, **query})
                text = answer.text.replace(str(query.get("q")), "") if query.get("q") else answer.text
                for word, level in unseen.items():
                    assert word not in text, f"{name} reads what is for {level} at {address} {query}"
                if answer.status_code == 200:
                    for number, level in digits.items():
                        assert f'"{number}"' not in text, f"{name} learns of what is for {level} at {address} {query}"


async def whoever_may_read_a_post_finds_it(scene: Scene) -> None:
    """The other side: the one above would pass where nobody ever got anything."""
    for level, readers in READERS.items():
        for name, app in scene.apps.items():
            answer = await app.call("GET", f"/api/v1/statuses/{number_of(scene.posts[level].id)}")
            if name == SUSPENDED:
                assert answer.status_code == 401
            elif name in readers:
                assert answer.status_code == 200, f"{name} does not get what is for {level}: {answer.text}"
                assert scene.word(level) in answer.json()["content"]
            else:
                assert answer.status_code == 404, f"{name} gets what is for {level}"


async def nobody_does_anything_with_a_post_that_is_not_for_them(scene: Scene) -> None:
    for name, app in scene.apps.items():
        hidden = [level for level in READERS if name not in READERS[level]]
        for method in ("POST", "PUT", "DELETE"):
            for route in routes():
                if not isinstance(route, Route) or method not in (route.methods or ()):
                    continue
                if not route.path.startswith("/api/v1/statuses/{id}"):
                    continue
                for level in hidden:
                    address = re.sub(r"{.*?}", number_of(scene.posts[level].id), route.path)
                    answer = await app.call(method, address)
                    assert answer.status_code in {401, 403, 404, 422}, f"{name} {method} {address}: {answer.text}"
                    assert scene.word(level) not in answer.text
                    if name in HERE:
                        assert answer.status_code in {403, 404}, f"{name} learns that there is {level} by {address}"


async def nobody_is_counted_where_they_are_not_to_be_known(scene: Scene) -> None:
    """A direct answer to a public post is nobody's business but theirs who are named."""
    found = await scene.apps[NOBODY].get(f"/api/v1/statuses/{number_of(scene.posts['public'].id)}")
    assert found["replies_count"] == 0


async def test_s15_posts_are_for_their_readers_and_nobody_else(scene: Scene) -> None:
    """One scene for all of it: to make it takes longer than to look at it."""
    await whoever_may_read_a_post_finds_it(scene)
    await nobody_is_counted_where_they_are_not_to_be_known(scene)
    await nobody_meets_a_word_that_is_not_for_them(scene)
    await nobody_does_anything_with_a_post_that_is_not_for_them(scene)


async def test_s30_what_is_private_answers_letter_by_letter_as_what_is_not_there(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    private, absent = number_of((await write(maya, "Mine", visibility="private")).id), "117000000000000000"
    app = await app_of(fediverse, here, tom)
    for act in ("favourite", "reblog", "bookmark", "pin", "mute"):
        told = [await app.call("POST", f"/api/v1/statuses/{id_}/{act}") for id_ in (private, absent)]
        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].content == told[1].content, act
