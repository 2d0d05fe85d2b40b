"""Grows the SQLite database of an instance by as many posts as wanted, straight into its tables.

    python -m tests.bench.grow FILE POSTS

The posts are threads of ten in communities and outside, from here and from elsewhere, with tags, likes, mentions,
entries in timelines and in the search index. An account must be there already. The same arguments give the same rows.
"""

import random
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

from server.ids import _ALPHABET

AT_ONCE = 10_000
THREAD = 10
PEOPLE = 2_000
COMMUNITIES = 50
BEGIN = 1_700_000_000_000
APART = 30_000
WORDS = ("fractions", "lesson", "group", "question", "board", "exit", "ticket", "notes", "silence", "marking")


def identifier(kind: int, number: int) -> str:
    """An id that sorts by number."""
    value, text = (1 << 124) | (kind << 100) | number, ""
    for _ in range(26):
        text = _ALPHABET[value & 31] + text
        value >>= 5
    return text


def grow(file: str, posts: int) -> None:
    """Add people, communities and posts."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -200000", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    reader = connection.execute("SELECT actor_id FROM account ORDER BY id LIMIT 1").fetchone()[0]
    chance = random.Random(posts)
    connection.execute("BEGIN")
    _insert(connection, "actor", (_actor(number) for number in range(PEOPLE + COMMUNITIES)))
    connection.execute("COMMIT")
    for first in range(0, posts, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, posts))
        connection.execute("BEGIN")
        _insert(connection, "post", (_post(number, chance) for number in numbers))
        _insert(
            connection,
            "post_tag",
            (
                {"tag": WORDS[(n + k) % len(WORDS)], "post_id": identifier(3, n), "at": BEGIN + n * APART}
                for n in numbers
                for k in range(n % 3)
            ),
        )
        _insert(connection, "post_like", (_like(number) for number in numbers if number % 4 == 0))
        _insert(
            connection,
            "timeline_entry",
            (
                {"reader_id": reader, "post_id": identifier(3, n), "at": BEGIN + n * APART}
                for n in numbers
                if n % THREAD == 0
            ),
        )
        _insert(
            connection,
            "search_thing",
            ({"kind": "post", "thing_id": identifier(3, n), "at": BEGIN + n * APART} for n in numbers),
        )
        connection.execute(
            "INSERT INTO search_text (rowid, title, body) SELECT seq, lower(title), lower(source_md) FROM search_thing"
            " JOIN post ON post.id = thing_id WHERE search_thing.kind = 'post' AND thing_id BETWEEN ? AND ?",
            (identifier(3, numbers[0]), identifier(3, numbers[-1])),
        )
        connection.execute("COMMIT")
    connection.execute("PRAGMA optimize")
    connection.execute("ANALYZE")
    connection.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    needed = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[3] and row[4] is None}
    first = next(rows, None)
    if first is None:
        return
    assert needed - first.keys() <= {"id", "seq"}, f"{table}: {needed - first.keys()}"
    names = ", ".join(f'"{name}"' for name in first)
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" for _ in first)})'
    connection.execute(statement, tuple(first.values()))
    connection.executemany(statement, (tuple(row.values()) for row in rows))


def _actor(number: int) -> dict[str, Any]:
    is_group = number >= PEOPLE
    host = f"host{number % 97}.example"
    uri = f"https://{host}/u/person{number}"
    return {
        "id": identifier(2, number),
        "kind": "Group" if is_group else "Person",
        "uri": uri,
        "username": f"person{number}",
        "domain": host,
        "host": host,
        "handle_key": f"person{number}@{host}",
        "is_local": 0,
        "name": f"Person {number}",
        "summary_html": "",
        "summary_source": "",
        "url": uri,
        "inbox_url": f"{uri}/inbox",
        "shared_inbox_url": f"https://{host}/inbox",
        "is_locked": 0,
        "discoverable": 1,
        "indexable": 1,
        "approved": 1,
        "hidden": 0,
        "followers_count": 0,
        "following_count": 0,
        "posts_count": 0,
        "created_at": BEGIN,
        "updated_at": BEGIN,
    }


def _post(number: int, chance: random.Random) -> dict[str, Any]:
    place = number % THREAD
    root = number - place
    text = " ".join(chance.choices(WORDS, k=40))
    author = identifier(2, number * 7 % PEOPLE)
    at = BEGIN + number * APART
    uri = f"https://host{number % 97}.example/p/{number}"
    community = identifier(2, PEOPLE + root // THREAD % COMMUNITIES) if root // THREAD % 2 else None
    parent = identifier(3, number - 1) if place else None
    counted = f"{parent or ''}.{identifier(3, root)}.{community or ''}"
    return {
        "id": identifier(3, number),
        "short": identifier(3, number)[-8:],
        "uri": uri,
        "url": uri,
        "kind": "reply" if place else "discussion",
        "object_type": "Note",
        "is_local": 0,
        "root_id": identifier(3, root),
        "in_reply_to_uri": f"https://host{(number - 1) % 97}.example/p/{number - 1}" if place else None,
        "title": "" if place else text[:60],
        "summary": "",
        "content_html": f"<p>{text}</p><p>{text[:200]}</p>",
        "source_md": text,
        "content_warning": "",
        "sensitive": 0,
        "language": "en",
        "licence": "",
        "visibility": "public",
        "state": "visible",
        "state_reason": "",
        "locked": 0,
        "pinned": 0,
        "answered": 0,
        "version": 1,
        "replies_count": 0 if place == THREAD - 1 else 1,
        "likes_count": 0 if number % 4 else 1,
        "boosts_count": 0,
        "helped_count": 0,
        "published_at": at,
        "created_at": at,
        "updated_at": at,
        "last_activity_at": at,
        "author_id": author,
        "community_id": community,
        "parent_id": parent,
        "counted": counted,
    }


def _like(number: int) -> dict[str, Any]:
    return {
        "id": identifier(4, number),
        "uri": f"https://host{number % 97}.example/likes/{number}",
        "kind": "like",
        "created_at": BEGIN + number * APART,
        "actor_id": identifier(2, number * 11 % PEOPLE),
        "post_id": identifier(3, number),
    }


if __name__ == "__main__":
    grow(sys.argv[1], int(sys.argv[2]))
