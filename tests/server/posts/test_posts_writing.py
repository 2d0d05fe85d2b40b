"""Writing, listing and receiving posts on one server: refusals first."""

import io

import pytest
from PIL import Image

from federation.vocab.base import PUBLIC
from server.actors.actions import request_follow, unfollow
from server.actors.viewer import ANONYMOUS
from server.db.database import query_log
from server.errors import Invalid, NotAllowed, NotFound
from server.media.actions import upload_image
from server.posts import actions, queries
from server.posts.actions import NewPost, PostChange
from server.posts.models import Post
from server.posts.policy import ON_THE_WIRE, VISIBILITIES, addressing, fitting, narrower, reply_visibility
from server.timelines import queries as timelines
from tests.facts import make_member
from tests.posting import Stranger, community, document, found, outcome, reply, sees, write


@pytest.fixture
async def maya(fediverse):
    """Maya at Alder."""
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewPost(kind="discussion", title="T", source_md="  "), "content"),
        (NewPost(kind="discussion", source_md="x"), "title"),
        (NewPost(kind="poem", title="T", source_md="x"), "kind"),
        (NewPost(kind="note", source_md="x", visibility="everywhere"), "visibility"),
        (NewPost(kind="note", source_md="x", visibility="members"), "visibility"),
        (NewPost(kind="note", source_md="x", licence="MINE"), "licence"),
        (NewPost(kind="note", source_md="x" * 60_001), "content"),
        (NewPost(kind="note", title="x" * 301, source_md="x"), "title"),
        (NewPost(kind="note", source_md="x", attachments=(actions.NewAttachment(url="javascript:x"),)), "link"),
    ],
)
async def test_a_form_that_is_wrong_names_the_part(maya, new, field):
    with pytest.raises(Invalid) as refused:
        await maya.here.run(actions.create_post, maya.here, maya.id, new)
    assert field in [error["field"] for error in refused.value.errors]


async def test_only_members_write_in_a_community_and_nobody_in_a_closed_conversation(fediverse, maya):
    ines = await fediverse.person(maya.here, "ines")
    group = await community(maya)
    with pytest.raises(NotAllowed):
        await write(ines, community_id=group.id)
    with pytest.raises(NotFound):
        await write(ines, community_id="nothing")
    post = await write(maya, community_id=group.id)
    with pytest.raises(NotAllowed):
        await ines.do(actions.set_locked, post.id, locked=True)
    await maya.do(actions.set_locked, post.id, locked=True)
    with pytest.raises(NotAllowed):
        await reply(maya, post)
    assert not (await sees(maya, post.uri)).can_reply


async def test_somebody_else_s_upload_cannot_be_attached(fediverse, maya):
    ines = await fediverse.person(maya.here, "ines")
    file = await ines.here.run(upload_image, ines.here, ines.id, picture(), "strips.png", "Paper strips")
    with pytest.raises(NotFound):
        await write(maya, attachments=(file.id,))


def picture() -> bytes:
    """A small PNG."""
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    return data.getvalue()


async def test_attachments_carry_their_descriptions_to_the_page_and_the_wire(fediverse, maya):
    file = await maya.here.run(upload_image, maya.here, maya.id, picture(), "strips.png", "Paper strips")
    link = actions.NewAttachment(url="https://tasks.example/", name="Tasks")
    post = await write(maya, attachments=(file.id, link))
    seen = await sees(maya, post.uri)
    assert [(item.kind, item.alt or item.name) for item in seen.attachments] == [
        ("image", "Paper strips"),
        ("link", "Tasks"),
    ]
    _, body, _ = await document(fediverse, maya.here, post.uri)
    assert [(item["type"], item["name"]) for item in body["attachment"]] == [
        ("Image", "Paper strips"),
        ("Link", "Tasks"),
    ]
    assert body["attachment"][0]["url"] == maya.here.url(file.url)
    assert body["image"]["url"] == maya.here.url(file.url)
    await maya.do(actions.edit_post, post.id, PostChange(attachments=()))
    assert (await sees(maya, post.uri)).attachments == []


