"""What a report says beyond its text, for posts to send, receive and keep in versions."""

from datetime import timedelta

from federation.vocab.objects import RemotePost
from server.instance import Instance
from server.posts.models import Post
from server.tries.bands import FIELDS, Bands
from server.tries.counting import is_tried, tell_soon
from server.tries.models import TriedReport, TriedTally
from server.tries.wire import Told, read_tried, tried_object

CHANGEABLE = timedelta(days=30)
"""So long after it was written a report can be changed."""


class TriedDetail:
    """`server.posts.details.KindDetail` over the table of reports."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The `triedIt` object; nothing for one that was read off its words."""
        report = await TriedReport.get_or_none(id=post_id)
        if report is None or report.by_words:
            return {}
        return {"triedIt": tried_object(columns_of(report), context_of(report))}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep a report from elsewhere. What is none, or the second on one version, is an ordinary reply."""
        report, told = await TriedReport.get_or_none(id=post_id), read_tried(remote.raw.get("triedIt"))
        if report is not None and report.by_words and told is None:
            return  # its words are read again when it is told that they changed
        if report is not None and told is not None:
            if here.clock.now() - report.created_at <= CHANGEABLE:
                # Who said it with a hashtag before says it with fields now: its words are not read any more.
                await report.update_from_dict({**_said(told), "by_words": False}).save()
                await tell_soon(here, report.practice_id)
            return
        if report is None and told is not None and await _first(here, post_id, told):
            return
        await self.forget(here, post_id)
        await Post.filter(id=post_id).update(kind="reply")

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """How it went."""
        report = await TriedReport.get_or_none(id=post_id)
        return {} if report is None else {"outcome": report.outcome}

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post, and count anew."""
        report = await TriedReport.get_or_none(id=post_id)
        if report is not None:
            await report.delete()
            await tell_soon(here, report.practice_id)


async def version_tried(here: Instance, practice: Post) -> int:
    """The version of a practice that people see now, as its own server numbers it."""
    if practice.is_local:
        return practice.version
    tally = await TriedTally.get_or_none(id=practice.id)
    return tally.version if tally is not None else 1


async def keep(here: Instance, post: Post, practice_id: str, version: int, columns: dict[str, object]) -> bool:
    """Write a report down, in the caller's transaction; False where its author has one on this version already."""
    if await TriedReport.exists(practice_id=practice_id, author_id=post.author_id, version=version):
        return False
    row = TriedReport(
        id=post.id,
        practice_id=practice_id,
        author_id=post.author_id,
        version=version,
        created_at=here.clock.now(),
        **columns,
    )
    # Two may come at the same moment: the first counts.
    await TriedReport.bulk_create([row], ignore_conflicts=True)
    return await TriedReport.exists(id=post.id)


def context_of(report: TriedReport) -> Bands:
    """Where it was."""
    return Bands(**{name: getattr(report, name) for name in FIELDS})


def columns_of(report: TriedReport) -> dict[str, object]:
    """The columns of a report that its document says."""
    names = ("outcome", "steps", "changed", "saw", "may_contact", "version")
    return {name: getattr(report, name) for name in names}


async def _first(here: Instance, post_id: str, told: Told) -> bool:
    """Keep a report that came, if it counts: on a practice, by somebody else, and the first on its version."""
    post = await Post.get(id=post_id)
    practice = await Post.get_or_none(id=post.parent_id) if post.parent_id else None
    if practice is None or practice.author_id == post.author_id or not await is_tried(practice):
        return False
    latest = await version_tried(here, practice)
    # Nobody can have tried what its author has not written yet.
    version = min(told.version, latest) if practice.is_local else told.version
    return await keep(here, post, practice.id, version, _said(told))


def _said(told: Told) -> dict[str, object]:
    return {
        "outcome": told.outcome,
        "steps": list(told.steps),
        "changed": told.changed,
        "saw": told.saw,
        "may_contact": told.may_contact,
        **{name: getattr(told.context, name) for name in FIELDS},
    }
