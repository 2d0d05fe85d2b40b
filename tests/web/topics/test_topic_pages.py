"""Pages of topics without JavaScript (D11): refusals first; made, ordered, written into, moved, muted, retired."""

import re

from server.topics.queries import topics_of
from tests.posting import community, join, write
from tests.web.events.test_event_pages import FIELDS as EVENT
from tests.web.polls.test_poll_pages import FIELDS as POLL
from tests.web.practices.test_practice_pages import FILLED, check
from tests.web.resources.test_library_pages import CARDS
from tests.web.rounds.test_round_pages import ROUND
from web.topics import pages

NEW = {
    "kind": "discussion",
    "title": "Poems",
    "content": "Which?",
    "licence": "CC-BY-4.0",
    "language": "en",
    "share": "1",
}
TOPICS = "/c/science/topics"


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    group = await community(maya, "science", **facts)
    await join(tom, group)
    return here, maya, tom, group


async def test_d11_s30_only_a_steward_changes_topics_and_strangers_see_none_of_members(fediverse) -> None:
    here, maya, tom, group = await place(fediverse, visibility="members", join_policy="open")
    ann = await fediverse.person(here, "ann")
    async with fediverse.client(here, maya) as client:
        assert (await client.post(TOPICS, data={"act": "make", "name": "Worries"})).status_code == 303
    (topic,) = (await maya.do(topics_of, group.id, "/c/science")).present
    post = await write(maya, "Ours.", community_id=group.id, visibility="members")
    for person, status in ((None, 404), (ann, 404), (tom, 200)):
        async with fediverse.client(here, person) as client:
            for path in (TOPICS, topic.url):
                assert (await client.get(path)).status_code == status
    async with fediverse.client(here, ann) as client:
        for path, sent in ((topic.url, {"choice": "mute"}), (TOPICS, {"act": "make", "name": "Mine"})):
            assert (await client.post(path, data=sent)).status_code == 404
    async with fediverse.client(here, tom) as client:
        for sent in (
            {"act": "make", "name": "Mine"},
            {"act": "change", "name": "Mine", "topic": topic.id},
            {"act": "retire", "topic": topic.id},
        ):
            assert (await client.post(TOPICS, data=sent)).status_code == 403
        assert "A new topic" not in (await client.get(TOPICS)).text
        assert (await client.get(f"/p/{post.short}/topic")).status_code == 403
        assert (await client.post(f"/p/{post.short}/topic", data={"topic": topic.id})).status_code == 403
        assert (await client.get(f"{TOPICS}/00000000")).status_code == 404
    async with fediverse.client(here) as client:
        assert (await client.post(topic.url, data={"choice": "mute"})).headers["location"].startswith("/sign-in")


