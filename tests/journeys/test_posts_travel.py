"""Posts between two Peerhalls: written on one, read, answered, liked, changed and deleted across."""

import pytest

from server.actors import actions as actors
from server.actors.models import Actor
from server.communities.actions import create_community
from server.communities.form import CommunityForm
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.posts import actions, queries
from server.posts.actions import PostChange
from server.posts.models import Post
from server.timelines import queries as timelines
from tests.facts import make_member
from tests.posting import community, document, follow, found, join, reply, sees, write


@pytest.fixture
async def two(fediverse):
    """Maya at Alder; Tom at Birch follows her."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(tom, maya)
    await fediverse.settle()
    return maya, tom


async def test_m3_a_post_reaches_a_follower_and_their_home_timeline(fediverse, two):
    maya, tom = two
    post = await write(
        maya, "We use **paper strips**, @tom@birch.example. #fractions", title="Fractions", licence="CC-BY-4.0"
    )
    await fediverse.settle()

    there = await sees(tom, post.uri)
    assert (there.title, there.kind, there.visibility, there.licence) == (
        "Fractions",
        "discussion",
        "public",
        "CC-BY-4.0",
    )
    assert "<strong>paper strips</strong>" in there.content_html
    assert there.original_url == post.url
    assert there.home_host == "alder.example"
    home = await tom.do(timelines.home)
    assert [item.uri for item in home.items] == [post.uri]
    tagged = await tom.do(queries.listing, tag="fractions")
    assert [item.uri for item in tagged.items] == [post.uri]


async def test_d14_a_reply_comes_home_and_is_counted_once(fediverse, two):
    maya, tom = two
    post = await write(maya)
    await fediverse.settle()
    answer = await reply(tom, (await found(tom.here, post.uri)).id, "Recipes!")
    await fediverse.settle()

    seen = await sees(maya, post.uri)
    nodes = await maya.do(queries.thread, seen.root_id)
    assert [(node.author.handle, node.kind) for node in nodes] == [("@tom@birch.example", "reply")]
    assert seen.replies_count == 1
    assert (await found(maya.here, answer.uri)).root_id == post.id
    assert "@<span>maya</span>" in nodes[0].content_html


async def test_an_edit_arrives_with_its_version(fediverse, two):
    maya, tom = two
    post = await write(maya, "First")
    await fediverse.settle()
    await maya.do(actions.edit_post, post.id, PostChange(source_md="Second"), "Clearer")
    await fediverse.settle()

    there = await sees(tom, post.uri)
    assert (there.content_html.strip(), there.version, there.edited) == ("<p>Second</p>", 2, True)
    assert [old.content_html.strip() for old in await tom.do(queries.versions, there.id)] == ["<p>First</p>"]
    assert [old.change_note for old in await maya.do(queries.versions, post.id)] == ["Clearer"]


async def test_s27_a_delete_erases_everywhere_and_leaves_410(fediverse, two):
    maya, _ = two
    post = await write(maya, "Soon gone", title="Short-lived")
    await fediverse.settle()
    await maya.do(actions.edit_post, post.id, PostChange(source_md="Soon gone, really"))
    await fediverse.settle()
    await maya.do(actions.delete_post, post.id)
    await fediverse.settle()

    for person in two:
        row = await found(person.here, post.uri)
        assert (row.state, row.title, row.content_html, row.source_md, row.raw_create) == ("deleted", "", "", "", None)
        assert await sees(person, post.uri) is None
        assert (await person.do(timelines.home)).items == []
        assert await person.do(queries.versions, row.id) == []
        assert not await person.here.run(
            person.here.db.rows, "SELECT uri FROM sent_activity WHERE body LIKE '%Soon gone%'"
        )
    status, body, _ = await document(fediverse, maya.here, post.uri)
    assert (status, body["type"], body["formerType"]) == (410, "Tombstone", "Article")
    assert (await document(fediverse, maya.here, f"{post.uri}/replies"))[0] == 404


async def test_d12_likes_and_boosts_are_counted_once_and_taken_back(fediverse, two):
    maya, tom = two
    post = await write(maya)
    await fediverse.settle()
    there = await found(tom.here, post.uri)
    for _ in range(2):
        await tom.do(actions.like_post, there.id)
        await tom.do(actions.boost_post, there.id)
        await fediverse.settle()
    seen = await sees(maya, post.uri)
    assert (seen.likes_count, seen.boosts_count) == (1, 1)

    await tom.do(actions.unlike_post, there.id)
    await tom.do(actions.unboost_post, there.id)
    await fediverse.settle()
    seen = await sees(maya, post.uri)
    assert (seen.likes_count, seen.boosts_count) == (0, 0)
    for question in ("SELECT id FROM post_like", "SELECT id FROM boost WHERE undone_at IS NULL"):
        assert await maya.here.run(maya.here.db.rows, question) == []


async def test_a_boost_brings_a_post_to_the_booster_s_followers(fediverse, two):
    maya, tom = two
    sofia = await fediverse.person(await fediverse.start("cedar.example"), "sofia")
    await follow(sofia, tom)
    await fediverse.settle()
    post = await write(maya)
    await fediverse.settle()
    await tom.do(actions.boost_post, (await found(tom.here, post.uri)).id)
    await fediverse.settle()

    home = await sofia.do(timelines.home)
    assert [(item.uri, item.via.handle) for item in home.items] == [(post.uri, "@tom@birch.example")]


async def test_followers_only_posts_reach_followers_and_nobody_else(fediverse, two):
    maya, tom = two
    post = await write(maya, visibility="followers")
    await fediverse.settle()
    assert (await sees(tom, post.uri)).visibility == "followers"
    assert await sees(maya.here, post.uri) is None
    assert await sees(tom.here, post.uri) is None
    assert (await document(fediverse, maya.here, post.uri))[0] == 404


@pytest.mark.parametrize("visibility", ["instance", "network", "private"])
async def test_s15_what_is_not_for_the_wire_never_leaves(fediverse, two, visibility):
    maya, tom = two
    post = await write(maya, "secret-marker", visibility=visibility)
    await maya.do(actions.edit_post, post.id, PostChange(source_md="secret-marker two"))
    await fediverse.settle()
    await maya.do(actions.delete_post, post.id)
    await fediverse.settle()
    assert await maya.here.run(maya.here.db.rows, "SELECT seq FROM outgoing WHERE body LIKE '%/ap/p/%'") == []
    assert await maya.here.run(maya.here.db.rows, "SELECT uri FROM sent_activity WHERE body LIKE '%marker%'") == []
    assert (await document(fediverse, maya.here, post.uri))[0] == 404
    assert await found(tom.here, post.uri) is None


async def test_a_draft_is_sent_when_it_is_published_and_not_before(fediverse, two):
    maya, tom = two
    post = await write(maya, draft=True)
    await fediverse.settle()
    assert await found(tom.here, post.uri) is None
    fediverse.clock.advance(60)
    await maya.do(actions.publish_post, post.id)
    await fediverse.settle()
    assert (await sees(tom, post.uri)).published_at == fediverse.clock.now()


async def test_the_question_says_which_answer_helped(fediverse, two):
    maya, tom = two
    ask = await write(maya, kind="ask", title="Why?")
    await fediverse.settle()
    answer = await reply(tom, (await found(tom.here, ask.uri)).id, "Because.")
    await fediverse.settle()
    await maya.do(actions.mark_helped, (await found(maya.here, answer.uri)).id)
    await fediverse.settle()

    _, body, _ = await document(fediverse, maya.here, ask.uri)
    assert (body["kind"], body["acceptedAnswer"]) == ("question", answer.uri)
    assert (await sees(maya, ask.uri)).answered
    await maya.do(actions.unmark_helped, (await found(maya.here, answer.uri)).id)
    _, body, _ = await document(fediverse, maya.here, ask.uri)
    assert "acceptedAnswer" not in body


async def test_a_deleted_account_takes_its_posts_along(fediverse, two):
    maya, tom = two
    post = await write(maya)
    await fediverse.settle()
    await maya.here.run(actors.delete_local_actor, maya.here, maya.id, "maya")
    await fediverse.settle()
    for person in two:
        assert (await found(person.here, post.uri)).state == "deleted"
    assert (await tom.do(timelines.home)).items == []


async def test_looking_up_an_address_brings_the_whole_conversation(fediverse, two):
    maya, tom = two
    sofia = await fediverse.person(await fediverse.start("cedar.example"), "sofia")
    post = await write(maya)
    await fediverse.settle()
    answer = await reply(tom, (await found(tom.here, post.uri)).id)
    await fediverse.settle()
    got = await sofia.here.run(actions.fetch_post, sofia.here, answer.url)
    parent = await sofia.here.run(Post.get, id=got.parent_id)
    assert (got.uri, parent.uri, got.root_id) == (answer.uri, post.uri, parent.id)


async def test_d1_a_community_passes_posts_on_in_both_directions(fediverse, two):
    maya, tom = two
    sofia = await fediverse.person(await fediverse.start("cedar.example"), "sofia")
    group = await community(maya)
    for person in (tom, sofia):
        await join(person, group)
        await follow(person, group)
    await fediverse.settle()

    there = await found_actor(tom.here, group.uri)
    post = await write(tom, "From afar", title="Hello science", community_id=there.id)
    await fediverse.settle()
    seen = await sees(maya, post.uri)
    assert (seen.title, seen.community.name, seen.state) == ("Hello science", "Science", "visible")
    through = await sees(sofia, post.uri)
    assert (through.title, through.community.uri, through.author.handle) == (
        "Hello science",
        group.uri,
        "@tom@birch.example",
    )
    assert [item.uri for item in (await sofia.do(timelines.home)).items] == [post.uri]

    answer = await reply(sofia, through.id, "Welcome")
    await fediverse.settle()
    for person in (maya, tom):
        nodes = await person.do(queries.thread, (await sees(person, post.uri)).root_id)
        assert [node.uri for node in nodes] == [answer.uri]
    await sofia.do(actions.like_post, through.id)
    await fediverse.settle()
    assert [(await sees(person, post.uri)).likes_count for person in (maya, tom)] == [1, 1]

    await maya.do(actions.remove_post, (await found(maya.here, post.uri)).id, "Off topic")
    await fediverse.settle()
    assert await sees(sofia, post.uri) is None
    assert (await found(sofia.here, post.uri)).state == "removed"


async def test_a_members_community_shares_with_members_alone(fediverse, two):
    maya, tom = two
    sofia = await fediverse.person(await fediverse.start("cedar.example"), "sofia")
    group = await community(maya, "circle", visibility="members")
    there = await tom.here.run(actors.resolve, tom.here, group.uri)
    await make_member(maya.here, group.id, (await maya.here.run(actors.resolve, maya.here, tom.uri)).id)
    await make_member(tom.here, there.id, tom.id)
    await follow(sofia, maya)
    await fediverse.settle()
    post = await write(maya, "Among us", title="Quiet", community_id=group.id)
    await fediverse.settle()
    assert post.visibility == "members"
    assert (await sees(tom, post.uri)).visibility == "members"
    assert await found(sofia.here, post.uri) is None
    assert (await document(fediverse, maya.here, post.uri))[0] == 404
    ines = await fediverse.person(tom.here, "ines")
    assert await sees(ines, post.uri) is None
    answer = await reply(tom, (await found(tom.here, post.uri)).id, "Yes")
    await fediverse.settle()
    assert answer.visibility == "members"
    assert (await sees(maya, answer.uri)).visibility == "members"


async def found_actor(here, uri):
    """An instance's row of an actor."""
    return await here.run(Actor.get, uri=uri)


async def test_s15_naming_a_stranger_does_not_send_them_what_members_share(fediverse):
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await alder.run(actors.resolve, alder, bruno.uri)
    form = CommunityForm(name="Inside", purpose="Only us.", slug="inside", visibility="members", join_policy="invite")
    inside = await amara.do(create_community, form)
    await amara.do(
        discussions.start,
        ThreadForm(
            kind="discussion",
            title="Between us",
            text="@bruno@birch.example would like this secret.",
            community_id=inside.id,
            visibility="members",
        ),
    )
    await fediverse.settle()
    assert await birch.run(birch.db.value, "SELECT count(*) AS n FROM post") == 0
    assert await birch.run(birch.db.value, "SELECT count(*) AS n FROM inbox_receipt WHERE body LIKE '%secret%'") == 0
