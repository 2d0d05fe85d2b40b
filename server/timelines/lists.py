"""Lists of people: who is in them, and what comes into them.

What people do opens a transaction; what is called from events joins that of the caller.
"""

from collections.abc import Sequence

from server.db import among
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts.policy import DIRECT, PRIVATE
from server.text import clean_text
from server.timelines import actions
from server.timelines.models import ListEntry, ListMember, PeopleList

POLICIES = ("followed", "list", "none")
MAX_LISTS, MAX_MEMBERS, MAX_TITLE = 100, 500, 100
BACKFILL, KEPT_AT_MOST = 20, 400

_INSERT = "INSERT INTO list_entry (list_id, post_id, via_id, at)"
_ONCE = "ON CONFLICT (list_id, post_id) DO NOTHING"
_SHOWN = f"post.state = 'visible' AND post.visibility NOT IN ('{DIRECT}', '{PRIVATE}')"
# Answers to oneself and to who made the list always show, others as was chosen.
_ANSWERS = (
    "((post.parent_id IS NULL AND post.in_reply_to_uri IS NULL) OR EXISTS (SELECT 1 FROM post AS above"
    " WHERE above.id = post.parent_id AND (above.author_id IN (post.author_id, owned.owner_id)"
    " OR (owned.replies_policy = 'followed' AND EXISTS (SELECT 1 FROM follow AS other"
    " WHERE other.follower_id = owned.owner_id AND other.target_id = above.author_id AND other.state = 'accepted'))"
    " OR (owned.replies_policy = 'list' AND EXISTS (SELECT 1 FROM list_member AS other"
    " WHERE other.list_id = owned.id AND other.member_id = above.author_id)))))"
)
_FOLLOWED = (
    "(EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = :owner AND follow.target_id = :member"
    " AND follow.state IN ('accepted', 'requested')) OR EXISTS (SELECT 1 FROM membership"
    " WHERE membership.person_id = :owner AND membership.community_id = :member AND membership.state = 'active'))"
)


async def create(
    here: Instance, owner_id: str, title: str, *, replies_policy: str = "list", is_exclusive: bool = False
) -> PeopleList:
    """Make a list."""
    title, now = _title(title), here.clock.now()
    _check(replies_policy)
    async with here.db.transaction():
        if await PeopleList.filter(owner_id=owner_id).count() >= MAX_LISTS:
            raise Invalid(f"You have {MAX_LISTS} lists already. Delete one first.")
        return await PeopleList.create(
            id=new_id(now),
            owner_id=owner_id,
            title=title,
            replies_policy=replies_policy,
            is_exclusive=is_exclusive,
            created_at=now,
        )


async def change(
    here: Instance,
    owner_id: str,
    list_id: str,
    *,
    title: str | None = None,
    replies_policy: str | None = None,
    is_exclusive: bool | None = None,
) -> PeopleList:
    """Change a list of one's own; what is None stays. Which answers show is so for what comes from now on."""
    if title is not None:
        title = _title(title)
    if replies_policy is not None:
        _check(replies_policy)
    async with here.db.transaction():
        owned = await _own(owner_id, list_id)
        was_exclusive = owned.is_exclusive
        owned.title, owned.replies_policy = title or owned.title, replies_policy or owned.replies_policy
        owned.is_exclusive = was_exclusive if is_exclusive is None else is_exclusive
        await owned.save()
        if owned.is_exclusive != was_exclusive:
            for member in await ListMember.filter(list_id=list_id):
                await _move(here, owned, member.member_id, apart=owned.is_exclusive)
    return owned


async def delete(here: Instance, owner_id: str, list_id: str) -> None:
    """Delete a list of one's own."""
    async with here.db.transaction():
        owned = await _own(owner_id, list_id)
        members = [member.member_id for member in await ListMember.filter(list_id=list_id)]
        await ListEntry.filter(list_id=list_id).delete()
        await owned.delete()
        if owned.is_exclusive:
            for member_id in members:
                await _move(here, owned, member_id, apart=False)


