"""Bringing things from elsewhere, archives of communities, the desk, and breaking the glass (S28, S36)."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest

from server.audit import queries as audit
from server.communities import members
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.posts import marks
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.privacy import bringing, desk, glass
from server.privacy.models import DataExport
from server.transfer.export import write_export
from tests.conftest import Fediverse, Person
from tests.posting import community, follow, join, reply, write
from tests.web.privacy.test_own_data import archive

BRING = "/settings/data/bring"


def packed(**files: Any) -> bytes:
    """A ZIP of these files; `__` in names is a slash."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in files.items():
            opened.writestr(name.replace("__", "/").replace("_json", ".json"), json.dumps(content))
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("archive", b""), ("archive", b"PK\x03\x04broken"), ("archive", packed(other_json=[])),
        ("archive", packed(outbox_json=[1, None])),
        ("archive", packed(outbox_json={"orderedItems": ["x", {"type": "Create"}]})),
        ("archive", packed(everything__writing_json={"post": [], "practice": "no"})),
        ("blocks", b"\xff\xfe\x00"), ("blocks", b"Account address\n"), ("lists", b"a" * (bringing.MAX_CSV + 1)),
        ("bookmarks", "\n".join(f"https://x.example/{n}" for n in range(2001)).encode()), ("odd", b"a@b.example"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(
    fediverse: Fediverse, kind: str, data: bytes
) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    with pytest.raises(Invalid):
        await amara.do(bringing.bring, kind, data)
    with here.db.bind():
        assert await here.db.value("SELECT count(*) FROM job WHERE name = 'privacy.bring'") == 0


async def test_m7_an_archive_brings_drafts_private_posts_and_lists_to_another_server(fediverse: Fediverse) -> None:
    alder, birch, cedar = [await fediverse.start(f"{name}.example") for name in ("alder", "birch", "cedar")]
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    eve, new = await fediverse.person(birch, "eve"), await fediverse.person(cedar, "amara")
    await follow(amara, bruno)
    await fediverse.settle()
    theirs = await write(bruno, "To keep", title="Keep this")
    await fediverse.settle()
    form = PracticeForm(
        title="Exit tickets", promise="You see.", problem="Nobody knew.", steps=("Ask.", "Read."), evidence="Fewer.",
        certainty="tried", licence="CC-BY-4.0", visibility="public", nobody_identifiable=True, would_change="Less.",
    )  # fmt: skip
    await amara.do(practices.share, form)
    await write(amara, "A thought\n\n<script>alert(1)</script>", title="Of mine")
    await write(amara, "mine alone", title="", kind="note", visibility="private")
    with alder.db.bind():
        post = await alder.db.value("SELECT id FROM post WHERE uri = :uri", uri=theirs.uri)
    await amara.do(marks.bookmark_post, str(post))
    found = await archive(fediverse, amara)

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, data in found.items():
            opened.writestr(name, data)
    lists = io.StringIO()
    csv.writer(lists).writerows([["Good ones", "bruno@birch.example"], ["Good ones", "nobody@birch.example"], ["odd"]])
    async with fediverse.client(cedar) as nobody:
        assert (await nobody.post(BRING, data={"kind": "archive"})).status_code in {303, 403}
    async with fediverse.client(cedar, new) as browser:
        assert (await browser.post(BRING, data={"kind": "archive"})).status_code == 422
        for broken in (b"no archive", file.getvalue()[:200], damaged()):
            refused = await browser.post(BRING, data={"kind": "archive"}, files={"brought": ("f", broken)})
            assert refused.status_code == 422, "it cannot be opened, and nothing was taken of it"
        for kind, data in (
            ("archive", file.getvalue()),
            ("blocks", b"Account address\n@eve@birch.example\n"),
            ("mutes", b"Account address,Hide notifications\nbruno@birch.example,false\n"),
            ("domains", b"#domain\nspam.example\n"),
            ("lists", lists.getvalue().encode()),
        ):
            sent = await browser.post(BRING, data={"kind": kind}, files={"brought": ("f", data)})
            assert sent.status_code == 303, sent.text
    for _ in range(3):
        await fediverse.settle()
        fediverse.clock.advance(30)
    with cedar.db.bind():
        rows = await cedar.db.rows(
            "SELECT kind, title, state, visibility FROM post WHERE author_id = :me ORDER BY kind, title", me=new.id
        )
        steps = await cedar.db.value("SELECT steps FROM practice")
        numbers = {
            table: await cedar.db.value(f"SELECT count(*) FROM {table}")
            for table in ("actor_block", "actor_mute", "host_block", "list_member", "bookmark", "follow")
        }
    assert [(row["kind"], row["title"], row["state"], row["visibility"]) for row in rows] == [
        ("discussion", "Of mine", "visible", "private"),
        ("note", "", "visible", "private"),
        ("practice", "Exit tickets", "draft", "private"),
    ]
    assert json.loads(str(steps)) == ["Ask.", "Read."]
    assert numbers == dict.fromkeys(numbers, 1)
    assert eve.id


async def test_s28_stewards_take_along_what_is_their_communitys_and_nothing_that_is_anybodys_alone(
    fediverse: Fediverse,
) -> None:
    fediverse.watch.let_deliveries_pass()  # Lemmy has no posts for members in public communities
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    ana, ben = await fediverse.person(alder, "ana", role="admin"), await fediverse.person(alder, "ben")
    maya, bruno = await fediverse.person(alder, "maya"), await fediverse.person(birch, "bruno")
    group = await community(ben, "science", questions=("Why?",), visibility="public")
    for person in (maya, bruno):
        await join(person, group)
    await fediverse.settle()
    shared = await write(maya, "OURS-public", title="A", community_id=group.id)
    await write(maya, "OURS-members", title="B", community_id=group.id, visibility="members")
    await write(maya, "THEIRS-draft", title="C", community_id=group.id, draft=True)
    await reply(maya, shared, "THEIRS-direct @ben", visibility="direct")
    await write(maya, "THEIRS-elsewhere", title="D")
    far = await birch.run(_known, birch, group.uri)
    await write(bruno, "THEIRS-guest", title="E", community_id=far, visibility="members")
    await fediverse.settle()
    path = "/c/science/take-along"
    for who, status in ((None, 303), (maya, 404), (ana, 404)):
        async with fediverse.client(alder, who) as other:
            assert (await other.get(path)).status_code == status, who
            assert (await other.post(path, data={})).status_code == status, who
    async with fediverse.client(alder, ben) as browser:
        assert (await browser.post(path, data={})).status_code == 303
        await fediverse.settle()
        with alder.db.bind():
            export = await DataExport.get(kind="community")
        answer = await browser.post(f"/settings/data/archives/{export.id}", data={"part": "0"})
        with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
            everything = b"\n".join(opened.read(name) for name in opened.namelist()).decode()
        assert "OURS-public" in everything
        assert "OURS-members" in everything
        assert "THEIRS" not in everything
        await ben.do(members.set_role, group.id, maya.id, "steward")
        await maya.do(members.set_role, group.id, ben.id, "member")
        late = await browser.post(f"/settings/data/archives/{export.id}", data={"part": "0"})
        assert late.status_code == 404, "who looks after it no more fetches it no more"


async def _known(here: Any, uri: str) -> str:
    return str(await here.db.value("SELECT id FROM actor WHERE uri = :uri", uri=uri))


async def test_the_desk_has_a_clock_and_admins_read_no_archive(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana, maya = await fediverse.person(here, "ana", role="admin"), await fediverse.person(here, "maya")
    path = "/admin/requests"
    good = {"kind": "access", "who": "Mother of <b>a pupil</b>", "came_by": "letter", "received": "2026-01-01"}
    async with fediverse.client(here, maya) as other:
        assert (await other.get(path)).status_code == 404
        assert (await other.post(path, data=good)).status_code == 404
    day = fediverse.clock.now().date().isoformat()
    async with fediverse.client(here, ana) as browser:
        for wrong in ({"kind": "all"}, {"who": " "}, {"received": "soon"}, {"received": "2001-01-01"}):
            answer = await browser.post(path, data=good | {"received": day} | wrong)
            assert answer.status_code == 422, wrong
            assert "letter" in answer.text
        assert (await browser.post(path, data=good | {"received": day})).status_code == 303
        page = (await browser.get(path)).text
        assert "days left" in page
        assert "<b>a pupil" not in page
        (request,) = await here.run(desk.requests, here)
        one = f"{path}/{request.id}"
        assert (await browser.post(f"{one}/archive", data={"handle": "nobody"})).status_code == 422
        assert (await browser.post(f"{one}/archive", data={"handle": "@maya"})).status_code == 303
        await fediverse.settle()
        with here.db.bind():
            export = await DataExport.get()
        fetched = await browser.post(f"/settings/data/archives/{export.id}", data={"part": "0"})
        assert fetched.status_code == 404, "it is hers alone"
        assert export.actor_id == maya.id
        fediverse.clock.advance(29 * 86_400)
        assert await here.run(desk.urgent, here) == 1
        assert (await browser.post(f"{one}/close", data={"outcome": "done", "reason": ""})).status_code in {303, 422}
    ana = await fediverse.as_person(here, ana.id)
    await ana.do(desk.close, request.id, "done", "Sent by letter.")
    with pytest.raises(NotFound):
        await ana.do(desk.close, request.id, "done", "Again.")
    with pytest.raises(NotAllowed):
        await maya.do(desk.close, request.id, "done", "Mine.")
    with here.db.bind():
        assert {line.action for line in await audit.about(here, request.id)} == {
            "request.note", "request.archive", "request.close",
        }  # fmt: skip


async def test_s36_what_is_private_is_read_with_two_admins_once_and_the_person_is_told(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana, tom = [await fediverse.person(here, name, role="admin") for name in ("ana", "tom")]
    maya = await fediverse.person(here, "maya")
    await write(maya, "mine alone", visibility="private")
    await write(maya, "for everybody")
    reason = "A court has asked for it, number 12/26."

    async def ask(by: str = "ana", person: str = "@maya", why: str = reason, withheld: str = "") -> str:
        asking: str = await here.run(glass.ask, here, by=by, person=person, reason=why, withheld=withheld)
        return asking

    for wrong in ({"by": "maya"}, {"by": "nobody"}, {"person": "nobody"}, {"person": "ana"}, {"why": "because"}):
        with pytest.raises(Invalid):
            await ask(**wrong)
    asked = await ask()
    with pytest.raises(NotAllowed):
        await here.run(glass.read, here, asked)
    path = f"/admin/break-glass/{asked}"
    confirm = {"answer": "confirm"}
    for who in (maya, ana):
        async with fediverse.client(here, who) as other:
            assert (await other.post(path, data=confirm)).status_code == 404, "neither the person nor who asks"
    async with fediverse.client(here, tom) as browser:
        assert reason in (await browser.get("/admin/break-glass")).text
        with pytest.raises(NotAllowed):
            await here.run(glass.read, here, asked)
        assert (await browser.post(path, data=confirm)).status_code == 303
    found = await here.run(glass.read, here, asked)
    assert [item.text for item in found] == ["mine alone"]
    for again in (asked, "0" * 26):
        with pytest.raises(Refused):
            await here.run(glass.read, here, again)
    await fediverse.settle()
    assert [mail.to for mail in here.mailer.logged if "was read" in mail.subject] == ["maya@example.org"]
    async with fediverse.client(here, maya) as browser:
        page = (await browser.get("/settings/data")).text
        assert reason in page
    with here.db.bind():
        lines = await audit.about(here, "@maya")
    assert {line.action for line in lines} == {"glass.ask", "glass.confirm", "glass.read"}
    assert {line.reason for line in lines} == {reason}

    silent, late = await ask(withheld="Section 8 of the law."), await ask()
    await tom.do(glass.decide, silent, agreed=True)
    await tom.do(glass.decide, late, agreed=True)
    await here.run(glass.read, here, silent)
    here.mailer.logged.clear()
    await fediverse.settle()
    assert not [mail for mail in here.mailer.logged if "was read" in mail.subject]
    async with fediverse.client(here, maya) as browser:
        assert "Section 8" not in (await browser.get("/settings/data")).text
    fediverse.clock.advance(86_401)
    with pytest.raises(NotAllowed):
        await here.run(glass.read, here, late)


async def test_an_export_of_the_whole_server_has_nobodys_secrets(fediverse: Fediverse, tmp_path: Any) -> None:
    here = await fediverse.start("alder.example")
    maya: Person = await fediverse.person(here, "maya", email="maya-secret@mail.example")
    shared = await write(maya, "SHARED", title="A")
    await write(maya, "ALONE", title="", kind="note", visibility="private")
    await reply(maya, shared, "ALONE-direct @maya", visibility="direct")
    await write(maya, "ALONE-draft", title="C", draft=True)
    target = tmp_path / "export.zip"
    done = await write_export(here.settings, target, fediverse.clock.now())
    with pytest.raises(Refused):
        await write_export(here.settings, target, fediverse.clock.now())
    with zipfile.ZipFile(target) as opened:
        manifest = json.loads(opened.read("manifest.json"))
        lines = {name: opened.read(f"tables/{name}.jsonl").decode().splitlines() for name in manifest["tables"]}
    everything = "\n".join("\n".join(found) for found in lines.values())
    assert (manifest["format"], manifest["version"]) == ("peerhall-export", 1)
    assert {name: about["rows"] for name, about in manifest["tables"].items()} == {
        name: len(found) for name, found in lines.items()
    }
    assert "SHARED" in everything
    for secret in ("ALONE", "maya-secret", "PRIVATE KEY", "$argon2"):
        assert secret not in everything, secret
    assert done.rows == sum(len(found) for found in lines.values())
    assert target.stat().st_mode & 0o077 == 0


def damaged() -> bytes:
    """An archive whose list is whole, and what it holds is not."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("outbox.json", "[]" * 500)
    begin = 30 + len("outbox.json")
    return file.getvalue()[:begin] + b"\xff" * 6 + file.getvalue()[begin + 6 :]
