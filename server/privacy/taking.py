"""What somebody takes along: everything this server knows about them, and nothing private of anybody else.

`everything/` comes out of the list in `classes`, table by table, so that nothing can be forgotten. Beside it stands
what people and other software read: pages, ActivityStreams documents of what is public, lists as Mastodon reads them.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from federation.ports import Reader
from federation.vocab.collections import ordered_collection
from server.actors.documents import build_actor_document
from server.actors.models import Actor
from server.communities import carrying
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.activities.create import create_around
from server.posts.collections import of_post
from server.posts.documents import provide_post
from server.posts.policy import OPEN, VISIBILITY_LABELS
from server.privacy import pages
from server.privacy.archive import ArchiveParts, read_file
from server.privacy.classes import CLASSES, HELD, SECRET, Held
from server.privacy.pages import Written
from server.privacy.queries import receivers, whose

AT_ONCE = 200
MOST_ROWS = 200_000

README = """This is the archive of {handle}, made on {day}.

index.html      begin here: pages that any browser shows
actor.json      your profile as an ActivityStreams document, as in Mastodon's archive
outbox.json     what you shared publicly, as ActivityStreams activities
likes.json, bookmarks.json   addresses of posts
csv/            whom you follow, blocked and muted, lists and bookmarks, as Mastodon reads and writes them;
                followers; servers that were sent something of yours
everything/     all that this server knows about you, by class, as JSON
files/          what you uploaded

Peerhall and Mastodon take the files in csv/. Peerhall also takes the whole archive: your posts come back as drafts.
Keep it where only you can read it: drafts and private posts are in it.
"""
_ADDRESS = "actor.username || '@' || actor.domain AS address"
_LISTS: dict[str, tuple[tuple[str, ...], str]] = {
    "followers": (
        ("Account address",),
        f"SELECT follow.id, {_ADDRESS} FROM follow JOIN actor ON actor.id = follow.follower_id"
        " WHERE follow.target_id = :me AND follow.state = 'accepted' AND follow.id > :after ORDER BY follow.id",
    ),
    "blocked_accounts": (
        ("Account address",),
        f"SELECT actor_block.id, {_ADDRESS} FROM actor_block JOIN actor ON actor.id = actor_block.blocked_id"
        " WHERE actor_block.blocker_id = :me AND actor_block.id > :after ORDER BY actor_block.id",
    ),
    "muted_accounts": (
        ("Account address", "Hide notifications"),
        f"SELECT actor_mute.id, {_ADDRESS}, CASE WHEN actor_mute.hides_notifications THEN 'true' ELSE 'false' END"
        " AS hides FROM actor_mute JOIN actor ON actor.id = actor_mute.muted_id"
        " WHERE actor_mute.muter_id = :me AND actor_mute.id > :after ORDER BY actor_mute.id",
    ),
    "blocked_domains": (
        (),
        "SELECT id, host FROM host_block WHERE blocker_id = :me AND id > :after ORDER BY id",
    ),
    "lists": (
        (),
        f"SELECT list_member.id, people_list.title, {_ADDRESS} FROM list_member"
        " JOIN people_list ON people_list.id = list_member.list_id JOIN actor ON actor.id = list_member.member_id"
        " WHERE people_list.owner_id = :me AND list_member.id > :after ORDER BY list_member.id",
    ),
    "bookmarks": (
        (),
        "SELECT bookmark.id, post.uri FROM bookmark JOIN post ON post.id = bookmark.post_id"
        " WHERE bookmark.actor_id = :me AND post.state <> 'deleted' AND bookmark.id > :after ORDER BY bookmark.id",
    ),
    "likes": (
        (),
        "SELECT post_like.id, post.uri FROM post_like JOIN post ON post.id = post_like.post_id WHERE post_like.kind ="
        " 'like' AND post_like.actor_id = :me AND post.state <> 'deleted' AND post_like.id > :after"
        " ORDER BY post_like.id",
    ),
}
"""Files of lists: their first line, and the rows after an id, of which the first column is left out."""


async def write_own(here: Instance, actor_id: str, into: ArchiveParts) -> None:
    """Everything of one person, into an archive."""
    actor = await Actor.get(id=actor_id)
    handle = f"@{actor.username}@{actor.domain}"
    await into.add("README.txt", README.format(handle=handle, day=here.clock.now().date().isoformat()))
    files = await _files(here, actor_id)
    numbers = await _posts(here, actor, files, into)
    await into.add_json("actor.json", await build_actor_document(here, actor))
    await _lists(here, actor, into)
    for key in CLASSES:
        found: dict[str, list[dict[str, Any]]] = {}
        for held in (item for item in HELD if item.of == key):
            found.setdefault(held.table, []).extend([row async for row in _rows(here, actor_id, held)])
        await into.add_json(f"everything/{key}.json", found)
    await into.add("index.html", _index(handle, numbers, len(files)))
    for path, key in files.values():
        data = await read_file(here, key)
        if data is not None:
            await into.add(path, data, packed=False)


async def _posts(here: Instance, actor: Actor, files: dict[str, tuple[str, str]], into: ArchiveParts) -> list[int]:
    """Pages of all posts, and the outbox of the public ones; returns how many are on each page."""
    activities: list[dict[str, object]] = []
    numbers: list[int] = []
    async for rows in _in_pieces(
        here,
        "SELECT id, uri, url, kind, title, content_html, source_md, visibility, state, published_at FROM post"
        " WHERE author_id = :me AND is_local AND state <> 'deleted' AND id > :after ORDER BY id",
        actor.id,
    ):
        attached = await _attached(here, actor.id, rows)
        written = [
            Written(
                title=row["title"],
                when=_day(row["published_at"]),
                audience=_audience(row),
                html=row["content_html"],
                url=row["url"] if row["state"] == "visible" else "",
                files=tuple(files[media][0] for media in attached.get(row["id"], ()) if media in files),
            )
            for row in rows
        ]
        numbers.append(len(rows))
        await into.add(
            f"posts/{len(numbers)}.html", pages.page(f"What you wrote, {len(numbers)}", pages.articles(written))
        )
        for row in rows:
            if row["state"] == "visible" and row["visibility"] in OPEN:
                activities += await _create(here, row)
    await into.add_json(
        "outbox.json",
        ordered_collection(f"{actor.uri}/outbox", len(activities), items=activities, attributed_to=actor.uri),
    )
    return numbers


async def _create(here: Instance, row: Row) -> list[dict[str, object]]:
    served = await provide_post(here, of_post, row["uri"], None, Reader())
    if served is None or served.status != 200:
        return []
    post = {key: value for key, value in json.loads(served.body).items() if key not in {"@context", "proof"}}
    return [create_around(here, row["id"], from_milliseconds(row["published_at"]), post)]


async def _lists(here: Instance, actor: Actor, into: ArchiveParts) -> None:
    await into.add("csv/following_accounts.csv", await carrying.follows_as_csv(here, actor.id))
    for name, (header, statement) in _LISTS.items():
        lines = [
            tuple(str(value) for key, value in row.items() if key != "id")
            async for rows in _in_pieces(here, statement, actor.id)
            for row in rows
        ]
        if name in {"bookmarks", "likes"}:
            uris = [line[0] for line in lines]
            await into.add_json(f"{name}.json", ordered_collection(f"{name}.json", len(uris), items=list(uris)))
        if name != "likes":
            await into.add(f"csv/{name}.csv", _csv([*([header] if header else []), *lines]))
    servers = [(server.host, server.since.date().isoformat()) for server in await receivers(here, actor.id, 10_000)]
    await into.add("csv/servers.csv", _csv([("Server", "Since"), *servers]))


async def _files(here: Instance, actor_id: str) -> dict[str, tuple[str, str]]:
    """Everything that was uploaded: by id, its path in the archive, and its key."""
    found: dict[str, tuple[str, str]] = {}
    async for rows in _in_pieces(
        here,
        "SELECT id, key, original_name FROM media WHERE owner_id = :me AND attached AND id > :after ORDER BY id",
        actor_id,
    ):
        for row in rows:
            extension = row["key"].rpartition(".")[2]
            found[row["id"]] = (f"files/{row['id']}.{extension}", row["key"])
    return found


async def _attached(here: Instance, actor_id: str, rows: Sequence[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in await here.db.rows(
        "SELECT post_attachment.post_id, post_attachment.media_id FROM post_attachment"
        " JOIN post ON post.id = post_attachment.post_id WHERE post.author_id = :me AND post.id >= :first"
        " AND post.id <= :last AND post_attachment.media_id IS NOT NULL ORDER BY post_attachment.id LIMIT 10000",
        me=actor_id,
        first=rows[0]["id"],
        last=rows[-1]["id"],
    ):
        found.setdefault(row["post_id"], []).append(row["media_id"])
    return found


async def _rows(here: Instance, actor_id: str, held: Held) -> AsyncIterator[dict[str, Any]]:
    """The rows of one table that are a person's, as they may have them."""
    values = await whose(here, actor_id)
    for row in await here.db.rows(
        f"SELECT * FROM {held.table} WHERE {held.mine} ORDER BY 1 LIMIT {MOST_ROWS}", **values
    ):
        yield {
            name: _readable(name, value)
            for name, value in row.items()
            if name not in SECRET and (not held.columns or name in held.columns)
        }