async def add(here: Instance, owner_id: str, list_id: str, member_ids: Sequence[str]) -> None:
    """Put people whom one follows into a list; who is in it stays. Raises NotFound for somebody who is not followed."""
    async with here.db.transaction():
        owned = await _own(owner_id, list_id)
        if await ListMember.filter(list_id=list_id).count() + len(member_ids) > MAX_MEMBERS:
            raise Invalid(f"A list holds {MAX_MEMBERS} people.")
        for member_id in dict.fromkeys(member_ids):
            follows = await here.db.value(f"SELECT 1 AS n WHERE {_FOLLOWED}", owner=owner_id, member=member_id)
            if not follows and member_id != owner_id:
                raise NotFound("You do not follow them.")
            if await ListMember.exists(list_id=list_id, member_id=member_id):
                continue
            await ListMember.create(id=new_id(here.clock.now()), list_id=list_id, member_id=member_id)
            await _backfill(here, owned, member_id)
            if owned.is_exclusive:
                await _move(here, owned, member_id, apart=True)


async def remove(here: Instance, owner_id: str, list_id: str, member_ids: Sequence[str]) -> None:
    """Take people out of a list, with what came from them."""
    async with here.db.transaction():
        owned = await _own(owner_id, list_id)
        for member_id in dict.fromkeys(member_ids):
            await _take_out(here, list_id, member_id)
            if owned.is_exclusive:
                await _move(here, owned, member_id, apart=False)


async def forget_member(here: Instance, owner_id: str, member_id: str) -> None:
    """Somebody is not followed any more, so that they are in no list of the owner, unless they are still a member."""
    if await here.db.value(f"SELECT 1 AS n WHERE {_FOLLOWED}", owner=owner_id, member=member_id):
        return
    for row in await here.db.rows(
        "SELECT list_member.list_id FROM list_member JOIN people_list ON people_list.id = list_member.list_id"
        " WHERE list_member.member_id = :member AND people_list.owner_id = :owner",
        member=member_id,
        owner=owner_id,
    ):
        await _take_out(here, row["list_id"], member_id)


async def forget_actor(here: Instance, actor_id: str) -> None:
    """Somebody is gone, and so are their lists."""
    await here.db.execute(
        "DELETE FROM list_entry WHERE list_id IN (SELECT id FROM people_list WHERE owner_id = :id)", id=actor_id
    )
    await PeopleList.filter(owner_id=actor_id).delete()
    await ListMember.filter(member_id=actor_id).delete()


async def add_posts(here: Instance, post_ids: Sequence[str]) -> None:
    """Put new posts into the lists that their authors or communities are in."""
    posts, parameters = among(post_ids)
    concerned = " UNION ".join(
        f"SELECT post.id AS post_id, list_member.list_id FROM post JOIN list_member ON list_member.member_id = {source}"
        f" WHERE post.id IN ({posts})"
        for source in ("post.author_id", "post.community_id")
    )
    await here.db.execute(
        f"{_INSERT} SELECT owned.id, post.id, CAST(NULL AS VARCHAR(26)), post.published_at"
        f" FROM ({concerned}) AS concerned JOIN post ON post.id = concerned.post_id"
        " JOIN people_list AS owned ON owned.id = concerned.list_id"
        f" WHERE {_SHOWN} AND {_ANSWERS} {_ONCE}",
        **parameters,
    )


async def add_boost(here: Instance, post_id: str, actor_id: str) -> None:
    """Put a post that somebody passed on into the lists that they are in, of those who want their boosts."""
    await here.db.execute(
        f"{_INSERT} SELECT owned.id, post.id, CAST(:actor AS VARCHAR(26)), CAST(:now AS BIGINT)"
        " FROM post, list_member JOIN people_list AS owned ON owned.id = list_member.list_id"
        " JOIN follow ON follow.follower_id = owned.owner_id AND follow.target_id = list_member.member_id"
        " WHERE post.id = :id AND post.state = 'visible' AND post.visibility IN ('public', 'unlisted')"
        " AND list_member.member_id = :actor AND follow.state = 'accepted' AND follow.shows_boosts"
        " AND NOT EXISTS (SELECT 1 FROM actor_mute WHERE actor_mute.muter_id = owned.owner_id"
        f" AND actor_mute.muted_id = :actor) {_ONCE}",
        id=post_id,
        actor=actor_id,
        now=here.clock.now(),
    )