async def test_d11_a_steward_arranges_topics_and_members_write_move_mute_and_find(fediverse, monkeypatch) -> None:
    monkeypatch.setattr(pages, "LATEST", 3)
    here, maya, tom, group = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        for name, said in (("  ", "Give it a name."), ("x" * 61, "Use at most 60 characters.")):
            refused = await client.post(TOPICS, data={"act": "make", "name": name})
            assert refused.status_code == 422
            check(refused.text)
            assert said in refused.text
        for name in ("Reading", "Writing", "Maths"):
            await client.post(TOPICS, data={"act": "make", "name": name})
        assert "of this name already" in (await client.post(TOPICS, data={"act": "make", "name": "maths"})).text
        reading, writing, maths = (await maya.do(topics_of, group.id, "/c/science")).present
        await client.post(TOPICS, data={"act": "make", "name": "Poems", "within": reading.id})
        poems = (await maya.do(topics_of, group.id, "/c/science")).present[0].inside[0]
        third = await client.post(TOPICS, data={"act": "make", "name": "Sonnets", "within": poems.id})
        assert "Choose one of the topics of the first level." in third.text
        into = {"act": "change", "topic": reading.id, "name": "Reading", "within": writing.id}
        refused = await client.post(TOPICS, data=into)
        assert (refused.status_code, "There are topics in this one." in refused.text) == (422, True)
        check(refused.text)
        await client.post(TOPICS, data={"act": "up", "topic": maths.id})
        await client.post(TOPICS, data={"act": "change", "topic": writing.id, "name": "Writing well"})
        page = (await client.get(TOPICS)).text
        check(page)
        assert re.findall(r'row-title"><a href="[^"]*">([^<]*)<', page) == [
            "Reading", "Reading · Poems", "Maths", "Writing well",
        ]  # fmt: skip

    async with fediverse.client(here, tom) as client:
        form = (await client.get(f"/c/science/new?topic={poems.short}")).text
        check(form)
        assert f'value="{poems.id}" selected' in form
        refused = await client.post("/c/science/new", data={**NEW, "title": "", "topic": poems.id})
        assert f'value="{poems.id}" selected' in refused.text
        assert (await client.post("/c/science/new", data={**NEW, "topic": "0" * 26})).status_code == 422
        address = (await client.post("/c/science/new", data={**NEW, "topic": poems.id})).headers["location"]
        shown = (await client.get(address)).text
        assert f'<a href="{poems.url}">Poems</a>' in shown
        assert f"/p/{address[-8:]}/topic" in shown
        for number in range(4):
            fediverse.clock.advance(1)
            await write(tom, "Well.", title=f"Number {number}", community_id=group.id, topic_id=reading.id)
        page = (await client.get(reading.url)).text
        check(page)
        assert ("Number 3" in page, "Number 1<" in page, "Poems</a></h3>" in page) == (True, True, False)
        older = re.search(rf'href="({re.escape(reading.url)}\?before=[^"]*)"', page)
        page = (await client.get(older[1])).text
        assert ("Number 0<" in page, ">Poems</a></h3>" in page, "Number 1<" in page) == (True, True, False)
        page = (await client.get(poems.url)).text
        assert (">Poems</a></h3>" in page, "Number 3" in page) == (True, False)
        for choice, said in (("mute", "You muted this topic"), ("follow", "Following"), ("", "Follow")):
            moved = await client.post(poems.url, data={"choice": choice})
            assert said in (await client.get(moved.headers["location"])).text
        assert (await client.post(poems.url, data={"choice": "shout"})).status_code == 422
        sent = await client.post(f"/p/{address[-8:]}/topic", data={"topic": "0" * 26})
        assert (sent.status_code, "Choose one of the topics." in sent.text) == (422, True)
        check(sent.text)
        assert (await client.post(f"/p/{address[-8:]}/topic", data={"topic": maths.id})).status_code == 303
    async with fediverse.client(here, maya) as client:
        assert (await client.post(f"/p/{address[-8:]}/topic", data={"topic": poems.id})).status_code == 303
        await client.post(TOPICS, data={"act": "retire", "topic": reading.id})
        page = (await client.get("/c/science")).text
        check(page)
        assert (f'href="{maths.url}"' in page, f'class="chip" href="{reading.url}"' in page) == (True, False)
        for topic, title in ((reading, "Number 3"), (poems, ">Poems</a></h3>")):
            page = (await client.get(topic.url)).text
            check(page)
            assert ("This topic is retired" in page, title in page) == (True, True)
        assert (await client.post("/c/science/new", data={**NEW, "topic": poems.id})).status_code == 422
        refused = await client.post(TOPICS, data={"act": "bring-back", "topic": poems.id})
        assert (refused.status_code, "Bring the topic back first" in refused.text) == (422, True)
        await client.post(TOPICS, data={"act": "bring-back", "topic": reading.id})
    async with fediverse.client(here) as client:
        page = (await client.get(reading.url)).text
        check(page)
        assert ("Number 3" in page, "Mute" in page) == (True, False)


async def test_d11_practices_resources_polls_events_and_rounds_go_into_a_topic_when_written(fediverse) -> None:
    here, maya, tom, group = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        await client.post(TOPICS, data={"act": "make", "name": "Reading"})
        (topic,) = (await maya.do(topics_of, group.id, "/c/science")).present
        sent = {**FILLED, "community": "science"}
        for path, form in (("/c/science/new", CARDS), ("/c/science/new", POLL), ("/practices/new", sent)):
            refused = await client.post(path, data={**form, "share": "1", "topic": "0" * 26})
            assert (refused.status_code, "Choose one of the topics." in refused.text) == (422, True)
            check(refused.text)
        page = await client.get(f"/practices/new?community=science&topic={topic.short}")
        check(page.text)
        assert f'value="{topic.id}" selected' in page.text
        assert (
            await client.post("/practices/new", data={**sent, "save_draft": "1", "topic": topic.id})
        ).status_code == 303
        drafts = (await client.get("/practices?mine=drafts")).text
        draft = re.search(r"/practices/new\?draft=(\w{8})", drafts)[1]
        page = (await client.get(f"/practices/new?draft={draft}")).text
        assert f'value="{topic.id}" selected' in page
        draft_id = re.search(r'name="draft_id" value="(\w+)"', page)[1]
        titles = []
        for path, form in (
            ("/practices/new", {**sent, "draft_id": draft_id}),
            ("/c/science/new", CARDS),
            ("/c/science/new", POLL),
            ("/c/science/new", EVENT),
            ("/c/science/new", {**ROUND, "who": "some", "asked": tom.id}),
        ):
            answer = await client.post(path, data={**form, "share": "1", "topic": topic.id})
            assert answer.status_code == 303, answer.text
            titles.append(form.get("title") or form["question"])
        page = (await client.get(topic.url)).text
        check(page)
        assert sorted(title for title in titles if f">{title}</a></h3>" in page) == sorted(titles)
