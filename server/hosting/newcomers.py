"""Newcomers: who greets them, how they introduce themselves, and who hears where nobody answered (A14)."""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities import policy as communities
from server.communities.events import MemberJoined
from server.communities.models import Community
from server.communities.queries import facts_of
from server.errors import Invalid, NotAllowed, NotFound
from server.hosting import policy
from server.hosting.events import GreeterNamed, NewcomerUngreeted
from server.hosting.models import Newcomer
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost
from server.posts.models import Post
from server.text import clean_text

LOOK = "hosting.look"
MAX_ANSWER = 500

ANSWERED = (
    "EXISTS (SELECT 1 FROM post AS own JOIN post AS answer ON answer.parent_id = own.id AND answer.state = 'visible'"
    " AND answer.author_id <> newcomer.person_id WHERE own.author_id = newcomer.person_id"
    " AND own.community_id = newcomer.community_id AND own.state = 'visible')"
)
"""Whether somebody else answered anything that a newcomer wrote in the community."""


async def on_joined(here: Instance, event: MemberJoined) -> None:
    """Somebody joined a community here: a greeter is named, and in two days we look whether anybody answered."""
    community = await Community.get_or_none(id=event.community_id)
    # In a support group nothing is noted of who speaks, and whoever makes a community greets the others.
    if community is None or community.kind == communities.SUPPORT or community.members_count < 2:
        return
    now = here.clock.now()
    greeter = await _greeter(here, event.community_id, event.person_id)
    await Newcomer.filter(community_id=event.community_id, person_id=event.person_id).delete()
    made = await Newcomer.create(
        id=new_id(now),
        community_id=event.community_id,
        person_id=event.person_id,
        greeter_id=greeter,
        joined_at=now,
    )
    await here.jobs.enqueue(LOOK, {"newcomer": made.id}, run_at=now + policy.WITHIN, unique=f"{LOOK}:{made.id}")
    if greeter is not None:
        await here.events.emit(GreeterNamed(event.community_id, event.person_id, greeter))


async def introduce(here: Instance, acting: Viewer, community_id: str, *, title: str, answers: dict[str, str]) -> Post:
    """Introduce oneself: a conversation with what one answered, by question. Raises Invalid; once is enough."""
    facts = await facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or communities.view(facts) == communities.CLOSED:
        raise NotFound
    if not facts.is_member:
        raise NotAllowed("Join this community first.")
    given = {question: clean_text(text).strip() for question, text in answers.items()}
    given = {question: text for question, text in given.items() if text}
    if not given:
        raise Invalid("Answer one of them: a few words are enough.", field="q0")
    if any(len(text) > MAX_ANSWER for text in given.values()):
        raise Invalid(f"Use at most {MAX_ANSWER} characters for each.", field="q0")

    async def note(post: Post) -> None:
        await Newcomer.filter(community_id=community_id, person_id=acting.actor_id).update(intro_id=post.id)

    new = NewPost(
        kind="discussion",
        title=title,
        source_md="\n\n".join(f"**{question}** {text}" for question, text in given.items()),
        language=acting.language,
        visibility=facts.visibility,
        community_id=community_id,
    )
    return await posts.create_post(here, str(acting.actor_id), new, detail=note)


async def look(here: Instance, payload: dict[str, str]) -> None:
    """The job: two days after somebody joined, those who look after the community hear if nobody answered them."""
    async with here.db.transaction():
        row = await here.db.row(
            "SELECT newcomer.id, newcomer.community_id, newcomer.person_id FROM newcomer"
            " JOIN membership ON membership.community_id = newcomer.community_id"
            " AND membership.person_id = newcomer.person_id AND membership.state = 'active'"
            f" WHERE newcomer.id = :id AND newcomer.nudged_at IS NULL AND NOT {ANSWERED}",
            id=str(payload["newcomer"]),
        )
        if row is None:
            return
        await Newcomer.filter(id=row["id"]).update(nudged_at=here.clock.now())
        await here.events.emit(NewcomerUngreeted(row["community_id"], row["person_id"]))


async def _greeter(here: Instance, community_id: str, person_id: str) -> str | None:
    """Who greets: a member here who said so and did it the longest ago, else who looks after the community."""
    row = await here.db.row(
        "SELECT membership.person_id FROM membership JOIN actor ON actor.id = membership.person_id AND actor.is_local"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " LEFT JOIN hosting_turns AS turns ON turns.community_id = membership.community_id"
        " AND turns.person_id = membership.person_id AND turns.greets"
        " WHERE membership.community_id = :community AND membership.state = 'active'"
        " AND membership.person_id <> :newcomer AND (turns.id IS NOT NULL OR membership.role <> 'member')"
        " AND NOT EXISTS (SELECT 1 FROM actor_block AS block WHERE (block.blocker_id = membership.person_id"
        " AND block.blocked_id = :newcomer) OR (block.blocker_id = :newcomer"
        " AND block.blocked_id = membership.person_id))"
        " ORDER BY CASE WHEN turns.id IS NULL THEN 1 ELSE 0 END,"
        " COALESCE((SELECT max(newcomer.joined_at) FROM newcomer WHERE newcomer.greeter_id = membership.person_id"
        " AND newcomer.community_id = :community), 0), membership.id LIMIT 1",
        community=community_id,
        newcomer=person_id,
    )
    return None if row is None else str(row["person_id"])


async def forget(here: Instance, actor_id: str) -> None:
    """Somebody is gone: they greet nobody."""
    await Newcomer.filter(greeter_id=actor_id).update(greeter_id=None)
    if not await Actor.exists(id=actor_id, deleted_at=None):
        await Newcomer.filter(person_id=actor_id).delete()
