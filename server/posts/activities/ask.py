"""Asking before we answer or quote: the reply itself, or a QuoteRequest, to the author alone; and refusing answers.

A server that has the policies of GoToSocial takes a reply that comes to its author alone as the question whether it may
be; for quotes there is the QuoteRequest of FEP-044f.
"""

from federation.vocab import activities
from server.actors.models import Actor
from server.actors.sending import send
from server.instance import Instance
from server.posts import documents, sending
from server.posts.events import PostRefused, PostWaits
from server.posts.models import Post
from server.posts.policy import OPEN


async def send_question(here: Instance, event: PostWaits) -> None:
    """Ask whom a new post of ours quotes or answers."""
    post = await Post.get(id=event.post_id)
    about = await documents.envelope(here, post)
    document = await documents.build(here, post, about=about)
    if post.quote_state == "waiting":
        quoted = await Post.get(uri=post.quote_uri)
        asked = await Actor.get(id=quoted.author_id)
        context = document.pop("@context")
        question = activities.quote_request(
            id=sending.activity_id(here, "quote", post.id),
            actor=about.author.uri,
            object=quoted.uri,
            to=[asked.uri],
            extra={"instrument": document},
        )
        question["@context"] = _joined(question["@context"], context)
    else:
        assert about.parent_author is not None
        asked = about.parent_author
        question = activities.create(
            id=sending.activity_id(here, "create"),
            actor=about.author.uri,
            object=document,
            to=about.to,
            cc=about.cc,
            audience=about.audience,
            published=post.published_at,
        )
    await send(here, about.author.uri, question, inboxes=[asked.inbox_url], post_id=post.id)


async def send_refusal(here: Instance, event: PostRefused) -> None:
    """Tell who answered a post of somebody here that it is not wanted there, and everybody who may have seen it."""
    post = await Post.get(id=event.post_id)
    by = await Actor.get_or_none(id=event.by_id) if event.by_id else None
    if by is None or not by.is_local:
        return
    author = await Actor.get(id=post.author_id)
    parent = await Post.get_or_none(id=post.parent_id) if post.parent_id else None
    # What only some people read is refused to its author alone: nobody else hears that there is such an answer (S15).
    is_open = post.visibility in OPEN and (parent is None or parent.visibility in OPEN)
    await _reject(here, by, author, post.uri, post.object_type, parent.uri if parent else None, public=is_open)


async def say_no(here: Instance, parent: Post, actor: Actor, reply_uri: str) -> None:
    """Reject an answer that was not taken in, to its author alone; in the caller's transaction."""
    author = await Actor.get(id=parent.author_id)
    await _reject(here, author, actor, reply_uri, "Note", parent.uri, public=False)


async def _reject(
    here: Instance, by: Actor, author: Actor, uri: str, kind: str, target: str | None, *, public: bool
) -> None:
    """Send a Reject of a reply: GoToSocial 0.20 reads the id alone, PieFed an object alone."""
    embedded: dict[str, object] = {"id": uri, "type": kind, "actor": author.uri}
    forms: tuple[tuple[frozenset[str], str | dict[str, object]], ...] = (
        (sending.MICROBLOGS, uri),
        (frozenset({"threadiverse"}), embedded),
    )
    for dialects, about in forms:
        document = activities.reject(
            id=sending.activity_id(here, "reject"),
            actor=by.uri,
            object=about,
            to=[author.uri],
            cc=[f"{by.uri}/followers"] if public else None,
            target=target,
        )
        await send(
            here,
            by.uri,
            document,
            inboxes=sorted(sending.inboxes_of([author])),
            followers_of=by.uri if public else None,
            dialects=dialects,
            is_public=public,
        )


def _joined(outer: object, inner: object) -> list[object]:
    """The terms of both: a document inside has no context of its own."""
    found: list[object] = []
    terms: dict[str, object] = {}
    for part in (outer, inner):
        for item in part if isinstance(part, list) else [part]:
            if isinstance(item, dict):
                terms |= item
            elif item not in found:
                found.append(item)
    return [*found, terms] if terms else found
