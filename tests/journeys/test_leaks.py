"""The leak test: what is private reaches nobody it was not meant for (S15, S36; product/safety.md 5.2).

Three instances. At Hall, everything that people can do is done: written in every audience, filled in every form, left
to every job. Then every byte that Hall sent, and every answer that it gives to nobody, to a server without a member,
and to somebody here who is not in the circle, is searched for what they may not have.

Nothing has to be remembered when the project grows: columns and routes are found by reflection. **Text in a new column
is private** until it is named in `PUBLIC`, a new column without content fails, and so does a route whose parameter
nobody knows how to fill.
"""

import importlib
import inspect
import itertools
import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route
from tortoise.models import Model

from federation.signatures import cavage
from server.actors import actions as actors
from server.actors.models import Actor
from server.communities import actions as communities
from server.communities import queries as community_queries
from server.features import model_modules
from server.ids import new_id
from server.instance import Instance
from server.pads import actions as pads
from server.pads import doors, writing
from server.pads.access import stand
from server.pads.actions import PadForm
from server.pads.models import PadSection
from server.peers import actions as peers
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.policy import OPEN
from server.practices import actions as practices
from server.practices.form import Material, PracticeForm
from server.topics import actions as topics
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, join, reply, write
from web.routes import page_routes

HALL, BIRCH, CEDAR, SPY = "hall.example", "birch.example", "cedar.example", "spy.example"

# Columns of text that others may see, and why; all others are private. Names of things that belong to a post or to a
# community follow that: they are private as long as it is.
PUBLIC: dict[str, set[str]] = {
    # A profile is for everybody; what waits for approval has none (and is tested below).
    "actor": {"*"},
    "account": {"teaches", "ask_me_about"},  # on the profile
    "peer": {"host", "software"},  # which servers we talk to is in every delivery
    "peer_choice": {"*"},  # with whom we talk, which everybody may read
    "server_list": {"address", "host"},  # whose lists we read is in every request there
    "actor_key": {"public_text"},
    "remote_key": {"key_id", "owner", "public_text"},
    "follow": {"uri"},  # sent to who is followed; who follows whom is tested by the collections
    "site_value": {"key", "value"},  # how the organisation presents itself
    "media": {"key", "thumb_key", "media_type"},  # an address that cannot be guessed, shown where the file is shown
    "remote_media": {"*"},  # pictures of others
    "tombstone": {"*"},  # what ended, by whom: ids that were known
    "consortium_report": {"host", "quarter"},  # the numbers are for the host alone
    "subject": {"*"},  # what people are invited to follow
    # Documents: what they hold stands in the other tables too.
    "inbox_receipt": {"*"},
    "sent_activity": {"*"},
    "outgoing": {"*"},
    "post": {"raw_create", "emoji", "interaction"},
    "refused": {"*"},  # told to admins; what others did
    "refused_count": {"*"},
    "delivery_receipt": {"host", "subject"},
    "followers_digest": {"*"},  # made for the server that asks
    "membership": {"join_uri"},
    "boost": {"uri", "approved_by"},
    "post_like": {"uri", "approved_by"},
    "erasure": {"uri", "handle"},
    "job": {"*"},  # ids and addresses of what is in other tables
    "timeline_entry": {"*"},
    "notification": {"*"},  # ids of what is in other tables
    "audit_entry": {"subject", "by", "action"},
    # Words of OAuth, the same for everybody.
    "oauth_token": {"scopes"},
    "oauth_code": {"scopes"},
    "oauth_app": {"scopes"},
}
# Tables whose rows belong to a post, with the column that says to which.
OF_POST = {
    "post": "id", "post_version": "post_id", "post_attachment": "post_id", "post_tag": "post_id", "practice": "id",
    "ask": "id", "resource": "id", "poll": "id", "poll_option": "poll_id", "stamp": "post_id",
    "challenge": "id", "challenge_answer": "post_id", "idea": "id", "collection": "id", "collection_item": "post_id",
    "heard_round": "id", "proposal": "id", "round_turn": "round_id", "resource_file": "post_id", "thanks": "id",
}  # fmt: skip
OF_COMMUNITY = {
    "community": "id", "guidelines_version": "community_id", "charter_version": "community_id", "topic": "community_id",
    "community_term": "community_id",
}  # fmt: skip
# Columns that only a longer story fills; each is private all the same, as soon as there is something in it.
EMPTY_SO_FAR = {
    "account.why_join", "actor_key.private_pem", "delivery_receipt.detail", "erasure.report_to", "inbox_receipt.reason",
    "job.last_error", "peer.last_error", "retired_key.private_pem", "retired_key.public_text", "retired_key.key_id",
    "outgoing.body",
}  # fmt: skip
NOT_TO_BE_PLANTED: set[str] = set()
# JSON that pages read, in the shape that they know.
SHAPES: dict[str, Any] = {
    "post.translations": lambda marker: [{"language": "fr", "title": marker, "content_html": f"<p>{marker}</p>"}],
    "community.deliverables": lambda marker: [
        {"id": "x" * 26, "goal": marker, "text": marker, "url": "", "done": False}
    ],
    "community_term.goals": lambda marker: [[marker], []],
    "charter_version.parts": lambda marker: {"objectives": marker},
    "proposal.changes": lambda marker: {"objectives": ["", marker]},
    "moderation_ruling.measures": lambda marker: [{"kind": "warn", "warning": marker}],
    "moderation_case.posts": lambda marker: [{"id": "0", "short": "0", "title": marker, "text": marker, "at": 1}],
    "practice.materials": lambda marker: [{"url": f"https://files.example/{marker}", "name": marker}],
}
SHORTEST = 10  # shorter texts are words that anybody might write


