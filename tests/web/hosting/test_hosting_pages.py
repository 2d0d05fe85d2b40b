"""Roles, newcomers, the desk, applications and events of conversations as pages without JavaScript."""

import re

import html5lib

from tests.apps import app_of
from tests.conftest import Fediverse
from tests.posting import community, join, reply, write
from tests.web.ideas.test_idea_pages import EVENT
from tests.web.proposals.test_proposal_pages import BASE, check

MEETING = {**EVENT, "title": "Our meeting", "content": "We meet."}


async def test_a9_a11_a23_members_share_roles_and_the_desk_says_what_comes_next(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "eve")]
    group = await community(maya, "science", goals=("A list",))
    await join(tom, group)
    async with fediverse.client(here, eve) as web:
        assert (await web.get("/c/science/desk")).status_code == 404
        assert (await web.get("/c/science/newcomers")).status_code == 403
        assert (await web.get("/c/science/hello")).status_code == 403
    async with fediverse.client(here, maya) as web:
        desk = check(await web.get("/c/science/desk"))
        assert "One newcomer has heard from nobody yet" in desk
        assert "No meeting is planned" in desk
        assert "Everybody has said something" in desk  # for nobody has been here for long
        address = (await web.post("/c/science/new", data=MEETING)).headers["location"]
        fediverse.clock.advance(22 * 24 * 3600)
        desk = check(await web.get("/c/science/desk"))
        assert "Nobody has a role in “Our meeting” yet" in desk
        assert 'href="/@tom"' in desk.partition("Who has been quiet")[2]
    roles = f"/p/{address[-8:]}/roles"
    async with fediverse.client(here, eve) as web:
        assert (await web.get(roles)).status_code == 404
        assert (await web.post(roles, data={"act": "take", "role": "host"})).status_code == 403
    async with fediverse.client(here, tom) as web:
        assert "Nobody has a role yet." in check(await web.get(address))
        assert "I take it" in check(await web.get(roles))
        assert (await web.post(roles, data={"act": "nonsense", "role": "host"})).status_code == 404
        assert (await web.post(roles, data={"act": "take", "role": "host"})).status_code == 303
        refused = await web.post(roles, data={"act": "skip", "role": "host"})
        assert refused.status_code == 422
        assert "Nobody else is on the list yet" in refused.text
        page = check(await web.get(address))
        assert "Host" in page.partition("Who does what")[2]
        assert 'href="/@tom"' in page.partition("Who does what")[2]
        assert (await web.post("/c/science/turns", data={"hosts": "1"})).status_code == 303
        assert "One person takes roles in turn." in check(await web.get("/c/science/newcomers"))
        assert (await web.post("/c/science/rotation", data={"goes_round": "1"})).status_code == 403
    app = await app_of(fediverse, here, tom)
    assert "instructor" not in str(await app.get(f"{BASE}/roles"))


