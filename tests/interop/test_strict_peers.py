"""Everything we say, read as strictly as other systems do; and the stand-ins themselves, held against real documents.

The fixture `fediverse` puts the stand-ins between all servers in every test of the suite. Here they are shown to refuse
what they should, to take what their systems really send, and to have met every kind of activity that we send.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from server.actors import actions as actors_of
from server.communities import members
from server.posts import actions as posts
from tests.conftest import SHARED
from tests.interop.strict import gotosocial, lemmy, mastodon, nodebb, piefed
from tests.interop.strict.shapes import PUBLIC, Ignored, Rejected
from tests.interop.strict.world import World
from tests.posting import Stranger, community, document, follow, found, join, reply, write

PROFILE = SHARED / "profile"
ACTIVITIES = SHARED / "activities"
PEERS = {peer.NAME: peer for peer in (lemmy, piefed, mastodon, gotosocial, nodebb)}
GROUP = "https://hall.example/ap/c/01k9"
AUTHOR = "https://hall.example/ap/u/01k8"

POST: dict[str, Any] = {
    "id": "https://hall.example/ap/p/01k7",
    "type": "Article",
    "attributedTo": AUTHOR,
    "to": [GROUP, PUBLIC],
    "cc": [f"{AUTHOR}/followers"],
    "audience": GROUP,
    "name": "A title",
    "content": "<p>Words</p>",
    "published": "2026-01-15T10:00:00Z",
    "tag": [],
    "attachment": [],
    "language": {"identifier": "en", "name": "English"},
}
CREATE: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/activitystreams"],
    "id": "https://hall.example/ap/a/create/01k7",
    "type": "Create",
    "actor": AUTHOR,
    "to": [GROUP, PUBLIC],
    "cc": [],
    "object": POST,
}
REPLY: dict[str, Any] = POST | {
    "type": "Note",
    "inReplyTo": "https://hall.example/ap/p/01k6",
    "to": [PUBLIC, AUTHOR],
    "cc": [GROUP],
}

# What to change in a good Create, whose stand-in then refuses it. None takes the key out.
REFUSED = [
    ("lemmy", {"cc": None}),
    ("lemmy", {"object.attachment": {"type": "Document", "url": "https://hall.example/a.pdf"}}),
    ("lemmy", {"object.attachment": [{"type": "PropertyValue", "name": "a", "value": "b"}]}),
    ("lemmy", {"object.image": {"url": "https://hall.example/a.png"}}),
    ("lemmy", {"object.language": "en"}),
    ("lemmy", {"object.published": "2026-01-15T10:00:00"}),
    ("lemmy", {"object.sensitive": "false"}),
    ("lemmy", {"object.attributedTo": "https://elsewhere.example/ap/u/1"}),
    ("lemmy", {"object.audience": "https://hall.example/ap/c/other"}),
    ("lemmy", {"object.to": [GROUP], "object.cc": []}),
    ("lemmy", {"object": REPLY | {"content": None}}),
    ("lemmy", {"object": REPLY | {"to": PUBLIC}, "to": PUBLIC}),
    ("lemmy", {"object": REPLY | {"inReplyTo": ["https://hall.example/ap/p/01k6"]}}),
    ("piefed", {"id": None}),
    ("piefed", {"object.attributedTo": [AUTHOR]}),
    ("piefed", {"object.content": None}),
    ("piefed", {"object.to": [GROUP, {"id": PUBLIC}]}),
    ("piefed", {"object.image": [{"url": "https://hall.example/a.png"}]}),
    ("piefed", {"object.source": {"content": "x"}}),
    ("piefed", {"object.attachment": [{"url": "https://hall.example/a.png"}]}),
    ("piefed", {"object.type": "Event"}),
    ("piefed", {"object.id": "https://hall.example/ap/p/01K7"}),
    ("mastodon", {"@context": "https://schema.org"}),
    ("mastodon", {"@context": {"as": "https://www.w3.org/ns/activitystreams"}}),
    ("mastodon", {"id": "https://elsewhere.example/a/1"}),
    ("mastodon", {"object.id": "https://elsewhere.example/p/1"}),
    ("mastodon", {"object.to": [], "object.cc": []}),
    ("gotosocial", {"object.to": [], "object.cc": []}),
    ("gotosocial", {"object.updated": "2025-01-15T10:00:00Z"}),
    ("gotosocial", {"object.published": "yesterday"}),
    ("gotosocial", {"object.tag": [{"type": "Mention"}]}),
    ("nodebb", {"object": None}),
    ("nodebb", {"object.attributedTo": [AUTHOR]}),
    ("nodebb", {"object.cc": PUBLIC}),
    ("nodebb", {"actor": {"id": AUTHOR}}),
]


def world() -> World:
    """One where the community is known, and open."""
    made = World()
    made.origins.add("https://hall.example")
    made.groups[GROUP] = False
    return made


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The good Create with something else in it."""
    made = deepcopy(CREATE)
    for path, value in changes.items():
        *parents, key = path.split(".")
        target = made
        for parent in parents:
            target = target[parent]
        if value is None:
            target.pop(key, None)
        else:
            target[key] = value
    if isinstance(made.get("object"), dict) and made["object"].get("content") is None:
        made["object"].pop("name", None)
    return made