async def _in_pieces(here: Instance, statement: str, me: str) -> AsyncIterator[list[Row]]:
    after = ""
    while rows := await here.db.rows(f"{statement} LIMIT :limit", me=me, after=after, limit=AT_ONCE):
        yield rows
        after = rows[-1]["id"]


def _readable(name: str, value: Any) -> Any:
    """Moments as people write them, and JSON as what it says."""
    if isinstance(value, int) and not isinstance(value, bool) and (name == "at" or name.endswith(("_at", "_until"))):
        return from_milliseconds(value).isoformat()
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _audience(row: Row) -> str:
    label = VISIBILITY_LABELS.get(row["visibility"], row["visibility"])
    return str(label) if row["state"] == "visible" else f"{label} ({row['state']})"


def _day(milliseconds: int) -> str:
    moment: datetime = from_milliseconds(milliseconds)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _csv(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _index(handle: str, numbers: Sequence[int], files: int) -> str:
    posts = [(f"posts/{number}.html", f"{count} posts") for number, count in enumerate(numbers, 1)]
    known = [(f"everything/{key}.json", key.replace("_", " ")) for key in CLASSES]
    lists = [
        (f"csv/{name}.csv", name.replace("_", " "))
        for name in ("following_accounts", *(name for name in _LISTS if name != "likes"), "servers")
    ]
    body = [pages.links("What you wrote", posts), pages.links("Lists", lists)]
    body.append(pages.links("Everything that is known", known))
    body.append(f"<p>{files} files of yours are in the folder files, perhaps in a further part of this archive.</p>")
    return pages.page(f"The archive of {handle}", "\n".join(body))
