"""Asking without one's name (B5, B11, D8): the community says it, and only who asked knows who that is.

Such a post is the community's own in every table, document and page; who wrote it stands in `NamelessPost` alone, which
nothing reads but this module, to let them go on with what they began, and the news, to tell them of answers. Everything
that they say in a conversation that they began so goes without their name, by whatever way it comes: nobody gives
themselves away by answering a mail.
"""

from datetime import timedelta

from server.actors.events import ActorDeleted
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities.models import Membership
from server.db import Row, among
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.posts.form import NewPost
from server.posts.models import NamelessPost, Post
from server.posts.places import Place
from server.posts.policy import MEMBERS

MOST_A_DAY = 3
KINDS = frozenset({"ask", "discussion", "reply"})
FORGOTTEN_AFTER = timedelta(days=90)


async def voice(here: Instance, author: Actor, new: NewPost, place: Place) -> Actor | None:
    """The community that says a new post instead of its author; None where they say it themselves.

    Raises Invalid where it cannot be said without a name, and NotAllowed for more than three beginnings within a day.
    """
    if not new.nameless and not await _goes_on(author, place):
        return None
    community = place.community
    if community is None or not community.is_local or new.kind not in KINDS or new.quote_id is not None:
        raise Invalid("Only questions and conversations in a community here go without a name.", field="nameless")
    if new.attachments:
        raise Invalid("A file could show who you are. Take it off, or write with your name.", field="files")
    if place.visibility != MEMBERS:
        raise Invalid("What goes without a name is for the members of the community alone.", field="visibility")
    if not await Membership.exists(community_id=community.id, person_id=author.id, state="active"):
        raise NotAllowed("Only members write without their name. Join the community first.")
    if place.parent is None:
        await _check_often(here, author)
    elif not await _goes_on(author, place):
        raise Invalid("Only who began a conversation without a name goes on without one.", field="nameless")
    return community


async def remember(here: Instance, post: Post, author: Actor) -> None:
    """Keep who wrote a post that the community says, in the caller's transaction."""
    await NamelessPost.create(id=post.id, person_id=author.id, created_at=here.clock.now())


async def is_by(post: Post, actor_id: str | None) -> bool:
    """Whether somebody wrote a post: with their name, or without it."""
    if actor_id is None:
        return False
    if post.author_id == actor_id:
        return True
    return post.author_id == post.community_id and await NamelessPost.exists(id=post.id, person_id=actor_id)


async def speaking(acting: Viewer, post: Post) -> Viewer:
    """Who acts on a post: for who wrote it without their name that is the community."""
    if post.author_id == acting.actor_id or not await is_by(post, acting.actor_id):
        return acting
    community = await Actor.get(id=post.author_id)
    return Viewer(actor_id=community.id, actor_uri=community.uri, language=acting.language, timezone=acting.timezone)


async def mine_among(here: Instance, viewer: Viewer, rows: list[Row]) -> set[str]:
    """The ids of those posts in rows that the viewer wrote without their name; no statement where none could be."""
    ids = [row["id"] for row in rows if row["author_id"] == row["community_id"] and row["is_local"]]
    if not ids or viewer.actor_id is None:
        return set()
    places, parameters = among(ids)
    found = await here.db.rows(
        f"SELECT id FROM nameless_post WHERE id IN ({places}) AND person_id = :me", me=viewer.actor_id, **parameters
    )
    return {row["id"] for row in found}


async def reveal(here: Instance, post_id: str, *, case_id: str, first: Viewer, second: Viewer) -> str:
    """The id of who wrote a post without their name: for a case, and only where two people ask for it.

    Whoever calls has checked that both may decide in that case. It stands in the log that it was done, by whom and in
    which case, and not whom it showed. Raises NotAllowed for one person alone, and NotFound where nothing is hidden.
    """
    if not case_id or first.actor_id is None or second.actor_id is None or first.actor_id == second.actor_id:
        raise NotAllowed("Who asked is shown in a case only, to two people who both want it.")
    found = await NamelessPost.get_or_none(id=post_id)
    if found is None:
        raise NotFound
    async with here.db.transaction():
        await audit.record(
            here,
            by=first.handle or first.actor_uri,
            action="post.reveal",
            subject=(await Post.get(id=post_id)).uri,
            detail={"case": case_id, "second": second.handle or second.actor_uri},
        )
    return found.person_id


async def forget(here: Instance, _: object) -> None:
    """Forget who wrote what was deleted three months ago; a job."""
    await here.db.execute(
        "DELETE FROM nameless_post WHERE created_at < :before AND NOT EXISTS (SELECT 1 FROM post"
        " WHERE post.id = nameless_post.id AND post.state <> 'deleted')",
        before=here.clock.now() - FORGOTTEN_AFTER,
    )


async def ids_of(event: ActorDeleted) -> list[str]:
    """What somebody who is gone wrote without their name: it goes with them."""
    found = await NamelessPost.filter(person_id=event.actor_id).order_by("id").values_list("id", flat=True)
    return [str(post_id) for post_id in found]


def is_nameless(row: Row) -> bool:
    """Whether a community says a post of its own: nobody's name stands under it."""
    return row["community_id"] is not None and row["author_id"] == row["community_id"]


async def _goes_on(author: Actor, place: Place) -> bool:
    root = place.root
    if root is None or root.author_id != root.community_id:
        return False
    return await NamelessPost.exists(id=root.id, person_id=author.id)


async def _check_often(here: Instance, author: Actor) -> None:
    begun = await here.db.value(
        "SELECT count(*) AS n FROM nameless_post JOIN post ON post.id = nameless_post.id"
        " WHERE nameless_post.person_id = :person AND nameless_post.created_at > :since AND post.parent_id IS NULL",
        person=author.id,
        since=here.clock.now() - timedelta(days=1),
    )
    if int(begun or 0) >= MOST_A_DAY:
        raise NotAllowed(
            "Three times a day something can begin without a name. Your text is kept: try again tomorrow, or write"
            " with your name."
        )