async def test_people_who_are_named_are_linked_told_and_sent_to(fediverse, maya):
    ines = await fediverse.person(maya.here, "ines")
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    post = await write(maya, "With @ines, @tom@birch.example and @nobody-here.", kind="note")
    await fediverse.settle()
    assert f'href="{ines.here.url("/@ines")}"' in post.content_html
    assert "and @nobody-here." in post.content_html
    create = next(item for item in birch.received if item["type"] == "Create")
    assert set(create["object"]["cc"][1:]) == {ines.uri, tom}
    assert {tag["name"] for tag in create["object"]["tag"]} == {"@ines@alder.example", "@tom@birch.example"}
    assert create["object"]["type"] == "Note"
    assert "summary" not in create["object"]


async def test_a_content_warning_is_a_summary_elsewhere(fediverse, maya):
    post = await write(maya, content_warning="About grief", language="de")
    _, body, _ = await document(fediverse, maya.here, post.uri)
    assert (body["summary"], body["sensitive"]) == ("About grief", True)
    assert (body["language"], list(body["contentMap"])) == ({"identifier": "de", "name": "Deutsch"}, ["de"])


async def test_lists_page_by_key_and_cost_the_same_however_long(fediverse, maya):
    for number in range(7):
        await write(maya, title=f"Title {number}")
        fediverse.clock.advance(1)
    seen, cursor, counts = [], None, []
    while True:
        query_log.set([])
        page = await maya.do(queries.listing, before=cursor, limit=3)
        counts.append(len(query_log.get()))
        seen += [item.title for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    query_log.set(None)
    assert seen == [f"Title {number}" for number in range(6, -1, -1)]
    assert len(set(counts)) == 1
    assert counts[0] <= 6
    assert (await maya.do(queries.listing, before="nonsense", limit=3)).items


async def test_a_thread_keeps_the_place_of_what_was_deleted(fediverse, maya):
    post = await write(maya)
    first = await reply(maya, post, "First")
    await reply(maya, first, "Second")
    lonely = await reply(maya, post, "Lonely")
    await maya.do(actions.delete_post, first.id)
    await maya.do(actions.delete_post, lonely.id)
    nodes = await maya.do(queries.thread, post.id)
    assert [(node.deleted, node.content_html) for node in nodes] == [(True, "")]
    assert [node.content_html.strip() for node in nodes[0].replies] == ["<p>Second</p>"]
    assert (await sees(maya, post.uri)).replies_count == 1


async def test_a_removed_post_can_be_seen_by_its_author_and_brought_back(fediverse, maya):
    ines = await fediverse.person(maya.here, "ines")
    group = await community(maya)
    await make_member(maya.here, group.id, ines.id)
    post = await write(ines, community_id=group.id)
    await maya.do(actions.remove_post, post.id, "Names a pupil")
    assert await sees(maya.here, post.uri) is None
    own = await sees(ines, post.uri)
    assert (own.state, own.state_reason, own.can_edit) == ("removed", "Names a pupil", False)
    await maya.do(actions.restore_post, post.id)
    assert (await sees(maya.here, post.uri)).state == "visible"


# Careful mode: strangers are held at first


async def test_a_stranger_s_first_post_is_held_until_somebody_lets_them_in(fediverse):
    here = await fediverse.start("alder.example", federation="careful")
    maya, ines = await fediverse.person(here, "maya"), await fediverse.person(here, "ines")
    group = await community(maya)
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    await birch.send(here, birch.activity("Join", tom, group.uri))
    await fediverse.settle()
    uri = await birch.create(fediverse, here, tom, "notes/1", to=[group.uri, PUBLIC], name="Hello")
    assert await sees(ines, uri) is None
    waiting = await maya.do(queries.held, community_id=group.id)
    assert [(item.uri, item.held, item.can_moderate) for item in waiting] == [(uri, True, True)]
    with pytest.raises(NotFound):
        await ines.do(actions.approve_post, waiting[0].id)

    await maya.do(actions.approve_post, waiting[0].id)
    await fediverse.settle()
    assert (await sees(ines, uri)).state == "visible"
    second = await birch.create(fediverse, here, tom, "notes/2", to=[group.uri, PUBLIC], name="Again")
    assert (await sees(ines, second)).state == "visible"


# What arrives in any order


async def test_an_answer_that_comes_first_is_joined_when_its_parent_comes(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    late = birch.note(tom, "notes/parent", "<p>Parent</p>")
    birch.documents.pop(late["id"])
    early = await birch.create(fediverse, maya.here, tom, "notes/child", inReplyTo=late["id"])
    below = await birch.create(fediverse, maya.here, tom, "notes/grandchild", inReplyTo=early)
    assert (await found(maya.here, early)).parent_id is None
    fediverse.clock.advance(120)
    await birch.create(fediverse, maya.here, tom, "notes/parent", "<p>Parent</p>")
    parent = await found(maya.here, late["id"])
    child, grandchild = await found(maya.here, early), await found(maya.here, below)
    assert (child.parent_id, child.root_id, grandchild.root_id) == (parent.id, parent.id, parent.id)
    assert (await sees(maya, late["id"])).replies_count == 2


async def test_the_same_things_twice_have_one_effect(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    post = await write(maya)
    answer = birch.note(tom, "notes/1", inReplyTo=post.uri)
    for number in range(3):
        await birch.send(maya.here, birch.activity("Create", tom, answer, path=f"c/{number}"))
        await birch.send(maya.here, birch.activity("Like", tom, post.uri, path=f"l/{number}"))
        await birch.send(maya.here, birch.activity("EmojiReact", tom, post.uri, path=f"e/{number}", content="🎉"))
        await birch.send(maya.here, birch.activity("Announce", tom, post.uri, path=f"b/{number}"))
        await fediverse.settle()
    seen = await sees(maya, post.uri)
    assert (seen.replies_count, seen.likes_count, seen.boosts_count) == (1, 1, 1)


async def test_an_older_update_changes_nothing(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    uri = await birch.create(fediverse, maya.here, tom, "notes/1")
    for number, (moment, text) in enumerate((("09:40:00Z", "New"), ("09:30:00Z", "Old"), ("09:40:00Z", "Same"))):
        changed = birch.documents[uri] | {"content": f"<p>{text}</p>", "updated": f"2026-01-15T{moment}"}
        update = birch.activity("Update", tom, changed, path=f"u/{number}")
        await birch.send(maya.here, update)
        await fediverse.settle()
    assert (await outcome(maya.here, update["id"]))[0] == "ignored"
    assert (await sees(maya, uri)).content_html == "<p>New</p>"


async def test_an_edit_in_the_second_of_what_it_replaces_is_what_its_server_says(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    uri = await birch.create(fediverse, maya.here, tom, "notes/1", "<p>Frist</p>", published="2026-01-15T09:00:00Z")

    async def edited(text, number, told=None):
        birch.documents[uri] |= {"content": f"<p>{text}</p>", "updated": "2026-01-15T09:00:00Z"}
        said = birch.documents[uri] | {"content": f"<p>{told or text}</p>"}
        update = birch.activity("Update", tom, said, path=f"u/{number}")
        await birch.send(maya.here, update)
        await fediverse.settle()
        return (await outcome(maya.here, update["id"]))[0], (await sees(maya, uri)).content_html

    assert await edited("First", 1) == ("done", "<p>First</p>")
    assert await edited("The first", 2) == ("done", "<p>The first</p>")
    # What was overtaken comes late: its server knows better, and is not asked where nothing differs.
    assert await edited("The first", 3, told="First") == ("ignored", "<p>The first</p>")
    asked = fediverse.network.count("GET", uri)
    assert await edited("The first", 4) == ("ignored", "<p>The first</p>")
    assert fediverse.network.count("GET", uri) == asked


async def test_edits_that_share_an_id_are_each_taken_once(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    uri = await birch.create(fediverse, maya.here, tom, "notes/1")
    sent = []
    for number in (1, 2, 3):
        birch.documents[uri] |= {"content": f"<p>Edit {number}</p>", "updated": f"2026-01-15T09:4{number}:00Z"}
        sent.append(birch.activity("Update", tom, birch.documents[uri], path="notes/1/activity#Update"))
        assert await birch.send(maya.here, sent[-1]) == 202
        await fediverse.settle()
        assert (await sees(maya, uri)).content_html == f"<p>Edit {number}</p>"
    # S3: the same letters again have no second effect, whichever of them.
    for update in sent:
        assert await birch.send(maya.here, update) == 202
    await fediverse.settle()
    assert (await sees(maya, uri)).content_html == "<p>Edit 3</p>"
    count = "SELECT count(*) AS n FROM inbox_receipt WHERE activity_type = 'Update'"
    assert await maya.here.run(maya.here.db.value, count) == 3


async def test_a_mastodon_post_to_a_community_gets_a_title_from_its_first_line(fediverse, maya):
    group = await community(maya)
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    await birch.send(maya.here, birch.activity("Join", tom, group.uri))
    await fediverse.settle()
    mention = f'<span class="h-card"><a href="{group.url}" class="u-url mention">@<span>science</span></a></span>'
    uri = await birch.create(
        fediverse, maya.here, tom, "notes/1", f"<p>{mention} How do you teach fractions?</p><p>More</p>", cc=[group.uri]
    )
    seen = await sees(maya, uri)
    assert (seen.title, seen.kind, seen.community.id) == ("How do you teach fractions?", "discussion", group.id)


async def test_polls_events_and_videos_are_readable(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    options = [
        {"type": "Note", "name": name, "replies": {"totalItems": n}} for n, name in enumerate(("Games", "Recipes"))
    ]
    poll = await birch.create(
        fediverse, maya.here, tom, "q/1", type="Question", oneOf=options, endTime="2026-02-01T10:00:00Z"
    )
    event = await birch.create(
        fediverse, maya.here, tom, "e/1", type="Event", name="Open day", startTime="2026-03-01T10:00:00Z",
        location={"type": "Place", "name": "Hall 3"},
    )  # fmt: skip
    async with fediverse.client(maya.here, as_=maya) as browser:
        page = (await browser.get((await sees(maya, poll)).url)).text
        assert "Games" in page
        assert "Recipes" in page
        seen = await sees(maya, event)
        assert seen.title == "Open day"
        page = (await browser.get(seen.url)).text
    assert "1 March 2026" in page
    assert "Hall 3" in page
    vote = birch.note(tom, "v/1", "", name="Games", inReplyTo=(await write(maya)).uri)
    vote.pop("content")
    await birch.send(maya.here, birch.activity("Create", tom, vote))
    await fediverse.settle()
    assert await found(maya.here, vote["id"]) is None


async def test_timelines_lose_what_is_no_longer_followed(fediverse, maya):
    ines = await fediverse.person(maya.here, "ines")
    post = await write(maya)
    await ines.here.run(request_follow, ines.here, ines.id, maya.id)
    assert [item.uri for item in (await ines.do(timelines.home)).items] == [post.uri]
    await ines.here.run(unfollow, ines.here, ines.id, maya.id)
    assert (await ines.do(timelines.home)).items == []
    assert [item.uri for item in (await maya.do(timelines.home)).items] == [post.uri]


async def test_an_address_leads_to_the_post_and_a_wrong_one_nowhere(fediverse, maya):
    post = await write(maya, title="Über Brüche")
    assert post.url == f"https://alder.example/p/uber-bruche-{post.short}"
    assert (await maya.here.run(queries.show, maya.here, ANONYMOUS, f"other-words-{post.short}")).id == post.id
    assert await maya.here.run(queries.local_uri, maya.here, f"x-{post.short}") == post.uri
    assert (await maya.here.run(actions.fetch_post, maya.here, post.url)).id == post.id
    for wrong in ("", "x", "-", "'; drop table post", "a" * 500):
        assert await maya.here.run(queries.show, maya.here, ANONYMOUS, wrong) is None
    with pytest.raises(NotFound):
        await maya.here.run(actions.fetch_post, maya.here, "https://alder.example/p/x-00000000")


def test_audiences_only_ever_get_narrower():
    for a in VISIBILITIES:
        assert narrower(a, a) == a
        assert fitting(a, "members") in {"members", "direct", "private"}
        for b in VISIBILITIES:
            assert narrower(a, b) == narrower(b, a)
            assert narrower(reply_visibility(a, b, same_author=True), b) == reply_visibility(a, b, same_author=True)
    for hidden in set(VISIBILITIES) - ON_THE_WIRE:
        with pytest.raises(ValueError):
            addressing(hidden, public="P", followers="F")
    for shown in ON_THE_WIRE - {"public", "unlisted"}:
        to, cc = addressing(shown, public="P", followers="F", community="C", community_followers="CF", mentioned=["M"])
        assert "P" not in (*to, *cc)


async def test_posts_from_other_servers_have_a_time_that_can_be(fediverse, maya):
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    for number, moment in enumerate(("2199-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "soon", None)):
        uri = await birch.create(fediverse, maya.here, tom, f"notes/{number}", published=moment)
        post = await maya.here.run(Post.get, uri=uri)
        assert post.published_at <= fediverse.clock.now()
        assert post.published_at.year >= 1990
