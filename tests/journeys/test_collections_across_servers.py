"""Collections that hold things of several servers (C17): whole for everybody, and true where something in them goes."""

import asyncio
from dataclasses import replace

import pytest

from server.actors import removal
from server.actors.blocking import block, unblock
from server.collections import actions, keeping, queries
from server.collections.form import CollectionForm, ItemForm
from server.communities import members
from server.errors import Invalid, NotAllowed, NotFound
from server.peers import actions as peers
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.practices import actions as practices
from server.practices.form import PracticeForm
from tests.posting import Stranger, community, document, follow, found, join, sees

PRACTICE = PracticeForm(title="Names first", steps=("Say your name.",), would_change="Badges.", licence="CC-BY-4.0")
FORM = CollectionForm(title="For your first week", intro="Three things that *carry* you.", is_path=True)


@pytest.fixture
async def two(fediverse):
    """Maya's community at Alder has Tom of Birch as a member; each shares a practice, and knows that of the other."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await follow(tom, maya)
    await follow(maya, tom)
    await fediverse.settle()
    own = await maya.do(practices.share, replace(PRACTICE, community_id=group.id))
    far = await tom.do(practices.share, replace(PRACTICE, title="Second tasks in a box"))
    await fediverse.settle()
    return maya, tom, group, own, far


async def shown(person, uri):
    """Titles and reasons, as somebody sees them on the page of a collection."""
    view = await sees(person, uri)
    held = await person.do(queries.collection, view)
    return [(item.title, item.why) for item in held.items]


def names(wire):
    return [item["name"] for item in wire["ph:items"]["orderedItems"]]


async def gathered(maya, group, *things):
    items = tuple(ItemForm(thing.uri, f"Because of {number}.") for number, thing in enumerate(things, 1))
    return await maya.do(actions.gather, replace(FORM, items=items, community_id=group.id))


async def test_c17_what_its_readers_may_not_know_is_not_gathered(fediverse, two):
    maya, tom, group, own, far = two
    private = await maya.do(practices.share, replace(PRACTICE, title="Our own", visibility="instance"))
    with pytest.raises(Invalid, match="Not everybody who reads this"):
        await gathered(maya, group, own, private)
    with pytest.raises(Invalid, match="is gone, or is not for you"):
        await tom.do(actions.gather, replace(FORM, items=(ItemForm(private.uri, "Why not."),)))
    with pytest.raises(Invalid) as refused:
        await maya.do(actions.gather, CollectionForm(items=(ItemForm(own.uri),)))
    assert [error.field for error in (refused.value, *refused.value.others)] == ["title", "why-1"]
    kept = await gathered(maya, group, own)
    await fediverse.settle()
    with pytest.raises(Invalid, match="already"):
        await maya.do(actions.add, kept.id, own.id, "Twice.")
    there = await found(tom.here, kept.uri)
    for act in (actions.add, actions.take_out):
        with pytest.raises((NotFound, NotAllowed)):  # it lives elsewhere, and is not Tom's
            last = ((await found(tom.here, far.uri)).id, "Mine.") if act is actions.add else (own.uri,)
            await tom.do(act, there.id, *last)
    with pytest.raises(NotFound):
        await maya.do(actions.tick, kept.id, far.uri, done=True)


async def test_c17_a_collection_is_a_whole_article_and_the_same_list_elsewhere(fediverse, two):
    maya, tom, group, own, far = two
    kept = await gathered(maya, group, own, await found(maya.here, far.uri))
    await fediverse.settle()
    status, wire = (await document(fediverse, maya.here, kept.uri))[:2]
    assert (status, wire["type"], wire["kind"], wire["name"]) == (200, "Article", "collection", FORM.title)
    assert "<em>carry</em>" in wire["content"]
    for thing, why in ((own, "Because of 1."), (far, "Because of 2.")):
        assert f'href="{thing.url}"' in wire["content"]
        assert why in wire["content"]
    assert names(wire) == ["Names first", "Second tasks in a box"]
    items = (await document(fediverse, maya.here, f"{kept.uri}/items"))[1]
    assert (items["type"], items["orderedItems"]) == ("OrderedCollection", [own.uri, far.uri])
    expected = [("Names first", "Because of 1."), ("Second tasks in a box", "Because of 2.")]
    for person in (maya, tom):
        assert await shown(person, kept.uri) == expected
        view = await sees(person, kept.uri)
        assert (view.kind_label, view.facts) == ("Collection", ["2 steps"])

    # Another order, another reason, at once everywhere; Tom's tick stays where it was, and nobody else sees it.
    there = await found(tom.here, kept.uri)
    await tom.do(actions.tick, there.id, far.uri, done=True)
    fediverse.clock.advance(5)
    turned = (ItemForm(far.uri, "First of all."), ItemForm(own.uri, "Then."))
    await maya.do(actions.change, kept.id, replace(FORM, items=turned), "Turned around")
    await fediverse.settle()
    for person in (maya, tom):
        assert [title for title, _ in await shown(person, kept.uri)] == ["Second tasks in a box", "Names first"]
    held = await tom.do(queries.collection, await sees(tom, kept.uri))
    assert [item.done for item in held.items] == [True, False]
    held = await maya.do(queries.collection, await sees(maya, kept.uri))
    assert held.done == 0


async def test_c17_what_is_narrowed_removed_or_deleted_is_named_nowhere_any_more(fediverse, two):
    maya, tom, group, own, far = two
    third = await maya.do(practices.share, replace(PRACTICE, title="Cards for groups"))
    kept = await gathered(maya, group, own, await found(maya.here, far.uri), third)
    await maya.do(actions.change, kept.id, replace(FORM, title="Once more", items=tuple(
        ItemForm(thing.uri, "So.") for thing in (own, far, third)
    )))  # fmt: skip
    await fediverse.settle()

    fediverse.clock.advance(5)
    await maya.do(posts.edit_post, third.id, PostChange(visibility="instance"))
    await fediverse.settle()
    assert names((await document(fediverse, maya.here, kept.uri))[1]) == ["Names first", "Second tasks in a box"]
    assert [title for title, _ in await shown(tom, kept.uri)] == ["Names first", "Second tasks in a box"]
    assert "Cards for groups" not in (await sees(tom, kept.uri)).content_html
    # Nor counted: a number would say that there is something.
    for here, post_id in ((maya.here, kept.id), (tom.here, (await found(tom.here, kept.uri)).id)):
        assert (await here.run(queries.facts, here, [post_id]))[post_id] == ["2 steps"]
    assert await maya.do(posts_versions, kept.id) == []  # what it said before would name it

    fediverse.clock.advance(5)
    await tom.do(practices.withdraw, far.id)
    await fediverse.settle()
    fediverse.clock.advance(5)
    await maya.do(posts.remove_post, own.id, "Not now.")
    await fediverse.settle()
    wire = (await document(fediverse, maya.here, kept.uri))[1]
    assert (names(wire), wire["ph:items"]["totalItems"]) == ([], 0)
    assert "Nothing is in it at the moment." in wire["content"]
    assert await shown(tom, kept.uri) == []
    fediverse.clock.advance(5)
    await maya.do(posts.restore_post, own.id)
    await fediverse.settle()
    assert names((await document(fediverse, maya.here, kept.uri))[1]) == ["Names first"]
    assert "Names first" in (await sees(tom, kept.uri)).content_html

    await maya.do(posts.delete_post, kept.id)
    await fediverse.settle()
    assert await sees(tom, kept.uri) is None


async def test_c17_s17_whom_its_readers_or_its_author_are_kept_from_is_named_no_more_and_again(fediverse, two):
    """Suspended people, those of hidden servers, and those with a block between them and the author."""
    maya, _, group, own, far = two
    lea = await fediverse.person(maya.here, "lea")
    theirs, kept = await found(maya.here, far.uri), await gathered(maya, group, own, await found(maya.here, far.uri))
    other = await lea.do(actions.gather, replace(FORM, items=(ItemForm(far.uri, "So."),)))
    await fediverse.settle()
    both = ["Names first", "Second tasks in a box"]

    async def said(collection):
        await fediverse.settle()
        fediverse.clock.advance(5)
        wire = (await document(fediverse, maya.here, collection.uri))[1]
        view, titles = await sees(lea, collection.uri), names(wire)
        for text in (wire["content"], view.content_html):
            assert [title in text for title in both] == [title in titles for title in both]
        assert [title for title, _ in await shown(lea, collection.uri)] == titles
        return titles

    async def grade(name):
        await maya.here.run(peers.set_grade, maya.here, "birch.example", name, "@maya")

    assert await said(kept) == both
    for act, undo in (
        (
            lambda: removal.suspend(maya.here, theirs.author_id, "@maya"),
            lambda: removal.unsuspend(maya.here, theirs.author_id, "@maya"),
        ),
        (lambda: grade("blocked"), lambda: grade("normal")),
        (
            lambda: block(maya.here, maya.id, theirs.author_id),
            lambda: unblock(maya.here, maya.id, theirs.author_id),
        ),
    ):
        await maya.here.run(act)
        assert await said(kept) == both[:1]
        await maya.here.run(undo)
        assert await said(kept) == both
    await maya.here.run(block, maya.here, maya.id, theirs.author_id)
    assert await said(other) == both[1:], "who gathered nothing of theirs blocks nobody out of what others gather"


async def test_c17_r5_new_titles_are_followed_together_and_not_in_the_hands_of_who_gives_them(fediverse, two):
    maya, _, group, own, far = two
    kept = await gathered(maya, group, own, await found(maya.here, far.uri))
    await fediverse.settle()
    told = []
    for titles in (("Names",), ("Names, 1", "Names, 2", "Names, 3")):
        about_it = f"SELECT count(*) FROM outgoing WHERE body LIKE '%{kept.uri}%'"
        before = await maya.here.run(maya.here.db.value, about_it)
        fediverse.clock.advance(60 - fediverse.clock.now().timestamp() % 60)
        for title in titles:
            fediverse.clock.advance(2)
            await maya.do(posts.edit_post, own.id, PostChange(title=title))
        assert f">{titles[-1]}<" not in (await document(fediverse, maya.here, kept.uri))[1]["content"]
        fediverse.clock.advance(2 * keeping.EDITS_TOGETHER.total_seconds())
        await fediverse.settle()
        assert f">{titles[-1]}<" in (await document(fediverse, maya.here, kept.uri))[1]["content"]
        told.append(await maya.here.run(maya.here.db.value, about_it) - before)
    assert told[0] == told[1] > 0, "three edits are told of as one is"


async def posts_versions(here, viewer, post_id):
    from server.posts import queries as reading

    return await reading.versions(here, viewer, post_id)


async def test_c17_members_add_where_its_author_lets_them(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, lena = [await fediverse.person(here, name) for name in ("maya", "tom", "lena")]
    group = await community(maya, "science")
    await join(tom, group)
    own = await maya.do(practices.share, PRACTICE)
    more = await tom.do(practices.share, replace(PRACTICE, title="Second tasks"))
    kept = await gathered(maya, group, own)
    with pytest.raises(NotAllowed, match="Suggest it"):
        await tom.do(actions.add, kept.id, more.id, "It helps.")
    form = replace(FORM, items=(ItemForm(own.uri, "So."),), community_id=group.id, members_add=True)
    await maya.do(actions.change, kept.id, form)
    with pytest.raises(NotAllowed):
        await lena.do(actions.add, kept.id, more.id, "I am no member.")
    await tom.do(actions.add, kept.id, more.id, "It helps.")
    held = await tom.do(queries.collection, await sees(tom, kept.uri))
    assert [(item.title, item.added_by, item.can_take_out) for item in held.items] == [
        ("Names first", "", False),
        ("Second tasks", "Tom", True),
    ]
    with pytest.raises(NotAllowed):
        await tom.do(actions.take_out, kept.id, own.uri)
    # Maya had the form open since before Tom put his in: it stays, until she takes it out herself.
    await maya.do(actions.change, kept.id, form)
    assert [title for title, _ in await shown(tom, kept.uri)] == ["Names first", "Second tasks"]
    await maya.do(actions.change, kept.id, replace(form, gone=(more.uri,)))
    assert [title for title, _ in await shown(tom, kept.uri)] == ["Names first"]
    await tom.do(actions.add, kept.id, more.id, "It helps.")
    taken, at = await maya.do(actions.take_out, kept.id, more.uri)
    assert (taken.why, at) == ("It helps.", 1)
    assert [title for title, _ in await shown(tom, kept.uri)] == ["Names first"]
    # Newcomers start with it where those who look after the community say so.
    with pytest.raises(NotAllowed):
        await tom.do(actions.start_here, kept.id, starts=True)
    await maya.do(actions.start_here, kept.id, starts=True)
    assert (await sees(tom, kept.uri)).facts == ["Start here", "One step"]


async def test_c17_what_a_stranger_says_is_in_a_collection_is_bounded_and_of_its_own_place(fediverse):
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    far = Stranger(fediverse, "far.example")
    author, uri = far.actor("ada"), far.uri("p/1")
    thing = {
        "ph:item": "https://third.example/p/9",
        "url": "https://evil.example/9",
        "name": "<b>A</b>",
        "ph:why": "x" * 900,
    }
    items = [thing, thing, {"ph:item": "javascript:1"}, {"ph:item": ["x"]}, "x", None]
    items += [{"ph:item": f"https://third.example/p/{number}", "name": "N"} for number in range(10, 200)]
    far.documents[uri] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": uri,
        "type": "Article",
        "kind": "collection",
        "attributedTo": author,
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "name": "Mine",
        "content": "<p>A list.</p>",
        "ph:introduction": "Hello",
        "ph:isPath": "yes",
        "ph:items": {"type": "OrderedCollection", "orderedItems": items},
    }
    await tom.here.run(posts.fetch_post, tom.here, uri)
    held = await tom.do(queries.collection, await sees(tom, uri))
    assert (held.is_path, held.intro, len(held.items)) == (False, "Hello", 45)
    first = held.items[0]
    assert (first.title, first.url, len(first.why)) == ("<b>A</b>", "https://third.example/p/9", 300)
    assert (first.kind_label, first.host, first.can_take_out) == ("", "third.example", False)


async def test_s10_a_name_is_plain_text_wherever_it_travels(fediverse, two):
    """What stands between angle brackets in a title is part of it, and markup nowhere."""
    maya, tom, _, _, _ = two
    title = 'Why 3 < 5: <Thema> & <img src="x" onerror="alert(1)"> in a <b>'
    odd = await tom.do(practices.share, replace(PRACTICE, title=title))
    await fediverse.settle()
    there = await found(maya.here, odd.uri)
    assert there.title == title
    kept = await maya.do(actions.gather, replace(FORM, title="<i>", items=(ItemForm(odd.uri, "So."),)))
    await fediverse.settle()
    copy = await found(tom.here, kept.uri)
    assert (copy.title, await shown(tom, kept.uri)) == ("<i>", [(title, "So.")])
    for page in (copy.content_html, (await document(fediverse, maya.here, kept.uri))[1]["content"]):
        assert "&lt;Thema&gt; &amp; &lt;img" in page
        assert "<img" not in page
    async with fediverse.client(maya.here, maya) as client:
        for post in (there, kept):
            page = (await client.get((await sees(maya, post.uri)).url)).text
            assert "&lt;Thema&gt;" in page
            assert 'onerror="' not in page


async def test_c17_what_two_add_at_once_both_stands(fediverse, two):
    maya, _, group, own, _ = two
    kept = await gathered(maya, group, own)
    more = [await maya.do(practices.share, replace(PRACTICE, title=f"Number {number}")) for number in range(3)]
    await asyncio.gather(*(maya.do(actions.add, kept.id, thing.id, "So.") for thing in more))
    assert {title for title, _ in await shown(maya, kept.uri)} == {"Names first", *(thing.title for thing in more)}
    done = await asyncio.gather(
        *(maya.do(actions.take_out, kept.id, more[0].uri) for _ in "ab"), return_exceptions=True
    )
    assert [type(each) for each in done if isinstance(each, Exception)] == [NotFound]


async def test_c17_s15_a_private_collection_says_nothing_new_of_what_its_author_may_read_no_more(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom = [await fediverse.person(here, name) for name in ("maya", "tom")]
    group = await community(maya, "inner", visibility="members")
    await join(tom, group)
    inner = await maya.do(practices.share, replace(PRACTICE, community_id=group.id, visibility="members"))
    mine = await tom.do(actions.gather, replace(FORM, items=(ItemForm(inner.uri, "For me."),), visibility="private"))
    assert "Names first" in (await sees(tom, mine.uri)).content_html

    async def revised(title):
        await maya.do(practices.revise, inner.id, replace(PRACTICE, title=title), "Other")
        fediverse.clock.advance(keeping.EDITS_TOGETHER.total_seconds())
        await fediverse.settle()

    await revised("Names second")
    assert "Names second" in (await sees(tom, mine.uri)).content_html
    await tom.do(members.leave, group.id)
    await revised("Names of the sick")
    after = await sees(tom, mine.uri)
    assert "Names" not in after.content_html
    assert "of the sick" not in after.summary
    assert await shown(tom, mine.uri) == []
