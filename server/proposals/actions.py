"""Proposing a change, saying what one thinks of it, and recording what came of it (A8, B1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities import charter, guidelines, queries
from server.communities import policy as communities
from server.communities.events import CommunityChanged
from server.communities.form import MAX_LINE, MAX_TEXT, is_day
from server.communities.models import Community
from server.communities.policy import Denied, MembershipFacts
from server.db import among
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost
from server.posts.composing import keep_moment, readable_post
from server.posts.events import PostEdited, PostPublished
from server.posts.holding import hold
from server.posts.models import Post
from server.proposals import policy
from server.proposals.models import Opinion, Proposal
from server.text import clean_text, plain

MOST_OPEN = 10
SETTLING = timedelta(hours=24)
"""A proposal stands at least this long before it is adopted, so that not only those who are awake decide."""


@dataclass(frozen=True, slots=True)
class ProposalForm:
    """What somebody fills in: the parts of the charter, or the whole ``guidelines``, as they would be."""

    about: str
    parts: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    title: str = ""
    language: str = "en"


async def propose(here: Instance, acting: Viewer, community_id: str, form: ProposalForm) -> Post:
    """Propose a change to everybody in the community. Raises Invalid with every error."""
    facts = await _facts(here, acting, community_id)
    _refuse_unless(communities.may_propose(facts))
    community = await Community.get(id=community_id)
    form = replace(form, why=clean_text(form.why).strip())
    changes = _changes(community, form)
    if await Proposal.filter(community_id=community_id, state=policy.OPEN).count() >= MOST_OPEN:
        raise Invalid(f"{MOST_OPEN} proposals are open. Let some of them come to an end first.")

    async def store(post: Post) -> None:
        await Proposal.create(id=post.id, community_id=community_id, about=form.about, changes=changes, why=form.why)

    return await posts.create_post(
        here,
        str(acting.actor_id),
        NewPost(
            kind="proposal",
            title=form.title or policy.TITLES[form.about],
            source_md=form.why,
            language=form.language,
            visibility=community.visibility,
            community_id=community_id,
        ),
        detail=store,
    )


async def say(here: Instance, acting: Viewer, post_id: str, answer: str, reason: str = "") -> Post:
    """Say what one thinks, as an answer that everybody who has the proposal reads, also of one elsewhere.

    Raises Invalid with `field` ``answer`` or ``reason``: who does not simply agree says why.
    """
    post = await _proposal_post(here, acting, post_id)
    reason = clean_text(reason).strip()
    if answer not in policy.ANSWERS:
        raise Invalid("Choose one of these.", field="answer")
    if answer != policy.AGREE and not reason:
        raise Invalid("Say in a sentence why: the others can only answer what they know.", field="reason")
    if len(reason) > policy.MAX_REASON:
        raise Invalid(f"Use at most {policy.MAX_REASON} characters.", field="reason")
    if post.is_local and await Proposal.exists(id=post.id) and not await Proposal.exists(id=post.id, state=policy.OPEN):
        raise NotAllowed("It is decided. Propose another change if you think otherwise.")
    said = policy.SAID[answer]
    new = NewPost(
        kind="reply",
        source_md=f"**{said}:** {reason}" if reason else f"{said}.",
        language=post.language,
        visibility=post.visibility,
        parent_id=post.id,
    )
    return await posts.create_post(here, str(acting.actor_id), new)


async def decide(here: Instance, acting: Viewer, post_id: str, *, adopt: bool, note: str) -> int | None:
    """Record what came of it, with the counts of this moment; returns the version that it led to, None without one.

    Raises Invalid with `field` ``note``, or where what it would change has changed meanwhile.
    """
    post = await _proposal_post(here, acting, post_id)
    found = await _known(post)
    _refuse_unless(policy.may_decide(await _facts(here, acting, found.community_id)))
    note = clean_text(note).strip()
    if not note:
        raise Invalid("Say in a sentence what was decided and why.", field="note")
    if len(note) > policy.MAX_NOTE:
        raise Invalid(f"Use at most {policy.MAX_NOTE} characters.", field="note")
    async with here.db.transaction():
        found = await _open(here, post)
        counts = await opinions(here, post.id)
        if adopt and not sum(counts.values()):
            raise Invalid("Nobody has said yet what they think. Ask them, and wait for an answer.", field="note")
        if adopt and here.clock.now() < post.published_at + SETTLING:
            raise Invalid("Give everybody a day to answer before it is adopted.", field="note")
        for answer in policy.ANSWERS:
            setattr(found, answer, counts[answer])
        found.note, found.decided_by_id, found.decided_at = note, str(acting.actor_id), here.clock.now()
        found.state = policy.ADOPTED if adopt else policy.DECLINED
        if adopt:
            found.version = await _adopt(here, acting, post, found)
        await found.save()
        await _told(here, post)
    return found.version


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Take a proposal of one's own back; it stays readable with what was said."""
    post = await _proposal_post(here, acting, post_id)
    if post.author_id != acting.actor_id:
        raise NotAllowed("Only who proposed it takes it back.")
    async with here.db.transaction():
        found = await _open(here, post)
        counts = await opinions(here, post.id)
        for answer in policy.ANSWERS:
            setattr(found, answer, counts[answer])
        found.state, found.decided_at = policy.WITHDRAWN, here.clock.now()
        await found.save()
        await _told(here, post)


