"""What we serve has the keys of the golden documents, and values of the same kinds, all the way down."""

import json
from datetime import timedelta
from typing import Any

import pytest

from server.actors import actions as actors
from server.communities import actions as communities
from server.communities import bans
from server.media import actions as media
from server.moderation import actions as moderation
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts import actions
from server.posts.models import Post
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.conftest import SHARED
from tests.posting import Stranger, community, document, found, join, reply, write
from tests.server.sessions.test_events import FORM as EVENT
from tests.web.practices.test_practice_pages import png

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the golden documents are not at {SHARED}")

CLOSED = frozenset({"@context", "learning", "proof"})
"""Not compared key by key: contexts follow from the document, learning is open, proofs have their own tests."""
CONSENT = frozenset({"interactionPolicy"})
"""Came after the golden documents: what others may do with a post (FEP-044f); its shape is tested in the journeys."""
CONSENT_TERMS = frozenset(
    {
        "gts",
        "interactionPolicy",
        "canLike",
        "canReply",
        "canAnnounce",
        "canQuote",
        "automaticApproval",
        "manualApproval",
    }
)


def golden(name: str) -> dict[str, Any]:
    """A golden document."""
    return json.loads((SHARED / "profile" / f"{name}.json").read_text())


def differences(ours: Any, wanted: Any, where: str = "", *, extra: frozenset[str] = frozenset()) -> list[str]:
    """How a document of ours differs in keys and kinds of values from the golden one."""
    if where.endswith("replies/first") and isinstance(ours, dict):
        # The page that the golden document gives the address of.
        assert ours.keys() - {"next"} == {"id", "type", "partOf", "items"}
        ours = ours["id"]
    if isinstance(wanted, dict) and isinstance(ours, dict):
        found = [f"{where}/{key} is missing" for key in wanted.keys() - ours.keys()]
        found += [f"{where}/{key} is extra" for key in ours.keys() - wanted.keys() - extra - CONSENT]
        for key in sorted(wanted.keys() & ours.keys() - CLOSED):
            found += differences(ours[key], wanted[key], f"{where}/{key}", extra=extra)
        return found
    if isinstance(wanted, list) and isinstance(ours, list):
        if wanted and ours:
            kinds = {item.get("type"): item for item in wanted if isinstance(item, dict)}
            return [
                text
                for number, item in enumerate(ours)
                for text in differences(
                    item,
                    kinds.get(item.get("type"), wanted[0]) if isinstance(item, dict) else wanted[0],
                    f"{where}/{number}",
                    extra=extra,
                )
            ]
        return [f"{where} is empty"] if wanted and not ours else []
    return [] if type(ours) is type(wanted) else [f"{where} is {type(ours).__name__}, not {type(wanted).__name__}"]


PIEFED_INDEXES = (
    "startTime", "endTime", "timezone", "maximumAttendeeCapacity", "participantCount", "onlineLink", "joinMode",
    "externalParticipationUrl", "anonymousParticipation", "isOnline", "buyTicketsLink", "feeCurrency", "feeAmount",
)  # fmt: skip
"""Read without a default there: one that is missing loses the post."""


@pytest.fixture
async def hall(fediverse):
    """Maya's community at a Peerhall, with a Lemmy-like and a Mastodon-like follower."""
    maya = await fediverse.person(await fediverse.start("hall.example"), "maria")
    group = await community(maya, "algebra")
    return maya, group


async def served(fediverse, here, uri, status=200):
    """A document as anybody gets it."""
    answered, body, _ = await document(fediverse, here, uri)
    assert answered == status, uri
    return body


