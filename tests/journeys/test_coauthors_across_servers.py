"""One practice, authors on two servers: who may change it, what is refused, and who is named where (M5)."""

import json
from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.actors.blocking import block
from server.coauthors import actions, edits, queries
from server.coauthors.models import Coauthor, CoauthorEdit
from server.coauthors.wire import digest, edit_object, values_of
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.practices import actions as practices
from server.practices.form import Material, PracticeForm
from server.practices.queries import draft
from server.remixes import actions as remixes
from server.remixes.actions import ChangeNote
from tests.posting import Stranger, document, follow, found, outcome, sees

FORM = PracticeForm(
    entry="full",
    title="Lab notebooks that get read",
    promise="You see who is stuck.",
    subject="Chemistry",
    minutes=20,
    problem="Nobody read them.",
    steps=("Ask for **one** page.", "Read it aloud."),
    evidence="Fewer blanks.",
    certainty="tried",
    would_change="Shorter.",
    materials=(Material("https://alder.example/page", "A page"),),
    licence="CC-BY-SA-4.0",
    visibility="public",
    nobody_identifiable=True,
)
OUT = {"refused", "ignored"}


@pytest.fixture
async def two(fediverse):
    """Amara shares a practice at Alder; Bruno at Birch follows her."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(bruno, amara)
    await fediverse.settle()
    post = await amara.do(practices.share, FORM)
    await fediverse.settle()
    return amara, bruno, post


async def together(fediverse, amara, bruno, post):
    """Bruno is asked, and agrees; the practice as he has it."""
    await amara.do(actions.invite, post.id, f"@bruno@{bruno.here.settings.domain}")
    await fediverse.settle()
    there = await found(bruno.here, post.uri)
    await bruno.do(actions.answer, there.id, accepted=True)
    await fediverse.settle()
    return there


async def change(bruno, there, **words):
    """Bruno changes what his server has of it."""
    _, form, base = await bruno.do(edits.begin, there.short)
    return await bruno.do(edits.submit, there.id, replace(form, nobody_identifiable=True, **words), base, "Two lines")


async def told(person) -> list[str]:
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT kind FROM notification WHERE reader_id = :id AND kind NOT IN ('follow', 'joined') ORDER BY id",
        id=person.id,
    )
    return [row["kind"] for row in rows]


async def count() -> int:
    return await CoauthorEdit.all().count()


async def names(person, uri) -> list[str]:
    return [item.name for item in (await sees(person, uri)).coauthors]


async def test_only_the_author_asks_and_only_who_can_read_it(fediverse, two):
    amara, bruno, post = two
    there = await found(bruno.here, post.uri)
    with pytest.raises(NotFound):
        await bruno.do(actions.invite, there.id, "@amara@alder.example")
    for handle in ("@amara", "nonsense of mine", "@nobody@birch.example"):
        with pytest.raises(Invalid) as refused:
            await amara.do(actions.invite, post.id, handle)
        assert refused.value.field == "handle"
    inside = await amara.do(practices.share, replace(FORM, visibility="instance"))
    with pytest.raises(Invalid):
        await amara.do(actions.invite, inside.id, "@bruno@birch.example")
    for act in (actions.leave, edits.begin):
        with pytest.raises((NotFound, NotAllowed)):
            await bruno.do(act, there.id if act is actions.leave else there.short)
    with pytest.raises(NotFound):
        await bruno.do(actions.answer, there.id, accepted=True)
    with pytest.raises(NotAllowed):
        await bruno.do(edits.submit, there.id, FORM, digest(FORM))
    assert await bruno.here.run(count) == 0


async def test_m5_a_co_author_edits_through_the_home_and_both_are_named(fediverse, two):
    amara, bruno, post = two
    there = await together(fediverse, amara, bruno, post)
    assert await told(amara) == ["coauthor_yes"]
    served = (await document(fediverse, amara.here, post.uri))[1]
    assert served["attributedTo"] == amara.uri
    assert [item["ph:id"] for item in served["ph:coAuthors"]] == [bruno.uri]
    assert "Written by" in served["content"]
    assert ">Bruno</a> (birch.example)" in served["content"]
    assert await names(bruno, post.uri) == ["Bruno"]
    version = (await sees(amara, post.uri)).version

    row = await change(bruno, there, title="Lab notebooks, read aloud", steps=("Ask for two lines.", "Read them."))
    with pytest.raises(Invalid, match="on its way"):
        await change(bruno, there, title="Again")
    await fediverse.settle()
    at_home, copy = await sees(amara, post.uri), await sees(bruno, post.uri)
    assert (at_home.title, at_home.version, copy.title) == ("Lab notebooks, read aloud", version + 1, at_home.title)
    learning = (await document(fediverse, amara.here, post.uri))[1]["learning"]
    assert learning["ph:steps"] == ["Ask for two lines.", "Read them."]
    assert (at_home.licence, at_home.author.display_name) == ("CC-BY-SA-4.0", "Amara")
    settled = await bruno.here.run(CoauthorEdit.get, id=row.id)
    assert (settled.state, settled.form) == ("taken", None)
    assert (await amara.here.run(CoauthorEdit.get, uri=row.uri)).form is None
    assert "coedited" in await told(amara)

    remix = await bruno.do(
        remixes.share, there.id, replace(FORM, title="Mine", media_ids=()), ChangeNote("Colours.", "They like them.")
    )
    assert "by <a" in remix.content_html
    assert "Amara and Bruno" in remix.content_html
    carol = await fediverse.person(await fediverse.start("cedar.example"), "carol")
    await follow(carol, amara)
    await fediverse.settle()
    await amara.do(practices.revise, post.id, replace(FORM, title="Once more"))
    await fediverse.settle()
    assert await names(carol, post.uri) == ["Bruno"]
    before = (await told(amara)).count("reply"), (await told(bruno)).count("reply")
    await carol.do(discussions.reply, (await found(carol.here, post.uri)).id, ThreadForm(text="It went well."))
    await fediverse.settle()
    assert ((await told(amara)).count("reply"), (await told(bruno)).count("reply")) == (before[0] + 1, before[1] + 1)


async def test_changes_that_cross_are_refused_and_kept_where_they_were_written(fediverse, two):
    amara, bruno, post = two
    there = await together(fediverse, amara, bruno, post)
    row = await change(bruno, there, title="Bruno's title")
    await amara.do(practices.revise, post.id, replace(FORM, title="Amara's title"))
    await fediverse.settle()
    assert [(await sees(person, post.uri)).title for person in (amara, bruno)] == ["Amara's title"] * 2
    kept = await bruno.here.run(CoauthorEdit.get, id=row.id)
    assert kept.state == "refused"
    assert "meanwhile" in kept.reason
    assert kept.form["title"] == "Bruno's title"
    assert "edit_refused" in await told(bruno)
    seen = await bruno.do(queries.together, await sees(bruno, post.uri))
    assert [(item.state, item.has_words) for item in seen.edits] == [("refused", True)]
    _, form, base = await bruno.do(edits.begin, there.short, row.id)
    assert form.title == "Bruno's title"
    await bruno.do(edits.submit, there.id, replace(form, nobody_identifiable=True), base)
    await fediverse.settle()
    assert (await sees(amara, post.uri)).title == "Bruno's title"
    eve = await fediverse.person(bruno.here, "eve")
    with pytest.raises(NotAllowed):
        await eve.do(edits.begin, there.short, row.id)


async def test_who_left_was_removed_or_is_blocked_changes_nothing(fediverse, two):
    amara, bruno, post = two
    there = await together(fediverse, amara, bruno, post)
    # Removed while their change is on its way: the answer is no, and who wrote nothing is named no more.
    row = await change(bruno, there, title="Too late")
    far = await amara.here.run(actors.resolve, amara.here, bruno.uri)
    await amara.do(actions.remove, post.id, far.id)
    await fediverse.settle()
    assert (await sees(amara, post.uri)).title == FORM.title
    assert await names(amara, post.uri) == await names(bruno, post.uri) == []
    assert (await bruno.here.run(Coauthor.get, post_id=there.id)).state == "removed"
    assert (await bruno.here.run(CoauthorEdit.get, id=row.id)).form["title"] == "Too late"
    with pytest.raises(NotAllowed):
        await bruno.do(edits.begin, there.short)

    # Asked again and removed after they wrote something: they stay named, and change nothing.
    await together(fediverse, amara, bruno, post)
    fediverse.clock.advance(2 * 86400)
    await change(bruno, there, title="Ours")
    await fediverse.settle()
    assert (await sees(amara, post.uri)).title == "Ours"
    await block_person(amara, far.id)
    await fediverse.settle()
    assert await names(amara, post.uri) == ["Bruno"]
    assert (await amara.here.run(Coauthor.get, post_id=post.id)).state == "removed"
    assert (await bruno.here.run(Coauthor.get, post_id=there.id)).state == "removed"
    with pytest.raises(Invalid):
        await amara.do(actions.invite, post.id, bruno.uri)


async def block_person(person, other_id):
    await person.here.run(block, person.here, person.id, other_id)


async def test_who_leaves_is_named_no_more(fediverse, two):
    amara, bruno, post = two
    there = await together(fediverse, amara, bruno, post)
    await change(bruno, there, title="Ours")
    await fediverse.settle()
    await bruno.do(actions.leave, there.id)
    await fediverse.settle()
    assert (await amara.here.run(Coauthor.get, post_id=post.id)).state == "left"
    served = (await document(fediverse, amara.here, post.uri))[1]
    assert "ph:coAuthors" not in served
    assert "Written by" not in served["content"]
    assert await names(bruno, post.uri) == []
    # Declined: nothing comes of it, and asking once more is a new question.
    await amara.do(actions.invite, post.id, "@bruno@birch.example")
    await fediverse.settle()
    await bruno.do(actions.answer, there.id, accepted=False)
    await fediverse.settle()
    assert (await amara.here.run(Coauthor.get, post_id=post.id)).state == "declined"


async def test_s5_forged_invitations_answers_and_edits_are_refused(fediverse, two):
    amara, bruno, post = two
    fediverse.watch.let_deliveries_pass()
    mallory = Stranger(fediverse, "mallory.example")
    me = mallory.actor("mallory")
    values = {**values_of(FORM), "title": "Mallory's"}
    base = digest(FORM)
    there = await found(bruno.here, post.uri)
    await amara.do(actions.invite, post.id, "@bruno@birch.example")
    await fediverse.settle()
    asked = await amara.here.run(Coauthor.get, post_id=post.id)

    # Answers by others, and to what nobody asked; a change by somebody who was never asked, or in another's name.
    for number, (verb, about) in enumerate((("Accept", asked.uri), ("Reject", asked.uri), ("Undo", asked.uri))):
        assert await became(mallory, amara.here, f"a{number}", verb, about) in OUT
        assert await became(mallory, bruno.here, f"b{number}", verb, about) in OUT
    assert await became(mallory, amara.here, "never", "Accept", "https://alder.example/ap/a/invite/1") in OUT
    assert await became(mallory, amara.here, "leave", "Leave", post.uri) in OUT
    for number, by in enumerate((me, bruno.uri, amara.uri)):
        edit = edit_object(values, base, offer=me, by=by)
        assert await became(mallory, amara.here, f"e{number}", "Offer", edit, target=post.uri) in OUT
    assert await became(mallory, bruno.here, "i1", "Invite", post.uri, target=bruno.uri) in OUT
    note = mallory.note(me, "p/1")
    assert await became(mallory, bruno.here, "i2", "Invite", note["id"], target=bruno.uri) in OUT
    assert (await amara.here.run(Coauthor.get, post_id=post.id)).state == "invited"
    assert (await bruno.here.run(Coauthor.get, post_id=there.id)).state == "invited"
    assert await amara.here.run(count) == 0

    # Somebody writes Amara's name under their own practice: her own server shows it to nobody.
    learning = edit_object(values, base, offer=me, by=me)["learning"]
    people = [{"ph:id": amara.uri, "ph:name": "Amara"}, {"ph:id": "javascript:x", "ph:name": "X"}, 7]
    uri = await mallory.create(
        fediverse, amara.here, me, "p/2", kind="practice", type="Article", name="Hers", learning=learning,
        tag=[{"type": "Mention", "href": amara.uri}], **{"ph:coAuthors": people},
    )  # fmt: skip
    assert await names(amara, uri) == []

    # Mallory is a co-author of a practice of Amara's: what comes twice counts once, and after the end nothing does.
    second = await amara.do(practices.share, FORM)
    await amara.do(actions.invite, second.id, me)
    await fediverse.settle()
    invite = await amara.here.run(Coauthor.get, post_id=second.id)
    assert await became(mallory, amara.here, "yes", "Accept", invite.uri) == "done"
    edit = edit_object(values, base, offer=me, by=me)
    assert await became(mallory, amara.here, "o1", "Offer", edit, target=second.uri) == "done"
    await fediverse.settle()
    assert (await sees(amara, second.uri)).title == "Mallory's"
    version = (await sees(amara, second.uri)).version
    assert (
        await became(mallory, amara.here, "o1", "Offer", edit, target=second.uri) != "done"
        or (await sees(amara, second.uri)).version == version
    )
    assert await became(mallory, amara.here, "o2", "Offer", edit, target=second.uri) == "done"
    await fediverse.settle()
    assert (await sees(amara, second.uri)).version == version
    said = (item for item in mallory.received if item["type"] in {"Accept", "Reject"})
    answers = [item for item in said if "/o" in str(item["object"])]
    assert [item["type"] for item in answers] == ["Accept", "Reject"]
    assert "meanwhile" in json.dumps(answers[1])
    await amara.do(actions.remove, second.id, invite.person_id)
    assert await became(mallory, amara.here, "yes-again", "Accept", invite.uri) in OUT
    now = digest(await amara.do(edits_form, second))
    late = edit_object({**values, "title": "Late"}, now, offer=me, by=me)
    assert await became(mallory, amara.here, "o3", "Offer", late, target=second.uri) in OUT
    assert await names(amara, second.uri) == ["Mallory"]
    assert (await sees(amara, second.uri)).title == "Mallory's"


async def edits_form(here, viewer, post):
    return (await draft(here, viewer, post.id))[1]


async def became(stranger, here, path, verb, about, **more):
    """What a server made of an activity of Mallory's."""
    made = stranger.activity(verb, stranger.uri("u/mallory"), "-", path=path, **more)
    made["object"] = about
    await stranger.send(here, made)
    await here.run(here.worker.run_until_idle)
    return (await outcome(here, made["id"]))[0]


