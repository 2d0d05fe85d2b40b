"""Profiles, following, and the directory."""

import html
import re

from server.actors import actions, relations
from server.actors.actions import ProfileChange
from web.people import pages


async def test_s28_following_needs_a_person(fediverse):
    here = await fediverse.start("alder.example")
    await fediverse.person(here, "maya")
    async with fediverse.client(here) as browser:
        for path in ("/@maya/follow", "/@maya/unfollow", "/people/look-up", "/me/requests/x/accept"):
            assert (await browser.post(path)).headers["location"].startswith("/sign-in")
        assert (await browser.get("/@tom@birch.example")).status_code == 404


async def test_s30_nobody_answers_requests_of_others(fediverse):
    here = await fediverse.start("alder.example")
    maya, lin, eve = [await fediverse.person(here, name) for name in ("maya", "lin", "eve")]
    await here.run(actions.update_profile, here, maya.id, ProfileChange(is_locked=True))
    await here.run(actions.request_follow, here, lin.id, maya.id)
    async with fediverse.client(here, eve) as browser:
        assert (await browser.post(f"/me/requests/{lin.id}/accept")).status_code == 404
    relation = await here.run(relations.relationship, here, lin.id, maya.id)
    assert relation.is_requested
    async with fediverse.client(here, maya) as browser:
        assert "Lin" in (await browser.get("/me/requests")).text
        assert (await browser.post(f"/me/requests/{lin.id}/accept")).status_code == 303
    relation = await here.run(relations.relationship, here, lin.id, maya.id)
    assert relation.is_following


async def test_s15_who_follows_whom_is_shown_to_the_person_only(fediverse):
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    await here.run(actions.request_follow, here, lin.id, maya.id)
    async with fediverse.client(here) as browser:
        assert "Lin" not in (await browser.get("/@maya/followers")).text
    async with fediverse.client(here, maya) as browser:
        assert "Lin" in (await browser.get("/@maya/followers")).text


async def test_somebody_of_another_server_is_looked_up_followed_and_shown(fediverse):
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, tom = await fediverse.person(alder, "maya"), await fediverse.person(birch, "tom")
    change = ProfileChange(summary_source="Runs *learning circles*")
    await birch.run(actions.update_profile, birch, tom.id, change)
    async with fediverse.client(alder, maya) as browser:
        unknown = await browser.get("/@tom@birch.example")
        assert unknown.status_code == 404
        assert "Ask birch.example" in unknown.text
        found = await browser.post("/people/look-up", data={"q": "@tom@birch.example"})
        assert found.headers["location"] == "/@tom@birch.example"
        by_address = await browser.post("/people/look-up", data={"q": "https://birch.example/@tom"})
        assert by_address.headers["location"] == "/@tom@birch.example"
        missing = await browser.post("/people/look-up", data={"q": "@nobody@birch.example"})
        assert missing.status_code == 404
        assert "Check the spelling" in missing.text
        await browser.post("/@tom@birch.example/follow")
        assert "Waiting for an answer" in (await browser.get("/@tom@birch.example")).text
        await fediverse.settle()
        page = await browser.get("/@tom@birch.example")
        assert "Following" in page.text
        assert "Runs <em>learning circles</em>" in page.text


async def test_the_directory_shows_only_those_who_want_it(fediverse):
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    await here.run(actions.update_profile, here, lin.id, ProfileChange(discoverable=False))
    async with fediverse.client(here, maya) as browser:
        page = (await browser.get("/people")).text
        assert 'href="/@maya"' in page
        assert 'href="/@lin"' not in page
        for nobody in ("%25", "lin", "ay", "lin@alder.example", "maya@birch.example"):
            assert 'class="person' not in (await browser.get(f"/people?q={nobody}")).text, nobody
        for name in ("maya", "MAY", "@maya", "@maya@alder.example", "maya@ald"):
            assert 'href="/@maya"' in (await browser.get(f"/people?q={name}")).text, name


async def test_people_are_found_by_name_a_page_after_the_other(fediverse, monkeypatch):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    for number in range(5):
        await fediverse.person(here, f"lin{number}", display_name="Lin Okafor")
    monkeypatch.setattr(pages, "PAGE", 2)
    async with fediverse.client(here, maya) as browser:
        seen, path = [], "/people?q=okafor"
        while path:
            page = (await browser.get(path)).text
            seen += re.findall(r'href="/@(lin\d)"', page)
            (path,) = [html.unescape(found) for found in re.findall(r'href="(/people\?q=okafor[^"]+)"', page)] or [""]
        assert sorted(dict.fromkeys(seen)) == [f"lin{number}" for number in range(5)]
