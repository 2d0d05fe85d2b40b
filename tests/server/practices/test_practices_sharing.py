"""Practices and tips of people here: who may do what, what is kept, and what other servers get."""

import json
from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.actors.viewer import ANONYMOUS
from server.communities import actions as communities
from server.communities import members
from server.communities.form import CommunityForm
from server.db import query_log
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as post_queries
from server.posts.models import Post
from server.practices import actions, narrowing, queries
from server.practices.form import Material, PracticeForm
from server.practices.messages import messages, on_mastodon
from server.practices.queries import Facets
from server.practices.versions import history

QUICK = PracticeForm(
    title="Exit tickets that work",
    subject="Science",
    level="Year 8",
    group_size=28,
    minutes=5,
    problem="I never know what they took home.",
    steps=("Ask one question.", "Sort the slips."),
    would_change="Two chairs.",
)
FULL = replace(
    QUICK,
    entry="full",
    promise="You know tomorrow's start.",
    evidence="From 9 to 3.",
    certainty="tried",
    nobody_identifiable=True,
    materials=(Material("https://example.org/q", "Questions"),),
)
LONG = replace(QUICK, title="Long", minutes=80, group_size=8, subject="History", licence="CC0-1.0")
TIP = PracticeForm(entry="tip", title="Odd one out", text="Start with *four* pictures.")

WIN = ThreadForm(kind="win", title="All of 8c asked", text="I waited *ten* seconds.", licence="CC-BY-4.0")


async def place(fediverse, *, visibility: str = "public"):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    science = await maya.do(
        communities.create_community,
        CommunityForm(name="Science", purpose="Try things.", slug="science", visibility=visibility),
    )
    return here, maya, science


async def count(here, table: str) -> int:
    return await here.run(here.db.value, f"SELECT count(*) AS n FROM {table}")


async def document(fediverse, here, post: Post) -> dict:
    async with fediverse.client(here) as client:
        answer = await client.get(f"/ap/p/{post.id}", headers={"accept": "application/activity+json"})
    assert answer.status_code == 200
    return answer.json()


