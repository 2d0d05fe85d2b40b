"""Lists of servers: published, followed, believed only when they prove themselves; none overrules an admin (S17)."""

import json
import re
from html import unescape
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from federation.signatures.proofs import add_proof
from federation.testing import make_signer
from federation.vocab.serverlists import MAX_SERVERS
from server.audit import queries as audit
from server.errors import Invalid, NotFound
from server.peers import actions as peers
from server.peers import policy
from server.peers import queries as grades
from server.serverlists import formats, queries, reading, taking
from tests.conftest import Fediverse, Person
from tests.posting import ACTIVITY, actor_document, community, document, follow, join

LISTS = "/admin/servers/lists"


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


class Forger:
    """A server that publishes a list, and may say in it what it wants."""

    def __init__(self, fediverse: Fediverse, domain: str = "evil.example") -> None:
        self.domain, self.clock, self.network = domain, fediverse.clock, fediverse.network
        self.actor = f"https://{domain}/ap/actor"
        self.document: dict[str, Any] = {}
        self.answer: Response | None = None
        self.network.apps[domain] = Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        if request.url.path == "/ap/actor":
            return Response(json.dumps(actor_document(self.actor, "server", "Application")), media_type=ACTIVITY)
        return self.answer or Response(json.dumps(self.document), media_type=ACTIVITY)

    def says(self, *hosts: str, version: int = 1, by: str | None = None, grade: str = "blocked", **more: Any) -> None:
        """Publish a list, signed by its own actor, or by another one."""
        plain = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2",
                         {"ph": "https://w3id.org/peerhall#"}],
            "id": f"https://{self.domain}/ap/servers",
            "type": "Collection",
            "kind": "serverList",
            "attributedTo": self.actor,
            "name": "Evil list",
            "listVersion": version,
            "validUntil": "2026-12-31T00:00:00Z",
            "items": [{"type": "ph:Server", "name": host, "ph:grade": grade, "summary": "=spam"} for host in hosts],
        } | more  # fmt: skip
        signer = make_signer(by or self.actor)
        self.document = add_proof(plain, key_id=signer.ed25519_key_id, key=signer.ed25519_key, created=self.clock.now())


@pytest.fixture
async def ana(fediverse: Fediverse) -> Person:
    """An admin at Alder."""
    return await fediverse.person(await fediverse.start("alder.example"), "ana", role="admin")


async def subscribed(ana: Person, address: str = "evil.example", *, applies: bool = False) -> Any:
    return await ana.here.run(reading.subscribe, ana.here, address, applies=applies, by="@ana")


async def read_again(fediverse: Fediverse, ana: Person, list_id: str) -> str:
    """Read a list again; returns why it was not taken over."""
    await ana.here.run(reading.fetch, ana.here, list_id)
    await fediverse.settle()
    return (await ana.here.run(queries.one, ana.here, list_id)).trouble


async def grade(here: Any, host: str) -> str:
    """The grade of a host as the database has it: what one process writes, another reads again after a while."""
    return policy.grade_among(await here.run(grades.chosen_grades, here), host)