class Capture(httpx.AsyncBaseTransport):
    """Between the instances: remembers every byte that one of them sent, and to whom."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.sent: dict[str, list[str]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if HALL in request.headers.get("user-agent", ""):
            body = (await request.aread()).decode("utf-8", "replace")
            headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
            self.sent[request.url.netloc.decode()].append(f"{request.method} {request.url}\n{headers}\n{body}")
        return await self.network.handle_async_request(request)


class Forms(HTMLParser):
    """The forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, list[tuple[str, str, str]]]] = []
        self.links: set[str] = set()
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and found.get("href", "").startswith("/"):
            self.links.add(found["href"].partition("#")[0])
        elif tag == "form":
            self.forms.append((found.get("action", ""), found.get("method", "get").lower(), []))
        elif self.forms and found.get("name") and tag in {"input", "textarea", "button"}:
            kind = "textarea" if tag == "textarea" else found.get("type", "text")
            self.forms[-1][2].append((found["name"], kind, found.get("value", "")))
        elif tag == "select":
            self._select = found.get("name", "")
        elif tag == "option" and self._select and self.forms:
            self.forms[-1][2].append((self._select, "option", found.get("value", "")))
            self._select = ""


class Story:
    """Everybody and everything at Hall."""

    def __init__(self, fediverse: Fediverse, capture: Capture, hall: Instance) -> None:
        self.fediverse, self.capture, self.hall = fediverse, capture, hall
        self.allowed: dict[str, set[str]] = {}
        """Servers that may have a post, by its id; and ``here`` where everybody who is signed in may."""
        self.open: set[str] = set()
        self.eve: set[str] = set()
        self.homes: dict[str, str] = {}
        """Where people from elsewhere live, by their id here."""
        self.examples: dict[str, str] = {}
        """An id in some tables, for rows that are planted: a private post, its author, their account."""
        self.open_communities: set[str] = set()
        self.readable: set[str] = set()
        """Shared notes that everybody who is signed in may read."""

    def note(self, post: Any, *who: str) -> Any:
        self.allowed[post.id] = set(who)
        return post


_numbers = itertools.count()


def words(field: str) -> str:
    """A text that stands nowhere else."""
    return f"zq{next(_numbers):04d}{re.sub('[^a-z]', '', field.lower())[:12]}xv"


