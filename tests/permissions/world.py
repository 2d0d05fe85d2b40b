"""One populated instance for the walk over all routes: people of every role, and things of every kind.

A thing has up to three places: `open` (a community that everybody may read), `closed` (one that only its members may),
and `absent` (an address of the right shape where there is nothing). What belongs to one person alone is `own`.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from server.accounts import actions as accounts
from server.accounts.models import Account, Invitation, Session
from server.actors import actions as actors
from server.actors.models import Actor
from server.collections import actions as collections
from server.collections.form import CollectionForm, ItemForm
from server.communities import members
from server.consortium import actions as consortium
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.factors.models import Passkey
from server.fediverse.models import InboxReceipt
from server.filters import actions as filters
from server.filters.actions import FilterForm, Wording
from server.filters.models import FilterKeyword
from server.hashtags import actions as hashtags
from server.ids import new_id
from server.instance import Instance
from server.mastodon.ids import number_of
from server.media import actions as media
from server.mediation import actions as mediation
from server.moderation import actions as moderation
from server.moderation import sealed
from server.moderation.actions import Decision, NewReport
from server.moderation.models import Ruling
from server.notes import scheduling
from server.notes.form import NoteForm
from server.notifications.models import Notification
from server.oauth import actions as oauth
from server.oauth.models import OAuthToken
from server.pads import actions as pads
from server.pads.access import stand
from server.pads.actions import PadForm
from server.pads.models import PadSection
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts.models import Post
from server.posts.policy import DIRECT
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.privacy import actions as privacy
from server.resources import actions as resources
from server.resources.form import ResourceForm
from server.rounds import actions as rounds
from server.rounds.actions import RoundForm
from server.secrets import token_hash
from server.serverlists import taking as serverlists
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from server.subjects import actions as subjects
from server.timelines import lists
from server.together import actions as together
from server.together.actions import ProposeForm
from server.topics import actions as topics
from tests.apps import token_for
from tests.conftest import Fediverse, Person
from tests.permissions.roles import ABSENT, CLOSED, INSIDE, NOBODY, OPEN, OWN, ROLES
from tests.posting import Stranger, community, join, write

HOST = "alder.example"
NO_ID = "0" * 26
ABSENT_PARTS = {
    "slug": "nowhere", "name": "nothing-0000000a", "pad": "0000000a", "topic": "0000000a", "handle": "nobody_here",
    "seq": "999999", "token": "0" * 43, "signed": "forged.x", "version": "9.9", "colour": "red",
    "tag": "nobody_used_it", "id": "117000000000000000", "host": "nowhere.example", "folder": "zz", "answer": "accept",
    "way": "on",
}  # fmt: skip

PRACTICE = PracticeForm(
    title="Names first", steps=("Say your name.", "Ask for theirs."), would_change="Badges.", licence="CC-BY-4.0"
)
EVENT = SessionForm(
    title="Peer circle",
    text="Bring one exercise.",
    starts="2026-03-10T17:00",
    ends="2026-03-10T18:00",
    timezone="Europe/Berlin",
    place="Room 4",
)


@dataclass
class World:
    """Whoever asks, and what they ask for: the parts of an address by the kind of thing and its place."""

    here: Any
    people: dict[str, Person]
    tokens: dict[str, str]
    things: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)
    """Ids of what the author wrote where everybody reads, by kind."""
    documents: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of the ActivityPub documents of posts, by place."""

    def put(self, kind: str, place: str, **parts: str) -> None:
        """Say how a thing is named in addresses."""
        self.things.setdefault(kind, {})[place] = parts

    def filled(self, form: str) -> str:
        """A form with the parts of open things filled in."""
        return re.sub(r"{([a-z ]+)\.(\w+)}", lambda match: self.things[match[1]][OPEN][match[2]], form)


async def populate(fediverse: Fediverse) -> World:
    """Make everybody and everything."""
    here = await fediverse.start(HOST)
    with here.db.bind():
        return await _populate(fediverse, here)