@pytest.mark.parametrize(("peer", "changes"), REFUSED, ids=[f"{peer}-{'+'.join(how)}" for peer, how in REFUSED])
def test_the_stand_ins_refuse_what_their_systems_refuse(peer: str, changes: dict[str, Any]) -> None:
    PEERS[peer].receive(deepcopy(CREATE), world())
    with pytest.raises(Rejected):
        PEERS[peer].receive(changed(changes), world())


def test_lemmy_looks_for_the_community_in_its_own_order() -> None:
    other = "https://able.example/ap/c/1"
    both = world()
    both.groups[other] = False
    lemmy.receive(changed({"object.cc": [f"{AUTHOR}/followers"]}), both)
    with pytest.raises(Rejected, match="first community"):
        lemmy.receive(changed({"object.cc": [other]}), both)


def test_what_is_said_among_members_has_no_public_in_it() -> None:
    private = world()
    private.groups[GROUP] = True
    with pytest.raises(Rejected, match="public, in a private"):
        lemmy.receive(deepcopy(CREATE), private)
    quiet = {"object.to": [GROUP, f"{GROUP}/followers"], "object.cc": [], "to": [GROUP, f"{GROUP}/followers"]}
    lemmy.receive(changed(quiet), private)
    with pytest.raises(Rejected, match="not public"):
        lemmy.receive(changed(quiet), world())


@pytest.mark.parametrize("part", ["featured", "outbox", "moderators"])
def test_lists_of_a_community_have_to_be_whole(part: str) -> None:
    empty = {"id": f"{GROUP}/{part}", "type": "OrderedCollection", "totalItems": 0, "orderedItems": []}
    item = {"featured": POST["id"], "outbox": POST["id"], "moderators": {"id": AUTHOR}}[part]
    lemmy.read(empty, world())
    piefed.read(empty, world())
    for peer in (lemmy, piefed):
        with pytest.raises(Rejected):
            peer.read(empty | {"orderedItems": [item]}, world())


@pytest.mark.skipif(not ACTIVITIES.is_dir(), reason=f"the recorded documents are not at {ACTIVITIES}")
def test_the_stand_ins_take_what_their_systems_really_send() -> None:
    # Shortened by those who recorded them, or of another kind than the stand-in reads.
    odd = {
        *("piefed/feed_remove.json", "mastodon/mastodon__mastodon_webfinger.json", "gotosocial/keystub_1.json"),
        *("mastodon/mastodon__mastodon-delete.json", "mastodon/mastodon__mastodon-delete-user.json"),
        *("mastodon/mastodon__mastodon-undo-announce.json", "gotosocial/posts_5.json", "gotosocial/posts_7.json"),
        "gotosocial/posts_8.json",
    }
    everything = World()
    everything.origins.add("https:/")
    documents = [
        (entry["system"], path, json.loads(path.read_text()))
        for entry in json.loads((ACTIVITIES / "index.json").read_text())
        if entry["system"] in PEERS and (path := ACTIVITIES / entry["file"].removeprefix("visible/")).is_file()
    ]
    for *_, found_document in documents:
        everything.learn(found_document)
    refused, taken = [], 0
    for system, path, found_document in documents:
        verb = "receive" if {"actor", "object"} <= found_document.keys() else "read"
        try:
            getattr(PEERS[system], verb)(found_document, everything)
            taken += 1
        except Ignored:
            continue
        except Rejected as reason:
            refused.append((_name(path), str(reason)))
    assert [entry for entry in refused if entry[0] not in odd] == []
    assert taken > 60


@pytest.mark.skipif(not PROFILE.is_dir(), reason=f"the golden documents are not at {PROFILE}")
@pytest.mark.parametrize("peer", sorted(PEERS))
def test_the_golden_documents_are_read_by_all(peer: str) -> None:
    golden = world()
    golden.groups["https://hall.example/c/algebra"] = None
    for path in sorted(PROFILE.glob("*.json")):
        made = json.loads(path.read_text())
        if path.stem in {"collection-featured", "openbadge-credential-payload"} or "@context" not in made:
            continue
        verb = "receive" if {"actor", "object"} <= made.keys() else "read"
        try:
            getattr(PEERS[peer], verb)(made, golden)
        except Ignored:
            continue


