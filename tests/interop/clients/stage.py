"""Two Peerhalls that federate, the people in them, and what they have written before anybody opens an app."""

import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.interop.clients.front import Front
from tests.interop.live import LOOPBACK, Ours, fresh, practice, until

POST_OF = "SELECT post.* FROM post JOIN actor ON actor.id = post.author_id WHERE actor.username = ? AND "


def picture(width: int = 320, height: int = 200, *, red: int = 40) -> bytes:
    """A PNG with a gradient that nobody mistakes for a broken image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (
        b"\0" + b"".join(bytes((red, x * 255 // width, y * 255 // height)) for x in range(width)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )


class Hall(Ours):
    """A Peerhall with a name of its own on port 443, behind the front."""

    def __init__(self, folder: Path, host: str) -> None:
        super().__init__(folder, origin=f"https://{host}", domain=host)
        self.domain, self.origin = host, f"https://{host}"
        self._ca_file: Path | None = None

    def trust(self, ca_file: Path) -> None:
        """Whose certificates are good, to this server and to who talks to it."""
        self._ca_file = ca_file
        self.environment |= {"PEERHALL_CA_FILE": str(ca_file), "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": LOOPBACK}

    @property
    def verify(self) -> Any:
        """As in `Ours`."""
        return httpx.create_ssl_context(verify=str(self._ca_file))

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """What the database has, which no answer of an endpoint can gloss over."""
        with closing(sqlite3.connect(f"file:{self.folder}/data/peerhall.sqlite3?mode=ro", uri=True)) as opened:
            opened.row_factory = sqlite3.Row
            return [dict(row) for row in opened.execute(sql, values)]

    def posts_of(self, username: str, words: str) -> list[dict[str, Any]]:
        """The posts of somebody with these words in them, without those that were deleted."""
        condition = "(content_html LIKE ? OR title LIKE ?)"
        return self.rows(POST_OF + condition, username, f"%{words}%", f"%{words}%")


class Stage:
    """All that there is to see. `words` finds each thing again."""

    def __init__(self, alder: Hall, birch: Hall, front: Front) -> None:
        self.alder, self.birch, self.front = alder, birch, front
        self.words = {name: fresh(name) for name in ("asked", "answered", "shown", "chosen", "method", "practised")}
        self.amara, self.bruno = alder.browser("amara"), alder.browser("bruno")
        self.carol = birch.browser("carol")

    def furnish(self) -> None:
        """Write what the home timeline, a thread, a poll and the notifications need."""
        words, bruno = self.words, self.bruno
        for each in (self.amara, self.bruno, self.carol):
            each.post("/welcome", data={"accepts_guidelines": "1"}).raise_for_status()
        self.amara.post("/@bruno/follow").raise_for_status()
        self.amara.post("/c/science/join").raise_for_status()
        bruno.post("/@amara/follow").raise_for_status()
        posted = self._say(
            bruno,
            "/c/science/new",
            kind="discussion",
            title=f"What do you do in the first lesson {words['asked']}",
            content=f"We begin with a **question** nobody can answer, @amara. #{words['asked']}",
        )
        self._say(bruno, f"{posted}/reply", content=f"And this is my own answer {words['answered']}.")
        self._say(
            bruno,
            "/c/science/new",
            files=[("files", ("slope.png", picture(), "image/png"))],
            kind="discussion",
            title=f"A picture from the lab {words['shown']}",
            content="A slope, and what the pupils measured.",
            alt_new="A gradient from black to green",
            nobody_identifiable="1",
            licence="CC-BY-4.0",
        )
        self._say(
            bruno,
            "/c/science/new",
            kind="poll",
            question=f"How long is your lesson {words['chosen']}?",
            title=f"How long is your lesson {words['chosen']}?",
            option=["45 minutes", "60 minutes", "90 minutes"],
            lasts="7d",
        )
        self._say(bruno, "/practices/new", **practice(words["method"], community="science"))
        self.carol.post("/communities/find", data={"address": "@science@alder.test"})

    def share_on_birch(self) -> str:
        """Carol shares a practice in her community, and it goes to who follows that; returns its page."""
        return self._say(self.carol, "/practices/new", **practice(self.words["practised"], community="teaching"))

    def say_on_alder(self, text: str) -> None:
        """Bruno begins a conversation."""
        self._say(self.bruno, "/c/science/new", kind="discussion", title="Something else", content=text)

    def like_on_alder(self, short: str) -> None:
        """Bruno likes a post."""
        self.bruno.post(f"/p/{short}/like").raise_for_status()

    def _say(self, who: httpx.Client, path: str, files: Any = None, **form: Any) -> str:
        where = f"/c/science/new?kind={form['kind']}" if form.get("kind") == "poll" else path
        answer = who.post(where, data={"language": "en", "visibility": "public"} | form, files=files)
        assert answer.status_code < 400, f"{path}: {answer.status_code} {_errors(answer.text)}"
        return str(answer.url.copy_with(fragment=None, query=None))

    def close(self) -> None:
        """Close their browsers."""
        for each in (self.amara, self.bruno, self.carol):
            each.close()


def _errors(page: str) -> str:
    return " ".join(line.strip() for line in page.splitlines() if "error" in line.lower())[:1500]


@contextmanager
def stage(folder: Path, sites: dict[str, Path | int]) -> Iterator[Stage]:
    """Both servers and the front, furnished, until the end of the block."""
    halls = {}
    for name in ("alder", "birch"):
        (folder / name).mkdir()
        halls[name] = Hall(folder / name, f"{name}.test")
    alder, birch = halls["alder"], halls["birch"]
    front = Front(folder, {"alder.test": alder.port, "birch.test": birch.port, **sites})
    try:
        front.start()
        for hall in (alder, birch):
            hall.trust(front.ca_file)
        alder.add_person("amara", role="admin")
        alder.add_person("bruno")
        alder.add_community("science", "bruno")
        birch.add_person("carol", role="admin")
        birch.add_community("teaching", "carol")
        alder.start()
        birch.start()
        made = Stage(alder, birch, front)
        try:
            made.furnish()
            yield made
        finally:
            made.close()
    finally:
        for hall in (alder, birch):
            hall.close()
        front.close()


def waits(found: Any, seconds: float = 15) -> Any:
    """What comes in its own time."""
    return until(found, seconds=seconds)
