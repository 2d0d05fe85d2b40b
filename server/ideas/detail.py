"""What an idea says beyond its text, for posts to send and receive."""

from html import escape

from federation.vocab.base import id_of, is_web_uri, same_origin
from federation.vocab.objects import RemotePost
from server.actors.models import Actor
from server.ideas.models import IS_THERE, Idea
from server.instance import Instance
from server.posts.models import Post
from server.posts.policy import OPEN
from server.shelf import MadeFrom

HOST, SESSION = "ph:host", "ph:session"
MADE_FROM = (
    MadeFrom("idea", "t.id = post.id"),
    MadeFrom(
        "actor",
        "t.uri = (SELECT idea.host_uri FROM idea WHERE idea.id = post.id)",
        ("id", "uri", "url", "name", "username", "deleted_at", "suspended_at"),
    ),
    MadeFrom(
        "post",
        "t.uri = (SELECT idea.session_uri FROM idea WHERE idea.id = post.id)",
        ("id", "uri", "url", "title", "state", "visibility", "community_id"),
    ),
)
"""What `IdeaDetail.document` looks at."""


class IdeaDetail:
    """`server.posts.details.KindDetail` over the table `idea`."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Who hosts it and what came of it, by ids, and in words for people."""
        idea, post = await Idea.get_or_none(id=post_id), await Post.get(id=post_id)
        if idea is None:
            return {}
        found: dict[str, object] = {}
        words = []
        host = await Actor.get_or_none(uri=idea.host_uri, **IS_THERE) if idea.host_uri else None
        if host is not None:
            found[HOST] = host.uri
            words.append(f"<strong>Would host it:</strong> {_link(host.url or host.uri, host.name or host.username)}")
        event = await Post.get_or_none(uri=idea.session_uri, state="visible") if idea.session_uri else None
        if event is not None and _may_be_named(event, post):
            found[SESSION] = event.uri
            words.append(f"<strong>It takes place:</strong> {_link(event.url, event.title)}")
        return found | ({"after": f"<p>{'<br>'.join(words)}</p>"} if words else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what became of an idea from elsewhere.

        Whoever hosts it is of its own server, and so is the event: it speaks for nobody and nothing of others (S5).
        """
        await Idea.update_or_create(
            defaults={
                "host_uri": _of_its_own(remote.raw.get(HOST), remote.id),
                "session_uri": _of_its_own(remote.raw.get(SESSION), remote.id),
                "changed_at": here.clock.now(),
            },
            id=post_id,
        )

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Idea.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing that versions are compared by."""
        return {}


def _may_be_named(event: Post, idea: Post) -> bool:
    """Whether whoever reads the idea may know of the event (S15)."""
    same = (event.visibility, event.community_id) == (idea.visibility, idea.community_id)
    return event.visibility in OPEN or (same and event.visibility == "members")


def _link(url: str, words: str) -> str:
    return f'<a href="{escape(url)}">{escape(words, quote=False)}</a>'


def _of_its_own(value: object, idea_uri: str) -> str | None:
    uri = id_of(value)
    is_id = uri is not None and is_web_uri(uri) and len(uri) <= 500
    return uri if uri is not None and is_id and same_origin(uri, idea_uri) else None