async def test_s30_another_persons_practice_is_neither_changed_nor_withdrawn(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    post = await maya.do(actions.share, QUICK)
    for act, rest in ((actions.revise, (QUICK,)), (actions.withdraw, ())):
        with pytest.raises(NotFound):
            await tom.do(act, post.id, *rest)
    with pytest.raises(NotFound):
        await tom.do(actions.share, QUICK, draft_id=post.id)
    with pytest.raises(NotFound):
        await tom.do(actions.save_draft, QUICK, draft_id=post.id)


async def test_c11_s30_only_ones_own_tip_grows(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    tip = await maya.do(actions.share, TIP)
    with pytest.raises(NotFound):
        await tom.do(actions.share, replace(QUICK, grown_from_id=tip.id))
    assert await tom.do(queries.seed, tip.short) is None


async def test_c11_s30_only_what_went_well_with_oneself_grows(fediverse) -> None:
    here, maya, science = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    win = await maya.do(discussions.start, replace(WIN, community_id=science.id))
    thread = await maya.do(discussions.start, replace(WIN, kind="discussion", community_id=science.id))
    for person, post in ((tom, win), (maya, thread)):
        assert await person.do(queries.seed, post.short) is None
        with pytest.raises(NotFound):
            await person.do(actions.share, replace(QUICK, grown_from_id=post.id))


async def test_c11_what_went_well_grows_into_a_practice_and_both_name_each_other(fediverse) -> None:
    here, maya, science = await place(fediverse)
    win = await maya.do(discussions.start, replace(WIN, community_id=science.id))
    assert (await document(fediverse, here, win))["kind"] == "win"
    assert await maya.do(queries.grown_into, win.id) is None
    post, form = await maya.do(queries.seed, win.short)
    assert (post.id, form.title, form.steps, form.community_id) == (win.id, WIN.title, (WIN.text,), science.id)
    draft = await maya.do(actions.save_draft, form)
    assert await maya.do(queries.grown_into, win.id) is None
    practice = await maya.do(actions.share, replace(form, would_change="Five are enough."), draft_id=draft.id)
    assert (await maya.do(queries.grown_into, win.id)).title == WIN.title
    page = await maya.do(queries.practice, await maya.do(post_queries.show, practice.id))
    assert (page.grown_from.kind, page.grown_from.title) == ("win", WIN.title)


async def test_s28_only_members_share_in_a_community(fediverse) -> None:
    here, _maya, science = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    with pytest.raises(NotAllowed):
        await tom.do(actions.share, replace(QUICK, community_id=science.id))
    await tom.do(members.join, science.id)
    assert (await tom.do(actions.share, replace(QUICK, community_id=science.id))).state == "visible"


async def test_s15_a_draft_is_seen_by_its_author_alone(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    tom = await fediverse.person(here, "tom", role="admin")
    draft = await maya.do(actions.save_draft, PracticeForm(title="Half a thought"))
    assert draft.state == "draft"
    for viewer in (tom.viewer, ANONYMOUS):
        assert await here.run(post_queries.show, here, viewer, draft.id) is None
        assert (await here.run(queries.find, here, viewer, Facets())).total == 0
    assert await tom.do(queries.draft, draft.id) is None
    assert [item.id for item in await maya.do(post_queries.drafts)] == [draft.id]
    async with fediverse.client(here) as client:
        answer = await client.get(f"/ap/p/{draft.id}", headers={"accept": "application/activity+json"})
    assert answer.status_code == 404


async def test_a_refused_form_leaves_nothing(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    with pytest.raises(Invalid):
        await maya.do(actions.share, replace(QUICK, would_change=""))
    assert await count(here, "post") == 0
    assert await count(here, "practice") == 0


async def test_an_empty_draft_is_refused(fediverse) -> None:
    _, maya, _ = await place(fediverse)
    with pytest.raises(Invalid):
        await maya.do(actions.save_draft, PracticeForm())


async def test_c1_a_practice_is_an_article_with_everything_in_it(fediverse) -> None:
    here, maya, science = await place(fediverse)
    post = await maya.do(actions.share, replace(FULL, community_id=science.id))
    sent = await document(fediverse, here, post)
    assert (sent["type"], sent["kind"], sent["name"]) == ("Article", "practice", FULL.title)
    assert sent["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert "You know tomorrow" in sent["summary"]
    assert "<h2>What I did</h2>" in sent["content"]
    assert "Licence: <a" in sent["content"]
    assert sent["learning"]["ph:steps"] == list(FULL.steps)
    assert sent["learning"]["timeRequired"] == "PT5M"
    assert sent["@context"][2]["learning"] == {"@id": "ph:learning", "@context": {"@vocab": "https://schema.org/"}}
    assert sent["@context"][2]["ph"] == "https://w3id.org/peerhall#"


async def test_c11_a_tip_is_a_note(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    sent = await document(fediverse, here, await maya.do(actions.share, TIP))
    assert (sent["type"], sent["kind"]) == ("Note", "tip")
    assert sent["content"] == "<p><strong>Odd one out</strong></p>\n<p>Start with <em>four</em> pictures.</p>"
    assert "name" not in sent
    assert "learning" not in sent


async def test_a_draft_becomes_the_practice(fediverse) -> None:
    here, maya, science = await place(fediverse)
    draft = await maya.do(actions.save_draft, PracticeForm(title="Half", community_id=science.id))
    draft = await maya.do(actions.save_draft, replace(TIP, community_id=science.id), draft_id=draft.id)
    shared = await maya.do(actions.share, replace(QUICK, community_id=science.id), draft_id=draft.id)
    assert (shared.id, shared.state, shared.visibility, shared.kind) == (draft.id, "visible", "public", "practice")
    assert (await document(fediverse, here, shared))["type"] == "Article"
    assert await maya.do(post_queries.drafts) == []
    with pytest.raises(Invalid):
        await maya.do(actions.save_draft, QUICK, draft_id=draft.id)


async def test_c11_a_tip_grows_into_a_practice_that_names_it(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    tip = await maya.do(actions.share, TIP)
    kept = await maya.do(queries.draft, tip.id)
    assert kept is not None
    form = queries.grown(kept[1], tip.id, "")
    assert (form.title, form.steps) == ("Odd one out", (TIP.text,))
    grown = await maya.do(actions.share, replace(form, would_change="Fewer pictures."))
    assert (await document(fediverse, here, grown))["learning"]["isBasedOn"] == tip.uri
    view = await maya.do(post_queries.show, tip.id)
    page = await maya.do(queries.practice, view)
    assert page.grown_into is not None
    assert page.grown_into.title == "Odd one out"


async def test_revising_keeps_what_it_said(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    post = await maya.do(actions.share, FULL)
    fediverse.clock.advance(60)
    await maya.do(actions.revise, post.id, replace(FULL, would_change="Three chairs.", minutes=7), "After a month")
    changes = await maya.do(history, await maya.do(post_queries.show, post.id))
    assert [change.version for change in changes] == [2, 1]
    assert changes[0].note == "After a month"
    assert [part.field for part in changes[0].parts] == ["minutes", "would_change"]
    assert [(piece.kind, piece.text) for piece in changes[0].parts[1].pieces] == [
        ("removed", "Two"),
        ("added", "Three"),
        ("same", " chairs."),
    ]
    sent = await document(fediverse, here, post)
    assert sent["learning"]["ph:wouldChange"] == "Three chairs."
    assert sent["learning"]["version"] == "2"


async def test_a_practice_does_not_become_a_tip(fediverse) -> None:
    _, maya, _ = await place(fediverse)
    post = await maya.do(actions.share, QUICK)
    with pytest.raises(Invalid):
        await maya.do(actions.revise, post.id, TIP)


async def test_withdrawing_leaves_no_field(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    post = await maya.do(actions.share, FULL)
    await maya.do(actions.withdraw, post.id)
    assert await count(here, "practice") == 0
    assert await maya.do(post_queries.show, post.id) is None


async def test_c1_another_peerhall_rebuilds_the_card(fediverse) -> None:
    _here, maya, science = await place(fediverse)
    birch = await fediverse.start("birch.example")
    bruno = await fediverse.person(birch, "bruno")
    target = await birch.run(actors.resolve, birch, "@maya@alder.example")
    await birch.run(actors.request_follow, birch, bruno.id, target.id)
    await fediverse.settle()
    post = await maya.do(actions.share, replace(FULL, community_id=science.id))
    await fediverse.settle()
    found = await bruno.do(queries.find, Facets(subject="science", minutes="10"))
    assert found.total == 1
    view = found.page.items[0]
    assert (view.kind, view.facts) == ("practice", ["Science", "Year 8", "Group of 28", "5 minutes"])
    page = await bruno.do(queries.practice, view)
    assert page.form.steps == FULL.steps
    assert page.form.materials == FULL.materials
    assert (page.form.certainty, page.form.licence) == ("tried", "CC-BY-4.0")
    fediverse.clock.advance(60)
    await maya.do(actions.revise, post.id, replace(FULL, community_id=science.id, steps=("Only this.",)))
    await fediverse.settle()
    page = await bruno.do(queries.practice, view)
    assert page.form.steps == ("Only this.",)
    received = await bruno.do(lambda there, _: messages(there, view))
    assert [message.is_ours for message in received] == [False]
    assert received[0].signed_by == maya.uri


async def test_c1_the_message_and_the_view_of_mastodon_are_what_is_sent(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    post = await maya.do(actions.share, FULL)
    view = await maya.do(post_queries.show, post.id)
    sent = await here.run(messages, here, view)
    assert [message.verb for message in sent] == ["Create"]
    assert json.loads(sent[0].text)["object"]["id"] == post.uri
    assert sent[0].signed_by == maya.uri
    seen = await here.run(on_mastodon, here, view)
    assert f"<strong>{FULL.title}</strong>" in seen.html
    assert post.url in seen.html
    assert "What I did" not in seen.html


async def test_s15_what_stays_here_has_no_message(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    post = await maya.do(actions.share, replace(QUICK, visibility="instance"))
    view = await maya.do(post_queries.show, post.id)
    assert await here.run(messages, here, view) == []
    assert await here.run(on_mastodon, here, view) is None


async def test_c12_the_library_is_narrowed_and_counted(fediverse) -> None:
    _here, maya, science = await place(fediverse)
    await maya.do(actions.share, QUICK)
    await maya.do(actions.share, LONG)
    await maya.do(actions.share, replace(TIP, community_id=science.id))
    wanted = {
        Facets(): 3,
        Facets(subject="science"): 1,
        Facets(minutes="10"): 1,
        Facets(minutes="90"): 2,
        Facets(size="1-10"): 1,
        Facets(licence="CC0-1.0"): 1,
        Facets(community_id=science.id): 1,
        Facets(level="Year 8", size="21-30"): 1,
        Facets(mine="shared"): 3,
        Facets(subject="nothing"): 0,
        Facets(size="nonsense"): 3,
    }
    for facets, total in wanted.items():
        found = await maya.do(queries.find, facets)
        assert (found.total, len(found.page.items)) == (total, total), facets
    assert (await maya.do(queries.facet_values)).subjects == ("History", "Science")


async def test_what_few_practices_say_is_found_at_once_and_the_rest_part_by_part(fediverse, monkeypatch) -> None:
    _here, maya, _ = await place(fediverse)
    for number in range(9):
        subject = "Maths" if number % 3 == 0 else "Music"
        await maya.do(actions.share, replace(QUICK, title=f"{number}", subject=subject, minutes=10 + number))
        fediverse.clock.advance(1)
    for few, looked_at in ((200, 2000), (2, 4)):
        monkeypatch.setattr(narrowing, "FEW", few)
        monkeypatch.setattr(narrowing, "LOOKED_AT", looked_at)
        titles, before, parts = [], None, 0
        while parts < 9:
            parts += 1
            found = await maya.do(queries.find, Facets(subject="maths", minutes="20"), before)
            titles += [post.title for post in found.page.items]
            before = found.page.next
            if before is None:
                break
        assert (titles, parts) == (["6", "3", "0"], 1 if few == 200 else 3)
        nothing = await maya.do(queries.find, Facets(subject="Latin", minutes="20"))
        assert (nothing.total, nothing.page.next) == (0, None)
        assert len((await maya.do(queries.find, Facets(mine="shared", subject="music"))).page.items) in {6, 3}


async def test_the_library_pages_by_twenty_in_a_fixed_number_of_queries(fediverse) -> None:
    _here, maya, _ = await place(fediverse)
    counts = []
    for more in (1, 21):
        for number in range(more):
            await maya.do(actions.share, replace(QUICK, title=f"Practice {more}-{number}"))
        log: list[str] = []
        token = query_log.set(log)
        first = await maya.do(queries.find, Facets())
        query_log.reset(token)
        counts.append(len(log))
    assert counts[0] + 1 == counts[1] <= 8  # what stands on one page needs no counting
    assert (first.total, len(first.page.items)) == (22, 20)
    rest = await maya.do(queries.find, Facets(), first.page.next)
    assert len(rest.page.items) == 2
    assert rest.page.next is None