async def told(fediverse: Fediverse, caplog: pytest.LogCaptureFixture) -> tuple[Story, dict[str, Person]]:
    """Do everything."""
    fediverse.watch.let_deliveries_pass()
    capture = Capture(fediverse.network)
    started = fediverse.network
    fediverse.network = capture  # type: ignore[assignment]
    capture.apps = started.apps  # type: ignore[attr-defined]
    hall = await fediverse.start(HALL)
    birch, cedar = await fediverse.start(BIRCH), await fediverse.start(CEDAR)
    story = Story(fediverse, capture, hall)
    people = {
        name: await fediverse.person(here, name, role=role, email=f"{words('mail' + name)}@mail.example")
        for name, here, role in (
            ("amara", hall, "admin"), ("ben", hall, "member"), ("eve", hall, "member"),
            ("bruno", birch, "member"), ("carla", cedar, "member"),
        )
    }  # fmt: skip
    amara, ben, bruno, carla = (people[name] for name in ("amara", "ben", "bruno", "carla"))
    fediverse.network = started
    spy = Stranger(fediverse, SPY)
    watcher = spy.actor("watcher")
    for here, host in ((hall, BIRCH), (birch, HALL)):
        await here.run(peers.set_grade, here, host, "trusted", "@amara", words("note"))
    await spy.send(hall, spy.activity("Follow", watcher, ben.uri, path="a/follow-ben"))
    await fediverse.settle()

    public = await community(amara, "science")
    story.open_communities.add(public.id)
    private = await community(
        amara, "staffroom", visibility="members", join_policy="apply", gives=words("gives"), gets=words("gets"),
        questions=(words("question"),), time_per_week=words("time"), goals=(words("goal"),),
        guidelines=words("guidelines"), cadence=words("cadence"), objectives=words("objectives"),
        outcomes=words("outcomes"),
    )  # fmt: skip
    topic = await amara.do(topics.make_topic, private.id, words("topic"))
    local = await community(amara, "office", visibility="instance", guidelines=words("guidelines"))
    support = await community(
        amara, "circle", kind="support", visibility="members", join_policy="apply", guidelines=words("guidelines")
    )
    network = await community(amara, "board", visibility="network")
    for group in (private, support):
        await ben.do(communities.apply, group.id, [words("answer") for _ in range(4)])
        note = words("note")
        await amara.do(communities.decide_application, group.id, ben.id, accept=True, note=note)
    await ben.do(communities.join, local.id)
    await join(ben, public)
    for person in (bruno, carla):
        await join(person, public)
    there = await birch.run(actors.resolve, birch, private.uri)
    await bruno.do(communities.join, there.id, answers=(words("answer"), words("answer"), words("answer")))
    await fediverse.settle()
    bruno_here = await hall.run(Actor.get, uri=bruno.uri)
    await amara.do(communities.decide_application, private.id, bruno_here.id, accept=True, note=words("note"))
    await amara.do(communities.set_guidelines, private.id, words("guidelines"), words("why"))
    await birch.run(actors.request_follow, birch, bruno.id, (await birch.run(actors.resolve, birch, ben.uri)).id)
    await fediverse.settle()

    for group in (private, support, local):
        facts = await hall.run(community_queries.facts_of, hall, group.id, ben.viewer)
        await ben.do(communities.accept_guidelines, group.id, facts.guidelines_version)
    await hall.run(actors.request_follow, hall, amara.id, ben.id)

    async def practice(visibility: str, group: Any = None, *, draft: bool = False) -> Any:
        form = PracticeForm(
            title=words("title"), promise=words("promise"), subject=words("subject"), level=words("level"),
            group_size=20, minutes=10, setting=words("setting"), problem=words("problem"),
            constraints=words("constraints"), steps=(words("step"), words("step")),
            materials=(Material(f"https://files.example/{words('url')}", words("material")),),
            evidence=words("evidence"), would_change=words("change"), certainty="tried", text=words("text"),
            visibility=visibility, licence="CC-BY-4.0",
            community_id=group.id if group else None, nobody_identifiable=True, content_warning=words("warning"),
        )  # fmt: skip
        act = practices.save_draft if draft else practices.share
        return await ben.do(act, form)

    for visibility, group, who in (
        ("public", None, None), ("followers", None, (BIRCH, SPY)), ("instance", None, ("here",)),
        ("network", None, (BIRCH, "here")), ("members", private, (BIRCH,)), ("members", support, ()),
        ("instance", local, ("here",)), ("network", network, (BIRCH, "here")), ("private", None, ()),
    ):  # fmt: skip
        if group is network:
            await ben.do(communities.join, network.id)
        made = await practice(visibility, group)
        if who is None:
            story.open.add(made.id)
            continue
        story.note(made, *who)
        answer = await reply(amara, made, f"{words('reply')} #{words('tag')}") if visibility != "private" else None
        if answer is not None:
            story.note(answer, *who)
        ask = await write(ben, words("ask"), kind="ask", title=words("title"), visibility=visibility,
                          community_id=group.id if group else None)  # fmt: skip
        story.note(ask, *who)
        changed = await ben.do(posts.edit_post, ask.id, PostChange(source_md=words("edit")), words("changenote"))
        story.note(changed, *who)
    story.note(await practice("public", draft=True))
    for group in (private, support, public):
        # Members write there, also from elsewhere; what they write is told to no server at all.
        standing = await hall.run(stand, hall, ben.viewer, group.id, None)
        form = PadForm(title=words("title"), headings=(words("heading"),), is_project=True)
        pad = await hall.run(pads.start, hall, standing, group.id, None, form)
        section = await hall.run(PadSection.get, pad_id=pad.id)
        for base in (0, 0):  # the second comes late
            draft = writing.Draft(words("heading"), words("text"), base)
            await hall.run(writing.save, hall, standing, pad, section.id, draft)
    await hall.run(doors.ask, hall, "staffroom", f"@bruno@{BIRCH}")
    await fediverse.settle()
    opened = await write(ben, "An open conversation", visibility="public")
    story.open.add(opened.id)
    named = await reply(ben, opened, f"{words('direct')} @bruno@{BIRCH}", visibility="direct")
    story.note(named, BIRCH)
    removed = await write(ben, words("removed"), community_id=private.id, visibility="members", title=words("title"))
    story.note(removed, BIRCH)
    asked = await write(ben, words("nameless"), kind="ask", title=words("title"), community_id=private.id,
                        visibility="members", nameless=True)  # fmt: skip
    story.note(asked, BIRCH)
    sorted_ = await write(ben, words("sorted"), community_id=private.id, visibility="members", topic_id=topic.id)
    story.note(sorted_, BIRCH)
    await amara.do(posts.remove_post, removed.id, words("reason"))
    story.eve = {people["eve"].id, str(people["eve"].viewer.account_id)}
    story.homes = {bruno_here.id: BIRCH}
    story.examples = {"post": removed.id, "actor": ben.id, "account": str(ben.viewer.account_id)}
    held = spy.note(watcher, "p/held", f"<p>{words('held')}</p>")
    await hall.run(peers.set_grade, hall, SPY, "held", "@amara")
    await spy.send(hall, spy.activity("Create", watcher, held))
    await fediverse.settle()
    await hall.run(peers.set_grade, hall, SPY, "normal", "@amara")
    await fediverse.settle()
    return story, people


