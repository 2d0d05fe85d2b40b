"""Pages of practices as people use them without JavaScript: refusals first, then each way through."""

import io
import re
import warnings
from dataclasses import replace

import html5lib
import pytest
from PIL import Image

from server.accounts import actions as accounts
from server.accounts.actions import NewContext
from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.db import query_log
from server.practices import actions
from server.practices.form import Material, PracticeForm

FORM = PracticeForm(
    entry="full",
    title="Exit tickets that work",
    promise="You know tomorrow's start.",
    subject="Science",
    level="Year 8",
    group_size=28,
    minutes=5,
    setting="Classroom",
    constraints="No printer.",
    problem="I never know what they took home.",
    steps=("Ask *one* question.", "Sort the slips."),
    evidence="From 9 to 3.",
    certainty="tried",
    would_change="Two chairs.",
    materials=(Material("https://example.org/q", "Questions"),),
    nobody_identifiable=True,
)
FILLED = {
    "speed": "quick",
    "title": "Silent mixing",
    "steps": ["Say nothing.", "", "Point."],
    "would_change": "It needs stages.",
    "licence": "CC-BY-4.0",
    "language": "en",
    "minutes": "15",
    "visibility": "public",
}


def check(html: str) -> None:
    """The page is valid, names nothing twice, and says nothing that a program would say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
    assert [(code, at) for at, code, _ in parser.errors] == []
    bare = re.sub(r"<(style|script|code)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)
    for slip in (">None<", "=None", "Undefined", "%(", "{{", "&amp;lt;"):
        assert slip not in bare, slip
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert html.count("<h1") == 1


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "#2f6f5e").save(buffer, "PNG")
    return buffer.getvalue()


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    science = await maya.do(
        communities.create_community, CommunityForm(name="Science", purpose="Try.", slug="science", **facts)
    )
    return here, maya, tom, science


@pytest.mark.parametrize("path", ["/new", "/practices/new", "/practices?mine=drafts"])
async def test_s28_strangers_are_sent_to_sign_in(fediverse, path: str) -> None:
    here, *_ = await place(fediverse)
    async with fediverse.client(here) as client:
        answer = await client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        assert (await client.post("/practices/new", data=FILLED)).status_code == 303
        assert (await client.post("/preview", data={"content": "x"})).status_code == 303


async def test_s15_private_and_absent_look_the_same(fediverse) -> None:
    here, maya, tom, science = await place(fediverse, visibility="members")
    secret = await maya.do(actions.share, replace(FORM, community_id=science.id))
    draft = await maya.do(actions.save_draft, FORM)
    pages = []
    for person in (None, tom):
        async with fediverse.client(here, person) as client:
            absent = await client.get("/p/nothing-00000000")
            for short in (secret.short, draft.short):
                for part in ("", "/versions", "/message"):
                    answer = await client.get(f"/p/x-{short}{part}")
                    pages.append(answer.status_code)
                    assert answer.text.count("Exit tickets") == 0
                answer = await client.get(f"/p/x-{short}")
                assert re.sub(r'nonce="[^"]*"|x-\w{8}', "", answer.text) == re.sub(
                    r'nonce="[^"]*"|nothing-\w{8}', "", absent.text
                )
            assert "Exit tickets" not in (await client.get("/practices")).text
            assert (await client.get("/practices?community=science")).status_code == 404
    assert set(pages) == {404}


async def test_s30_forms_of_another_person_are_refused(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    post = await maya.do(actions.share, FORM)
    draft = await maya.do(actions.save_draft, FORM)
    async with fediverse.client(here, tom) as client:
        for part in ("edit", "delete"):
            assert (await client.get(f"{post.url}/{part}")).status_code == 403
            assert (await client.post(f"{post.url}/{part}", data={**FILLED, "share": "1"})).status_code == 403
        assert (await client.get(f"/practices/new?draft={draft.short}")).status_code == 404
        assert (await client.get(f"/practices/new?from={post.short}")).status_code == 404
        sent = await client.post("/practices/new", data={**FILLED, "draft_id": draft.short, "share": "1"})
        assert sent.status_code == 404


async def test_s30_anothers_upload_is_not_used(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.post("/practices/new", data=FILLED, files={"files": ("slip.png", png(), "image/png")})
    media_id = re.search(r'name="media_id" value="(\w+)"', page.text)[1]
    async with fediverse.client(here, tom) as client:
        page = await client.post("/practices/new", data={**FILLED, "media_id": media_id})
    assert media_id not in page.text


async def test_c1_a_refused_form_keeps_everything(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    typed = {
        **FILLED,
        "title": "",
        "minutes": "a quarter",
        "problem": "They <copy> me",
        "evidence": "Sentences",
        "certainty": "hunch",
        "speed": "full",
        "promise": "They talk",
        "material_url": ["https://example.org/a", "not a link"],
        "material_name": ["First", "Second"],
        "context_label": "Year 9",
        "share": "1",
    }
    async with fediverse.client(here, maya) as client:
        answer = await client.post("/practices/new", data=typed)
    assert answer.status_code == 422
    check(answer.text)
    for words in (
        "a quarter",
        "They &lt;copy&gt; me",
        "Sentences",
        "Say nothing.",
        "Point.",
        "not a link",
        "Second",
        "Year 9",
    ):
        assert words in answer.text, words
    assert "data-error-summary" in answer.text
    for field in ("title", "minutes", "material_url", "nobody_identifiable"):
        assert f'href="#f-{field}"' in answer.text
        assert f'id="f-{field}"' in answer.text


async def test_c1_a_practice_is_shared_with_nothing_but_a_form(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        empty = await client.get("/practices/new")
        assert empty.status_code == 200
        check(empty.text)
        assert "data-draft=" in empty.text
        more = await client.post("/practices/new", data={**FILLED, "add_step": "1"})
        assert more.text.count('name="steps"') == 5
        assert more.text.count("Say nothing.") == 1
        answer = await client.post("/practices/new", data={**FILLED, "share": "1", "context_label": "Year 9 chemistry"})
        assert answer.status_code == 303
        assert re.fullmatch(r"/p/silent-mixing-\w{8}", answer.headers["location"])
        page = await client.get(answer.headers["location"])
        check(page.text)
        assert "Your practice is shared." in page.text
        again = await client.get("/practices/new")
        assert "Year 9 chemistry" in again.text
    async with fediverse.client(here, tom) as client:
        page = await client.get(answer.headers["location"])
    assert [words in page.text for words in ("Silent mixing", "Say nothing.", "It needs stages.", "15 minutes")] == [
        True
    ] * 4
    assert "/edit" not in page.text


async def test_speeds_and_contexts_change_the_form_and_lose_nothing(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    kept = await maya.do(accounts.save_context, NewContext("Year 8 science", "Science", "Year 8", 28, 50, "Lab"))
    async with fediverse.client(here, maya) as client:
        tip = {"speed": "tip", "text": "Four pictures.", "title": "Odd one out", "licence": "CC-BY-4.0"}
        grown = await client.post("/practices/new", data={**tip, "to_speed": "quick"})
        check(grown.text)
        assert "Four pictures.</textarea>" in grown.text
        filled = {**FILLED, "speed": "full", "promise": "They talk", "problem": "Copying", "constraints": "No lab"}
        short = await client.post("/practices/new", data={**filled, "to_speed": "tip"})
        check(short.text)
        for words in ("They talk", "Copying", "No lab", "Say nothing.", "It needs stages."):
            assert words in short.text
        used = await client.post("/practices/new", data={**filled, "use_context": kept})
        assert 'value="Year 8"' in used.text
        assert 'value="50"' in used.text
        assert "They talk" in used.text


async def test_a_picture_is_kept_and_asks_for_words(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        sent = {**FILLED, "share": "1", "nobody_identifiable": "1"}
        answer = await client.post("/practices/new", data=sent, files={"files": ("slip.png", png(), "image/png")})
        assert answer.status_code == 422
        check(answer.text)
        media_id = re.search(r'name="media_id" value="(\w+)"', answer.text)[1]
        assert 'href="#f-alt"' in answer.text
        bad = await client.post("/practices/new", data=sent, files={"files": ("x.svg", b"<svg/>", "image/svg+xml")})
        assert bad.status_code == 422
        assert "x.svg" in bad.text
        answer = await client.post("/practices/new", data={**sent, "media_id": media_id, f"alt-{media_id}": "A slip"})
        assert answer.status_code == 303
        page = await client.get(answer.headers["location"])
    assert 'alt="A slip"' in page.text
    check(page.text)


async def test_the_preview_shows_both_sides_and_shares_nothing(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.post("/practices/new", data={**FILLED, "problem": "They **copy** <b>me", "preview": "1"})
        assert page.status_code == 200
        check(page.text)
        assert "<h2>What I did</h2>" in page.text
        seen = page.text.partition("As seen on Mastodon")[2]
        assert "<strong>Silent mixing</strong>" in seen
        assert "They copy" in seen
        assert (await client.get("/practices")).text.count("Silent mixing") == 0
        live = await client.post("/preview", data={"content": "**bold** <script>x</script>"})
    assert live.text == "<p><strong>bold</strong> &lt;script&gt;x&lt;/script&gt;</p>"


async def test_drafts_come_back(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        answer = await client.post("/practices/new", data={"speed": "quick", "title": "Half", "save_draft": "1"})
        assert answer.headers["location"] == "/practices?mine=drafts"
        listed = await client.get("/practices?mine=drafts")
        check(listed.text)
        link = re.search(r'href="(/practices/new\?draft=\w+)"', listed.text)[1]
        page = await client.get(link)
        check(page.text)
        short = link.rpartition("=")[2]
        answer = await client.post("/practices/new", data={**FILLED, "draft_id": short, "share": "1"})
        assert answer.status_code == 303
        assert answer.headers["location"].endswith(short)
        confirm = await client.get(f"{answer.headers['location']}/delete")
        check(confirm.text)
        gone = await client.post(f"{answer.headers['location']}/delete")
        assert gone.status_code == 303
        assert (await client.get(answer.headers["location"])).status_code == 404


async def test_editing_shows_what_changed_in_words(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    post = await maya.do(actions.share, FORM)
    async with fediverse.client(here, maya) as client:
        page = await client.get(f"/p/{post.short}/edit")
        check(page.text)
        for words in ("Exit tickets that work", "No printer.", "Ask *one* question.", "https://example.org/q"):
            assert words in page.text
        fediverse.clock.advance(60)
        changed = {
            **FILLED,
            "speed": "full",
            "promise": "A",
            "problem": "B",
            "share": "1",
            "change_note": "After a month",
        }
        answer = await client.post(f"/p/{post.short}/edit", data=changed)
        assert answer.status_code == 303
        versions = await client.get(f"/p/{post.short}/versions")
        check(versions.text)
        message = await client.get(f"/p/{post.short}/message")
        check(message.text)
    assert "After a month" in versions.text
    assert "added:" in versions.text
    assert "removed:" in versions.text
    assert "As seen on Mastodon" in message.text
    assert f"{maya.uri}" in message.text


async def test_c11_a_tip_is_shared_and_grows(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.get("/practices/new?speed=tip&community=science")
        check(page.text)
        tip = {
            "speed": "tip",
            "text": "Four pictures.",
            "community": "science",
            "licence": "CC-BY-4.0",
            "language": "en",
        }
        long = await client.post("/practices/new", data={**tip, "text": "x" * 501, "share": "1"})
        assert long.status_code == 422
        answer = await client.post("/practices/new", data={**tip, "share": "1"})
        page = await client.get(answer.headers["location"])
        check(page.text)
        link = re.search(r'href="(/practices/new\?from=\w+)"', page.text)[1]
        form = await client.get(link)
        check(form.text)
    assert "Four pictures.</textarea>" in form.text
    assert 'name="grown_from"' in form.text


async def test_c11_d16_what_went_well_is_told_and_grows(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        form = await client.get("/c/science/new?kind=win")
        check(form.text)
        assert "What went well, in one line" in form.text
        told = {"kind": "win", "title": "All of 8c asked", "content": "I waited ten seconds.", "licence": "CC-BY-4.0"}
        refused = await client.post("/c/science/new", data={**told, "title": "", "share": "1"})
        assert refused.status_code == 422
        assert "I waited ten seconds." in refused.text
        win = (await client.post("/c/science/new", data={**told, "share": "1"})).headers["location"]
        page = await client.get(win)
        check(page.text)
        link = re.search(r'href="(/practices/new\?from=\w+)"', page.text)[1]
        form = await client.get(link)
        check(form.text)
        for words in ('value="All of 8c asked"', "I waited ten seconds.</textarea>", 'name="grown_from"'):
            assert words in form.text
        origin = re.search(r'name="grown_from" value="(\w+)"', form.text)[1]
        sent = {**FILLED, "grown_from": origin, "community": "science", "share": "1"}
        practice = (await client.post("/practices/new", data=sent)).headers["location"]
        assert "Grew out of what went well" in (await client.get(practice)).text
        page = await client.get(win)
        check(page.text)
        assert f'href="{practice}"' in page.text
    async with fediverse.client(here, tom) as client:
        assert (await client.get(link)).status_code == 404


async def test_c12_the_library_says_how_many_and_ends(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    async with fediverse.client(here, tom) as client:
        empty = await client.get("/practices")
        check(empty.text)
        assert "A good first one is the thing you’d tell a colleague in the corridor." in empty.text
        for number in range(21):
            await maya.do(actions.share, replace(FORM, title=f"Practice {number}"))
        page = await client.get("/practices?subject=Science")
        check(page.text)
        assert "21 practices fit" in page.text
        older = re.search(r'rel="next" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
        rest = await client.get(older)
        check(rest.text)
        assert "You’re up to date." in rest.text
        assert rest.text.count('class="post-card"') == 1
        nothing = await client.get("/practices?subject=Latin&before=nonsense")
        check(nothing.text)
    assert "0 practices fit" in nothing.text


async def test_pages_take_a_fixed_number_of_queries(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    post = await maya.do(actions.share, FORM)
    counts: dict[str, list[int]] = {"/practices": [], post.url: []}
    for more in range(2):
        for number in range(more * 5):
            await maya.do(actions.share, replace(FORM, title=f"Practice {number}"))
            async with fediverse.client(here, tom) as client:
                await client.post(f"/p/{post.short}/reply", data={"content": f"Answer {number}"})
        async with fediverse.client(here, tom) as client:
            for path, found in counts.items():
                log: list[str] = []
                token = query_log.set(log)
                assert (await client.get(path)).status_code in {200, 301, 303}
                query_log.reset(token)
                found.append(len(log))
    for path, (before, after) in counts.items():
        assert after - before <= (5 if path == post.url else 0), path
        assert after <= 24, path


@pytest.mark.parametrize("kind", ["ask", "discussion", "poll", "session", "resource"])
async def test_chooser(fediverse, kind: str) -> None:
    here, maya, tom, _ = await place(fediverse)
    for person, words in ((maya, f"/c/science/new?kind={kind}"), (tom, "Find a community")):
        async with fediverse.client(here, person) as client:
            page, where = await client.get("/new"), await client.get(f"/new?kind={kind}")
        check(page.text)
        check(where.text)
        assert f"/new?kind={kind}" in page.text
        assert words in where.text


async def test_chooser_of_something_unknown_asks_what_to_do(fediverse) -> None:
    here, maya, _, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.get("/new?kind=%22nothing")
    assert page.status_code == 200
    assert "What do you want to do?" in page.text


async def test_d16_five_kinds_are_offered_at_once_and_the_rest_behind_one_tap(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/new")).text
        check(page)
    offered, _, more = page.partition("<main")[2].partition("<details")
    kinds = re.findall(r'href="[^"]*(?:kind|speed)=(\w+)', offered)
    assert kinds == ["quick", "ask", "tip", "win", "challenge"]
    for kind in ("discussion", "round", "poll", "idea", "session", "resource"):
        assert f"kind={kind}" in more


async def test_c18_one_sheet_says_whose_it_is_what_one_may_do_and_where_it_lives(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    shared = await maya.do(actions.share, replace(FORM, licence="CC-BY-4.0", community_id=science.id))
    async with fediverse.client(here, maya) as client:
        draft = await client.post("/practices/new", data={**FILLED, "save_draft": "1"})
        assert draft.status_code == 303
        thread = {
            "kind": "discussion",
            "title": "Hm",
            "content": "x",
            "licence": "CC-BY-4.0",
            "language": "en",
            "share": "1",
        }
        other = (await client.post("/c/science/new", data={**thread, "share": "1"})).headers["location"]
        assert (await client.get(f"{other}/sheet")).status_code == 404
    for person in (None, tom):
        async with fediverse.client(here, person) as client:
            page = await client.get(f"/p/{shared.short}/sheet")
            check(page.text)
            assert "“Exit tickets that work” by Maya" in page.text
            assert "https://creativecommons.org/licenses/by/4.0/" in page.text
            assert f"<p>{shared.url} · version 1" in page.text
            assert "https://example.org/q" in page.text
            practice = await client.get(f"{shared.url}")
            assert f'href="/p/{shared.short}/sheet"' in practice.text
            assert 'property="og:title" content="Exit tickets that work"' in practice.text
