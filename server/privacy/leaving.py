"""Leaving: what becomes of practices when their author deletes their account.

Everything goes, or practices stay here under the name of a former member, or with a co-author of this server. Other
servers are asked to delete their copies in any case: they know them as the work of somebody who is gone.
"""

from collections.abc import Sequence

from server.accounts import actions as accounts
from server.accounts.models import SiteValue
from server.actors import actions as actors
from server.actors.keys import NewKeys, new_keys
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.coauthors.models import Coauthor
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.posts import bylines
from server.posts.models import Post, PostMention
from server.posts.removal import forget_sent
from server.search.actions import index_posts

ALL, FORMER, COAUTHORS = CHOICES = ("all", "former", "coauthors")
FORMER_NAME, _FORMER_ID = "former-member", "former_member"
AT_ONCE = 200

_MINE = (
    "post.author_id = :me AND post.is_local AND post.state = 'visible' AND post.kind IN ('practice', 'tip')"
    " AND post.visibility IN ('public', 'unlisted', 'network', 'instance', 'members')"
)
_WITH = (
    "SELECT post.id, (SELECT coauthor.person_id FROM coauthor JOIN actor ON actor.id = coauthor.person_id"
    " JOIN account ON account.actor_id = actor.id WHERE coauthor.post_id = post.id AND coauthor.state = 'active'"
    " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL AND account.state = 'active'"
    " ORDER BY coauthor.answered_at, coauthor.id LIMIT 1) AS heir FROM post"
)


async def counted(here: Instance, acting: Viewer) -> dict[str, int]:
    """How many practices could stay under another name, and how many of them with a co-author."""
    row = await here.db.row(
        f"SELECT count(*) AS number, count(heirs.heir) AS shared FROM ({_WITH} WHERE {_MINE}) AS heirs",
        me=acting.actor_id,
    )
    return {FORMER: int(row["number"]), COAUTHORS: int(row["shared"])} if row is not None else {}


async def leave(here: Instance, acting: Viewer, choice: str, *, report: bool = True) -> None:
    """Delete oneself, and let practices become what one chose; needs a fresh proof."""
    if choice not in CHOICES:
        raise Invalid("Choose what becomes of your practices.", field="practices")
    if acting.actor_id is None or acting.account_id is None:
        raise NotAllowed("Sign in first.")
    keys = await new_keys() if choice == FORMER else None
    async with here.db.transaction():
        if keys is not None:
            await _hand_over(here, acting.actor_id, to=await _former_member(here, keys))
        elif choice == COAUTHORS:
            await _hand_over(here, acting.actor_id, to=None)
        await accounts.delete_own_account(here, acting, report=report)


async def is_former_member(here: Instance, actor_id: str) -> bool:
    """Whether this actor stands for people who have left."""
    return bool(await here.db.value("SELECT value FROM site_value WHERE key = :key", key=_FORMER_ID) == actor_id)


async def _former_member(here: Instance, keys: NewKeys) -> Actor:
    kept = await SiteValue.get_or_none(key=_FORMER_ID)
    if kept is not None:
        return await Actor.get(id=kept.value)
    made, name = None, FORMER_NAME
    for number in range(2, 10):
        if not await Actor.exists(handle_key=f"{name}@{here.settings.domain}"):
            made = await actors.create_local(
                here, kind="Service", username=name, name="Former member", discoverable=False, keys=keys
            )
            break
        name = f"{FORMER_NAME}-{number}"
    if made is None:
        raise Invalid("Practices cannot stay under another name here. Choose something else.", field="practices")
    await SiteValue.create(key=_FORMER_ID, value=made.id, updated_at=here.clock.now())
    return made


async def _hand_over(here: Instance, me: str, *, to: Actor | None) -> None:
    """Give practices a new author, in the caller's transaction; without `to` the first co-author of each."""
    while True:
        rows = await here.db.rows(
            f"SELECT * FROM ({_WITH} WHERE {_MINE}) AS heirs WHERE {'TRUE' if to else 'heir IS NOT NULL'}"
            " ORDER BY id LIMIT :limit",
            me=me,
            limit=AT_ONCE,
        )
        for row in rows:
            await _give(here, await Post.get(id=row["id"]), to.id if to else row["heir"])
        await index_posts(here, [row["id"] for row in rows])
        if len(rows) < AT_ONCE:
            return


async def _give(here: Instance, post: Post, author_id: str) -> None:
    before = post.author_id
    post.author_id, post.updated_at = author_id, here.clock.now()
    await Coauthor.filter(post_id=post.id, person_id=author_id).update(state="left")
    await PostMention.filter(post_id=post.id, actor_id=author_id).delete()
    rest = await Actor.filter(id__in=await _still_named(post.id), deleted_at=None).order_by("id")
    post.particulars = bylines.with_names(post.particulars, (bylines.named(person) for person in rest)) or None
    await post.save(update_fields=["author_id", "updated_at", "particulars"])
    # What was sent names who is gone, and is served no more.
    await forget_sent(here, post)
    await here.db.execute(
        "UPDATE media SET owner_id = :new WHERE owner_id = :old AND id IN (SELECT media_id FROM post_attachment"
        " WHERE post_id = :post UNION SELECT media_id FROM resource_file WHERE post_id = :post)",
        new=author_id,
        old=before,
        post=post.id,
    )
    if post.counted:
        for actor_id, step in ((before, -1), (author_id, 1)):
            await here.db.execute(
                "UPDATE actor SET posts_count = posts_count + CAST(:step AS INTEGER) WHERE id = :id",
                step=step,
                id=actor_id,
            )


async def _still_named(post_id: str) -> Sequence[str]:
    rows = await Coauthor.filter(post_id=post_id, state="active").order_by("created_at", "id").limit(bylines.MOST)
    return [row.person_id for row in rows]
