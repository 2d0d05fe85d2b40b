"""Keeping the index: every function joins the caller's transaction, so that what is found is what is there."""

from collections.abc import Sequence

from server.db import Row, among, insert_many
from server.instance import Instance
from server.peers.policy import in_sql
from server.posts.details import extras_of
from server.search.words import indexed
from server.text import plain

POST = "post"
ACTOR = "actor"

NEVER_INDEXED = ("direct", "private")
REBUILD_AT_ONCE = 200
MOST_SUBJECTS = 50


async def index_post(here: Instance, post_id: str) -> None:
    """Put a post into the index as it is now, or take it out if it is not to be found by anybody."""
    await index_posts(here, [post_id])


async def index_posts(here: Instance, post_ids: Sequence[str]) -> None:
    """Put posts into the index as they are now, and take those out that are not to be found by anybody."""
    places, parameters = among(post_ids)
    rows = await here.db.rows(
        "SELECT id, kind, title, summary, content_html, content_warning, published_at"
        f" FROM post WHERE id IN ({places}) AND state = 'visible' AND visibility NOT IN {in_sql(NEVER_INDEXED)}"
        " AND kind <> 'vent'"
        " AND (NOT confidential OR EXISTS (SELECT 1 FROM community WHERE community.id = post.community_id))",
        **parameters,
    )
    things = []
    for row in rows:
        words = extras_of(here, row["kind"]).words
        more = await words(here, row["id"]) if words is not None else ""
        body = indexed(row["content_warning"], plain(row["summary"]), plain(row["content_html"]), more)
        things.append({"id": row["id"], "at": row["published_at"], "title": indexed(row["title"]), "body": body})
    await _store(here, POST, things)
    for post_id in set(post_ids) - {row["id"] for row in rows}:
        await _forget(here, POST, post_id)


async def forget_post(here: Instance, post_id: str) -> None:
    """Take a post out of the index."""
    await _forget(here, POST, post_id)


async def index_actor(here: Instance, actor_id: str, *, ending: str = "") -> None:
    """Put a person or community into the index as it is now, or take it out if it does not want to be found.

    `ending` is a post of theirs that is being deleted.
    """
    row = await here.db.row(
        "SELECT actor.kind, actor.name, actor.username, actor.domain, actor.summary_html, actor.discoverable,"
        " actor.hidden, actor.suspended_at, actor.deleted_at, actor.created_at,"
        " account.ask_me_about, community.purpose"
        " FROM actor LEFT JOIN account ON account.actor_id = actor.id LEFT JOIN community ON community.id = actor.id"
        " WHERE actor.id = :id",
        id=actor_id,
    )
    if row is None or not _is_findable(row):
        await _forget(here, ACTOR, actor_id)
        return
    subjects = await _subjects(here, actor_id, ending) if row["ask_me_about"] is not None else []
    body = indexed(
        row["domain"],
        plain(row["summary_html"]),
        row["ask_me_about"] or "",
        " ".join(subjects),
        row["purpose"] or "",
    )
    title = indexed(row["name"], row["username"])
    await _store(here, ACTOR, [{"id": actor_id, "at": row["created_at"], "title": title, "body": body}])


async def index_author(here: Instance, post_id: str, *, ends: bool = False) -> None:
    """Put whoever wrote a practice here into the index again: their practices' subjects find them.

    `ends`: it is being deleted.
    """
    author_id = await here.db.value(
        "SELECT author_id FROM post WHERE id = :id AND kind = 'practice' AND is_local", id=post_id
    )
    if author_id is not None:
        await index_actor(here, str(author_id), ending=post_id if ends else "")


async def _subjects(here: Instance, actor_id: str, ending: str) -> list[str]:
    """What the latest public practices of somebody here are about."""
    rows = await here.db.rows(
        "SELECT practice.subject FROM post JOIN practice ON practice.id = post.id"
        " WHERE post.author_id = :author AND post.kind = 'practice' AND post.state = 'visible'"
        " AND post.visibility = 'public' AND post.id <> :ending"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :most",
        author=actor_id,
        ending=ending,
        most=MOST_SUBJECTS,
    )
    return list(dict.fromkeys(row["subject"] for row in rows))


async def forget_actor(here: Instance, actor_id: str) -> None:
    """Take an actor and everything that it wrote out of the index."""
    await _forget(here, ACTOR, actor_id)
    things = "kind = 'post' AND thing_id IN (SELECT id FROM post WHERE author_id = :author)"
    if here.db.dialect == "sqlite":
        await here.db.execute(
            f"DELETE FROM search_text WHERE rowid IN (SELECT seq FROM search_thing WHERE {things})", author=actor_id
        )
    await here.db.execute(f"DELETE FROM search_thing WHERE {things}", author=actor_id)


async def rebuild(here: Instance) -> None:
    """Index everything again, a part at a time; for repair. Runs as a job or a command, never in a request."""
    for table, index in (("post", index_post), ("actor", index_actor)):
        last = ""
        while True:
            rows = await here.db.rows(
                f"SELECT id FROM {table} WHERE id > :last ORDER BY id LIMIT :limit", last=last, limit=REBUILD_AT_ONCE
            )
            if not rows:
                break
            async with here.db.transaction():
                for row in rows:
                    await index(here, row["id"])
            last = rows[-1]["id"]


def _is_findable(row: dict[str, object]) -> bool:
    return (
        row["kind"] in {"Person", "Group"}
        and bool(row["discoverable"])
        and not row["hidden"]
        and row["suspended_at"] is None
        and row["deleted_at"] is None
    )


async def _store(here: Instance, kind: str, things: Sequence[Row]) -> None:
    """Put things into the index; each has an id, a time, a title and a body."""
    rows = [{"kind": kind, "thing_id": each["id"], "at": each["at"]} for each in things]
    if here.db.dialect == "postgres":
        texts = [{"title": each["title"], "body": each["body"]} for each in things]
        conflict = (
            "ON CONFLICT (kind, thing_id) DO UPDATE SET at = excluded.at, title = excluded.title, body = excluded.body"
        )
        both = [row | text for row, text in zip(rows, texts, strict=True)]
        await insert_many(here.db, "search_thing", both, conflict=conflict)
        await _renumber(here, kind, things)
        return
    conflict = "ON CONFLICT (kind, thing_id) DO UPDATE SET at = excluded.at"
    found = await insert_many(here.db, "search_thing", rows, conflict=conflict, returning="thing_id, seq")
    await _renumber(here, kind, things)
    numbers = {row["thing_id"]: -abs(row["seq"]) if kind == ACTOR else row["seq"] for row in found}
    words = [{"rowid": numbers[each["id"]], "title": each["title"], "body": each["body"]} for each in things]
    await insert_many(here.db, "search_text", words, instead=True)


async def _renumber(here: Instance, kind: str, things: Sequence[Row]) -> None:
    """People and communities have numbers below zero: so they are found among themselves, however many posts there are.

    Numbers are given out once, so that the opposite of one is free.
    """
    if kind != ACTOR:
        return
    for each in things:
        await here.db.execute(
            "UPDATE search_thing SET seq = -seq WHERE kind = :kind AND thing_id = :id AND seq > 0",
            kind=kind,
            id=each["id"],
        )


async def _forget(here: Instance, kind: str, thing_id: str) -> None:
    seq = await here.db.value(
        "DELETE FROM search_thing WHERE kind = :kind AND thing_id = :id RETURNING seq", kind=kind, id=thing_id
    )
    if seq is not None and here.db.dialect == "sqlite":
        await here.db.execute("DELETE FROM search_text WHERE rowid = :seq", seq=seq)