async def drive(story: Story, person: Person) -> None:
    """Open every page that can be reached, and send every form on it, once."""
    seen: set[str] = set()
    done: set[str] = set()
    waiting = ["/week", "/practices", "/communities", "/people", "/settings", "/me", "/notifications", "/help", "/new"]
    async with story.fediverse.client(story.hall, person) as browser:
        while waiting and len(seen) < 220:
            path = waiting.pop(0)
            shape = re.sub(r"[0-9a-z]{8,}|@[\w.@-]+", "*", path.partition("?")[0]) + path.partition("?")[2][:12]
            if shape in seen or path.startswith(("/static", "/media", "/sign-out", "/authorize", "/admin", "/intent")):
                continue
            seen.add(shape)
            answer = await browser.get(path)
            assert answer.status_code < 500, path
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            page = Forms()
            page.feed(answer.text)
            waiting += sorted(page.links)
            for action, method, fields in page.forms:
                kind = re.sub(r"[0-9a-z]{8,}|@[\w.@-]+", "*", action)
                harmful = re.search(
                    r"sign-out|delete|/leave|archive|end-others|/end|password|/move|/remove|widen", action
                )
                if method != "post" or kind in done or harmful or not action:
                    continue
                done.add(kind)
                data = {}
                for name, sort, value in fields:
                    if sort in {"text", "textarea", "search"} and not value:
                        data[name] = words(name)
                    elif sort not in {"file", "submit"} and name not in data:
                        data[name] = value
                assert (await browser.post(action, data=data)).status_code < 500, action
    assert len(seen) > 25
    assert len(done) > 10


