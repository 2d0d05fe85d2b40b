"""What happens between people who write a practice together, as news for them."""

from server.coauthors.events import CoauthorEdited, CoauthorEnded, CoauthorInvited, EditAnswered, InvitationAnswered
from server.db import Row
from server.instance import Instance
from server.notifications.actions import News, about_post, notify, withdraw


async def on_invited(here: Instance, event: CoauthorInvited) -> None:
    """Tell whom somebody asks to write a practice together."""
    row = await _about(here, event.coauthor_id)
    if row is not None:
        # Asked again after a farewell, they are told again.
        await withdraw(here, row["person_id"], "coauthor", row["post_id"])
        await notify(here, [row["person_id"]], _news("coauthor", row["post_id"], row["author_id"]))


async def on_answered(here: Instance, event: InvitationAnswered) -> None:
    """Tell the author who agreed; that somebody did not stands on the page."""
    row = await _about(here, event.coauthor_id)
    if row is not None:
        await withdraw(here, row["person_id"], "coauthor", row["post_id"])
        if event.accepted:
            await notify(here, [row["author_id"]], _news("coauthor_yes", row["post_id"], row["person_id"]))


async def on_ended(here: Instance, event: CoauthorEnded) -> None:
    """Forget what is over."""
    row = await _about(here, event.coauthor_id)
    if row is not None:
        await withdraw(here, row["person_id"], "coauthor", row["post_id"])
        await withdraw(here, row["author_id"], "coauthor_yes", f"{row['post_id']}:{row['person_id']}")


async def on_edited(here: Instance, event: CoauthorEdited) -> None:
    """Tell everybody here who writes the practice with them, whenever that was read last."""
    rows = await here.db.rows(
        "SELECT author_id AS id FROM post WHERE id = :post UNION SELECT person_id FROM coauthor"
        " WHERE post_id = :post AND state = 'active' ORDER BY 1",
        post=event.post_id,
    )
    version = await here.db.value("SELECT version FROM post WHERE id = :post", post=event.post_id)
    news = News(
        kind="coedited",
        thing=about_post(event.post_id),
        key=f"{event.post_id}:{version}",
        actor_id=event.person_id,
        post_id=event.post_id,
    )
    await notify(here, [row["id"] for row in rows], news)


async def on_edit_answered(here: Instance, event: EditAnswered) -> None:
    """Tell who wrote a change that it was not taken; that it was stands in the practice."""
    row = await here.db.row("SELECT post_id, person_id FROM coauthor_edit WHERE id = :id", id=event.edit_id)
    if row is not None and not event.taken:
        news = News(kind="edit_refused", thing=about_post(row["post_id"]), key=event.edit_id, post_id=row["post_id"])
        await notify(here, [row["person_id"]], news)


async def _about(here: Instance, coauthor_id: str) -> Row | None:
    return await here.db.row(
        "SELECT coauthor.post_id, coauthor.person_id, post.author_id FROM coauthor"
        " JOIN post ON post.id = coauthor.post_id WHERE coauthor.id = :id",
        id=coauthor_id,
    )


def _news(kind: str, post_id: str, actor_id: str) -> News:
    key = post_id if kind == "coauthor" else f"{post_id}:{actor_id}"
    return News(kind=kind, thing=about_post(post_id), key=key, actor_id=actor_id, post_id=post_id)