async def test_who_writes_it_on_the_same_server_changes_it_at_once(fediverse, two):
    amara, bruno, post = two
    dora = await fediverse.person(amara.here, "dora")
    async with fediverse.client(amara.here, dora) as page:
        assert (await page.get(f"/p/{post.short}/authors")).status_code == 404
        assert (await page.get(f"/p/{post.short}/coedit")).status_code == 403
    async with fediverse.client(amara.here, amara) as page:
        wrong = await page.post(f"/p/{post.short}/authors", data={"act": "invite", "handle": "@nobody"})
        assert wrong.status_code == 422
        assert 'value="@nobody"' in wrong.text
        await page.post(f"/p/{post.short}/authors", data={"act": "invite", "handle": "@dora"})
        assert "Asked, and has not answered yet" in (await page.get(f"/p/{post.short}/authors")).text
    async with fediverse.client(amara.here, dora) as page:
        assert "asks you to write this together" in (await page.get(f"/p/{post.short}/authors")).text
        await page.post(f"/p/{post.short}/authors", data={"act": "accept"})
        opened = (await page.get(f"/p/{post.short}/coedit")).text
        base = opened.partition('name="base" value="')[2][:64]
        sent = {
            "speed": "full", "base": base, "share": "1", "title": "By two", "promise": "P", "problem": "Q",
            "steps": "One.", "would_change": "Nothing.", "change_note": "Shorter",
        }  # fmt: skip
        await amara.do(practices.revise, post.id, replace(FORM, title="In between"))
        crossed = await page.post(f"/p/{post.short}/coedit", data=sent)
        assert crossed.status_code == 422
        assert "By two" in crossed.text
        sent["base"] = crossed.text.partition('name="base" value="')[2][:64]
        assert (await page.post(f"/p/{post.short}/coedit", data=sent)).status_code == 303
        shown = await sees(amara, post.uri)
        assert shown.title == "By two"
        text = (await page.get(shown.url)).text
        assert f'href="{shown.url}/coedit"' in text
        for address in (shown.url, f"/p/{post.short}/sheet", "/practices"):
            assert "Dora" in (await page.get(address)).text.partition("<main")[2], address
        assert "Shorter (Dora)" in (await page.get(f"{shown.url}/versions")).text
    await fediverse.settle()
    assert await names(bruno, post.uri) == ["Dora"]