async def test_a_poll_and_what_is_said_when_its_numbers_change(fediverse, hall):
    maya, group = hall
    form = PollForm(
        question="Which tool do you use for fractions?",
        text="Which tool do you use for fractions? #poll",
        options=("Paper strips", "Blocks", "Recipes"),
        community_id=group.id,
    )
    post = await maya.do(polls.start_poll, form)
    await maya.do(polls.vote, post.id, {0})
    fediverse.clock.advance(200)
    await fediverse.settle()
    ours, wanted = await served(fediverse, maya.here, post.uri), golden("object-poll")
    assert differences(ours, wanted) == []
    assert ours["@context"][2].keys() - CONSENT_TERMS == wanted["@context"][2].keys()
    assert [option["replies"]["totalItems"] for option in ours["oneOf"]] == [1, 0, 0]
    assert (ours["votersCount"], ours["kind"]) == (1, "poll")
    assert ours["updated"] > ours["published"]
    assert "<li>Recipes</li>" in ours["content"]
    assert "summary" not in ours


async def test_an_event_has_every_key_that_others_look_at(fediverse, hall):
    maya, group = hall
    picture = await maya.here.run(media.upload, maya.here, maya.id, png(), "circle.png", "A circle of people")
    form = SessionForm(
        title="Peer circle: teaching fractions",
        text="Bring one exercise that worked. #peercircle",
        starts="2026-11-10T17:00",
        ends="2026-11-10T18:00",
        timezone="Europe/Berlin",
        online_url="https://meet.example/fractions",
        capacity=30,
        community_id=group.id,
        media_ids=(picture.id,),
    )
    event = await maya.do(sessions.publish_event, form)
    ours, wanted = await served(fediverse, maya.here, event.uri), golden("object-session-event")
    assert differences(ours, wanted) == []
    assert ours["@context"][2].keys() - CONSENT_TERMS == wanted["@context"][2].keys()
    for key in PIEFED_INDEXES:
        assert key in ours, key
    for key in (
        "startTime", "endTime", "timezone", "eventStatus", "status", "joinMode", "isOnline", "onlineLink", "category",
        "anonymousParticipation", "anonymousParticipationEnabled", "maximumAttendeeCapacity", "buyTicketsLink",
        "feeCurrency", "feeAmount", "externalParticipationUrl", "inLanguage", "kind", "name", "language",
    ):  # fmt: skip
        assert ours[key] == wanted[key], key
    assert ours["summary"] == wanted["summary"]
    assert ours["content"].endswith(wanted["content"].partition("</p>")[2])
    assert ours["location"] == wanted["location"] | {"id": f"{event.uri}#place"}
    assert [item["name"] for item in ours["attachment"]] == ["Website", "Banner"]
    assert ours["image"]["url"] == ours["attachment"][1]["url"]
    for part in ("organizers", "attendees"):
        assert (
            await served(fediverse, maya.here, ours[part]["id"])
            == {"@context": ["https://www.w3.org/ns/activitystreams"]} | ours[part]
        )


async def test_an_answer_to_a_join_of_an_event(fediverse, hall):
    maya, _ = hall
    there = Stranger(fediverse, "mobilizon.example")
    event = await maya.do(sessions.publish_event, EVENT)
    await there.send(maya.here, there.activity("Join", there.actor("ana"), event.uri, path="@ana/join/event/9"))
    await fediverse.settle()
    accepted = there.received[-1]
    assert differences(accepted, golden("activity-accept-join"), extra=frozenset({"proof", "published"})) == []
    assert accepted["actor"] == maya.uri


async def test_a_vote(fediverse, hall):
    maya, _ = hall
    there = Stranger(fediverse, "mastodon.example")
    uri = await there.create(
        fediverse, maya.here, there.actor("eva"), "s/1", type="Question", oneOf=[{"type": "Note", "name": "Blocks"}]
    )
    await maya.do(polls.vote, (await found(maya.here, uri)).id, {0})
    await fediverse.settle()
    vote = there.received[-1]
    assert differences(vote, golden("activity-poll-vote")) == []
    assert vote["@context"] == golden("activity-poll-vote")["@context"]


