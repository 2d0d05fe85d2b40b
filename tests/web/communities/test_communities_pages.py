"""The pages of communities: for whom, with which words, and what a refused form keeps."""

import re
from xml.etree import ElementTree

import pytest

from server.actors import actions as actors
from server.communities import actions
from server.communities.actions import CommunityForm
from server.communities.models import Community, Membership
from server.db.database import query_log
from tests.conftest import Fediverse, Person
from tests.facts import make_member, make_remote
from tests.posting import community, write

PRIVATE_PAGES = ("", "/members", "/guidelines", "/guidelines/edit", "/apply", "/edit", "/applications", "/feed.atom")
POSTS = ("/join", "/leave", "/follow", "/invite", "/apply", "/edit", "/archive", "/guidelines", "/guidelines/accept")


@pytest.fixture
async def amara(fediverse: Fediverse) -> Person:
    return await fediverse.person(await fediverse.start("alder.example"), "amara")


@pytest.fixture
async def bruno(fediverse: Fediverse, amara: Person) -> Person:
    return await fediverse.person(amara.here, "bruno")


async def test_s15_a_private_community_and_none_look_the_same(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara, "secret", visibility="members", join_policy="invite", guidelines="1. Hush.")
    assert made.username == "secret"
    for somebody in (bruno, None):
        async with fediverse.client(amara.here, somebody) as web:
            for page in PRIVATE_PAGES:
                there, absent = await web.get(f"/c/secret{page}"), await web.get(f"/c/nothere{page}")
                assert (there.status_code, len(there.text)) == (absent.status_code, len(absent.text) - 1) or (
                    there.status_code == absent.status_code and there.status_code in {303, 404}
                )
                assert "Secret" not in there.text
            for path in POSTS:
                answer = await web.post(f"/c/secret{path}", data={"role": "steward"})
                assert answer.status_code == (await web.post(f"/c/nothere{path}")).status_code
            listed = await web.get("/communities")
            assert "Secret" not in listed.text


async def test_s15_people_here_see_only_the_doorway_of_a_members_community(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara, "circle", visibility="members", join_policy="apply", time_per_week="20 minutes")
    await write(amara, "Confidential words", title="Confidential title", community_id=made.id, visibility="members")
    async with fediverse.client(amara.here, bruno) as web:
        door = await web.get("/c/circle")
        assert door.status_code == 200
        assert "20 minutes" in door.text
        assert "Confidential" not in door.text
        assert "amara" not in door.text.lower()
        for page in ("/members", "/applications", "/feed.atom", "/edit", "/guidelines/edit"):
            assert (await web.get(f"/c/circle{page}")).status_code == 404
    async with fediverse.client(amara.here) as web:
        assert (await web.get("/c/circle")).status_code == 404
    async with fediverse.client(amara.here, amara) as web:
        assert "Confidential title" in (await web.get("/c/circle")).text


async def test_s28_forms_of_those_who_look_after_it_are_closed_to_members(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara)
    await bruno.do(actions.join, made.id)
    async with fediverse.client(amara.here, bruno) as web:
        for page in ("/edit", "/applications", "/guidelines/edit"):
            assert (await web.get(f"/c/science{page}")).status_code == 403
        for path, data in {
            "/edit": {"name": "Mine", "purpose": "Mine"},
            "/archive": {},
            "/guidelines": {"guidelines": "Mine"},
            "/invite": {"handle": "amara"},
            f"/members/{bruno.id}/role": {"role": "steward"},
            f"/members/{amara.id}/remove": {},
            f"/applications/{bruno.id}": {"decision": "accept"},
        }.items():
            assert (await web.post(f"/c/science{path}", data=data)).status_code == 403
    found = await amara.here.run(Membership.get, person_id=bruno.id)
    assert (found.state, found.role) == ("active", "member")
    assert (await amara.here.run(Community.get, id=made.id)).archived_at is None