async def remove_boost(here: Instance, post_id: str, actor_id: str) -> None:
    """Take a post out again where it came through this actor alone."""
    await ListEntry.filter(post_id=post_id, via_id=actor_id).delete()


async def remove_post(here: Instance, post_id: str) -> None:
    """Take a post out of every list."""
    await ListEntry.filter(post_id=post_id).delete()


async def drain_boosts(here: Instance, owner_id: str, source_id: str) -> None:
    """Take out what came through somebody alone whose boosts the owner of the lists does not want."""
    await here.db.execute(
        "DELETE FROM list_entry WHERE via_id = :source AND list_id IN (SELECT people_list.id FROM people_list"
        " JOIN list_member ON list_member.list_id = people_list.id WHERE people_list.owner_id = :owner"
        " AND list_member.member_id = :source)",
        source=source_id,
        owner=owner_id,
    )


async def trim(here: Instance, _: object) -> None:
    """Keep so many entries of every list."""
    for row in await here.db.rows(
        "SELECT list_id FROM list_entry GROUP BY list_id HAVING count(*) > :most", most=KEPT_AT_MOST
    ):
        await here.db.execute(
            "DELETE FROM list_entry WHERE list_id = :list AND at < (SELECT at FROM list_entry WHERE list_id = :list"
            " ORDER BY at DESC, post_id DESC LIMIT 1 OFFSET :most)",
            list=row["list_id"],
            most=KEPT_AT_MOST - 1,
        )


async def _backfill(here: Instance, owned: PeopleList, member_id: str) -> None:
    latest = " UNION ".join(
        f"SELECT * FROM (SELECT post.id FROM post WHERE post.{column} = :member AND {_SHOWN}"
        f" ORDER BY post.published_at DESC, post.id DESC LIMIT {BACKFILL}) AS by_{column}"
        for column in ("author_id", "community_id")
    )
    await here.db.execute(
        f"{_INSERT} SELECT owned.id, post.id, CAST(NULL AS VARCHAR(26)), post.published_at FROM ({latest}) AS latest"
        " JOIN post ON post.id = latest.id JOIN people_list AS owned ON owned.id = :list"
        f" WHERE {_ANSWERS} {_ONCE}",
        member=member_id,
        list=owned.id,
    )


async def _take_out(here: Instance, list_id: str, member_id: str) -> None:
    if not await ListMember.filter(list_id=list_id, member_id=member_id).delete():
        return
    await here.db.execute(
        "DELETE FROM list_entry WHERE list_id = :list AND (via_id = :member OR post_id IN (SELECT post.id FROM"
        " list_entry AS entry JOIN post ON post.id = entry.post_id WHERE entry.list_id = :list AND entry.via_id IS NULL"
        " AND :member IN (post.author_id, post.community_id) AND NOT EXISTS (SELECT 1 FROM list_member AS other"
        " WHERE other.list_id = :list AND other.member_id IN (post.author_id, post.community_id))))",
        list=list_id,
        member=member_id,
    )


async def _move(here: Instance, owned: PeopleList, member_id: str, *, apart: bool) -> None:
    """Somebody's posts go out of the home timeline, or come back into it."""
    if apart:
        await actions.set_apart(here, owned.owner_id, member_id)
    elif await here.db.value(f"SELECT 1 AS n WHERE {_FOLLOWED}", owner=owned.owner_id, member=member_id):
        await actions.backfill(here, owned.owner_id, member_id)


async def _own(owner_id: str, list_id: str) -> PeopleList:
    owned = await PeopleList.get_or_none(id=list_id, owner_id=owner_id)
    if owned is None:
        raise NotFound
    return owned


def _title(text: str) -> str:
    title = clean_text(text).strip()
    if not title:
        raise Invalid("Validation failed: Title can't be blank", field="title")
    if len(title) > MAX_TITLE:
        raise Invalid(f"Use at most {MAX_TITLE} characters.", field="title")
    return title


def _check(replies_policy: str) -> None:
    if replies_policy not in POLICIES:
        raise Invalid(f"Validation failed: replies_policy is one of {', '.join(POLICIES)}", field="replies_policy")