async def test_a_discussion(fediverse, hall):
    maya, group = hall
    post = await write(
        maya,
        "I use **paper strips**. #fractions\n\n- games?",
        title="How do you teach fractions?",
        community_id=group.id,
    )
    ours = await served(fediverse, maya.here, post.uri)
    assert differences(ours, golden("object-discussion")) == []
    assert ours["@context"][:2] == golden("object-discussion")["@context"][:2]
    assert ours["@context"][2].keys() - CONSENT_TERMS == golden("object-discussion")["@context"][2].keys()
    assert ours["@context"][2].keys() >= CONSENT_TERMS
    assert ours["to"][0] == group.uri
    assert ours["audience"] == group.uri
    assert ours["context"] == maya.here.url(f"/ap/t/{post.id}")
    assert ours["language"] == {"identifier": "en", "name": "English"}
    assert await maya.here.engine.proof_valid(ours) or ours["proof"]["verificationMethod"].startswith(maya.uri)


async def test_the_create_at_its_id(fediverse, hall):
    maya, group = hall
    post = await write(maya, "Hello #fractions", community_id=group.id)
    await fediverse.settle()
    ours = await served(fediverse, maya.here, maya.here.url(f"/ap/a/create/{post.id}"))
    assert differences(ours, golden("activity-create-discussion")) == []


async def test_a_reply(fediverse, hall):
    maya, group = hall
    jonas = await fediverse.person(maya.here, "jonas")
    await join(jonas, group)
    post = await write(maya, community_id=group.id)
    answer = await reply(jonas, post, "Recipes! Halving a cake works.")
    ours = await served(fediverse, maya.here, answer.uri)
    assert differences(ours, golden("object-reply")) == []
    assert ours["to"] == ["https://www.w3.org/ns/activitystreams#Public", maya.uri]
    assert ours["cc"] == [group.uri, f"{jonas.uri}/followers"]
    assert ours["content"].startswith(
        '<p><span class="h-card"><a href="https://hall.example/@maria" class="u-url mention">'
    )
    assert ours["source"]["content"] == "@maria Recipes! Halving a cake works."
    assert [tag["name"] for tag in ours["tag"]] == ["@maria@hall.example", "@algebra@hall.example"]


async def test_an_answered_question(fediverse, hall):
    maya, group = hall
    jonas = await fediverse.person(maya.here, "jonas")
    await join(jonas, group)
    ask = await write(maya, "Why? #askPeers", kind="ask", title="Why is 0.999… equal to 1?", community_id=group.id)
    answer = await reply(jonas, ask)
    fediverse.clock.advance(60)
    await maya.do(actions.mark_helped, answer.id)
    ours = await served(fediverse, maya.here, ask.uri)
    assert differences(ours, golden("object-question-answered")) == []
    assert ours["acceptedAnswer"] == answer.uri


