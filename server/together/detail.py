"""What an event says when it is a time of trying together, for posts to send and receive."""

from collections.abc import Mapping
from html import escape
from typing import Any

from federation.vocab.base import host_of, id_of, is_web_uri
from federation.vocab.objects import RemotePost
from server.challenges.policy import may_be_named
from server.instance import Instance
from server.posts.models import Post
from server.sessions.models import EventFacts
from server.shelf import MadeFrom
from server.together.closing import close_at
from server.together.models import Together
from server.tries.content import name_of

TERM = "ph:tryTogether"
PRACTICE, CHALLENGE, SUMMARY = "ph:practice", "ph:answersChallenge", "ph:summary"
_NAMED = (
    "t.uri IN (SELECT said.practice_uri FROM together AS said WHERE said.id = post.id"
    " UNION ALL SELECT said.challenge_uri FROM together AS said WHERE said.id = post.id"
    " UNION ALL SELECT said.summary_uri FROM together AS said WHERE said.id = post.id)"
)
MADE_FROM = (
    MadeFrom("together", "t.id = post.id"),
    MadeFrom(
        "post", _NAMED, ("id", "uri", "url", "title", "content_html", "kind", "state", "visibility", "community_id")
    ),
)
"""What `TogetherDetail.document` looks at."""


class TogetherDetail:
    """What is added to events: which practice is tried, for which challenge, and what came of it."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The ids, as far as all readers may know of them; and all of it in words, before the text and as summary."""
        row, event = await Together.get_or_none(id=post_id), await EventFacts.get_or_none(id=post_id)
        if row is None or event is None or event.ends_at is None:
            return {}
        named = await _named(row, await Post.get(id=post_id))
        practice, challenge, summary = (
            named.get(str(uri)) for uri in (row.practice_uri, row.challenge_uri, row.summary_uri)
        )
        told: dict[str, object] = {"type": "ph:TryTogether"}
        words = []
        if practice is not None:
            told[PRACTICE] = practice.uri
            words.append(f"<strong>The practice:</strong> {_link(practice)}")
            words.append(
                f"<strong>How to take part:</strong> try it until {event.ends_at:%a} {event.ends_at.day}"
                f" {event.ends_at:%b %Y}, and answer the practice with #triedit and how it went."
            )
        if challenge is not None:
            told[CHALLENGE] = challenge.uri
            words.append(f"<strong>The challenge:</strong> {_link(challenge)}")
        if summary is not None:
            told[SUMMARY] = summary.uri
            words.append(f"<strong>What came of it:</strong> {_link(summary)}")
        found: dict[str, object] = {TERM: told}
        if words:
            found["before"] = f"<p>{'<br>'.join(words)}</p>"
        line = summary_line(event, practice, summary)
        return found | ({"summary": line} if line else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what an event from elsewhere says of it; one that says nothing is an ordinary event."""
        told = remote.raw.get(TERM)
        practice = _web(told.get(PRACTICE)) if isinstance(told, Mapping) else None
        if practice is None or not isinstance(told, Mapping):
            await self.forget(here, post_id)
            return
        values: dict[str, Any] = {
            "practice_uri": practice,
            "challenge_uri": _web(told.get(CHALLENGE)),
            "summary_uri": _own(told.get(SUMMARY), post_uri=remote.id),
        }
        await Together.update_or_create(defaults=values, id=post_id)
        event = await EventFacts.get_or_none(id=post_id)
        if event is not None and event.ends_at is not None:
            at = here.clock.now() if event.status == "cancelled" else event.ends_at
            await close_at(here, post_id, at)

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Together.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing that versions are compared by."""
        return {}


def summary_line(event: EventFacts, practice: Post | None, summary: Post | None) -> str:
    """One line that says it all: what Mastodon shows besides the title."""
    if event.ends_at is None or practice is None:
        return ""
    until = f"{event.ends_at:%a} {event.ends_at.day} {event.ends_at:%b %Y}"
    if event.status == "cancelled":
        return f"Called off. The practice stays where it is: {practice.url}"
    if summary is not None:
        return f"It is over. What came of it: {summary.url}"
    return (
        f"Who tries “{name_of(practice)}” with us until {until}? Answer the practice with #triedit and how it went:"
        f" {practice.url}"
    )


async def _named(row: Together, event: Post) -> dict[str, Post]:
    """The posts that it names and that everybody who reads the event may know of (S15), by their ids."""
    uris = [uri for uri in (row.practice_uri, row.challenge_uri, row.summary_uri) if uri]
    about = (event.visibility, event.community_id)
    found = await Post.filter(uri__in=uris, state="visible").order_by("id").limit(3)
    return {post.uri: post for post in found if may_be_named((post.visibility, post.community_id), about)}


def _link(post: Post) -> str:
    return f'<a href="{escape(post.url)}">{escape(name_of(post), quote=False)}</a>'


def _own(value: object, *, post_uri: str) -> str | None:
    """What came of it, where whoever proposed it wrote that: nobody says so of what others wrote (S5)."""
    uri = _web(value)
    return uri if uri is not None and host_of(uri) == host_of(post_uri) else None


def _web(value: object) -> str | None:
    uri = id_of(value)
    return uri if uri is not None and is_web_uri(uri) and len(uri) <= 500 else None