async def test_s5_a_list_is_believed_only_where_it_stands_and_signed_by_its_server(fediverse, ana) -> None:
    here, evil = ana.here, Forger(fediverse)
    Forger(fediverse, "birch.example")
    cases: dict[str, dict[str, Any]] = {
        "signed by somebody else": {"by": "https://birch.example/ap/actor"},
        "signed by one of its people": {"by": "https://evil.example/u/mallory"},
        "of another server": {"attributedTo": "https://birch.example/ap/actor"},
        "of a person": {"attributedTo": "https://evil.example/u/mallory"},
        "at another address": {"id": "https://birch.example/ap/servers", "attributedTo": "https://birch.example/ap/actor"},
        "no list": {"kind": "consortium"},
        "not good any more": {"validUntil": "2020-01-01T00:00:00Z"},
        "without a version": {"listVersion": 0},
        "too long": {"items": [{"name": f"s{n}.example", "ph:grade": "blocked"} for n in range(MAX_SERVERS + 1)]},
        "with a pattern": {"items": [{"name": "*.example", "ph:grade": "blocked"}]},
        "twice the same": {"items": [{"name": "a.example", "ph:grade": "blocked"}] * 2},
    }  # fmt: skip
    for what, case in cases.items():
        evil.says("bad.example", **case)
        with pytest.raises(NotFound):
            await subscribed(ana)
        assert await here.run(queries.lists, here) == [], what
    evil.says("bad.example")
    evil.document["items"][0]["name"] = "good.example"  # changed on the way
    with pytest.raises(NotFound, match="not signed"):
        await subscribed(ana)
    evil.says("bad.example")
    evil.answer = RedirectResponse("https://birch.example/ap/servers")
    with pytest.raises(NotFound):
        await subscribed(ana)
    evil.answer = Response(b" " * (2 * 1024 * 1024), media_type=ACTIVITY)
    with pytest.raises(NotFound):
        await subscribed(ana)
    for address in ("alder.example", "https://alder.example/ap/servers", "", "no address"):
        with pytest.raises(Invalid):
            await subscribed(ana, address)
    await here.run(peers.set_grade, here, "evil.example", "blocked", "@ana")
    with pytest.raises(Invalid, match="does not talk"):
        await subscribed(ana)


async def test_s17_an_older_or_forged_list_changes_nothing_later(fediverse, ana) -> None:
    here, evil = ana.here, Forger(fediverse)
    evil.says("bad.example", version=5)
    known = await subscribed(ana, applies=True)
    await fediverse.settle()
    assert await grade(here, "bad.example") == "blocked"
    old = evil.document
    evil.says("bad.example", "worse.example", version=6)
    assert await read_again(fediverse, ana, known.id) == ""
    assert await grade(here, "worse.example") == "blocked"
    evil.document = old
    assert await read_again(fediverse, ana, known.id) == "older"
    evil.says("other.example", version=6)
    assert await read_again(fediverse, ana, known.id) == "two"
    evil.says("other.example", version=7, by="https://evil.example/u/mallory")
    assert await read_again(fediverse, ana, known.id) == "proof"
    evil.answer = Response("#domain\nother.example\n", media_type="text/csv")
    assert await read_again(fediverse, ana, known.id) == "proof"
    assert [await grade(here, host) for host in ("worse.example", "other.example")] == ["blocked", "normal"]
    async with fediverse.client(here, ana) as browser:
        assert "not taken over" in (await browser.get(LISTS)).text
    evil.answer = None
    evil.says("worse.example", version=8)
    assert await read_again(fediverse, ana, known.id) == ""
    assert await grade(here, "bad.example") == "normal", "what the list took back, and nobody here decided, is over"