async def test_deletes_and_the_tombstone(fediverse, hall):
    maya, group = hall
    lem = Stranger(fediverse, "lem.example")
    sofia = lem.actor("sofia", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await subscribe(fediverse, maya.here, lem, sofia, group)
    post = await write(maya, community_id=group.id)
    await fediverse.settle()
    lem.received.clear()
    await maya.do(actions.delete_post, post.id)
    await fediverse.settle()
    announced = [item for item in lem.received if item["type"] == "Announce"]
    assert announced, lem.received
    assert differences(announced[0]["object"], golden("activity-author-delete")) == []
    assert differences(await served(fediverse, maya.here, post.uri, 410), golden("tombstone")) == []


async def test_a_moderator_s_delete(fediverse, hall):
    maya, group = hall
    lem = Stranger(fediverse, "lem.example")
    sofia = lem.actor("sofia", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await subscribe(fediverse, maya.here, lem, sofia, group)
    await lem.send(maya.here, lem.activity("Join", sofia, group.uri))
    uri = await lem.create(
        fediverse,
        maya.here,
        sofia,
        "post/55",
        to=[group.uri, "https://www.w3.org/ns/activitystreams#Public"],
        name="Spam",
    )
    post = await found(maya.here, uri)
    assert post.community_id == group.id
    lem.received.clear()
    await maya.do(actions.remove_post, post.id, "Off topic")
    await fediverse.settle()
    ours = next(item for item in lem.received if item["type"] == "Announce" and item["object"]["type"] == "Delete")
    assert differences(ours, golden("activity-mod-delete"), extra=frozenset({"proof", "@context"})) == []
    assert ours["object"]["summary"] == "Off topic"


async def test_announces_in_both_dialects_and_their_undo(fediverse, hall):
    maya, group = hall
    lem, toot = Stranger(fediverse, "lem.example"), Stranger(fediverse, "toot.example")
    implements = {"generator": {"type": "Application", "implements": ["https://w3id.org/fep/1b12"]}}
    await subscribe(fediverse, maya.here, lem, lem.actor("lem", **implements), group)
    await subscribe(fediverse, maya.here, toot, toot.actor("sofia"), group)
    post = await write(maya, "Hello #fractions", community_id=group.id)
    await fediverse.settle()
    whole = next(item for item in lem.received if item["type"] == "Announce" and isinstance(item["object"], dict))
    assert differences(whole, golden("announce-threadiverse"), extra=frozenset({"proof"})) == []
    boost = next(item for item in toot.received if item["type"] == "Announce")
    assert differences(boost, golden("announce-microblog"), extra=frozenset({"proof"})) == []
    assert boost["object"] == post.uri

    await maya.do(actions.remove_post, post.id, "A mistake")
    await fediverse.settle()
    undone = next(item for item in toot.received if item["type"] == "Undo" and item["object"]["id"] == boost["id"])
    assert differences(undone, golden("undo-announce-microblog"), extra=frozenset({"proof"})) == []


async def test_collections(fediverse, hall):
    maya, group = hall
    post = await write(maya, "Hello #fractions", community_id=group.id)
    await reply(maya, post)
    await maya.here.run(pin, post.id)
    await fediverse.settle()
    here = maya.here
    assert differences(await served(fediverse, here, post.context_uri), golden("collection-context")) == []
    featured = await served(fediverse, here, f"{group.uri}/featured")
    # Whole posts instead of their ids, because Lemmy and PieFed read nothing from those.
    assert [item["id"] for item in featured["orderedItems"]] == [post.uri]
    assert differences(featured["orderedItems"][0], golden("object-discussion")) == []
    listed = featured | {"orderedItems": [post.uri]}
    assert differences(listed, golden("collection-featured"), extra=frozenset({"@context"})) == []
    assert differences(await served(fediverse, here, f"{group.uri}/moderators"), golden("collection-moderators")) == []
    assert differences(await served(fediverse, here, f"{group.uri}/followers"), golden("collection-followers")) == []
    page = await served(fediverse, here, f"{group.uri}/outbox?page=1")
    wanted = golden("collection-outbox-page")
    wanted.pop("next")
    assert differences(page, wanted) == []
    whole = await served(fediverse, here, f"{group.uri}/outbox")
    assert (whole["first"], whole["orderedItems"]) == (f"{group.uri}/outbox?page=1", page["orderedItems"])
    own = await served(fediverse, here, f"{maya.uri}/outbox?page=1")
    assert [item["type"] for item in own["orderedItems"]] == ["Create", "Create"]


async def test_threads_and_replies_page_over_a_hundred_and_answer_304(fediverse, hall):
    maya, _ = hall
    post = await write(maya)
    for number in range(101):
        await reply(maya, post, f"Reply {number}")
    status, whole, headers = await document(fediverse, maya.here, post.context_uri)
    assert (status, whole["totalItems"], whole["first"]) == (200, 102, f"{post.context_uri}?page=1")
    first = await served(fediverse, maya.here, f"{post.context_uri}?page=1")
    last = await served(fediverse, maya.here, first["next"])
    assert len(first["orderedItems"]) == 100
    assert len(last["orderedItems"]) == 2
    assert "next" not in last
    assert first["orderedItems"][0] == post.uri
    again = await document(fediverse, maya.here, post.context_uri, headers={"if-none-match": headers["etag"]})
    assert again[0] == 304
    await reply(maya, post, "One more")
    changed = await document(fediverse, maya.here, post.context_uri, headers={"if-none-match": headers["etag"]})
    assert changed[0] == 200
    replies = await served(fediverse, maya.here, f"{post.uri}/replies")
    assert (replies["type"], replies["totalItems"]) == ("Collection", 102)
    assert len((await served(fediverse, maya.here, f"{post.uri}/replies?page=2"))["items"]) == 2
    for nonsense in ("0", "-1", "x", "99999999999", "²", "3", "01", ""):
        assert (await document(fediverse, maya.here, f"{post.uri}/replies?page={nonsense}"))[0] == 404


async def pin(post_id):
    """Pin a post."""
    await Post.filter(id=post_id).update(pinned=True)


async def subscribe(fediverse, here, server, actor, group):
    """A stranger follows a community."""
    assert await server.send(here, server.activity("Follow", actor, group.uri)) == 202
    await fediverse.settle()


async def test_what_moderators_do(fediverse, hall):
    maria, group = hall
    lem = Stranger(fediverse, "lem.example")
    sofia = lem.actor("sofia", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await subscribe(fediverse, maria.here, lem, sofia, group)
    await lem.send(maria.here, lem.activity("Join", sofia, group.uri))
    await fediverse.settle()
    member = await maria.here.run(actors.resolve, maria.here, sofia)
    post = await write(maria, "How?", community_id=group.id)
    await maria.do(actions.set_locked, post.id, locked=True, reason="Answered")
    await maria.do(actions.set_pinned, post.id, pinned=True)
    await maria.do(communities.set_role, group.id, member.id, "facilitator")
    await maria.do(communities.set_role, group.id, member.id, "member")
    lem.received.clear()
    await maria.do(bans.ban, group.id, member.id, reason="Spam", length=timedelta(days=30))
    await fediverse.settle()
    sent = [item for item in fediverse.watch.delivered if item["type"] == "Announce"]
    for name, kind, ends_in in (
        ("activity-lock", "Lock", ""),
        ("activity-pin", "Add", "/featured"),
        ("activity-add-moderator", "Add", "/moderators"),
        ("activity-ban", "Block", ""),
    ):
        ours = next(
            item
            for item in sent
            if isinstance(item["object"], dict)
            and item["object"]["type"] == kind
            and item["object"].get("target", "").endswith(ends_in)
        )
        assert differences(ours, golden(name), extra=frozenset({"proof", "@context"})) == [], name
    # Who is kept out may be the last of their server's: it is told directly as well.
    assert [item["type"] for item in lem.received if item["type"] == "Block"]


async def test_reports_in_both_forms(fediverse, hall):
    maria, _ = hall
    toot, lem = Stranger(fediverse, "toot.example"), Stranger(fediverse, "lem.example")
    maths = lem.actor("maths", "Group", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await maria.here.run(actors.resolve, maria.here, maths)
    public = "https://www.w3.org/ns/activitystreams#Public"
    uris = [
        await toot.create(fediverse, maria.here, toot.actor("eva"), "statuses/1"),
        await lem.create(
            fediverse, maria.here, lem.actor("sofia"), "post/55", to=[maths, public], audience=maths, name="Tim"
        ),
    ]
    for uri, server, name in zip(uris, (toot, lem), ("microblog", "threadiverse"), strict=True):
        post = await found(maria.here, uri)
        await maria.do(
            moderation.report,
            moderation.NewReport("privacy", "Personal data of a pupil", post_id=post.id, forward=True),
        )
        await fediverse.settle()
        (ours,) = [item for item in server.received if item["type"] == "Flag"]
        assert differences(ours, golden(f"activity-flag-{name}"), extra=frozenset({"proof"})) == []
