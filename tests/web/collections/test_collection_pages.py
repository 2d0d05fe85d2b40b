"""Pages of collections, and of what is saved for later, without JavaScript (C17)."""

import xml.etree.ElementTree as ET

from server.practices import actions as practices
from server.practices.form import PracticeForm
from tests.posting import join
from tests.web.practices.test_practice_pages import check, place

PRACTICE = PracticeForm(title="Names first", steps=("Say your name.",), would_change="Badges.", licence="CC-BY-4.0")
NEW = {"title": "For your first week", "intro": "What *carries* you.", "language": "en", "visibility": "public"}


async def started(fediverse):
    here, maya, tom, group = await place(fediverse)
    first = await maya.do(practices.share, PRACTICE)
    second = await tom.do(practices.share, PracticeForm(**{**_fields(), "title": "Second tasks"}))
    await join(tom, group)
    return here, maya, tom, first, second


def _fields():
    return {"steps": ("Put ten tasks in a box.",), "would_change": "Fewer.", "licence": "CC-BY-4.0"}


async def test_c17_a_form_that_is_refused_keeps_all_that_was_typed(fediverse):
    here, maya, _tom, first, _ = await started(fediverse)
    async with fediverse.client(here) as client:
        assert (await client.get("/collections/new")).status_code == 303
        assert (await client.get("/saved")).status_code == 303
        check((await client.get("/collections")).text)
    async with fediverse.client(here, maya) as client:
        for page in ("/collections", "/collections?mine=1", "/saved", "/c/science/collections"):
            empty = await client.get(page)
            check(empty.text)
            assert 'class="empty"' in empty.text
        check((await client.get("/collections/new?community=science")).text)
        refused = await client.post("/collections/new", data={**NEW, "title": ""})
        assert refused.status_code == 422
        check(refused.text)
        assert "What *carries* you." in refused.text
        assert "Put the first thing in" in refused.text
        for address in ("nonsense", f"{here.settings.origin}/p/nothing-here", "/c/science"):
            missing = await client.post("/collections/new", data={**NEW, "add": "1", "address": address})
            assert missing.status_code == 422
            assert f'value="{address}"' in missing.text
        sent = {**NEW, "item": first.uri, "why-1": ""}
        unsaid = await client.post("/collections/new", data=sent)
        assert unsaid.status_code == 422
        assert 'href="#f-why-1"' in unsaid.text
        assert "Names first" in unsaid.text
        assert (await client.get(f"/p/{first.short}/feed.atom")).status_code == 404
        assert (await client.post(f"/p/{first.short}/tick", data={"uri": first.uri})).status_code == 404


