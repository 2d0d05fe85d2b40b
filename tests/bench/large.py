"""`python -m tests.bench.large FOLDER --posts N --follows M`: an instance as large as that, in a SQLite file.

Everybody and everything in it is invented. The first people, a community and a thread are made by the instance's own
actions; the rest is written straight into the tables, a million posts in a few minutes. What lists are read from grows
with it: follows, timelines, notifications, likes, the search index, activities and their delivery.
"""

import argparse
import asyncio
import json
import random
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.ids import new_id
from server.search.words import indexed
from server.settings import load
from tests.bench.peer import Peer
from tests.bench.seed import Facts, seed

ORIGIN = "http://127.0.0.1:8000"
FIRST_FOLLOWERS = 20
HOSTS = 1000
"""So many servers the invented people live on; a network does not grow with its posts."""
IN_THREAD = 4
"""So many answers a conversation has, in the middle."""
RARE = 25
"""So many posts have the word and the tag ``platypus``, whatever the number of all."""
WORDS = (
    "exit ticket lesson group question answer board circle song silence paper marking homework peer example proof"
    " fraction reading writing science garden map story measure draw build explain listen repeat question tomorrow"
)


def environment(folder: Path) -> dict[str, str]:
    """The settings of a grown instance."""
    return {
        "PEERHALL_ORIGIN": ORIGIN,
        "PEERHALL_DATA_DIR": str(folder),
        "PEERHALL_FEDERATION": "open",
        "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
        "PEERHALL_LOG": "warning",
    }