async def _populate(fediverse: Fediverse, here: Instance) -> World:
    site = {"server steward": "steward", "admin": "admin"}
    people = {
        role: await fediverse.person(here, f"the_{role}".replace(" ", "_"), role=site.get(role, "member"))
        for role in ROLES
        if role != NOBODY
    }
    await Account.all().update(onboarded_at=here.clock.now())
    world = World(here, people, {})
    closed = {"visibility": "members", "join_policy": "invite"}
    groups = {OPEN: await _community(world, "garden"), CLOSED: await _community(world, "staffroom", **closed)}
    await community(people["neighbour"], "harbour")
    for place, group in groups.items():
        await _posts(world, place, group)
        await _of_community(world, place, group)
    await _of_persons(fediverse, world)
    await _of_admins(fediverse, world)
    await _of_moderation(world)
    await actors.block(here, people["author"].id, people["blocked"].id)
    for role, person in people.items():
        world.tokens[role] = await token_for(here, person)
    account_id = str(people["author"].viewer.account_id)
    await oauth.create_token(here, account_id, scopes_text="read", app_name="theirs alone")
    token = await OAuthToken.get(account_id=account_id, app__name="theirs alone")
    world.put("app", OWN, app_id=token.app_id)
    _absent(world)
    await accounts.suspend_account(here, str(people["suspended"].viewer.account_id), by="@admin")
    await fediverse.settle()
    return world


async def _community(world: World, slug: str, **facts: Any) -> Any:
    steward = world.people["steward"]
    made = await community(steward, slug, **facts)
    for role in INSIDE:
        person = world.people[role]
        if role == "steward":
            continue
        if facts:
            await steward.do(members.invite_member, made.id, person.viewer.handle)
        await join(person, made)
    await steward.do(members.set_role, made.id, world.people["facilitator"].id, "facilitator")
    topic = await steward.do(topics.make_topic, made.id, "Mondays")
    place = CLOSED if facts else OPEN
    world.put("community", place, slug=slug, id=number_of(made.id), community_id=made.id)
    world.put("member", place, slug=slug, person_id=world.people["member"].id)
    world.put("topic", place, slug=slug, topic=topic.id[-8:])
    world.put("place", place, id=slug)
    world.put("goal", place, slug=slug, item_id=NO_ID)
    world.put("topic of a place", place, id=slug, topic=topic.id)
    return made


async def _posts(world: World, place: str, group: Any) -> None:
    """One post of each kind in a community, by the author."""
    author, audience = world.people["author"], {"community_id": group.id}
    if place == CLOSED:
        audience["visibility"] = "members"
    practice = await author.do(practices.share, replace(PRACTICE, **{"visibility": "public", **audience}))
    made = {
        "practice": practice,
        "question": await author.do(discussions.start, ThreadForm(kind="ask", title="Who?", text="Me?", **audience)),
        "conversation": await author.do(discussions.start, ThreadForm(title="Talk", text="Of what?", **audience)),
        "challenge": await author.do(discussions.start, ThreadForm(kind="challenge", title="C", text="D", **audience)),
        "idea": await author.do(discussions.start, ThreadForm(kind="idea", title="An idea", text="E", **audience)),
        "poll": await author.do(
            polls.start_poll, PollForm(question="Which?", options=("A", "B"), lasts="1d", **audience)
        ),
        "round": await author.do(rounds.open_round, RoundForm(title="What do we stop?", community_id=group.id)),
        "event": await author.do(sessions.publish_event, replace(EVENT, **audience)),
        "seminar": await author.do(sessions.publish_event, replace(EVENT, format="seminar", **audience)),
        "collection": await author.do(
            collections.gather,
            CollectionForm(
                title="First",
                intro="Look",
                items=(ItemForm(practice.uri, "Begin"),),
                **{"visibility": "public", **audience},
            ),
        ),
        "together": await author.do(
            together.propose, practice.id, ProposeForm(title="Who tries it?", text="Alone.", **audience)
        ),
    }
    made["answer"] = await world.people["member"].do(discussions.reply, made["question"].id, ThreadForm(text="I do."))
    file = await author.here.run(media.upload, author.here, author.id, b"Words.", "words.txt")
    made["resource"] = await author.do(
        resources.add_resource,
        ResourceForm(title="Cards", text="Eight.", media_ids=(file.id,), nobody_identifiable=True, **audience),
    )
    for kind, post in made.items():
        world.put(kind, place, name=post.short, id=number_of(post.id), post_id=post.id)
    for kind in ("practice", "resource"):
        world.put(f"{kind} of ours", place, id=made[kind].short)
    if place == OPEN:
        world.posts |= {kind: post.id for kind, post in made.items()}
    world.documents[place] = [post.uri.removeprefix(world.here.settings.origin) for post in made.values()]
    world.put("file", place, name=made["resource"].short, file_id=file.id)
    folder, name = file.url.split("/")[-2:]
    world.put("upload", place, folder=folder, name=name)


