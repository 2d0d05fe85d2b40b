"""Collections around posts: the thread (`context`), the answers (`replies`), and the counts of likes and shares.

Addresses are given, never whole posts: a list of ids stays true however its members change. A page that does not exist
is absent. `Last-Modified` is the latest change of any member, those that are gone included.
"""

import hashlib
from datetime import datetime
from typing import Any

from federation.ports import Reader, Served
from federation.vocab import collections
from server.actors.models import Actor
from server.db import from_milliseconds
from server.instance import Instance
from server.peers import queries as peers
from server.posts import details, policy
from server.posts.audience import may_have
from server.posts.documents import ANSWERS, answers, count_answers, served, shown_rule
from server.posts.models import Post

PAGE = 100
MAX_MEMBERS = 10_000


async def of_post(here: Instance, post: Post, part: str, page: str | None) -> Served | None:
    """``replies``, ``likes`` or ``shares`` of a post that the reader may have, or more that its kind has."""
    public = post.visibility in policy.OPEN
    if part == "replies":
        return await _replies(here, post, page)
    if part in {"likes", "shares"} and page is None:
        total = post.likes_count if part == "likes" else post.boosts_count
        return served(collections.collection(f"{post.uri}/{part}", total), public=public)
    more = details.extras_of(here, post.kind).collections.get(part)
    found = await more(here, post.id) if more is not None and page is None else None
    return None if found is None else served(found, public=public)


async def provide_thread(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/t/ID``: every post of a thread that its readers may see, oldest first (FEP-f228, FEP-7888)."""
    if reader.host is not None and not peers.may_receive(here, reader.host):
        return None
    root = await Post.get_or_none(id=uri.removeprefix(here.url("/ap/t/")))
    if root is None or not await may_have(here, root, reader):
        return None
    community = await Actor.get_or_none(id=root.community_id) if root.community_id else None
    if not root.is_local and (community is None or not community.is_local):
        return None
    public = root.visibility in policy.OPEN
    members = await _members(here, root)
    modified = await _modified(here, "root_id = :id", root.id)
    number = page_number(page, len(members), PAGE)
    if number is None:
        return None
    items = members[(number - 1) * PAGE : number * PAGE]
    if page is not None:
        return served(paged(uri, number, items, len(members), PAGE, ordered=True), public=public, modified=modified)
    document = collections.ordered_collection(
        uri,
        len(members),
        f"{uri}?page=1" if len(members) > PAGE else None,
        items=items if len(members) <= PAGE else None,
        name=root.title or None,
        attributed_to=community.uri if community else (await Actor.get(id=root.author_id)).uri,
        audience=community.uri if community else None,
        url=root.url,
        last=f"{uri}?page={pages(len(members), PAGE)}" if len(members) > PAGE else None,
    )
    return served(document, public=public, etag=f'"{digest(members)}"', modified=modified)


def digest(members: list[str]) -> str:
    """A digest of a set of ids: the exclusive or of their SHA-256.

    It changes whenever a member joins or leaves, and does not depend on their order. NodeBB computes the same of what
    it has, and asks with it in If-None-Match.
    """
    combined = 0
    for member in dict.fromkeys(members):
        combined ^= int.from_bytes(hashlib.sha256(member.encode()).digest(), "big")
    return f"{combined:064x}"


def pages(total: int, size: int) -> int:
    """How many pages there are; an empty collection has one."""
    return max(1, -(-total // size))


def page_number(page: str | None, total: int, size: int) -> int | None:
    """The number of a page that exists; None for nonsense, and for a page beyond the last."""
    if page is None:
        return 1
    if not (page.isdecimal() and page.isascii() and len(page) < 6 and not page.startswith("0")):
        return None
    return int(page) if int(page) <= pages(total, size) else None


def paged(
    address: str, number: int, items: list[Any], total: int, size: int, *, ordered: bool, count: bool = False
) -> dict[str, object]:
    """One page with its neighbours; `count` says the total on it too."""
    return collections.collection_page(
        f"{address}?page={number}",
        address,
        items,
        next=f"{address}?page={number + 1}" if number < pages(total, size) else None,
        prev=f"{address}?page={number - 1}" if number > 1 else None,
        total=total if count else None,
        ordered=ordered,
    )


def settled(here: Instance, moment: datetime | None) -> datetime | None:
    """A time of change, unless more may happen within the same second: HTTP dates know whole seconds only."""
    if moment is None or int(moment.timestamp()) >= int(here.clock.now().timestamp()):
        return None
    return moment


async def _replies(here: Instance, post: Post, page: str | None) -> Served | None:
    address = f"{post.uri}/replies"
    public = post.visibility in policy.OPEN
    total = await count_answers(here, post)
    modified = await _modified(here, "parent_id = :id", post.id)
    if page is None:
        whole = collections.collection(address, total, f"{address}?page=1")
        return served(whole, public=public, modified=modified)
    number = page_number(page, total, ANSWERS)
    if number is None:
        return None
    items = await answers(here, post, (number - 1) * ANSWERS)
    return served(paged(address, number, items, total, ANSWERS, ordered=False), public=public, modified=modified)


async def _members(here: Instance, root: Post) -> list[str]:
    rows = await here.db.rows(
        f"SELECT post.uri FROM post WHERE post.root_id = :root AND {shown_rule(root)}"
        " ORDER BY CASE WHEN post.id = :root THEN 0 ELSE 1 END, post.published_at, post.id LIMIT :limit",
        root=root.id,
        limit=MAX_MEMBERS,
    )
    return [row["uri"] for row in rows]


async def _modified(here: Instance, which: str, post_id: str) -> datetime | None:
    found = await here.db.value(f"SELECT max(updated_at) AS at FROM post WHERE {which}", id=post_id)
    return None if found is None else settled(here, from_milliseconds(found))