def tables() -> list[type[Model]]:
    """Every table, also one of a feature that does not exist yet."""
    return [
        found
        for module in map(importlib.import_module, model_modules())
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Model) and found is not Model and found.__module__ == module.__name__
    ]


async def plant(story: Story) -> None:
    """Put a marker into every private column that the story left empty, so that whoever sends it is found out."""
    hall = story.hall
    waiting = tables()
    while waiting:  # what a row belongs to comes before it
        left = [model for model in waiting if not await plant_row(story, model)]
        assert len(left) < len(waiting), f"no rows can be made in {left}"
        waiting = left
    for model in tables():
        table = model._meta.db_table
        key = model._meta.pk_attr
        rows = await hall.run(hall.db.rows, f"SELECT * FROM {table} ORDER BY 1 DESC")
        for column, is_json in text_columns(model):
            if is_public(table, column) or column.endswith("id") or f"{table}.{column}" in NOT_TO_BE_PLANTED:
                continue
            private = [row for row in rows if audience(story, table, row) is not None]
            if not private or any(len(text) >= SHORTEST for row in private for text in texts(row[column])):
                continue
            marker = words(column)
            await hall.run(
                hall.db.execute,
                f'UPDATE {table} SET "{column}" = :marker WHERE "{key}" = :key',
                marker=json.dumps(SHAPES.get(f"{table}.{column}", lambda m: [m])(marker)) if is_json else marker,
                key=private[0][key],
            )


async def plant_row(story: Story, model: type[Model]) -> bool:
    """A row with markers in a table that the story left without a private one; False where it has to wait."""
    hall, table = story.hall, model._meta.db_table
    rows = await hall.run(hall.db.rows, f"SELECT * FROM {table} ORDER BY 1")
    if any(audience(story, table, row) is not None for row in rows) or table in {"job", "outgoing"}:
        return True
    values: dict[str, Any] = {}
    for name, field in model._meta.fields_map.items():
        kind = type(field).__name__
        if kind in {"BackwardFKRelation", "BackwardOneToOneRelation", "ManyToManyFieldInstance"}:
            continue
        if kind in {"ForeignKeyFieldInstance", "OneToOneFieldInstance"}:
            related = field.related_model._meta
            first = f"SELECT {related.pk_attr} FROM {related.db_table} ORDER BY 1 LIMIT 1"
            values[f"{name}_id"] = story.examples.get(related.db_table) or await hall.run(hall.db.value, first)
            if values[f"{name}_id"] is None and not field.null:
                return False
        elif name in values or (kind == "BigIntField" and field.pk):
            continue
        elif name in {"post_id", "poll_id"} or (field.pk and table in OF_POST):
            values[name] = story.examples["post"]
        elif kind in {"CharField", "TextField"}:
            longest = getattr(field, "max_length", None) or 100
            values[name] = new_id(hall.clock.now()) if field.pk and longest == 26 else words(name)[:longest]
        elif kind == "JsonField":
            values[name] = json.dumps(SHAPES.get(f"{table}.{name}", lambda marker: [marker])(words(name)))
        else:
            values[name] = (
                hall.clock.now() if kind == "MomentField" else kind == "nothing" if kind == "BooleanField" else 1
            )
    named = ", ".join(f'"{name}"' for name in values)
    await hall.run(
        hall.db.execute,
        f"INSERT INTO {table} ({named}) VALUES ({', '.join(':' + name for name in values)})",
        **values,
    )
    return True


