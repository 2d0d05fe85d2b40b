"""Questions that are needed today: at most five people who offered it are told, and who they are is told to nobody."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.needs.models import NeedToday
from server.notifications.actions import News, about_post, notify
from server.posts.composing import readable_post
from server.posts.models import Post
from server.posts.readable import readable_by
from server.search.words import any_of, words_of
from server.text import plain

ROUTE = "needs.today"
OFFER = "needs.offer"
MOST = 5
"""So many people are asked at most."""
LOOKED_THROUGH = 2_000
A_DAY = timedelta(days=1)
KEPT = timedelta(days=8)
SOUGHT = timedelta(minutes=5)
"""So long it is said that people are looked for, where another server has not answered."""


async def need_today(here: Instance, acting: Viewer, ask_id: str) -> None:
    """Have a question of one's own put to people who offered it. Raises Invalid for a second one on the same day."""
    ask = await readable_post(here, acting, ask_id)
    if ask.kind != "ask":
        raise NotFound
    if ask.author_id != acting.actor_id or not ask.is_local:
        raise NotAllowed("Only who asked can say that.")
    if ask.locked or ask.answered:
        raise Invalid("This question is answered or closed. Open it again, or ask anew.")
    now = here.clock.now()
    async with here.db.transaction():
        if await NeedToday.filter(id=ask.id).exists():
            return
        if await NeedToday.filter(author_id=ask.author_id, at__gt=now - A_DAY).exists():
            raise Invalid("One question a day can be asked like this. It stands there for everybody all the same.")
        await NeedToday.create(id=ask.id, author_id=ask.author_id, at=now)
        await here.jobs.enqueue(ROUTE, {"ask": ask.id}, unique=f"{ROUTE}:{ask.id}")


async def route(here: Instance, payload: Any) -> None:
    """The job that finds whom to ask here, and then in the network. Bears being run twice."""
    need = await NeedToday.get_or_none(id=str(payload["ask"]))
    ask = await Post.get_or_none(id=str(payload["ask"]), state="visible", locked=False)
    if need is None or need.asked is not None:
        return
    chosen = await fitting(here, ask, MOST) if ask is not None else []
    async with here.db.transaction():
        claimed = await here.db.execute("UPDATE need_today SET asked = 0 WHERE id = :id AND asked IS NULL", id=need.id)
        if claimed and ask is not None and await tell(here, ask, chosen) < MOST:
            await here.jobs.enqueue(OFFER, {"ask": ask.id}, unique=f"{OFFER}:{ask.id}")


async def fitting(here: Instance, ask: Post, most: int) -> list[str]:
    """So many people of this server at most who may be asked, those first whose words fit best."""
    return _best(ask, await _may_be_asked(here, ask))[:most]


async def tell(here: Instance, ask: Post, chosen: Sequence[str]) -> int:
    """Tell people here, and note how many; in the caller's transaction, once for each question."""
    now = here.clock.now()
    told = [person for person in chosen if await _is_first(here, person)]
    await notify(here, told, News("asked", about_post(ask.id), ask.id, actor_id=ask.author_id, post_id=ask.id))
    await here.db.execute(
        "UPDATE need_today SET asked = (SELECT count(*) FROM notification WHERE notification.post_id = :id"
        " AND notification.kind = 'asked') WHERE id = :id",
        id=ask.id,
    )
    await here.db.execute("DELETE FROM asked_today WHERE at < :before", before=now - KEPT)
    return int(await here.db.value("SELECT asked FROM need_today WHERE id = :id", id=ask.id) or 0)


async def asked(here: Instance, viewer: Viewer, ask_id: str) -> int | None:
    """How many people were asked, for who asked; -1 while they are sought, None where it was not needed today."""
    row = await here.db.row(
        "SELECT asked, at, (SELECT COALESCE(SUM(told), 0) FROM need_offer WHERE ask_id = need_today.id) AS elsewhere,"
        " (SELECT count(*) FROM need_offer WHERE ask_id = need_today.id AND told IS NULL) AS open"
        " FROM need_today WHERE id = :id AND author_id = :me",
        id=ask_id,
        me=str(viewer.actor_id),
    )
    if row is None:
        return None
    found = int(row["asked"] or 0) + int(row["elsewhere"])
    waits = row["open"] and here.clock.now() - from_milliseconds(row["at"]) < SOUGHT
    return -1 if row["asked"] is None or (waits and not found) else found


async def _may_be_asked(here: Instance, ask: Post) -> list[Row]:
    """Who offered to be asked, may read the question, was not asked since yesterday, and hears of its author."""
    now = here.clock.now()
    return await here.db.rows(
        "SELECT helper.id, account.ask_me_about FROM needs_card AS card"
        " JOIN actor AS helper ON helper.id = card.id JOIN account ON account.actor_id = card.id"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = card.id JOIN post ON post.id = :ask"
        " WHERE card.may_be_asked AND account.state = 'active' AND account.ask_me_about <> ''"
        " AND helper.id <> post.author_id AND helper.deleted_at IS NULL AND helper.suspended_at IS NULL"
        " AND helper.moved_to IS NULL AND (setting.paused_until IS NULL OR setting.paused_until < :now)"
        " AND NOT EXISTS (SELECT 1 FROM asked_today WHERE asked_today.person_id = card.id"
        " AND asked_today.at > :yesterday)"
        " AND NOT EXISTS (SELECT 1 FROM actor_block WHERE (blocker_id = card.id AND blocked_id = post.author_id)"
        " OR (blocker_id = post.author_id AND blocked_id = card.id))"
        " AND NOT EXISTS (SELECT 1 FROM actor_mute WHERE muter_id = card.id AND muted_id = post.author_id)"
        " AND NOT EXISTS (SELECT 1 FROM host_block JOIN actor AS far ON host_block.host IN (far.host, far.domain)"
        " WHERE host_block.blocker_id = card.id AND far.id = post.author_id AND NOT far.is_local)"
        f" AND {readable_by('helper.id')} ORDER BY account.last_seen_at DESC, card.id LIMIT :most",
        ask=ask.id,
        now=now,
        yesterday=now - A_DAY,
        most=LOOKED_THROUGH,
    )


def _best(ask: Post, helpers: list[Row]) -> list[str]:
    """Those who share the most telling words with a question."""
    said = set(words_of(f"{ask.title} {plain(ask.content_html)}"))
    shared = {row["id"]: len(said & set(any_of(row["ask_me_about"]))) for row in helpers}
    able = [person for person, words in shared.items() if words]
    return sorted(able, key=lambda person: -shared[person])


async def _is_first(here: Instance, person_id: str) -> bool:
    """Note that somebody is asked today; False where another question was faster."""
    now = here.clock.now()
    return bool(
        await here.db.execute(
            "INSERT INTO asked_today (id, person_id, day, at) VALUES (:id, :person, :day, :now)"
            " ON CONFLICT (person_id, day) DO NOTHING",
            id=new_id(now),
            person=person_id,
            day=now.toordinal(),
            now=now,
        )
    )
