"""What a collection says beyond its text, for posts to send and receive; and what is in it, as a collection."""

from federation.vocab import collections
from federation.vocab.base import id_of, is_web_uri, same_origin, text_of
from federation.vocab.objects import RemotePost
from server.collections.keeping import items_of, nameable
from server.collections.models import Collection, CollectionItem, CollectionTick
from server.collections.policy import INTRO, MOST, WHY
from server.ids import new_id
from server.instance import Instance
from server.posts.models import Post
from server.practices.wire import text
from server.practices.writing import is_web_address
from server.shelf import MadeFrom
from server.text import name_of

ITEMS, INTRODUCTION, PATH = "ph:items", "ph:introduction", "ph:isPath"
_WRITERS = (
    "SELECT thing.author_id FROM collection_item AS item JOIN post AS thing ON thing.uri = item.uri"
    " WHERE item.post_id = post.id"
)
_IS_ONE = "post.kind = 'collection'"
MADE_FROM = (
    MadeFrom("collection", "t.id = post.id"),
    MadeFrom("collection_item", "t.post_id = post.id"),
    MadeFrom(
        "post",
        "t.uri IN (SELECT item.uri FROM collection_item AS item WHERE item.post_id = post.id)",
        ("id", "uri", "url", "title", "kind", "state", "visibility", "community_id", "content_html", "author_id"),
    ),
    MadeFrom("actor", f"t.id IN ({_WRITERS})", ("id", "suspended_at", "deleted_at", "grade"), only_if=_IS_ONE),
    MadeFrom(
        "actor_block",
        f"(t.blocker_id = post.author_id AND t.blocked_id IN ({_WRITERS}))"
        f" OR (t.blocked_id = post.author_id AND t.blocker_id IN ({_WRITERS}))",
        ("id",),
        only_if=_IS_ONE,
    ),
)
"""What `CollectionDetail.document` looks at."""


class CollectionDetail:
    """`server.posts.details.KindDetail` over the tables of collections."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """What its author says of it, whether it is a path, and its things with the reason for each."""
        kept, post = await Collection.get_or_none(id=post_id), await Post.get(id=post_id)
        if kept is None:
            return {}
        named = await nameable(here, post, await items_of(post_id))
        things = [
            {"type": "ph:Gathered", "ph:item": item.uri, "name": item.title, "url": item.url, "ph:why": item.why}
            for item in named
        ]
        found: dict[str, object] = {
            ITEMS: {
                "id": f"{post.uri}/items",
                "type": "OrderedCollection",
                "totalItems": len(named),
                "orderedItems": things,
            }
        }
        if kept.intro:
            found[INTRODUCTION] = kept.intro
        return found | ({PATH: True} if kept.is_path else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what is in a collection from elsewhere, as its author says it."""
        await Collection.update_or_create(
            defaults={
                "intro": text(remote.raw.get(INTRODUCTION), INTRO),
                "is_path": remote.raw.get(PATH) is True,
                "members_add": False,
            },
            id=post_id,
        )
        await CollectionItem.filter(post_id=post_id).delete()
        for position, item in enumerate(told(remote.raw.get(ITEMS))):
            item.id, item.post_id, item.position = new_id(here.clock.now()), post_id, position
            await item.save(force_create=True)

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post, and what people noted on it."""
        await Collection.filter(id=post_id).delete()
        await CollectionItem.filter(post_id=post_id).delete()
        await CollectionTick.filter(post_id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: versions are compared by their text, which has the list."""
        return {}


async def gathered(here: Instance, post_id: str) -> dict[str, object] | None:
    """``items`` of a collection: the ids of its things, in their order."""
    post = await Post.get(id=post_id)
    named = await nameable(here, post, await items_of(post_id))
    return collections.ordered_collection(f"{post.uri}/items", len(named), None, items=[item.uri for item in named])


def told(value: object) -> list[CollectionItem]:
    """The things that a document says are in its collection. What makes no sense, and what is there twice, is left out.

    The page of a thing is on the thing's own server; what its author gave as one elsewhere is replaced by its id.
    """
    listed = value.get("orderedItems") if isinstance(value, dict) else None
    found: dict[str, CollectionItem] = {}
    for said in listed[:MOST] if isinstance(listed, list) else []:
        uri = id_of(said.get("ph:item")) if isinstance(said, dict) else None
        if uri is None or not is_web_uri(uri) or len(uri) > 500 or uri in found:
            continue
        url = text_of(said.get("url"))
        is_page = len(url) <= 1000 and is_web_address(url) and same_origin(url, uri)
        title = name_of(text_of(said.get("name")))[:300]
        why = " ".join(text(said.get("ph:why"), WHY).split())
        found[uri] = CollectionItem(uri=uri, url=url if is_page else uri, title=title or uri[:300], why=why)
    return list(found.values())