async def opinions(here: Instance, post_id: str) -> dict[str, int]:
    """How many members think what, by what they said last and left standing."""
    rows = await here.db.rows(
        "SELECT opinion.answer, count(*) AS number FROM proposal_opinion AS opinion"
        " JOIN post ON post.id = opinion.reply_id AND post.state = 'visible'"
        " JOIN proposal ON proposal.id = opinion.proposal_id"
        " JOIN membership ON membership.person_id = opinion.person_id AND membership.state = 'active'"
        " AND membership.community_id = proposal.community_id"
        " WHERE opinion.proposal_id = :id GROUP BY opinion.answer ORDER BY opinion.answer",
        id=post_id,
    )
    return dict.fromkeys(policy.ANSWERS, 0) | {row["answer"]: row["number"] for row in rows}


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Answers to proposals, from here and from elsewhere: those of members say in their first words what they think.

    One query for all that came together.
    """
    wanted = [event for event in events if event.answers("proposal") and not event.is_direct]
    if not wanted:
        return
    parents, parameters = among(sorted({str(event.parent_id) for event in wanted}))
    rows = await here.db.rows(
        f"SELECT id, community_id FROM proposal WHERE id IN ({parents}) AND state = 'open'", **parameters
    )
    places = {row["id"]: row["community_id"] for row in rows}
    for event in wanted:
        if event.parent_id in places:
            await _note(here, event, places[event.parent_id])


async def _note(here: Instance, event: PostPublished, community_id: str) -> None:
    reply = await Post.get(id=event.post_id)
    answer = policy.understood(plain(reply.content_html))
    if answer is None:
        return
    facts = await queries.membership(here, community_id, event.author_id)
    if facts is None or not facts.is_member:
        return
    known = await Opinion.get_or_none(proposal_id=event.parent_id, person_id=event.author_id)
    now = here.clock.now()
    if known is None:
        await Opinion.create(
            id=new_id(now),
            proposal_id=str(event.parent_id),
            person_id=event.author_id,
            answer=answer,
            reply_id=reply.id,
            at=now,
        )
    else:
        known.answer, known.reply_id, known.at = answer, reply.id, now
        await known.save()


async def _adopt(here: Instance, acting: Viewer, post: Post, found: Proposal) -> int:
    """Change what it would change; who proposed it is its author. Raises Invalid where that is not what it was."""
    community = await Community.get(id=found.community_id)
    why = found.why
    if found.about == policy.GUIDELINES:
        before, after = found.changes["guidelines"]
        if community.guidelines_source != before:
            raise Invalid("The guidelines have changed meanwhile. Ask for a proposal that begins with them.")
        return await guidelines.write_version(here, community.id, post.author_id, after, why)
    present = charter.parts_of(community)
    if any(present[part] != before for part, (before, _) in found.changes.items()):
        raise Invalid("The charter has changed meanwhile. Ask for a proposal that begins with it.")
    charter_after = present | {part: after for part, (_, after) in found.changes.items()}
    version = await charter.write_version(
        here, community, charter_after, by_id=post.author_id, why=why, proposal_id=post.id
    )
    await community.save(update_fields=["charter_version", *charter.PARTS])
    await here.events.emit(CommunityChanged(community.id))
    return version


def _changes(community: Community, form: ProposalForm) -> dict[str, list[str]]:
    if form.about not in policy.ABOUT:
        raise NotFound
    if form.about == policy.GUIDELINES:
        present, limits = {"guidelines": community.guidelines_source}, {"guidelines": guidelines.MAX_SOURCE}
    else:
        present, limits = charter.parts_of(community), dict.fromkeys(charter.PARTS, MAX_TEXT) | {"cadence": MAX_LINE}
    after = {part: clean_text(form.parts.get(part, text)).strip() for part, text in present.items()}
    errors = [
        Invalid(f"Use at most {limit} characters.", field=part)
        for part, limit in limits.items()
        if len(after[part]) > limit
    ]
    errors += [
        Invalid("Write a day as year, month and day, such as 2026-09-01.", field=part)
        for part in ("term_from", "term_until")
        if after.get(part) and not is_day(after[part])
    ]
    needed = ("objectives", "outcomes", "cadence", "term_until") if community.kind == communities.FORMAL else ()
    errors += [
        Invalid("A formal community needs this. Say what should stand here.", field=part)
        for part in (*needed, "guidelines")
        if after.get(part) == "" and present[part]
    ]
    if not form.why:
        errors.append(Invalid("Say in a sentence what would be better.", field="why"))
    if len(form.why) > guidelines.MAX_WHY:
        errors.append(Invalid(f"Use at most {guidelines.MAX_WHY} characters.", field="why"))
    changes = {part: [text, after[part]] for part, text in present.items() if after[part] != text}
    if not changes and not errors:
        errors.append(Invalid("Nothing is changed yet.", field=next(iter(present))))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    return changes


async def _proposal_post(here: Instance, acting: Viewer, post_id: str) -> Post:
    post = await readable_post(here, acting, post_id)
    if post.kind != "proposal":
        raise NotFound
    if not await Actor.exists(id=acting.actor_id, is_local=True, deleted_at=None, suspended_at=None):
        raise NotAllowed("This account cannot take part.")
    return post


async def _known(post: Post) -> Proposal:
    found = await Proposal.get_or_none(id=post.id)
    if found is None:
        raise NotFound
    return found


async def _open(here: Instance, post: Post) -> Proposal:
    """A proposal that nobody has decided, which nobody else decides until the transaction ends."""
    if not await hold(here, post, "visible"):
        raise NotFound
    found = await _known(post)
    if found.state != policy.OPEN:
        raise Invalid("It is decided already.")
    return found


async def _told(here: Instance, post: Post) -> None:
    """Everybody who has the proposal gets what came of it."""
    keep_moment(here, post)
    await post.save(update_fields=["edited_at"])
    await here.events.emit(PostEdited(post.id))


async def _facts(here: Instance, acting: Viewer, community_id: str) -> MembershipFacts:
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or communities.view(facts) == communities.CLOSED:
        raise NotFound
    return facts


def _refuse_unless(verdict: communities.Verdict) -> None:
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
