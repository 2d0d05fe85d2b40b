"""What to prepare for an event, told two days before to those who take part: once, and by mail while it is so (O5)."""

from datetime import datetime

from server.actors.viewer import Viewer
from server.db import Row
from server.instance import Instance
from server.notifications.actions import MAX_READERS, News, about_post, notify, withdraw
from server.posts import queries as posts
from server.posts.policy import OPEN
from server.sessions import queries as sessions
from server.sessions.events import ParticipationEnded, PrepareSoon
from server.words import Words

KIND = "prepare"
MAX_TOLD = 5_000
LISTED = 12


async def on_soon(here: Instance, event: PrepareSoon) -> None:
    """Tell everybody here who takes part, whoever announced it left out, and whoever has read all of it."""
    await here.db.execute("DELETE FROM notification WHERE post_id = :id AND kind = 'prepare'", id=event.post_id)
    rows = await here.db.rows(
        "SELECT mine.actor_id FROM event_participation AS mine JOIN actor ON actor.id = mine.actor_id"
        " JOIN post ON post.id = mine.event_id WHERE mine.event_id = :id AND mine.state = 'going' AND actor.is_local"
        " AND mine.actor_id <> post.author_id AND EXISTS (SELECT 1 FROM event_pack_item AS item"
        " WHERE item.event_id = mine.event_id AND NOT EXISTS (SELECT 1 FROM event_pack_read AS done"
        " WHERE done.event_id = item.event_id AND done.url = item.url AND done.person_id = mine.actor_id))"
        " ORDER BY mine.id LIMIT :limit",
        id=event.post_id,
        limit=MAX_TOLD,
    )
    readers = [row["actor_id"] for row in rows]
    news = News(kind=KIND, thing=about_post(event.post_id), key=event.post_id, post_id=event.post_id)
    for start in range(0, len(readers), MAX_READERS):
        await notify(here, readers[start : start + MAX_READERS], news)


async def on_ended(here: Instance, event: ParticipationEnded) -> None:
    """Whoever does not come has nothing to prepare, and gets no mail that still waits."""
    await withdraw(here, event.actor_id, KIND, event.post_id)


async def letter(here: Instance, row: Row, words: Words) -> tuple[str, list[str]] | None:
    """Subject and lines; None where it is not so any more. What not everybody may read stays on its page."""
    reader = Viewer(
        actor_id=row["reader_id"], actor_uri=row["reader_uri"], account_id=row["account_id"], role=row["role"]
    )
    post = await posts.show(here, reader, row["post_id"])
    event = None if post is None else await sessions.event(here, reader, post)
    if post is None or event is None or event.my_state != "going" or not event.minutes_left:
        return None
    if event.status in {"cancelled", "postponed"} or event.starts_at is None or event.starts_at <= here.clock.now():
        return None
    is_open = post.visibility in OPEN and not post.content_warning
    begins = _begins(words, event.starts_at)
    lines = [words.text("“%(title)s” begins %(when)s.", title=post.title, when=begins)] if is_open else []
    if not is_open:
        lines.append(words.text("An event that you take part in begins %(when)s.", when=begins))
    left = event.minutes_left
    lines.append(
        words.many("To prepare, about one minute of reading:", "To prepare, about %(count)s minutes of reading:", left)
    )
    if is_open:
        lines.append("")
        for item in event.pack[:LISTED]:
            if item.title and not item.is_read:
                minutes = words.many("1 minute", "%(count)s minutes", item.minutes)
                lines += [f"- {item.title} ({minutes})", f"  {item.url}"]
    address = f"/p/{post.short}" if post.confidential else post.url
    lines += ["", words.text("Its page: %(url)s", url=here.url(address))]
    lines.append(words.text("If you cannot come after all, please say so there."))
    return words.text("What to prepare for %(when)s", when=begins), lines


def _begins(words: Words, moment: datetime) -> str:
    """The time in the reader's zone, with its name."""
    return f"{words.when(moment)} ({words.zone.key})"
