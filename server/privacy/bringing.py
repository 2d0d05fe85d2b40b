"""Bringing things from elsewhere: lists in the CSV of Mastodon, and archives of Peerhall or Mastodon.

What names other servers is done a few at a time in the background. Posts come as drafts or for oneself alone: nothing
is shared anew by itself. A file is hostile until read: sizes, names and numbers are bounded before anything is kept.
"""

import asyncio
import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from federation.errors import FederationError
from server.actors import actions as actors
from server.actors import blocking, muting
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities import carrying
from server.communities.following import follow_or_join
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.instance import Instance
from server.posts import actions as posts
from server.posts import marks
from server.posts.actions import NewPost
from server.practices import actions as practices
from server.practices.form import Material, PracticeForm
from server.privacy.actions import BRING_JOB as JOB
from server.timelines import lists
from server.timelines.models import PeopleList

KINDS = ("blocks", "mutes", "domains", "lists", "bookmarks", "archive")
AT_ONCE, PAUSE = 10, timedelta(seconds=20)
MAX_CSV = 1024 * 1024
MAX_ROWS, MAX_POSTS, MAX_LENGTH = 2_000, 1_000, 500
MAX_JSON = 30 * 1024 * 1024
"""So much of one file of an archive is unpacked."""
CSV_FILES = {
    "csv/blocked_accounts.csv": "blocks",
    "csv/muted_accounts.csv": "mutes",
    "csv/blocked_domains.csv": "domains",
    "csv/lists.csv": "lists",
    "csv/bookmarks.csv": "bookmarks",
}
_HEADERS = frozenset({"account address", "#domain", "domain"})
_DRAFT = frozenset(PracticeForm.__dataclass_fields__) - {
    *("steps", "materials", "media_ids", "community_id", "grown_from_id", "visibility", "nobody_identifiable"),
    "evidence_untold",
}
_OF_POST = ("title", "licence", "language", "content_warning")
"""What of a practice its post says."""


async def bring(here: Instance, acting: Viewer, kind: str, data: bytes) -> int:
    """Take a file; returns how many things are in it. Raises Invalid with the field `brought`."""
    if acting.actor_id is None:
        raise NotAllowed("Sign in first.")
    if kind not in KINDS:
        raise Invalid("Choose what the file holds.", field="kind")
    if kind == "archive":
        return await _bring_archive(here, acting, data)
    rows = _lines(data)
    if not rows:
        raise Invalid("There is nothing in this file that can be used.", field="brought")
    await _enqueue(here, acting.actor_id, kind, rows)
    return len(rows)


async def bring_some(here: Instance, payload: Any) -> None:
    """The job: the first few, and the rest in the next one. What cannot be had is passed over."""
    person_id, kind, rows = payload["person"], payload["kind"], payload["rows"]
    actor = await Actor.get_or_none(id=person_id, is_local=True, deleted_at=None, suspended_at=None)
    if actor is None:
        return
    acting = Viewer(actor_id=person_id, actor_uri=actor.uri, handle=f"@{actor.username}", role="member")
    for row in rows[:AT_ONCE]:
        try:
            await _one(here, acting, kind, row)
        except (Refused, FederationError) as refusal:
            here.log.info("one of the %s that somebody brought is passed over: %s", kind, refusal)
    if len(rows) > AT_ONCE:
        rest = {"person": person_id, "kind": kind, "rows": rows[AT_ONCE:]}
        pause = timedelta(0) if kind in {"posts", "practices", "domains"} else PAUSE
        async with here.db.transaction():
            await here.jobs.enqueue(JOB, rest, run_at=here.clock.now() + pause)


async def _one(here: Instance, acting: Viewer, kind: str, row: Any) -> None:
    me = str(acting.actor_id)
    if kind == "domains":
        await muting.block_host(here, me, row[0])
    elif kind == "blocks":
        await blocking.block(here, me, (await actors.resolve(here, row[0])).id)
    elif kind == "mutes":
        hides = len(row) < 2 or row[1].strip().lower() not in {"false", "0"}
        await muting.mute(here, me, (await actors.resolve(here, row[0])).id, hides_notifications=hides)
    elif kind == "lists":
        await _list(here, acting, row)
    elif kind == "bookmarks":
        post = await posts.fetch_post(here, row[0])
        await marks.bookmark_post(here, acting, post.id)
    elif kind == "posts":
        await posts.create_post(here, me, _new(row))
    elif kind == "practices":
        await practices.save_draft(here, acting, _practice(row))


async def _list(here: Instance, acting: Viewer, row: Sequence[str]) -> None:
    if len(row) < 2:
        return
    me, title = str(acting.actor_id), row[0].strip()[:100]
    target = await actors.resolve(here, row[1])
    owned = await PeopleList.get_or_none(owner_id=me, title=title)
    if owned is None:
        owned = await lists.create(here, me, title)
    try:
        await lists.add(here, me, owned.id, [target.id])
    except NotFound:  # only whom one follows is in a list
        await follow_or_join(here, acting, target.id)
        await lists.add(here, me, owned.id, [target.id])