def text_columns(model: type[Model]) -> Iterator[tuple[str, bool]]:
    """Columns that hold more than a word of ours, and whether they hold JSON."""
    for name, field in model._meta.fields_map.items():
        kind = type(field).__name__
        if kind in {"TextField", "JsonField"} or (kind == "CharField" and (field.max_length or 0) > 16):
            yield name, kind == "JsonField"


def is_public(table: str, column: str) -> bool:
    return column == "id" or bool({"*", column} & PUBLIC.get(table, set()))


async def learn(story: Story) -> None:
    """Posts that forms made: their audience is that of what they answer, or what their row says."""
    notes = (
        "SELECT pad.id FROM pad JOIN community ON community.id = pad.community_id WHERE pad.post_id IS NULL"
        " AND community.visibility <> 'members' AND community.kind <> 'support'"
    )
    story.readable = {row["id"] for row in await story.hall.run(story.hall.db.rows, notes)}
    rows = await story.hall.run(
        story.hall.db.rows, "SELECT id, root_id, visibility, state, source_md, community_id FROM post ORDER BY id"
    )
    members = (
        "SELECT DISTINCT actor.host FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'active' AND NOT actor.is_local"
        " ORDER BY actor.host"
    )
    for row in rows:
        if row["id"] in story.allowed or row["id"] in story.open:
            continue
        if row["visibility"] in OPEN and row["state"] == "visible":
            story.open.add(row["id"])
        elif row["visibility"] == "direct" and "/notes/door/" in row["source_md"]:
            story.allowed[row["id"]] = {BIRCH}  # the way in for a member who lives there
        elif row["root_id"] in story.allowed:
            story.allowed[row["id"]] = story.allowed[row["root_id"]]
        elif row["visibility"] == "members" and row["state"] == "visible":
            found = await story.hall.run(story.hall.db.rows, members, id=row["community_id"])
            story.allowed[row["id"]] = {server["host"] for server in found}
        else:
            wide = {"instance": {"here"}, "network": {"here", BIRCH}}
            story.allowed[row["id"]] = wide.get(row["visibility"], set()) if row["state"] == "visible" else set()


async def secrets(story: Story) -> tuple[dict[str, set[str]], list[str]]:
    """What must not be seen, with who may; and the columns in which nothing was found."""
    hall = story.hall
    await learn(story)
    found: dict[str, set[str]] = {}
    public: set[str] = set()
    empty: list[str] = []
    for model in tables():
        table = model._meta.db_table
        rows = await hall.run(hall.db.rows, f"SELECT * FROM {table} ORDER BY 1")
        for column, _ in text_columns(model):
            filled = False
            for row in rows:
                who = audience(story, table, row)
                values = [text for text in texts(row[column]) if len(text) >= SHORTEST]
                filled = filled or bool(values)
                if who is None or is_public(table, column):
                    public.update(values)
                else:
                    for value in values:
                        found.setdefault(value, set()).update(who or ())
            if not filled and not is_public(table, column) and not column.endswith("id"):
                empty.append(f"{table}.{column}")
    return {value: who for value, who in found.items() if value not in public}, empty


def audience(story: Story, table: str, row: dict[str, Any]) -> set[str] | None:
    """Who may see a row: nobody, some servers, or (None) everybody."""
    if table in OF_POST:
        post_id = row[OF_POST[table]]
        return None if post_id in story.open else story.allowed.get(post_id, set())
    if story.eve & {str(value) for value in row.values()}:
        return {"here"}  # it is Eve who looks for everybody here, and she may see what is hers
    if story.readable & {str(row.get("pad_id")), str(row.get("id"))} and table.startswith("pad"):
        return {"here"}
    if table == "membership" and row["person_id"] in story.homes:
        return {story.homes[row["person_id"]]}  # what a decision says is told to whom it is about
    if table in OF_COMMUNITY:
        # Who may ask for a place reads what they would agree to; nobody elsewhere does.
        return None if row[OF_COMMUNITY[table]] in story.open_communities else {"here"}
    return set()


