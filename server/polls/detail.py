"""What a poll says beyond its text, for posts to send, receive and keep in versions."""

from collections.abc import Sequence
from datetime import datetime

from federation.vocab.base import timestamp
from federation.vocab.objects import RemotePost
from federation.vocab.polls import RemotePoll, poll_keys, poll_of
from server.db import from_milliseconds
from server.instance import Instance
from server.polls.models import Poll, PollOption, PollVote
from server.posts.details import newest
from server.posts.rendering import options_list, question_line
from server.text import plain


class PollDetail:
    """`server.posts.details.KindDetail` over the tables of polls."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Options, numbers and end; and question and options in words, for those who know no polls."""
        row = await here.db.row(
            "SELECT title, content_html, published_at, edited_at FROM post WHERE id = :id", id=post_id
        )
        poll = await Poll.get_or_none(id=post_id)
        if row is None or poll is None or poll.ends_at is None:
            return {}
        hidden = poll.hides_totals and poll.told_end_at is None
        options = [(option.name, 0 if hidden else option.votes) for option in await options_of(post_id)]
        found = poll_keys(
            options,
            is_multiple=poll.is_multiple,
            voters=poll.voters_count or 0,
            ends_at=poll.ends_at,
            closed_at=poll.closed_at,
        )
        if row["title"] and row["title"] not in plain(row["content_html"]):
            found["before"] = question_line(row["title"])
        found["after"] = options_list([name for name, _ in options])
        updated = newest(from_milliseconds(row["edited_at"] or row["published_at"]), poll.tallied_at)
        return found | ({"updated": timestamp(updated)} if updated is not None else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Store options and numbers of a poll from elsewhere."""
        told = poll_of(remote.raw)
        if told is not None and not await tally(here, post_id, remote):
            await _replace(here, post_id, told)

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """The options as they are."""
        return {"options": [option.name for option in await options_of(post_id)]}

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post, and who voted."""
        await PollVote.filter(poll_id=post_id).delete()
        await PollOption.filter(poll_id=post_id).delete()
        await Poll.filter(id=post_id).delete()


async def tally(here: Instance, post_id: str, remote: RemotePost) -> bool:
    """Take the numbers of a poll from elsewhere; False where it offers other options than those we know.

    In the caller's transaction.
    """
    told, poll = poll_of(remote.raw), await Poll.get_or_none(id=post_id)
    if told is None or poll is None:
        return False
    known = await options_of(post_id)
    if [option.name for option in known] != [option.name for option in told.options]:
        return False
    if poll.is_multiple != told.is_multiple:
        return False
    for option, new in zip(known, told.options, strict=True):
        option.votes = _within(new.votes)
        await option.save(update_fields=["votes"])
    _take(poll, told, here.clock.now())
    await poll.save()
    return True


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of these polls say."""
    named = {f"id_{number}": post_id for number, post_id in enumerate(ids)}
    rows = await here.db.rows(
        "SELECT poll.id, poll.ends_at, poll.closed_at, (SELECT count(*) FROM poll_option"
        " WHERE poll_option.poll_id = poll.id) AS options FROM poll"
        f" WHERE poll.id IN ({', '.join(':' + name for name in named)})",
        **named,
    )
    now = here.clock.now()
    found = {}
    for row in rows:
        end = min((row[name] for name in ("ends_at", "closed_at") if row[name] is not None), default=None)
        over = end is not None and from_milliseconds(end) <= now
        found[row["id"]] = [f"{row['options']} answers to choose from", "Ended" if over else "Open for votes"]
    return found


async def words(here: Instance, post_id: str) -> str:
    """What a poll is found by besides its text."""
    return " ".join(option.name for option in await options_of(post_id))


async def options_of(post_id: str) -> list[PollOption]:
    """The options of a poll in their order."""
    return await PollOption.filter(poll_id=post_id).order_by("position").limit(50)


async def _replace(here: Instance, post_id: str, told: RemotePoll) -> None:
    """A poll that is new, or asks something else now: votes for what it asked before are void."""
    await PollVote.filter(poll_id=post_id).delete()
    await PollOption.filter(poll_id=post_id).delete()
    poll = await Poll.get_or_none(id=post_id) or await Poll.create(id=post_id)
    _take(poll, told, here.clock.now())
    await poll.save()
    await PollOption.bulk_create(
        [
            PollOption(poll_id=post_id, position=position, name=option.name, votes=_within(option.votes))
            for position, option in enumerate(told.options)
        ]
    )


def _take(poll: Poll, told: RemotePoll, now: datetime) -> None:
    poll.is_multiple, poll.ends_at, poll.tallied_at = told.is_multiple, told.ends_at, now
    poll.voters_count = None if told.voters is None else _within(told.voters)
    if told.is_closed and poll.closed_at is None:
        poll.closed_at = now


def _within(count: int) -> int:
    """A number that fits its column, whatever somebody says."""
    return min(count, 2**31 - 1)