async def test_c17_things_come_in_move_and_go_by_buttons_alone(fediverse):
    here, maya, _tom, first, second = await started(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.get(f"/collections/new?with={first.short}")
        check(page.text)
        assert first.uri in page.text
        sent = {**NEW, "community": "science", "item": [first.uri], "why-1": "To begin.", "is_path": "1"}
        added = await client.post("/collections/new", data={**sent, "add": "1", "address": second.url})
        assert added.status_code == 200
        assert second.uri in added.text
        check(added.text)
        both = {**sent, "item": [first.uri, second.uri], "why-2": "For the fast ones."}
        turned = (await client.post("/collections/new", data={**both, "down": "1"})).text
        assert turned.index(second.uri) < turned.index(first.uri)
        gone = (await client.post("/collections/new", data={**both, "out": "2"})).text
        assert "Taken out as soon as you save" in gone
        assert 'value="For the fast ones."' in gone
        check(gone)
        back = {**sent, "gone": [second.uri], "gone-why-1": "For the fast ones.", "back": "1"}
        assert (
            'name="why-2" type="text" value="For the fast ones."'
            in (await client.post("/collections/new", data=back)).text
        )
        shared = await client.post("/collections/new", data=both)
        assert shared.status_code == 303
        address = shared.headers["location"]
        page = await client.get(address)
        check(page.text)
        assert "<em>carries</em>" in page.text
        assert "You have done 0 of 2" in page.text
        assert f'property="og:title" content="{NEW["title"]}"' in page.text
        edit = await client.get(f"{address}/edit")
        check(edit.text)
        assert edit.text.index(first.uri) < edit.text.index(second.uri)
        other = {**both, "item": [second.uri, first.uri], "why-1": "a", "why-2": "b", "change_note": "Turned around"}
        assert (await client.post(f"{address}/edit", data=other)).status_code == 303
        page = (await client.get(address)).text
        assert page.index("Second tasks") < page.index("Names first")
        assert "Turned around" in (await client.get(f"{address}/versions")).text
        # Newcomers begin here.
        assert (await client.post(f"{address}/start")).status_code == 303
        assert "Start here" in (await client.get("/c/science/collections")).text
        assert NEW["title"] in (await client.get("/c/science")).text
    async with fediverse.client(here) as client:
        feed = ET.fromstring((await client.get(f"{address}/feed.atom")).content)
        atom = "{http://www.w3.org/2005/Atom}"
        assert [entry.findtext(f"{atom}title") for entry in feed.findall(f"{atom}entry")] == [
            "Second tasks",
            "Names first",
        ]
        assert "I have done this" not in (await client.get(address)).text


async def test_c17_how_far_somebody_is_on_a_path_and_what_they_saved_is_theirs_alone(fediverse):
    here, maya, tom, first, second = await started(fediverse)
    sent = {**NEW, "item": [first.uri, second.uri], "why-1": "a", "why-2": "b", "is_path": "1"}
    async with fediverse.client(here, maya) as client:
        address = (await client.post("/collections/new", data=sent)).headers["location"]
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"{address}/edit", data=sent)).status_code == 403
        assert (await client.post(f"{address}/take-out", data={"uri": first.uri})).status_code == 403
        assert (await client.post(f"{address}/tick", data={"uri": first.uri, "done": "1"})).status_code == 303
        assert "You have done 1 of 2" in (await client.get(address)).text
        assert (await client.post(f"/p/{first.short}/save")).status_code == 303
        page = await client.get(first.url)
        assert 'aria-pressed="true"' in page.text
        assert "Saved" in page.text
        kept = await client.get("/saved")
        check(kept.text)
        assert "Names first" in kept.text
    for person in (maya, None):
        async with fediverse.client(here, person) as client:
            assert "You have done 1" not in (await client.get(address)).text
    async with fediverse.client(here, maya) as client:
        assert "Names first" not in (await client.get("/saved")).text
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"{address}/tick", data={"uri": first.uri})).status_code == 303
        assert "You have done 0 of 2" in (await client.get(address)).text
        assert (await client.post(f"/p/{first.short}/unsave?from=saved")).headers["location"] == "/saved"
        assert "Nothing saved." in (await client.get("/saved")).text


async def test_c17_from_the_page_of_a_practice_into_a_collection_and_out_again(fediverse):
    here, maya, _tom, first, second = await started(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.get(f"/p/{second.short}/collect")
        check(page.text)
        assert f"/collections/new?with={second.short}" in page.text
        sent = {**NEW, "item": [first.uri], "why-1": "To begin."}
        address = (await client.post("/collections/new", data=sent)).headers["location"]
        for data in ({"collection": "", "why": "kept"}, {"collection": address[-8:], "why": ""}):
            refused = await client.post(f"/p/{second.short}/collect", data=data)
            assert refused.status_code == 422
            check(refused.text)
        assert (
            await client.post(f"/p/{second.short}/collect", data={"collection": address[-8:], "why": "More."})
        ).status_code == 303
        page = await client.get(f"/p/{second.short}/collect")
        assert f'href="{address}"' in page.text  # it is in
        taken = await client.post(f"{address}/take-out", data={"uri": second.uri})
        assert taken.status_code == 303
        assert "Second tasks" not in (await client.get(address, headers={"cookie": ""})).text
        undone = await client.post(f"{address}/put-back?uri={second.uri}&why=More.&at=0")
        assert undone.status_code == 303
        page = (await client.get(address)).text
        assert page.index("Second tasks") < page.index("Names first")
        check((await client.get("/collections?mine=1")).text)
        check((await client.get(f"{address}/delete")).text)
        assert (await client.post(f"{address}/delete")).status_code == 303
        assert (await client.get(address)).status_code == 404