def texts(value: Any) -> Iterator[str]:
    """Every text in a column, also inside of JSON."""
    if isinstance(value, str) and value[:1] in "[{":
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def found_in(text: str, hidden: dict[str, set[str]], reader: str) -> list[str]:
    """What somebody sees that they may not."""
    has_markers = "zq" in text  # most texts have none, and then there is little to look for
    return [
        value
        for value, who in hidden.items()
        if (has_markers or "zq" not in value) and reader not in who and value in text
    ]


async def addresses(story: Story) -> list[str]:
    """Every address of every route, with every id that there is. A parameter that is new has to be named here."""
    hall = story.hall

    async def column(statement: str) -> list[str]:
        return [str(next(iter(row.values()))) for row in await hall.run(hall.db.rows, statement)]

    ids = await column("SELECT id FROM post ORDER BY id")
    slugs = await column("SELECT username FROM actor WHERE kind = 'Group' AND is_local ORDER BY username")
    people = await column("SELECT username FROM actor WHERE kind = 'Person' AND is_local ORDER BY username")
    actor_ids = await column("SELECT id FROM actor WHERE is_local ORDER BY id")
    pools = {
        "name": [post_id[-8:] for post_id in ids],
        "short": [post_id[-8:] for post_id in ids],
        "slug": slugs,
        "handle": people,
        "colour": ["2f6f5e.css"],
        "signed": ["x"],
        "folder": ["ab"],
        "token": ["0" * 43],
        "pad": await column("SELECT short FROM pad ORDER BY id"),
        "host": ["birch.example"],
        "version": ["2.0", "2.1"],
        "media_id": ["0" * 26], "person_id": actor_ids, "post_id": ids, "actor_id": actor_ids, "account_id": ["0" * 26],
        "answer": ["accept"], "session_id": ["0" * 26], "context_id": ["0" * 26], "invitation_id": ["0" * 26],
        "tag": [*await column("SELECT DISTINCT tag FROM post_tag ORDER BY tag"), "nobody-used-it"],
        "topic": [topic[-8:] for topic in await column("SELECT id FROM topic ORDER BY id")],
        "seq": ["1"], "report_id": await column("SELECT id FROM moderation_case ORDER BY id"),
        "list_id": await column("SELECT id FROM server_list ORDER BY id"),
        "mediation_id": await column("SELECT id FROM mediation ORDER BY id"),
        "ruling_id": await column("SELECT id FROM moderation_ruling ORDER BY id"),
    }  # fmt: skip
    found = []
    for route in [*page_routes(), *hall.engine.routes()]:
        if isinstance(route, Mount):
            continue
        assert isinstance(route, Route), route
        if "GET" not in (route.methods or ()):
            continue
        names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        if route.path.startswith("/ap/"):
            continue
        unknown = [name for name in names if name not in pools]
        assert not unknown, f"{route.path}: say in this test what {unknown} may be"
        made = [route.path]
        for name in names:
            pattern = re.compile(r"{" + name + r"(?::\w+)?}")
            made = [pattern.sub(value, path) for path in made for value in pools[name]]
        found += made
    uris = await column("SELECT uri FROM actor WHERE is_local ORDER BY uri")
    posts_here = await column("SELECT uri FROM post WHERE is_local ORDER BY uri")
    documents = [uri.removeprefix(hall.settings.origin) for uri in uris + posts_here]
    parts = ("outbox", "followers", "following", "featured", "moderators", "replies", "likes", "shares")
    documents += [f"{path}/{part}{page}" for path in documents for part in parts for page in ("", "?page=1")]
    documents += [f"/ap/t/{post_id}" for post_id in ids]
    documents += [uri.removeprefix(hall.settings.origin) for uri in await column("SELECT uri FROM sent_activity")]
    documents += [f"/ap/{root}" for root in hall.documents]
    found += documents
    found += [f"/.well-known/webfinger?resource=acct:{name}@{HALL}" for name in [*slugs, *people]]
    return list(dict.fromkeys(found))