async def _bring_archive(here: Instance, acting: Viewer, data: bytes) -> int:
    found = await asyncio.to_thread(_unpack, data)
    if "outbox.json" not in found and "everything/writing.json" not in found:
        raise Invalid("This is no archive of Peerhall or Mastodon: the file outbox.json is missing.", field="brought")
    me, count = str(acting.actor_id), 0
    drafts, notes = _written(found)
    for kind, rows in (("practices", drafts), ("posts", notes)):
        if rows:
            await _enqueue(here, me, kind, rows)
            count += len(rows)
    for name, kind in CSV_FILES.items():
        lines = _lines(found[name]) if name in found else []
        if lines:
            await _enqueue(here, me, kind, lines)
            count += len(lines)
    if "csv/following_accounts.csv" in found and found["csv/following_accounts.csv"].count(b"\n") > 1:
        count += await carrying.take_along(here, acting, found["csv/following_accounts.csv"])
    if not count:
        raise Invalid("There is nothing in this archive that can be used.", field="brought")
    return count


async def _enqueue(here: Instance, person_id: str, kind: str, rows: Sequence[Any]) -> None:
    async with here.db.transaction():
        # Texts are large: no job holds more than a few of them.
        size = AT_ONCE if kind in {"posts", "practices"} else len(rows)
        for start in range(0, len(rows), size):
            part = list(rows[start : start + size])
            await here.jobs.enqueue(JOB, {"person": person_id, "kind": kind, "rows": part})


def _unpack(data: bytes) -> dict[str, bytes]:
    """The few files of an archive that are read, each as far as it may be large."""
    wanted = {"outbox.json", "everything/writing.json", "csv/following_accounts.csv", *CSV_FILES}
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            for entry in opened.infolist()[:20_000]:
                if entry.filename not in wanted or entry.file_size > MAX_JSON:
                    continue
                with opened.open(entry) as file:
                    body = file.read(MAX_JSON + 1)
                if len(body) <= MAX_JSON:
                    found[entry.filename] = body
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Invalid("This file cannot be opened. Choose the ZIP file of your archive.", field="brought") from None
    return found


def _written(found: dict[str, bytes]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Practices, and all other posts: of our own archive also those that were never public."""
    own = _parsed(found.get("everything/writing.json"))
    if isinstance(own, dict) and isinstance(own.get("post"), list):
        rows = [row for row in own["post"] if isinstance(row, dict)][:MAX_POSTS]
        by_id = {str(row.get("id")): row for row in rows}
        listed = own.get("practice")
        drafts = [
            {**row, **{name: by_id.get(str(row.get("id")), {}).get(name) for name in _OF_POST}}
            for row in (listed[:MAX_POSTS] if isinstance(listed, list) else ())
            if isinstance(row, dict)
        ]
        notes = [
            {"name": row.get("title"), "source": row.get("source_md"), "html": row.get("content_html")}
            for row in rows
            if row.get("kind") not in {"practice", "tip"}
        ]
        return drafts, notes
    outbox = _parsed(found.get("outbox.json"))
    items = outbox.get("orderedItems") if isinstance(outbox, dict) else None
    notes = []
    for item in (items if isinstance(items, list) else [])[: MAX_POSTS * 10]:
        post = item.get("object") if isinstance(item, dict) and item.get("type") == "Create" else None
        if isinstance(post, dict) and len(notes) < MAX_POSTS:
            notes.append({"name": post.get("name"), "html": post.get("content")})
    return [], notes


def _new(row: dict[str, Any]) -> NewPost:
    title, source, html = (row.get(name) for name in ("name", "source", "html"))
    source = source[:50_000] if isinstance(source, str) else ""
    return NewPost(
        kind="discussion" if isinstance(title, str) and title.strip() else "note",
        title=title.strip()[:300] if isinstance(title, str) else "",
        source_md=source,
        content_html=html[:100_000] if not source and isinstance(html, str) else None,
        visibility="private",
    )


def _practice(row: dict[str, Any]) -> PracticeForm:
    """The draft of a practice, out of its row in an archive: what does not fit is left out."""
    values: dict[str, Any] = {}
    for name in _DRAFT:
        value = row.get(name)
        if isinstance(value, str):
            values[name] = value[:20_000]
        elif isinstance(value, int) and not isinstance(value, bool) and name in {"group_size", "minutes"}:
            values[name] = value
    steps, materials = row.get("steps"), row.get("materials")
    return PracticeForm(
        **values,
        steps=tuple(step[:5_000] for step in steps[:50] if isinstance(step, str)) if isinstance(steps, list) else (),
        materials=tuple(
            Material(str(item.get("url", ""))[:1000], str(item.get("name", ""))[:255])
            for item in (materials[:20] if isinstance(materials, list) else ())
            if isinstance(item, dict)
        ),
    )


def _lines(data: bytes) -> list[list[str]]:
    if len(data) > MAX_CSV:
        raise Invalid("Use a file of at most 1 MB.", field="brought")
    try:
        read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        raise Invalid(
            "This is no CSV file. Export it there once more, and choose that file.", field="brought"
        ) from None
    rows = [_tidy(line) for line in read]
    kept = [row for row in rows if row and row[0] and row[0].lower() not in _HEADERS]
    if len(kept) > MAX_ROWS:
        raise Invalid(f"A file may have {MAX_ROWS} lines. Make several of it.", field="brought")
    return kept


def _tidy(line: Iterable[str]) -> list[str]:
    cells = [cell.replace("\x00", "").strip() for cell in line]
    return [] if any(len(cell) > MAX_LENGTH for cell in cells) else [cell.removeprefix("@") for cell in cells]


def _parsed(data: bytes | None) -> Any:
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None
