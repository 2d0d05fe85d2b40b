"""The JSON in FEDERATION.md is what instances really sent and served; ``make documents`` writes it anew."""

import copy
import json
import os
import re
from typing import Any

import pytest

from server.actors.moving import add_alias, move_away
from server.communities import members
from server.posts import actions as posts
from tests.posting import community, document, follow, found, join, reply, write
from tests.project.reading import ROOT

FEDERATION = ROOT / "FEDERATION.md"
BEGIN, END = "<!-- examples -->", "<!-- end of examples -->"
INTRODUCTION = "Real documents, with long values cut short (`…`); `01kf01…` stands for an id of 26 characters."
WIDTH = 118
LONGEST = 100

Json = dict[str, Any]

FORM = {
    "speed": "full",
    "title": "Exit tickets that work",
    "promise": "Three questions in the last five minutes show you where to begin tomorrow.",
    "subject": "Science",
    "level": "Year 8",
    "group_size": "28",
    "minutes": "5",
    "setting": "classroom",
    "problem": "I found out what nobody had understood only when I marked the test.",
    "steps": ["Write three questions.", "Hand out slips five minutes before the end.", "Sort them into three piles."],
    "evidence": "Over six weeks the pile *not yet* shrank from about half to a fifth.",
    "evidence_kind": "numbers",
    "certainty": "tried",
    "would_change": "Two questions are enough for younger groups.",
    "visibility": "public",
    "licence": "CC-BY-4.0",
    "language": "en",
    "nobody_identifiable": "1",
    "share": "1",
}


class Book:
    """Collects documents, and makes them the same in every run."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, Json]] = []
        self._ids: dict[str, str] = {}

    def add(self, title: str, page: Json) -> None:
        """One more example."""
        self.pages.append((title, page))

    def text(self) -> str:
        """What stands in FEDERATION.md."""
        parts = [INTRODUCTION]
        for title, page in self.pages:
            parts += [f"**{title}**", f"```json\n{pretty(self._same(shortened(page)))}\n```"]
        return "\n\n".join(parts)

    def _same(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._value(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._same(inner) for inner in value]
        return self._words(value) if isinstance(value, str) else value

    def _value(self, key: str, value: Any) -> Any:
        if key == "proofValue" or key == "publicKeyMultibase":
            return "z…" if key == "proofValue" else "z6Mk…"
        if key == "publicKeyPem":
            return "-----BEGIN PUBLIC KEY-----\n…"
        return self._same(value)

    def _words(self, text: str) -> str:
        text = re.sub(r"(?<=[/-])[0-9a-hjkmnp-tv-z]{26}\b", self._id, text)
        text = re.sub(r"(/p/[a-z0-9-]+)-[0-9a-hjkmnp-tv-z]{8}\b", r"\1-…", text)
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

    def _id(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match[0], f"01kf{len(self._ids) + 1:02}…")


def shortened(page: Json) -> Json:
    """Without what was said before: the context inside a proof."""
    page = copy.deepcopy(page)
    if isinstance(page.get("proof"), dict):
        page["proof"]["@context"] = "… as above …"
    return page


def pretty(value: Any, indent: int = 0) -> str:
    """JSON on as few lines as are easy to read."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or (indent and len(line) + indent <= WIDTH):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(key)}: {pretty(item, indent + 2)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{' ' * indent}}}"
    return "[\n" + ",\n".join(f"{inner}{pretty(item, indent + 2)}" for item in value) + f"\n{' ' * indent}]"


async def sent(here: Any, kind: str, *, about: str = "") -> Json:
    """The latest activity of a type that an instance sent, by itself or passed on, about something."""
    rows = await here.run(here.db.rows, "SELECT body FROM outgoing ORDER BY seq DESC LIMIT 200")
    for row in rows:
        activity: Json = json.loads(row["body"])
        inner = activity["object"] if activity["type"] == "Announce" else None
        for each in (activity, inner):
            if isinstance(each, dict) and each.get("type") == kind and about in row["body"]:
                return each
    raise AssertionError(f"no {kind} was sent")


async def served(fediverse: Any, here: Any, uri: str) -> Json:
    """A document as anybody gets it."""
    _, found_, _ = await document(fediverse, here, uri)
    page: Json = found_
    return page