async def test_a3_a14_a16_a_newcomer_says_hello_and_a_conversation_becomes_an_event(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, ada = [await fediverse.person(here, name) for name in ("maya", "tom", "ada")]
    group = await community(maya, "science")
    for person in (tom, ada):
        await join(person, group)
    async with fediverse.client(here, tom) as web:
        assert "Introduce yourself" in check(await web.get("/c/science"))
        empty = await web.post("/c/science/hello", data={"q0": ""})
        assert empty.status_code == 422
        address = (await web.post("/c/science/hello", data={"q0": "I teach *physics*."})).headers["location"]
        assert "Hello from" in check(await web.get(address))
        assert f'href="{address}#answers"' not in check(await web.get("/c/science/newcomers"))
    async with fediverse.client(here, ada) as web:
        assert f'href="{address}#answers"' in check(await web.get("/c/science/newcomers"))
    talk = await write(maya, "When?", title="Shall we meet?", community_id=group.id)
    await reply(tom, talk, "On Monday.")
    async with fediverse.client(here, ada) as web:
        assert f"kind=session&amp;from={talk.short}" in check(await web.get(f"/p/{talk.short}", follow_redirects=True))
        form = check(await web.get(f"/c/science/new?kind=session&from={talk.short}"))
        assert 'value="Shall we meet?"' in form
        assert "@maya @tom" in form
        assert (await web.get("/c/science/new?kind=session&from=nonsense")).status_code == 404
        assert (await web.get(f"/communities/new?from={talk.short}")).status_code == 404


async def test_a4_the_shortlist_shows_what_the_mix_would_be(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await community(maya, "science", join_policy="apply", questions=("Which years?",))
    async with fediverse.client(here, tom) as web:
        page = check(await web.get("/c/science/apply"))
        assert "Which years?" in page
        assert "Time per week" in page
        await web.post("/c/science/apply", data={"q0": "a", "q1": "b", "q2": "c", "q3": "Seven"})
        assert (await web.post(f"/c/science/applications/{tom.id}/note", data={"shortlisted": "1"})).status_code == 403
    async with fediverse.client(here, maya) as web:
        sent = {"shortlisted": "1", "expertise": "1"}
        assert (await web.post(f"/c/science/applications/{tom.id}/note", data=sent)).status_code == 303
        page = check(await web.get("/c/science/applications"))
        assert "The shortlist: one person" in page
        assert "1 of 1" in page
        assert "Seven" in page


async def test_n20_a22_n18_every_template_makes_a_community_with_drafts_that_go_away(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here) as nobody:
        assert (await nobody.get("/communities/templates")).status_code == 303
    async with fediverse.client(here, maya) as web:
        listed = check(await web.get("/communities/templates"))
        keys = re.findall(r"template=([a-z-]+)", listed)
        assert len(keys) >= 14
        assert {"data-team", "outreach", "literacy", "support"} <= set(keys)
        for number, key in enumerate(one for one in keys if one != "support"):
            page = (await web.get(f"/communities/new?template={key}")).text
            filled = filled_in(page)
            assert len(filled["prompts"].splitlines()) == 3, key
            made = await web.post("/communities/new", data=filled | {"slug": f"begun-{number}"})
            assert made.status_code == 303, (key, made.text)
            assert made.headers["location"] == f"/c/begun-{number}/desk", key
        assert check(await web.get("/communities/new?template=nonsense"))
        many = filled | {"slug": "many", "prompts": "a\n" * 6}
        assert (await web.post("/communities/new", data=many)).status_code == 422
        first = filled["prompts"].splitlines()[0].replace("'", "&#39;")
        assert first in check(await web.get(f"/c/begun-{number}/desk"))
        await web.post(f"/c/begun-{number}/desk", data={"prompts": "What now?"})
        assert "What now?" in check(await web.get(f"/c/begun-{number}/desk"))
        await web.post(f"/c/begun-{number}/desk", data={"away": "1"})
        assert "Questions to begin with" not in check(await web.get(f"/c/begun-{number}/desk"))
        assert "Every second week" in check(await web.get(f"/c/begun-{number}/charter"))
        refused = await web.post(f"/c/begun-{number}/term", data={"reached": "Much.", "term_until": ""})
        assert refused.status_code == 422
        assert "Much.</textarea>" in refused.text
        ended = await web.post(f"/c/begun-{number}/term", data={"reached": "Much.", "term_until": "2031-01-01"})
        assert ended.status_code == 303
        assert "Much." in check(await web.get(f"/c/begun-{number}/term"))


def filled_in(page: str) -> dict[str, str]:
    """What a form holds, as a browser would send it."""
    form = html5lib.parse(page, namespaceHTMLElements=False).find(".//form[@action='/communities/new']")
    found = {}
    for field in form.iter():
        name, kind = field.get("name", ""), field.get("type", "")
        if field.tag == "textarea":
            found[name] = "".join(field.itertext()).lstrip("\n")
        elif field.tag == "input" and (kind not in {"radio", "checkbox"} or "checked" in field.attrib):
            found[name] = field.get("value", "")
        elif field.tag == "select":
            chosen = [option for option in field.iter("option") if "selected" in option.attrib]
            found[name] = chosen[0].get("value", "") if chosen else ""
    return found