async def enlarge(folder: Path, posts: int, follows: int, *, only_practices: bool = False) -> Facts:
    """Make it, unless it is there already; with conversations and answers, or a library of practices."""
    kept = folder / "facts.json"
    if kept.exists():
        return Facts(**json.loads(kept.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    facts = await seed(load(environment(folder), Path("/dev/null")), Peer(9), FIRST_FOLLOWERS)
    db = sqlite3.connect(folder / "peerhall.sqlite3", isolation_level=None)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000", "foreign_keys = OFF"):
            db.execute(f"PRAGMA {pragma}")
        _Grower(db, facts, only_practices=only_practices).run(posts, follows)
        db.execute("PRAGMA journal_mode = WAL")
    finally:
        db.close()
    kept.write_text(json.dumps(asdict(facts), indent=1), encoding="utf-8")
    return facts


class _Grower:
    def __init__(self, db: sqlite3.Connection, facts: Facts, *, only_practices: bool) -> None:
        self.db = db
        self.only_practices = only_practices
        self.random = random.Random(5)
        self.words = WORDS.split()
        self.end = datetime.now(UTC) - timedelta(minutes=5)
        self.me = self._id_of(facts.actor_uri)
        self.followed = self._id_of(facts.followed_uri)
        self.community = str(db.execute("SELECT id FROM actor WHERE kind = 'Group'").fetchone()[0])

    def run(self, posts: int, follows: int) -> None:
        indexes = self.db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('post', 'actor', 'follow', 'notification', 'timeline_entry', 'post_like')"
        ).fetchall()
        for name, _ in indexes:
            self.db.execute(f'DROP INDEX "{name}"')
        people = self._people(max(follows, 1000))
        self.db.execute("BEGIN")
        self._people_here(follows // 10)
        self._follows(people, follows)
        self._posts(people, posts)
        self._around(posts)
        self._tags(posts)
        self._search()
        self.db.execute("COMMIT")
        for _, sql in indexes:
            self.db.execute(sql)
        self.db.execute("ANALYZE")

    def _id_of(self, uri: str) -> str:
        return str(self.db.execute("SELECT id FROM actor WHERE uri = ?", (uri,)).fetchone()[0])

    def _like(self, table: str, condition: str, value: str) -> dict[str, Any]:
        """A row to take after."""
        cursor = self.db.execute(f"SELECT * FROM {table} WHERE {condition} LIMIT 1", (value,))
        return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))

    def _write(self, table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
        places = ", ".join("?" for _ in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        self.db.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)

    def _people(self, count: int) -> list[str]:
        model = self._like("actor", "kind = 'Person' AND NOT is_local AND id <> ?", "")
        ids = [new_id(self.end - timedelta(days=400)) for _ in range(count)]

        def rows() -> Iterator[tuple[Any, ...]]:
            for number, actor_id in enumerate(ids):
                host = f"h{number % HOSTS}.example"
                uri = f"https://{host}/u/p{number}"
                yield tuple(
                    (
                        model
                        | {
                            "id": actor_id, "uri": uri, "username": f"p{number}", "domain": host, "host": host,
                            "handle_key": f"p{number}@{host}", "name": f"Person {number}", "url": uri,
                            "inbox_url": f"{uri}/inbox", "shared_inbox_url": f"https://{host}/inbox",
                        }
                    ).values()
                )  # fmt: skip

        self.db.execute("BEGIN")
        self._write("actor", list(model), rows())
        self.db.execute("COMMIT")
        return ids

    def _people_here(self, count: int) -> None:
        """People of this server, as far as directories ask for them."""
        model = self._like("actor", "id = ?", self.followed)

        def rows() -> Iterator[tuple[Any, ...]]:
            for number in range(count):
                name = f"here{number}"
                uri = f"{ORIGIN}/ap/u/{name}"
                told = {
                    "id": new_id(self.end - timedelta(days=200)), "uri": uri, "username": name, "url": uri,
                    "handle_key": f"{name}@{model['domain']}", "name": f"Somebody {number}",
                    "inbox_url": f"{uri}/inbox",
                    "followers_count": 0, "following_count": 0,
                }  # fmt: skip
                yield tuple((model | told).values())

        self._write("actor", list(model), rows())

    def _follows(self, people: list[str], count: int) -> None:
        """Half of them follow the second person; the first follows five hundred; the rest follow each other."""
        model = self._like("follow", "id <> ?", "")
        pairs = [(self.me, person) for person in people[: min(500, count // 2)]]
        pairs += [(person, self.followed) for person in people[: count // 2]]
        for number in range(max(0, count - len(pairs))):
            pairs.append((people[number % len(people)], people[(number * 7 + 1) % len(people)]))

        def rows() -> Iterator[tuple[Any, ...]]:
            for number, (follower, target) in enumerate(dict.fromkeys(pairs)):
                told: dict[str, Any] = {"id": new_id(self.end), "follower_id": follower, "target_id": target}
                told["from_elsewhere"] = int(follower != self.me)
                yield tuple((model | told | {"uri": f"https://h0.example/f/{number}"}).values())

        self._write("follow", list(model), rows())
        for column, mine in (("followers_count", "target_id"), ("following_count", "follower_id")):
            self.db.execute(
                f"UPDATE actor SET {column} = (SELECT count(*) FROM follow WHERE {mine} = actor.id) WHERE is_local"
            )

    def _posts(self, people: list[str], count: int) -> None:
        """Conversations with answers: a third in the community, a twentieth by the two first people."""
        model = self._like("post", "kind = 'discussion' AND id <> ?", "")
        gap = timedelta(days=300) / count
        shorts: set[str] = {str(row[0]) for row in self.db.execute("SELECT short FROM post")}

        def rows() -> Iterator[tuple[Any, ...]]:
            root: dict[str, Any] = {}
            for number in range(count):
                at = self.end - timedelta(days=300) + gap * number
                moment, post_id = int(at.timestamp() * 1000), new_id(at)
                while post_id[-8:] in shorts:
                    post_id = new_id(at)
                shorts.add(post_id[-8:])
                is_root = self.only_practices or number % (IN_THREAD + 1) == 0
                author = self.random.choice(people)
                if number % 20 == 0:
                    author = self.me if number % 40 == 0 else self.followed
                text = " ".join(self.random.choices(self.words, k=30))
                if number % max(1, count // RARE) == 0:
                    text += " platypus"
                local = author in (self.me, self.followed)
                uri = f"{ORIGIN}/ap/p/{post_id}" if local else f"https://h0.example/p/{post_id}"
                row = model | {
                    "id": post_id, "short": post_id[-8:].lower(), "uri": uri, "url": uri, "is_local": int(local),
                    "author_id": author, "content_html": f"<p>{text}</p>", "source_md": text if local else "",
                    "published_at": moment, "created_at": moment, "updated_at": moment, "last_activity_at": moment,
                    "raw_create": None, "counted": "",
                    "replies_count": IN_THREAD if is_root and not self.only_practices else 0,
                }  # fmt: skip
                if is_root:
                    kind = "practice" if self.only_practices or number % 3 == 0 else "discussion"
                    place = self.community if number % 15 == 0 else None
                    row |= {"kind": kind, "title": f"{text[:40]} {number}", "root_id": post_id, "parent_id": None}
                    root = row | {"community_id": place}
                    row = root
                else:
                    row |= {"kind": "reply", "title": "", "root_id": root["id"], "parent_id": root["id"]}
                    row |= {"community_id": root["community_id"], "in_reply_to_uri": root["uri"]}
                yield tuple(row.values())

        self._write("post", list(model), rows())

    def _around(self, count: int) -> None:
        """Timeline, notifications, likes, search and deliveries, as they come with so many posts."""
        recent = "SELECT id, published_at, author_id FROM post ORDER BY id DESC"
        self.db.execute(
            "INSERT INTO timeline_entry (reader_id, post_id, via_id, at) SELECT ?, id, NULL, published_at"
            f" FROM ({recent}) WHERE id NOT IN (SELECT post_id FROM timeline_entry WHERE reader_id = ?) LIMIT 800",
            (self.me, self.me),
        )
        self.db.execute(
            "INSERT INTO timeline_entry (reader_id, post_id, via_id, at)"
            f" SELECT 'reader' || (abs(random()) % 500), id, NULL, published_at FROM ({recent}) WHERE TRUE"
            " ON CONFLICT DO NOTHING"
        )
        self.db.execute(
            "INSERT INTO notification (id, reader_id, kind, thing, actor_id, post_id, community_id, unique_key, at,"
            " read_at, mailed_at) SELECT 'n' || substr(id, 2), CASE WHEN rowid % 2 THEN ? ELSE ? END, 'reply',"
            " 'p:' || root_id, author_id, id, NULL, 'grown' || id, published_at,"
            " CASE WHEN rowid % 50 THEN published_at END, published_at FROM post WHERE rowid % 10 = 0",
            (self.me, self.followed),
        )
        columns = [row[1] for row in self.db.execute("PRAGMA table_info(practice)")]
        kept = [f'"{name}"' for name in columns if name not in ("id", "subject", "title", "text")]
        same, empty = ", ".join(kept), "title, text"
        self.db.execute(
            f"INSERT INTO practice (id, subject, {empty}, {same})"
            f" SELECT post.id, 'Subject ' || (post.rowid % 40), '', '', {same} FROM post,"
            f" (SELECT {same} FROM practice LIMIT 1) AS one WHERE post.kind = 'practice' ON CONFLICT DO NOTHING"
        )
        self.db.execute(
            "INSERT INTO post_like (id, uri, kind, created_at, actor_id, post_id) SELECT 'l' || substr(id, 2),"
            " 'https://h0.example/l/' || id, 'like', published_at, ?, id FROM post WHERE rowid % 10 = 1",
            (self.me,),
        )
        self.db.execute(
            "INSERT INTO sent_activity (uri, body, post_id, is_public, created_at, actor)"
            f" SELECT '{ORIGIN}/ap/a/create/' || post.id, '{{}}', post.id, 1, post.published_at, actor.uri"
            " FROM post JOIN actor ON actor.id = post.author_id WHERE post.is_local"
            " ON CONFLICT DO NOTHING"
        )

    def _tags(self, count: int) -> None:
        """Every conversation is about teaching, few are about the platypus."""
        begun = "FROM post WHERE parent_id IS NULL AND in_reply_to_uri IS NULL"
        self.db.execute(
            f"INSERT INTO post_tag (tag, post_id, at) SELECT 'teaching', id, published_at {begun}"
            " ORDER BY id ON CONFLICT DO NOTHING"
        )
        self.db.execute(
            f"INSERT INTO post_tag (tag, post_id, at) SELECT 'platypus', id, published_at {begun}"
            " ORDER BY id DESC LIMIT ? ON CONFLICT DO NOTHING",
            (RARE,),
        )

    def _search(self) -> None:
        """Everybody and everything that the seed did not put into the index, as the instance would."""
        self.db.create_function("indexed", -1, lambda *texts: indexed(*(_MARKUP.sub(" ", text) for text in texts)))
        for kind, fts, rows in (
            ("post", "search_text", "SELECT id, published_at AS at, title, content_html AS body FROM post"),
            ("actor", "search_text", "SELECT id, created_at AS at, name || ' ' || username AS title, domain AS body"
                " FROM actor WHERE kind <> 'Application'"),
        ):  # fmt: skip
            self.db.execute(
                f"INSERT INTO search_thing (kind, thing_id, at) SELECT '{kind}', id, at FROM ({rows}) WHERE TRUE"
                " ORDER BY id ON CONFLICT DO NOTHING"
            )
            if kind == "actor":
                self.db.execute("UPDATE search_thing SET seq = -seq WHERE kind = 'actor' AND seq > 0")
            self.db.execute(
                f"INSERT INTO {fts} (rowid, title, body) SELECT thing.seq, indexed(said.title), indexed(said.body)"
                f" FROM search_thing AS thing JOIN ({rows}) AS said ON said.id = thing.thing_id"
                f" WHERE thing.kind = '{kind}' AND thing.seq NOT IN (SELECT rowid FROM {fts}) ORDER BY thing.seq"
            )


_MARKUP = re.compile(r"<[^>]*>")


def main() -> None:
    """Make one, and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.large", description="A large instance in SQLite.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--follows", type=int, default=1_000)
    options = parser.parse_args()
    begun = time.perf_counter()
    asyncio.run(enlarge(options.folder, options.posts, options.follows))
    print(f"{options.posts} posts and {options.follows} follows in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