async def story(fediverse: Any) -> Book:
    """A school, a library, and everything that passes between them."""
    book = Book()
    fediverse.watch.let_deliveries_pass()  # Lemmy and PieFed know no Block of a person by a person, only bans
    hall, riverside = await fediverse.start("hall.example"), await fediverse.start("riverside.example")
    maya, tom = await fediverse.person(hall, "maya"), await fediverse.person(riverside, "tom")
    science = await community(maya, "science")
    await follow(tom, maya)
    await follow(tom, science)
    await fediverse.settle()

    async with fediverse.client(hall, maya) as browser:
        answer = await browser.post("/practices/new", data=FORM | {"community": "science"})
        assert answer.status_code == 303, re.findall(r'class="field-error".*', answer.text)
    await fediverse.settle()
    practice = await sent(hall, "Create")
    book.add("A practice in a community", practice)

    there = await found(riverside, practice["object"]["id"])
    answered = await reply(tom, there, "With a question on the board.")
    await fediverse.settle()
    book.add("A reply from another server", await sent(riverside, "Create"))
    book.add("The community passes the practice on to microblogs", await _announce(hall, of_activity=False))
    relayed = await _announce(hall, of_activity=True, about=practice["id"])
    words = "… and all of the Create above, letter by letter, with its proof …"
    relayed["object"] = {"id": practice["id"], "type": "Create", "actor": words}
    book.add("… and to threadiverse servers", relayed)

    ask = await write(maya, "How do you begin?", kind="ask", title="Where to begin?", community_id=science.id)
    await fediverse.settle()
    helping = await reply(tom, await found(riverside, ask.uri), "With last week.")
    await fediverse.settle()
    await maya.do(posts.mark_helped, (await found(hall, helping.uri)).id)
    await fediverse.settle()
    book.add("“This helped”", await sent(hall, "ChooseAnswer"))

    async with fediverse.client(hall, maya) as browser:
        form = {"kind": "poll", "question": "Which tool?", "option": ["Strips", "Blocks"], "lasts": "1d"}
        assert (await browser.post("/c/science/new?kind=poll", data=form)).status_code == 303
    await fediverse.settle()
    poll = await sent(hall, "Create", about='"Question"')
    book.add("A poll", {key: poll["object"][key] for key in POLL if key in poll["object"]})
    async with fediverse.client(riverside, tom) as browser:
        voted = await browser.post(
            f"/p/{(await found(riverside, poll['object']['id'])).short}/vote", data={"choice": "1"}
        )
        assert voted.status_code == 303, voted.text
    await fediverse.settle()
    book.add("A vote", await sent(riverside, "Create", about=poll["object"]["id"]))

    await join(tom, science)
    await fediverse.settle()
    book.add("Somebody asks to become a member", await sent(riverside, "Join"))
    member = await found_actor(hall, tom.uri)
    await maya.do(members.set_role, science.id, member, "steward")
    await fediverse.settle()
    book.add("A community gains a moderator", await sent(hall, "Add"))

    await maya.do(members.set_role, science.id, member, "member")
    await fediverse.settle()
    book.add("… and loses one", await sent(hall, "Remove"))

    async with fediverse.client(riverside, tom) as browser:
        report = {"category": "copyright", "text": "Somebody else wrote this.", "forward": "1"}
        assert (await browser.post(f"/p/{there.short}/report", data=report)).status_code == 303
        assert (await browser.post("/@maya@hall.example/block")).status_code == 303
    await fediverse.settle()
    book.add("A report, by the server of whoever reports", await sent(riverside, "Flag"))
    book.add("A person blocks a person", await sent(riverside, "Block"))

    mine = await found(hall, practice["object"]["id"])
    await maya.do(posts.delete_post, mine.id)
    await fediverse.settle()
    book.add("A deletion", await sent(hall, "Delete", about=mine.uri))
    book.add("What stands at the id afterwards, with status 410", await served(fediverse, hall, mine.uri))
    assert answered.uri

    book.add("A person", await served(fediverse, hall, maya.uri))
    group = await served(fediverse, hall, science.uri)
    person = book.pages[-1][1]
    known = {key for key in group if key in person} - {"id", "type", "preferredUsername"}
    book.add("What a community has besides", {key: value for key, value in group.items() if key not in known})

    old = await fediverse.person(riverside, "tomas")
    await follow(maya, old)
    await fediverse.settle()
    await hall.run(add_alias, hall, maya.id, "@tomas@riverside.example")
    await riverside.run(move_away, riverside, old.id, "@maya@hall.example")
    await fediverse.settle()
    book.add("Somebody moves to another server", await sent(riverside, "Move"))
    return book


POLL = (
    "id",
    "type",
    "attributedTo",
    "to",
    "audience",
    "name",
    "content",
    "oneOf",
    "endTime",
    "votersCount",
    "published",
)


async def found_actor(here: Any, uri: str) -> str:
    """An instance's id of an actor."""
    return str(await here.run(here.db.value, "SELECT id FROM actor WHERE uri = :uri", uri=uri))


async def _announce(here: Any, *, of_activity: bool, about: str = "") -> Json:
    rows = await here.run(here.db.rows, "SELECT body FROM outgoing ORDER BY seq LIMIT 200")
    for row in rows:
        activity: Json = json.loads(row["body"])
        if (
            activity["type"] == "Announce"
            and isinstance(activity["object"], dict) is of_activity
            and about in row["body"]
        ):
            return activity
    raise AssertionError("no such Announce was sent")


async def test_the_examples_are_what_is_sent_and_served(fediverse: Any) -> None:
    if os.environ.get("PEERHALL_TEST_DATABASE", "sqlite") != "sqlite":
        pytest.skip("the documents are the same, whatever stores them")
    written = (await story(fediverse)).text()
    text = FEDERATION.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    if os.environ.get("PEERHALL_WRITE") == "1":
        FEDERATION.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}", encoding="utf-8")
    else:
        assert text.partition(BEGIN)[2].partition(END)[0].strip() == written, "run: make documents"