async def _of_community(world: World, place: str, group: Any) -> None:
    """Notes, somebody who asks to join, a report, and a post that waits."""
    author, here = world.people["author"], world.here
    standing = await here.run(stand, here, author.viewer, group.id, None)
    pad = await here.run(pads.start, here, standing, group.id, None, PadForm("Minutes", ("First",)))
    section = await here.run(PadSection.get, pad_id=pad.id)
    world.put("notes", place, pad=pad.short, section_id=section.id)
    told = await write(author, "Tim of 8b cannot read.", title="A sad story", community_id=group.id)
    new = NewReport(category="privacy", text="It names a pupil.", post_id=told.id)
    held = await write(author, "Wait", title="Wait", community_id=group.id)
    await here.run(Post.filter(id=held.id).update, state="held")
    world.put("post that waits in a community", place, slug=world.things["community"][place]["slug"], post_id=held.id)
    report = await world.people["member"].do(moderation.report, new)
    world.put("report", place, report_id=report.id)


async def _of_moderation(world: World) -> None:
    """What was decided about the author, a mediation of theirs, and what only who is responsible for that may open."""
    here, people = world.here, world.people
    await people["facilitator"].do(moderation.decide_at_once, world.posts["conversation"], Decision("note", "Please."))
    ruling = await here.run(Ruling.get, person_id=people["author"].id)
    world.put("decision about me", OWN, ruling_id=ruling.id)
    made = await here.run(
        mediation.begin,
        here,
        asker_id=people["author"].id,
        other_id=people["facilitator"].id,
        mediator_id=people["neighbour"].id,
        post_id=None,
        wish="Talk",
        agreed=True,
    )
    world.put("mediation", OWN, mediation_id=made.id)
    await people["admin"].do(sealed.appoint, "the_neighbour")
    unsafe = NewReport(category="unsafe", text="Look at once.", post_id=world.posts["conversation"])
    filed = await people["member"].do(moderation.report, unsafe)
    world.put("sealed report", OPEN, report_id=filed.case_id)