async def test_s17_no_list_overrules_an_admin_or_cuts_off_people_unasked(fediverse, ana) -> None:
    here, evil = ana.here, Forger(fediverse)
    maya = await fediverse.person(here, "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(maya, tom)
    await join(tom, await community(maya))
    await fediverse.settle()
    await here.run(peers.set_grade, here, "friend.example", "trusted", "@ana")
    await here.run(peers.set_grade, here, "sub.wide.example", "trusted", "@ana")
    hosts = ("friend.example", "wide.example", "birch.example", "bad.example", "alder.example")
    evil.says(*hosts)
    known = await subscribed(ana, applies=True)
    await fediverse.settle()
    assert [await grade(here, host) for host in (*hosts, "sub.wide.example")] == [
        "trusted", "normal", "normal", "blocked", "normal", "trusted",
    ]  # fmt: skip
    items = await here.run(lambda: queries.items(here, known.id, state="new"))
    assert {item.host: item.asks for item in items} == {
        "alder.example": "us",
        "birch.example": "cuts_off",
        "friend.example": "own",
        "wide.example": "own",
    }
    # Not even when an admin ticks them from the page; who is cut off only by their word.
    await here.run(taking.take, here, known.id, [item.id for item in items], by="@ana", tells=True)
    assert [await grade(here, host) for host in hosts] == ["trusted", "normal", "blocked", "blocked", "normal"]
    async with fediverse.client(here, maya) as browser:
        assert "birch.example" in (await browser.get("/me/servers")).text
    # An own decision about what a list had said is our own from then on.
    await here.run(peers.set_grade, here, "bad.example", "limited", "@ana")
    evil.says("bad.example", version=2)
    await read_again(fediverse, ana, known.id)
    assert await grade(here, "bad.example") == "limited"
    await here.run(taking.drop, here, known.id, by="@ana")
    assert await grade(here, "birch.example") == "normal", "the list took it back"


async def test_what_one_server_publishes_another_follows_with_differences_in_words(fediverse, ana) -> None:
    here = ana.here
    birch = await fediverse.start("birch.example")
    bea = await fediverse.person(birch, "bea", role="admin")
    uri = "https://birch.example/ap/servers"
    await birch.run(
        lambda: peers.set_grade(birch, "bad.example", "blocked", "@bea", "our own note", public_note="sells essays")
    )
    await birch.run(peers.set_grade, birch, "friend.example", "trusted", "@bea")
    assert (await document(fediverse, birch, uri))[0] == 404, "nothing is published before somebody chose that"
    async with fediverse.client(birch, await fediverse.person(birch, "bob", role="steward")) as browser:
        assert (await browser.post(f"{LISTS}/publish", data={"publish": "everything"})).status_code == 404
    async with fediverse.client(birch, bea) as browser:
        assert (await browser.post(f"{LISTS}/publish", data={"publish": "restrictions"})).status_code == 303
    status, served, _ = await document(fediverse, birch, uri)
    assert status == 200
    assert [(item["name"], item["ph:grade"], item["summary"]) for item in served["items"]] == [
        ("bad.example", "blocked", "sells essays")
    ]
    assert "our own note" not in json.dumps(served)

    async with fediverse.client(here, ana) as browser:
        shown = await browser.post(f"{LISTS}/subscribe", data={"address": "birch.example"}, follow_redirects=True)
        page = words(shown.text)
        assert "Signed by birch.example." in page
        assert "bad.example blocked · sells essays" in page
        assert await grade(here, "bad.example") == "normal", "a draft has no effect"
        (known,) = await here.run(queries.lists, here)
        (item,) = await here.run(lambda: queries.items(here, known.id, state="new"))
        where = f"{LISTS}/{known.id}"
        await browser.post(where, data={"act": "take", "item": item.id})
        assert await grade(here, "bad.example") == "blocked"
        # Birch changes its mind, and takes another one back.
        await birch.run(lambda: peers.set_grade(birch, "bad.example", "limited", "@bea", public_note="better now"))
        fediverse.clock.advance(7 * 3600)
        await fediverse.settle()
        page = words((await browser.get(where)).text)
        assert "bad.example It was blocked, and is limited now. · better now" in page
        assert await grade(here, "bad.example") == "blocked"
        assert "A list says something new of one server" in words((await browser.get("/admin")).text)
        await browser.post(where, data={"act": "take", "item": item.id})
        assert await grade(here, "bad.example") == "limited"
        await birch.run(peers.forget, birch, "bad.example", "@bea")
        fediverse.clock.advance(7 * 3600)
        await fediverse.settle()
        assert "No longer in the list. It is limited here because of it" in words((await browser.get(where)).text)
        await browser.post(where, data={"act": "take", "item": item.id})
        assert await grade(here, "bad.example") == "normal"
        await browser.post(where, data={"act": "drop"})
        assert await here.run(queries.lists, here) == []
    log = {line.action for line in await here.run(audit.entries, here)}
    assert {"peer.list.subscribe", "peer.list.drop", "peer.grade", "peer.forget"} <= log
    async with fediverse.client(birch) as nobody:
        assert uri == (await nobody.get("/about/servers.json")).json()["list"]


async def test_files_of_mastodon_are_read_looked_at_taken_in_part_and_written(fediverse, ana) -> None:
    here = ana.here
    file = (
        "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n"
        'bad.example,suspend,false,false,"spam, and worse",false\n'
        "loud.example,silence,false,false,,false\n"
        "pics.example,noop,true,false,=cmd,false\n"
        "fine.example,noop,false,false,,false\n"
        "b*d.ex*mple,suspend,false,false,,true\n"
    )
    async with fediverse.client(here, await fediverse.person(here, "sara", role="steward")) as browser:
        for path in (LISTS, f"{LISTS}/domain_blocks.csv", f"{LISTS}/x"):
            assert (await browser.get(path)).status_code == 404
        assert (await browser.post(f"{LISTS}/import", data={"list": file, "meaning": "blocks"})).status_code == 404
    async with fediverse.client(here, ana) as browser:
        for wrong in ({"list": ""}, {"list": "no domain here"}, {"list": "a.example\n", "meaning": "all"},
                      {"list": "\n".join(f"s{n}.example" for n in range(MAX_SERVERS + 1))}):  # fmt: skip
            answer = await browser.post(f"{LISTS}/import", data={"meaning": "blocks"} | wrong)
            assert answer.status_code == 422, wrong
        sent = {"file": ("domain_blocks.csv", file.encode(), "text/csv")}
        shown = await browser.post(f"{LISTS}/import", data={"meaning": "blocks"}, files=sent, follow_redirects=True)
        page = words(shown.text)
        assert "bad.example blocked · spam, and worse" in page
        assert "pics.example no pictures or files · cmd" in page
        assert "2 lines were left out" in page
        (known,) = await here.run(queries.lists, here)
        items = {item.host: item.id for item in await here.run(lambda: queries.items(here, known.id, state="new"))}
        where = f"{LISTS}/{known.id}"
        await browser.post(where, data={"act": "skip", "item": items["loud.example"]})
        await browser.post(where, data={"act": "take_rest"})
        await fediverse.settle()
        assert [await grade(here, host) for host in items] == ["blocked", "normal", "no_media"]
        await here.run(peers.undo_grade, here, "pics.example", "@ana")
        await here.run(peers.set_grade, here, "held.example", "held", "@ana")
        await here.run(peers.set_grade, here, "friend.example", "trusted", "@ana")
        written = await browser.get(f"{LISTS}/domain_blocks.csv")
        assert written.headers["content-type"].startswith("text/csv")
        assert written.text.splitlines() == [
            "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate,#grade",
            "bad.example,suspend,false,false,,false,blocked",
            "held.example,silence,false,false,,false,held",
        ]
        allowed = (await browser.get(f"{LISTS}/domain_allows.csv")).text
        assert allowed == "#domain\nfriend.example\n"
        again = formats.read(written.text, formats.BLOCKS)
        assert {entry.host: entry.grade for entry in again.entries} == {
            "bad.example": "blocked",
            "held.example": "held",
        }
        assert [entry.grade for entry in formats.read(allowed, formats.ALLOWS).entries] == ["trusted"]


async def test_a_file_at_an_address_is_signed_by_nobody_and_has_no_effect_by_itself(fediverse, ana) -> None:
    here, evil = ana.here, Forger(fediverse, "files.example")
    evil.answer = Response("#domain,#severity\nbad.example,suspend\n", media_type="text/csv")
    known = await subscribed(ana, "https://files.example/blocks.csv", applies=True)
    await fediverse.settle()
    assert (known.kind, known.applies) == ("csv", False)
    assert await grade(here, "bad.example") == "normal"
    with pytest.raises(Invalid, match="Nobody signed"):
        await here.run(taking.set_applies, here, known.id, applies=True, by="@ana")
    with pytest.raises(NotFound):
        await here.run(taking.take, here, "nothing", [], by="@ana")
    async with fediverse.client(here) as nobody:
        assert (await nobody.get("/about/servers.json")).json()["list"] is None