async def test_who_forgets_the_reason_keeps_what_was_chosen(fediverse: Fediverse, amara: Person, bruno: Person) -> None:
    made = await community(amara)
    await bruno.do(actions.join, made.id)
    async with fediverse.client(amara.here, amara) as web:
        data = {"reason": " ", "length": "30", "remove_posts": "1"}
        refused = await web.post(f"/c/science/members/{bruno.id}/remove", data=data)
    assert refused.status_code == 422
    form = refused.text[refused.text.index('<details class="member-menu" open') :]
    form = form[: form.index("</details>")]
    assert f"/members/{bruno.id}/remove" in form
    assert re.search(r'value="30" selected', form)
    assert re.search(r'name="remove_posts"[^>]* checked', form)
    assert 'href="#f-reason"' in refused.text
    assert 'id="f-reason"' in form
    assert (await amara.here.run(Membership.get, person_id=bruno.id)).state == "active"


async def test_a1_a_community_is_made_on_one_screen(fediverse: Fediverse, amara: Person) -> None:
    async with fediverse.client(amara.here, amara) as web:
        assert (await web.get("/communities/new")).status_code == 200
        answer = await web.post("/communities/new", data={"name": "Reading <together>", "purpose": "Read & talk"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/c/reading-together")
        home = await web.get("/c/reading-together")
    assert "Reading &lt;together&gt;" in home.text
    assert "3 steps to a living community" in home.text


async def test_a2_a_refused_form_names_what_is_missing_and_keeps_what_was_written(
    fediverse: Fediverse, amara: Person
) -> None:
    typed = {
        "name": "Literacy",
        "purpose": "Every subject teaches reading",
        "kind": "formal",
        "outcomes": "Six routines",
    }
    async with fediverse.client(amara.here, amara) as web:
        answer = await web.post("/communities/new", data=typed)
    assert answer.status_code == 422
    for words in ("Objectives are missing", "cadence is missing", "Facilitators are missing"):
        assert words in answer.text
    assert 'value="Literacy"' in answer.text
    assert "Every subject teaches reading</textarea>" in answer.text
    assert "Six routines</textarea>" in answer.text
    assert re.search(r'value="formal"[^>]*checked', answer.text)


async def test_a3_b13_join_and_leave_are_one_click_and_say_so(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    await community(amara, gives="A story a month", gets="Two ideas")
    async with fediverse.client(amara.here, bruno) as web:
        before = await web.get("/c/science")
        assert "A story a month" in before.text
        assert "Two ideas" in before.text
        assert (await web.post("/c/science/join")).headers["location"] == "/c/science"
        assert 'href="/c/science/new"' in (await web.get("/c/science")).text
        assert (await web.post("/c/science/leave")).status_code == 303
        assert 'action="/c/science/join"' in (await web.get("/c/science")).text


async def test_b1_the_guidelines_are_accepted_and_accepted_again(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara, guidelines="1. Be kind.")
    async with fediverse.client(amara.here, bruno) as web:
        await web.post("/c/science/join")
        home = await web.get("/c/science")
        assert "Please read the guidelines" in home.text
        assert 'href="/c/science/new"' not in home.text
        assert (await web.post("/c/science/guidelines/accept", data={"version": "1"})).status_code == 303
        assert 'href="/c/science/new"' in (await web.get("/c/science")).text
        await amara.do(actions.set_guidelines, made.id, "1. Be kind.\n2. Ask <first>.", "Too much advice.")
        again = await web.get("/c/science/guidelines")
        assert "What changed since you accepted them" in again.text
        assert "Too much advice." in again.text
        assert "2. Ask &lt;first&gt;." in again.text
        assert 'name="version" value="2"' in again.text
        assert "The guidelines have changed" in (await web.get("/c/science")).text


async def test_b1_whoever_ticks_the_box_has_accepted(fediverse: Fediverse, amara: Person, bruno: Person) -> None:
    await community(amara, guidelines="1. Be kind.")
    async with fediverse.client(amara.here, bruno) as web:
        await web.post("/c/science/join", data={"accepts_guidelines": "1"})
        assert "Please read the guidelines" not in (await web.get("/c/science")).text


async def test_a4_an_application_is_written_read_and_answered(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    await community(amara, join_policy="apply", questions=("Which years?",))
    async with fediverse.client(amara.here, bruno) as web:
        form = await web.get("/c/science/apply")
        assert "Which years?" in form.text
        refused = await web.post("/c/science/apply", data={"q0": "To try things"})
        assert refused.status_code == 422
        assert "To try things</textarea>" in refused.text
        answers = {"q0": "To try things", "q1": "Two practices", "q2": "Mondays", "q3": "Seven"}
        assert (await web.post("/c/science/apply", data=answers)).status_code == 303
        assert "You have asked to join" in (await web.get("/c/science")).text
    async with fediverse.client(amara.here, amara) as web:
        assert "One person asks to join" in (await web.get("/c/science")).text
        assert "Two practices" in (await web.get("/c/science/applications")).text
        answer = await web.post(f"/c/science/applications/{bruno.id}", data={"decision": "accept", "note": "Hello"})
        assert answer.status_code == 303
        assert "All quiet" in (await web.get("/c/science/applications")).text
    async with fediverse.client(amara.here, bruno) as web:
        assert "Start a conversation" in (await web.get("/c/science")).text


async def test_a13_the_directory_is_alphabetical_and_for_people_who_are_signed_in(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara)
    await bruno.do(actions.join, made.id)
    async with fediverse.client(amara.here) as web:
        assert (await web.get("/c/science/members")).status_code == 303
        assert "bruno" not in (await web.get("/c/science")).text.lower()
    async with fediverse.client(amara.here, bruno) as web:
        page = (await web.get("/c/science/members")).text
        assert page.index('href="/@amara"') < page.index('href="/@bruno"', page.index('id="main"'))


async def test_held_posts_are_let_through_or_taken_away(fediverse: Fediverse, amara: Person, bruno: Person) -> None:
    made = await community(amara)
    await bruno.do(actions.join, made.id)
    first = await write(bruno, "One", title="First one", community_id=made.id)
    second = await write(bruno, "Two", title="Second one", community_id=made.id)
    await amara.here.run(amara.here.db.execute, "UPDATE post SET state = 'held'")
    async with fediverse.client(amara.here, bruno) as web:
        assert (await web.post(f"/c/science/held/{first.id}", data={"decision": "approve"})).status_code == 403
    async with fediverse.client(amara.here, amara) as web:
        assert "2 posts wait to be let through" in (await web.get("/c/science")).text
        await web.post(f"/c/science/held/{first.id}", data={"decision": "approve"})
        await web.post(f"/c/science/held/{second.id}", data={"decision": "decline", "reason": "Names a pupil."})
        home = await web.get("/c/science")
        assert "First one" in home.text
        assert "Second one" not in home.text
        other = await community(amara, "other")
        third = await write(amara, "Three", title="Third", community_id=other.id)
        await amara.here.run(amara.here.db.execute, "UPDATE post SET state = 'held' WHERE id = :id", id=third.id)
        assert (await web.post(f"/c/science/held/{third.id}", data={"decision": "approve"})).status_code == 404


async def test_c18_s15_the_feed_holds_public_posts_and_is_valid_atom(fediverse: Fediverse, amara: Person) -> None:
    made = await community(amara)
    shown = await write(amara, "Words & <more> \x0b", title="Strips & games", community_id=made.id)
    await write(amara, "Not for all", title="Members only", community_id=made.id, visibility="members")
    async with fediverse.client(amara.here, amara) as web:
        answer = await web.get("/c/science/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.tag == f"{atom}feed"
    assert [entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry")] == ["Strips & games"]
    entry = feed.find(f"{atom}entry")
    assert entry is not None
    assert entry.findtext(f"{atom}id") == shown.uri
    for element in (feed, entry):
        assert element.findtext(f"{atom}id")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", element.findtext(f"{atom}updated") or "")
        assert element.find(f"{atom}author/{atom}name") is not None


async def test_a_community_elsewhere_has_a_page_with_the_way_to_it(fediverse: Fediverse, amara: Person) -> None:
    ines = await fediverse.person(await fediverse.start("birch.example"), "ines")
    await community(ines, "reading")
    async with fediverse.client(amara.here, amara) as web:
        unknown = await web.get("/c/reading@birch.example")
        assert unknown.status_code == 404
        assert "We can ask birch.example" in unknown.text
        met = await web.post("/communities/find", data={"handle": "!reading@birch.example"})
        assert met.headers["location"] == "/c/reading@birch.example"
        page = await web.get("/c/reading@birch.example")
        assert 'action="/c/reading@birch.example/join"' in page.text
        assert 'action="/c/reading@birch.example/follow"' in page.text
        assert "https://birch.example/c/reading" in page.text
        assert (await web.post("/c/reading@birch.example/follow")).status_code == 303
        await web.post("/c/reading@birch.example/join")
        await fediverse.settle()
        joined = await web.get("/c/reading@birch.example")
        assert "Start a conversation" in joined.text
        person = await web.post("/communities/find", data={"handle": "@ines@birch.example"})
        assert person.status_code == 422
        assert "reading@birch.example" in (await web.get("/communities?where=elsewhere")).text
    async with fediverse.client(amara.here) as web:
        assert (await web.get("/c/unknown@birch.example")).status_code == 404


async def test_the_page_of_a_community_asks_a_fixed_number_of_questions(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara)
    await bruno.do(actions.join, made.id)

    async def asked(person: Person, path: str) -> int:
        async with fediverse.client(amara.here, person) as web:
            await web.get(path)
            log: list[str] = []
            token = query_log.set(log)
            try:
                assert (await web.get(path)).status_code == 200
            finally:
                query_log.reset(token)
        return len(log)

    await write(amara, community_id=made.id)
    few = {path: await asked(bruno, path) for path in ("/c/science", "/c/science/members", "/communities")}
    steward = await asked(amara, "/c/science")
    for number in range(8):
        await write(amara, title=f"Number {number}", community_id=made.id)
        there = await make_remote(amara.here, f"person{number}", f"s{number}.example")
        await make_member(amara.here, made.id, there.id)
    many = {path: await asked(bruno, path) for path in few}
    assert many == few
    assert await asked(amara, "/c/science") == steward
    assert few["/c/science"] <= 12
    assert steward <= 13
    assert few["/c/science/members"] <= 6
    assert few["/communities"] <= 6


async def test_following_a_public_community_here_is_not_joining(
    fediverse: Fediverse, amara: Person, bruno: Person
) -> None:
    made = await community(amara)
    await amara.here.run(actors.request_follow, amara.here, bruno.id, made.id)
    async with fediverse.client(amara.here, bruno) as web:
        assert 'action="/c/science/join"' in (await web.get("/c/science")).text


async def test_a_programme_keeps_its_settings_when_one_of_them_is_refused(fediverse: Fediverse, amara: Person) -> None:
    made = await amara.do(
        actions.create_community, CommunityForm(name="Start", purpose="New staff", slug="start", kind="programme")
    )
    async with fediverse.client(amara.here, amara) as web:
        page = await web.get("/c/start/edit")
        assert 'value="programme"' in page.text
        data = {"name": "", "purpose": "Changed", "kind": "programme", "goals": "One\nTwo", "questions": ["Why?"]}
        refused = await web.post("/c/start/edit", data=data)
        assert refused.status_code == 422
        assert "One\nTwo</textarea>" in refused.text
        assert 'value="Why?"' in refused.text
        assert (await web.post("/c/start/edit", data=data | {"name": "Start well"})).status_code == 303
    kept = await amara.here.run(Community.get, id=made.id)
    assert (kept.purpose, kept.goals, kept.questions) == ("Changed", ["One", "Two"], ["Why?"])