async def _of_persons(fediverse: Fediverse, world: World) -> None:
    """What belongs to the author alone."""
    author, here = world.people["author"], world.here
    me = author.id
    draft = await author.do(practices.save_draft, PRACTICE)
    alone = await author.do(practices.share, replace(PRACTICE, visibility="private"))
    named = await write(author, "For @the_facilitator alone", kind="note", visibility=DIRECT, to_named=True)
    for kind, post in (("draft", draft), ("post for me alone", alone), ("letter", named)):
        world.put(kind, OWN, name=post.short, id=number_of(post.id), post_id=post.id)
    context_id = await author.do(accounts.save_context, accounts.NewContext("Year 8"))
    world.put("context", OWN, context_id=context_id)
    key = {"credential_hash": "0" * 64, "credential_id": "x", "credential": "x", "created_at": here.clock.now()}
    passkey = await Passkey.create(id=new_id(here.clock.now()), account_id=author.viewer.account_id, name="Key", **key)
    world.put("passkey", OWN, passkey_id=passkey.id)
    other = await here.run(accounts.start_session, here, me, user_agent="phone")
    session = await here.run(Session.get, token_hash=token_hash(other))
    world.put("session", OWN, session_id=session.id)
    file = await here.run(media.upload, here, me, b"Alone.", "alone.txt")
    world.put("own upload", OWN, media_id=file.id, id=number_of(file.id))
    word = await author.do(filters.create, FilterForm("Tests", ("home",), wordings=(Wording("exam", True),)))
    entry = await author.do(filters.add_post, word, world.posts["conversation"])
    keyword = await here.run(FilterKeyword.get, within_id=word)
    for kind, id_ in (("filter", word), ("filtered post", entry), ("keyword", keyword.id)):
        world.put(kind, OWN, id=number_of(id_))
    made = await here.run(lists.create, here, me, "Close")
    world.put("list", OWN, id=number_of(made.id))
    at = here.clock.now() + timedelta(days=1)
    world.put("waiting post", OWN, id=number_of(await author.do(scheduling.schedule, NoteForm(text="Later"), at)))
    tag = await here.run(hashtags.feature_tag, here, me, "maths")
    world.put("tag", OPEN, name="maths", tag="maths")
    world.put("featured tag", OWN, id=number_of(tag.id))
    world.put("conversation of mine", OWN, id=number_of(named.id))
    world.put("archive", OWN, export_id=await author.do(privacy.ask_for_own))
    asking = await fediverse.person(here, "asking")
    await here.run(Actor.filter(id=me).update, is_locked=True)
    await here.run(actors.request_follow, here, asking.id, me)
    world.put("asking to follow", OWN, actor_id=asking.id, id=number_of(asking.id), answer="accept")
    await fediverse.settle()
    news = await here.run(Notification.filter(reader_id=me, kind="follow_request").first)
    world.put("news", OWN, id=number_of(news.id))
    world.put("news group", OWN, id=f"ungrouped-{number_of(news.id)}")
    filed = await world.people["author"].do(
        moderation.report, NewReport(category="other", text="Look.", person_id=asking.id)
    )
    world.put("report of mine", OWN, report_id=filed.id)
    person = world.people["member"]
    world.put("person", OPEN, handle=person.viewer.handle.lstrip("@"), actor_id=person.id, id=number_of(person.id))


async def _of_admins(fediverse: Fediverse, world: World) -> None:
    """What only those who run the server deal with."""
    here, admin = world.here, world.people["admin"]
    waiting = await fediverse.person(here, "waiting")
    await here.run(Account.filter(id=waiting.viewer.account_id).update, state="pending")
    world.put("account", OPEN, account_id=str(waiting.viewer.account_id))
    world.put("account of a member", OPEN, account_id=str(world.people["member"].viewer.account_id))
    await admin.do(accounts.invite)
    invitation = await here.run(Invitation.all().first)
    world.put("invitation", OPEN, invitation_id=invitation.id, person_id=invitation.id)
    there = Stranger(fediverse, "birch.example")
    await there.create(fediverse, here, there.actor("ben"), "n/1")
    world.put("server", OPEN, host="birch.example")
    network = await here.run(consortium.found, here, "@admin", name="Schools", purpose="To share.")
    world.put("network", OPEN, slug=network.slug)
    listed = await here.run(lambda: serverlists.import_file(here, "A file", [], 0, by="@admin"))
    world.put("list of servers", OPEN, list_id=listed.id)
    await admin.do(subjects.offer, subject="Maths", handle="maths")
    world.put("subject", OPEN, handle="maths", way="on")
    held = await write(world.people["author"], "Wait", title="Wait")
    await here.run(Post.filter(id=held.id).update, state="held")
    world.put("post that waits", OPEN, post_id=held.id)
    receipt = await here.run(InboxReceipt.filter(host="birch.example").first)
    await here.run(InboxReceipt.filter(seq=receipt.seq).update, outcome="held")
    world.put("activity that waits", OPEN, seq=str(receipt.seq))
    world.put("request", OPEN, request_id=NO_ID)
    world.put("version", OPEN, version="2.1")
    world.put("colour", OPEN, colour="2f6f5e")
    for kind, name in (
        ("link", "token"),
        ("picture from elsewhere", "signed"),
        ("stream", "stream"),
        ("document", "path"),
    ):
        world.put(kind, OPEN, **{name: ABSENT_PARTS.get(name, NO_ID)})


def _absent(world: World) -> None:
    """Of each kind, what is not there: ids of the right shape, and names that nobody has."""
    for places in world.things.values():
        names = next(iter(places.values()))
        if ABSENT in places:
            continue
        places[ABSENT] = {name: ABSENT_PARTS.get(name, NO_ID) for name in names}
