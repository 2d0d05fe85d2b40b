"""Our own JSON API: what a script is refused and told, and what it can do."""

import json
import re
from typing import Any

import msgspec
import pytest

from server.automation import routes as own
from server.automation.document import ANSWERS
from server.automation.shapes import Communities, Me, Practice, Practices, Said
from server.tries.actions import report
from server.tries.bands import Bands
from server.tries.form import TryForm
from tests.apps import app_of
from tests.conftest import Fediverse
from tests.posting import community, follow, found, write

BASE = "/api/peerhall/v1"
WHOLE: dict[str, Any] = {
    "title": "Exit tickets",
    "steps": ["Ask.", "Sort the slips."],
    "would_change": "Fewer questions.",
    "minutes": 5,
    "licence": "CC-BY-4.0",
}


async def test_who_may_not_write_writes_nothing(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    nobody, reader = await app_of(fediverse, here), await app_of(fediverse, here, amara, scopes="read")
    assert await nobody.refused("POST", f"{BASE}/practices", json=WHOLE) == 401
    assert await reader.refused("POST", f"{BASE}/practices", json=WHOLE) == 403
    assert await nobody.refused("GET", f"{BASE}/me") == 401
    assert (await nobody.get(f"{BASE}/practices"))["items"] == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({**WHOLE, "steps": []}, "steps"),
        ({**WHOLE, "title": ""}, "title"),
        ({**WHOLE, "minutes": "soon"}, "minutes"),
        ({**WHOLE, "steps": "one"}, "steps"),
        ({**WHOLE, "licence": "mine"}, "licence"),
        ({**WHOLE, "community": "nowhere"}, "community"),
        ({**WHOLE, "visibility": "galaxy"}, "visibility"),
    ],
)
async def test_what_is_wrong_is_named_field_by_field(fediverse: Fediverse, sent: dict[str, Any], field: str) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    answer = await app.call("POST", f"{BASE}/practices", json=sent)
    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert (await app.get(f"{BASE}/practices"))["items"] == []


async def test_a_field_that_there_is_not_is_no_silent_loss(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    answer = await app.call("POST", f"{BASE}/practices", json={**WHOLE, "colour": "red"})
    assert answer.status_code == 422
    assert "colour" in answer.json()["error"]


async def test_what_is_somebody_elses_or_private_is_not_found(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    mine, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    shared = await mine.call("POST", f"{BASE}/practices", json=WHOLE)
    private = await mine.call("POST", f"{BASE}/practices", json={**WHOLE, "visibility": "private"})
    thread = await write(amara, "No practice")
    assert await other.refused("PUT", f"{BASE}/practices/{shared.json()['id']}", json={"title": "Mine"}) == 404
    assert await other.refused("DELETE", f"{BASE}/practices/{shared.json()['id']}") == 404
    for id_ in (private.json()["id"], thread.id, "nothing", "0" * 26):
        assert await other.refused("GET", f"{BASE}/practices/{id_}") == 404


async def test_a_script_shares_revises_and_withdraws_and_others_have_it(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    group = await community(amara, "science")
    await follow(bruno, group)
    await fediverse.settle()
    app = await app_of(fediverse, alder, amara)
    answer = await app.call("POST", f"{BASE}/practices", json={**WHOLE, "community": "science"})
    assert answer.status_code == 201
    shared = msgspec.json.decode(answer.content, type=Practice)
    assert (shared.community, shared.version, shared.kind) == ("science", 1, "practice")
    assert isinstance(shared.fields, Said)
    assert shared.fields.minutes == 5
    await fediverse.settle()
    assert (await found(birch, shared.uri)).title == "Exit tickets"
    fediverse.clock.advance(60)
    revised = await app.call("PUT", f"{BASE}/practices/{shared.id}", json={"title": "Slips", "change_note": "Shorter"})
    assert revised.status_code == 200, revised.text
    assert (revised.json()["title"], revised.json()["version"]) == ("Slips", 2)
    assert revised.json()["fields"]["steps"] == ["Ask.", "Sort the slips."]
    await fediverse.settle()
    assert (await found(birch, shared.uri)).title == "Slips"
    listed = msgspec.json.decode((await app.call("GET", f"{BASE}/practices?community=science")).content, type=Practices)
    assert [item.id for item in listed.items] == [shared.id]
    await bruno.do(
        report, (await found(birch, shared.uri)).id, TryForm(outcome="did-not-work", context=Bands(size="31-"))
    )
    await fediverse.settle()
    assert (await app.call("GET", f"{BASE}/practices/{shared.id}")).json()["tried"] == {
        "total": 1,
        "organisations": 1,
        "outcomes": {"worked": 0, "worked-with-changes": 0, "did-not-work": 1, "stopped-early": 0},
    }
    assert (await app.call("DELETE", f"{BASE}/practices/{shared.id}")).status_code == 200
    assert await app.refused("GET", f"{BASE}/practices/{shared.id}") == 404


async def test_a_token_knows_whom_it_stands_for_and_their_communities(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    await community(amara, "science")
    app = await app_of(fediverse, here, amara)
    me = msgspec.json.decode((await app.call("GET", f"{BASE}/me")).content, type=Me)
    assert (me.handle, [one.slug for one in me.communities]) == ("@amara@alder.example", ["science"])
    listed = msgspec.json.decode((await app.call("GET", f"{BASE}/communities")).content, type=Communities)
    assert [one.members for one in listed.items] == [1]


async def test_the_document_lists_every_endpoint_and_every_reference_leads_somewhere(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    said = await (await app_of(fediverse, here)).get(f"{BASE}/openapi.json")
    listed = {(path, method) for path, methods in said["paths"].items() for method in methods}
    assert listed == set(ANSWERS) == {(path, method.lower()) for path, method, _, _ in own._ENDPOINTS}
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(said)):
        place: Any = said
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


async def test_a_person_makes_a_token_for_a_script_in_their_settings(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app = await app_of(fediverse, here, amara)
    async with fediverse.client(here) as nobody:
        assert (await nobody.post("/settings/apps/token", data={"name": "Mine"})).status_code in {303, 401, 403}
    async with fediverse.client(here, amara) as browser:
        nameless = await browser.post("/settings/apps/token", data={"name": " "})
        assert nameless.status_code == 422
        assert "Name what the token is for." in nameless.text
        page = await browser.post("/settings/apps/token", data={"name": "Backup", "may_write": "1"})
        token = re.search(r'<code class="token">([\w-]+)</code>', page.text)
        assert token is not None
        assert token[1] not in (await browser.get("/settings/apps")).text
        app.http.headers["authorization"] = f"Bearer {token[1]}"
        answer = await app.call("POST", f"{BASE}/practices", json=WHOLE)
        assert answer.status_code == 201
        reading = await browser.post("/settings/apps/token", data={"name": "Reader"})
        only_reads = re.search(r'<code class="token">([\w-]+)</code>', reading.text)
        assert only_reads is not None
        app.http.headers["authorization"] = f"Bearer {only_reads[1]}"
        assert await app.refused("POST", f"{BASE}/practices", json=WHOLE) == 403
        help_page = await browser.get("/help/scripts")
        assert "https://alder.example/api/peerhall/v1/practices" in help_page.text