@pytest.mark.timeout(400)
async def test_s15_s36_nothing_private_leaves(fediverse: Fediverse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "peerhall")
    story, people = await told(fediverse, caplog)
    hall = story.hall
    await plant(story)
    planted, empty = await secrets(story)
    assert sorted(set(empty) - EMPTY_SO_FAR) == [], "these columns are private, and this test puts nothing into them"
    await drive(story, people["ben"])
    await fediverse.settle()
    for _ in range(3):
        fediverse.clock.advance(86_400)
        await fediverse.settle()
    hidden = planted | (await secrets(story))[0]
    assert len(hidden) > 150

    # What went over the wire.
    assert {BIRCH, CEDAR, SPY} <= set(story.capture.sent)
    for host, requests in story.capture.sent.items():
        everything = "\n".join(requests)
        assert found_in(everything, hidden, host) == [], f"sent to {host}"
        if host == BIRCH:
            may = [value for value, who in hidden.items() if BIRCH in who]
            assert any(value in everything for value in may), "nothing was sent at all"

    # What is answered: to nobody, to a server that has no member, and to somebody here who is not in the circle.
    paths = await addresses(story)
    cedar_actor = str((await people["carla"].here.run(Actor.get, id=people["carla"].id)).uri)
    signer = await people["carla"].here.run(people["carla"].here.engine._actors.signer, cedar_actor)
    terms = sorted({value for value in hidden if value.startswith("zq")})[:8]
    searches = [f"/search?q={value}" for value in terms]

    def signed(path: str) -> dict[str, str]:
        return cavage.headers(
            "GET", HALL, path, body=None, key_id=signer.rsa_key_id, key=signer.rsa_key, now=fediverse.clock.now()
        )

    activity = {"accept": "application/activity+json"}
    async with fediverse.client(hall) as nobody, fediverse.client(hall, people["eve"]) as eve:
        for path in [*paths, *searches]:
            for reader, browser, headers in (
                ("nobody", nobody, {}),
                ("nobody", nobody, activity),
                (CEDAR, nobody, None),
                ("here", eve, {}),
            ):
                if headers is None and not path.startswith(("/ap/", "/p/", "/c/", "/@")):
                    continue
                if headers == activity and path.startswith(("/search", "/settings", "/admin")):
                    continue
                if reader == "here" and path.startswith("/ap/"):
                    continue
                sent = {**activity, **signed(path)} if headers is None else headers
                answer = await browser.get(path, headers=sent)
                assert answer.status_code < 500, path
                text = answer.text + str(answer.headers)
                # An answer may repeat what was asked for.
                seen = [value for value in found_in(text, hidden, reader) if value not in path]
                assert seen == [], f"{path} shows it to {reader}"
    for path in (
        f"/.well-known/webfinger?resource=acct:office@{HALL}",
        f"/.well-known/webfinger?resource=acct:circle@{HALL}",
    ):
        async with fediverse.client(hall) as nobody:
            assert (await nobody.get(path)).status_code == 404

    # What stands in the log, and in mails to others.
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name != "peerhall.mail")
    assert found_in(logged, hidden, "log") == [], "the log"
    for mail in hall.mailer.logged:
        owner = await hall.run(hall.db.value, "SELECT actor_id FROM account WHERE email = :to", to=mail.to)
        others = {value: who for value, who in hidden.items() if "@mail.example" in value and value != mail.to}
        assert found_in(mail.text + mail.subject, others, "mail") == [], f"a mail to {owner}"
    # A round is for members also where everybody may read all else, which Lemmy does not know. Only servers of members
    # are given it, and those who asked here are.
    unknown_to_lemmy = "not public, in a public community"
    fediverse.watch.problems[:] = [each for each in fediverse.watch.problems if unknown_to_lemmy not in each]