EVERY_DAY = frozenset(
    {"Create", "Update", "Delete", "Announce", "Like", "Follow", "Join", "Leave", "Invite", "Accept", "Reject", "Undo"}
    | {"Lock", "ChooseAnswer", "Add", "Remove"}
)
"""What people do on any day; what is rarer is read by the same stand-ins in the tests of its own."""


async def test_everything_we_send_and_serve_is_read_by_the_strictest(fediverse: Any) -> None:
    """A day at a hall: whatever people can do goes out to a Lemmy-like, a Mastodon-like and an unknown server."""
    hall, birch = await fediverse.start("hall.example"), await fediverse.start("birch.example")
    maya, jonas = await fediverse.person(hall, "maya"), await fediverse.person(hall, "jonas")
    bruno = await fediverse.person(birch, "bruno")
    group = await community(maya, "algebra")
    await join(jonas, group)
    says = {"generator": {"type": "Application", "implements": ["https://w3id.org/fep/1b12"]}}
    lem, toot, odd = (Stranger(fediverse, f"{name}.example") for name in ("lem", "toot", "odd"))
    actors = [lem.actor("lem", **says), toot.actor("sofia"), odd.actor("otto")]
    for server, actor in zip((lem, toot, odd), actors, strict=True):
        assert await server.send(hall, server.activity("Follow", actor, group.uri)) == 202
        assert await server.send(hall, server.activity("Follow", actor, maya.uri, path=f"f/{actor[-3:]}")) == 202
    await fediverse.settle()

    post = await write(maya, "Hello #fractions", community_id=group.id)
    ask = await write(maya, "Why?", kind="ask", title="Why is it so?", community_id=group.id)
    await write(maya, "By the way", title="On my own")
    answer = await reply(jonas, ask, "Because")
    fediverse.clock.advance(60)
    await jonas.do(posts.like_post, post.id)
    await jonas.do(posts.unlike_post, post.id)
    await jonas.do(posts.like_post, post.id)
    await maya.do(posts.boost_post, post.id)
    await maya.do(posts.unboost_post, post.id)
    await maya.do(posts.mark_helped, answer.id)
    await maya.do(posts.unmark_helped, answer.id)
    await maya.do(posts.mark_helped, answer.id)
    await maya.do(posts.edit_post, post.id, posts.PostChange(source_md="Hello again #fractions"))
    await maya.do(posts.set_locked, post.id, locked=True)
    await maya.do(posts.set_locked, post.id, locked=False)
    await maya.do(members.set_role, group.id, jonas.id, "facilitator")
    await maya.do(members.set_role, group.id, jonas.id, "member")
    await fediverse.settle()
    uri = await lem.create(fediverse, hall, actors[0], "post/1", to=[group.uri, PUBLIC], name="From afar")
    if (stranger := await found(hall, uri)) is not None:
        await maya.do(posts.remove_post, stranger.id, "Off topic")

    await follow(bruno, maya)
    there = await birch.run(actors_of.resolve, birch, group.uri)
    await bruno.do(members.join, there.id)
    await fediverse.settle()
    await bruno.do(members.leave, there.id)
    closed = await community(maya, "closed", join_policy="invite")
    shut = await birch.run(actors_of.resolve, birch, closed.uri)
    await bruno.do(members.join, shut.id)
    await fediverse.settle()
    await maya.do(members.invite_member, closed.id, "@bruno@birch.example")
    await maya.do(posts.delete_post, post.id)
    await fediverse.settle()

    for part in ("", "/outbox", "/outbox?page=1", "/featured", "/moderators", "/followers", "/following"):
        for actor in (group.uri, maya.uri):
            await document(fediverse, hall, actor + part)
    for part in ("", "/replies", "/replies?page=1", "/likes", "/shares"):
        await document(fediverse, hall, ask.uri + part)
    await document(fediverse, hall, ask.context_uri)
    await document(fediverse, hall, hall.url("/ap/actor"))

    kinds = {activity["type"] for activity in fediverse.watch.delivered}
    announced = {item["object"]["type"] for item in lem.received if isinstance(item.get("object"), dict)}
    assert EVERY_DAY - kinds - announced == set()
    fediverse.watch.check()
    for peer in PEERS:
        assert fediverse.watch.read[peer, "Create"], peer
        assert fediverse.watch.read[peer, "Group"], peer
    assert fediverse.watch.read["lemmy", "Announce"]
    assert fediverse.watch.read["gotosocial", "Announce"]


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
