"""Who may say what about posts, and who gets to see it: invariants of security.md, refusals first."""

import pytest

from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors.models import Actor
from server.actors.viewer import ANONYMOUS
from server.errors import Invalid, NotAllowed, NotFound
from server.peers import actions as peers
from server.posts import actions, queries
from server.posts.actions import PostChange
from server.posts.models import Post, Tombstone
from server.timelines import queries as timelines
from tests.facts import make_member
from tests.posting import Stranger, community, document, follow, found, outcome, reply, sees, write


@pytest.fixture
async def alder(fediverse):
    """Maya at Alder, and two servers of others: Tom's and Eve's."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    birch, evil = Stranger(fediverse, "birch.example"), Stranger(fediverse, "evil.example")
    return maya, birch, evil


async def deliver(fediverse, here, server, activity, signer=None):
    """Send something and let it be processed; outcome and reason."""
    await server.send(here, activity, signer=signer)
    await fediverse.settle()
    return await outcome(here, activity["id"])


# S5: people act on what is theirs


async def test_s5_update_and_delete_of_another_s_post_are_refused(fediverse, alder):
    maya, birch, evil = alder
    tom, eve, neighbour = birch.actor("tom"), evil.actor("eve"), birch.actor("neighbour")
    uri = await birch.create(fediverse, maya.here, tom, "notes/1", "<p>Mine</p>")
    for server, who in ((evil, eve), (birch, neighbour)):
        changed = birch.documents[uri] | {
            "content": "<p>Theirs</p>",
            "updated": "2026-01-15T09:30:00Z",
            "attributedTo": who,
        }
        await deliver(fediverse, maya.here, server, server.activity("Update", who, changed, path=f"u/{who[-3:]}"))
        await deliver(fediverse, maya.here, server, server.activity("Delete", who, uri, path=f"d/{who[-3:]}"))
        tombstone = {"id": uri, "type": "Tombstone"}
        await deliver(fediverse, maya.here, server, server.activity("Delete", who, tombstone, path=f"e/{who[-3:]}"))
        await deliver(
            fediverse,
            maya.here,
            server,
            server.activity("Delete", who, uri, path=f"f/{who[-3:]}", cc=["https://x.example/c/1"]),
        )
    post = await found(maya.here, uri)
    assert (post.state, post.content_html) == ("visible", "<p>Mine</p>")


async def test_s5_an_update_of_ours_from_elsewhere_is_refused(fediverse, alder):
    maya, _, evil = alder
    post = await write(maya)
    eve = evil.actor("eve")
    for kind in ("Update", "Delete"):
        about = {"id": post.uri, "type": "Article", "attributedTo": eve, "content": "x"}
        await deliver(fediverse, maya.here, evil, evil.activity(kind, eve, about, path=f"x/{kind}"))
        await deliver(fediverse, maya.here, evil, evil.activity(kind, eve, post.uri, path=f"y/{kind}"))
    assert (await found(maya.here, post.uri)).state == "visible"


async def test_s5_undo_of_another_s_like_and_boost_is_refused(fediverse, alder):
    maya, birch, evil = alder
    tom, eve = birch.actor("tom"), evil.actor("eve")
    post = await write(maya)
    like, boost = birch.activity("Like", tom, post.uri), birch.activity("Announce", tom, post.uri, to=[PUBLIC])
    for given in (like, boost):
        await deliver(fediverse, maya.here, birch, given)
        for number, form in enumerate((given, given | {"actor": eve}, given["id"])):
            undo = evil.activity("Undo", eve, form, path=f"undo/{given['type']}/{number}")
            await deliver(fediverse, maya.here, evil, undo)
    seen = await sees(maya, post.uri)
    assert (seen.likes_count, seen.boosts_count) == (1, 1)


async def test_s5_a_community_moderates_its_own_posts_only(fediverse, alder):
    maya, birch, evil = alder
    tom = birch.actor("tom")
    group = evil.actor("group", "Group")
    await follow_uri(maya, group)
    await evil.send(maya.here, accept_of(evil, group, await follow_id(maya)))
    await fediverse.settle()
    uri = await birch.create(fediverse, maya.here, tom, "notes/1")
    mod = evil.actor("mod")
    delete = evil.activity("Delete", mod, uri, path="d/1", to=[PUBLIC], cc=[group], audience=group)
    await deliver(fediverse, maya.here, evil, evil.activity("Announce", group, delete, path="an/1"))
    assert (await found(maya.here, uri)).state == "visible"


async def test_s5_a_lock_by_somebody_else_is_refused(fediverse, alder):
    maya, _, evil = alder
    post = await write(maya)
    eve = evil.actor("eve")
    result = await deliver(fediverse, maya.here, evil, evil.activity("Lock", eve, post.uri))
    assert result[0] == "refused"
    assert not (await found(maya.here, post.uri)).locked


# S7, S8: ids belong to their servers, and are not taken in advance


async def test_s7_a_post_on_another_server_is_refused_and_s8_leaves_nothing(fediverse, alder):
    maya, birch, evil = alder
    tom, eve = birch.actor("tom"), evil.actor("eve")
    stolen = birch.uri("notes/later")
    for number, author in enumerate((eve, tom)):
        forged = {"id": stolen, "type": "Note", "attributedTo": author, "to": [PUBLIC], "cc": [], "content": "Forged"}
        await deliver(fediverse, maya.here, evil, evil.activity("Create", eve, forged, path=f"c/{number}"))
        await deliver(fediverse, maya.here, evil, evil.activity("Delete", eve, stolen, path=f"d/{number}"))
        await deliver(fediverse, maya.here, evil, evil.activity("Undo", eve, stolen, path=f"u/{number}"))
    assert await found(maya.here, stolen) is None
    assert await maya.here.run(Tombstone.get_or_none, uri=stolen) is None
    assert await birch.create(fediverse, maya.here, tom, "notes/later", "<p>Real</p>") == stolen
    assert (await found(maya.here, stolen)).content_html == "<p>Real</p>"


async def test_s7_a_fetched_document_cannot_define_another_server_s_post(fediverse, alder):
    maya, birch, evil = alder
    tom = birch.actor("tom")
    real = birch.note(tom, "notes/1", "<p>Real</p>")
    evil.documents[evil.uri("trap")] = real | {"content": "<p>Forged</p>"}
    post = await maya.here.run(actions.fetch_post, maya.here, evil.uri("trap"))
    assert (post.uri, post.content_html) == (real["id"], "<p>Real</p>")


async def test_s8_only_the_author_ends_a_post_before_it_comes(fediverse, alder):
    maya, birch, _ = alder
    tom, neighbour = birch.actor("tom"), birch.actor("neighbour")
    for author, kept in ((neighbour, True), (tom, False)):
        uri = birch.uri(f"notes/early-{author[-3:]}")
        await deliver(fediverse, maya.here, birch, birch.activity("Delete", author, uri, path=f"d/{author[-3:]}"))
        await birch.create(fediverse, maya.here, tom, f"notes/early-{author[-3:]}")
        assert (await found(maya.here, uri) is not None) is kept


async def test_s8_a_like_undone_before_it_comes_never_counts(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    post = await write(maya)
    like = birch.activity("Like", tom, post.uri)
    await deliver(fediverse, maya.here, birch, birch.activity("Undo", tom, like["id"], path="undo/1"))
    await deliver(fediverse, maya.here, birch, like)
    assert (await sees(maya, post.uri)).likes_count == 0


# S10, S19, S20: what strangers' posts may do to a page


async def test_s10_s20_strangers_words_are_made_safe_and_pictures_come_through_us(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    uri = await birch.create(
        fediverse,
        maya.here,
        tom,
        "notes/1",
        '<p onclick="x()">Hi \u202e<script>1</script><img src="https://track.example/p.gif">'
        '<a href="https://evil.example/">https://alder.example/sign-in</a></p>',
        summary="<b>Careful</b>",
        sensitive=True,
        url="https://alder.example/@maya",
    )
    seen = await sees(maya, uri)
    assert "onclick" not in seen.content_html
    assert "<script" not in seen.content_html
    assert "\u202e" not in seen.content_html
    assert 'src="https://track' not in seen.content_html
    assert ">evil.example</a>" in seen.content_html
    assert seen.content_warning == "Careful"
    assert seen.original_url == uri


async def test_s19_mentions_tags_and_attachments_are_capped_and_fetch_nobody(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    tags = [{"type": "Mention", "href": f"https://victim{n}.example/u/{n}", "name": "@x"} for n in range(3000)]
    tags += [{"type": "Hashtag", "name": f"#tag{n}"} for n in range(3000)]
    files = [
        {"type": "Document", "mediaType": "image/png", "url": f"https://birch.example/{n}.png"} for n in range(3000)
    ]
    uri = await birch.create(
        fediverse,
        maya.here,
        tom,
        "notes/1",
        tag=tags,
        attachment=files,
        cc=[f"https://victim{n}.example/c/{n}" for n in range(3000)],
    )
    seen = await sees(maya, uri)
    assert len(seen.attachments) <= 20
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM post_tag") <= 100
    assert not [url for _, url, _ in fediverse.network.log if "victim" in url]


async def test_s19_a_chain_of_replies_is_followed_within_bounds(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    for number in range(200):
        birch.note(tom, f"notes/{number}", inReplyTo=birch.uri(f"notes/{number + 1}"))
    await birch.send(maya.here, birch.activity("Create", tom, birch.documents[birch.uri("notes/0")]))
    await fediverse.settle()
    assert await found(maya.here, birch.uri("notes/0")) is not None
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM post") <= 51
    assert fediverse.network.count("GET", "https://birch.example/notes/") <= 51


# S15: audiences


VISIBILITIES = {
    "public": {"nobody", "member", "follower", "other"},
    "unlisted": {"nobody", "member", "follower", "other"},
    "network": {"member", "follower", "other"},
    "instance": {"member", "follower", "other"},
    "members": {"member"},
    "followers": {"follower"},
    "direct": {"named"},
    "private": set(),
}


@pytest.mark.parametrize("visibility", list(VISIBILITIES))
async def test_s15_every_query_shows_a_post_to_its_audience_alone(fediverse, alder, visibility):
    maya, _, _ = alder
    people = {name: await fediverse.person(maya.here, name) for name in ("member", "follower", "other")}
    group = await community(maya, visibility="members") if visibility == "members" else None
    if group:
        await make_member(maya.here, group.id, people["member"].id)
    await follow(people["follower"], maya)
    await fediverse.settle()
    more = {"community_id": group.id} if group else {}
    root = await write(maya, "marker", visibility="public" if visibility == "direct" else visibility, **more)
    if visibility == "direct":
        await maya.here.run(make_direct, root.id)
    allowed = VISIBILITIES[visibility]
    for name, person in (("nobody", None), *people.items()):
        viewer = person.viewer if person else ANONYMOUS
        run = maya.here.run
        shown = await run(queries.show, maya.here, viewer, root.id)
        listed = await run(queries.listing, maya.here, viewer, author_id=maya.id)
        assert (shown is not None) is (name in allowed), name
        assert bool(listed.items) is (name in allowed), name
        if person:
            assert [p for p in (await person.do(timelines.home)).items if name not in allowed] == []
    assert (await maya.do(queries.show, root.id)).is_mine
    status, _, _ = await document(fediverse, maya.here, root.uri)
    assert status == (200 if visibility in {"public", "unlisted"} else 404)


async def make_direct(post_id):
    """Give a post an audience that names nobody."""
    await Post.filter(id=post_id).update(visibility="direct")


async def test_s15_replies_never_widen_and_counts_do_not_tell(fediverse, alder):
    maya, _, _ = alder
    ines = await fediverse.person(maya.here, "ines")
    await follow(ines, maya)
    await fediverse.settle()
    quiet = await write(maya, visibility="followers")
    assert (await reply(ines, quiet, visibility="public")).visibility == "direct"
    assert (await reply(maya, quiet, visibility="public")).visibility == "followers"
    assert (await maya.do(queries.show, quiet.id)).replies_count == 0
    here_only = await write(maya, visibility="instance")
    assert (await reply(ines, here_only, visibility="public")).visibility == "instance"
    secret = await write(maya, visibility="private")
    with pytest.raises(NotFound):
        await reply(ines, secret)


async def test_s15_a_reply_from_afar_to_what_it_cannot_know_is_refused(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    for visibility in ("instance", "followers", "private"):
        post = await write(maya, visibility=visibility)
        uri = await birch.create(fediverse, maya.here, tom, f"notes/{visibility}", inReplyTo=post.uri)
        assert await found(maya.here, uri) is None
        await deliver(fediverse, maya.here, birch, birch.activity("Like", tom, post.uri, path=f"l/{visibility}"))
        await deliver(fediverse, maya.here, birch, birch.activity("Announce", tom, post.uri, path=f"b/{visibility}"))
        seen = await sees(maya, post.uri)
        assert (seen.likes_count, seen.boosts_count, seen.replies_count) == (0, 0, 0)


async def test_s15_an_edit_narrows_and_never_widens(fediverse, alder):
    maya, birch, _ = alder
    post = await write(maya, visibility="followers")
    with pytest.raises(Invalid):
        await maya.do(actions.edit_post, post.id, PostChange(visibility="public"))
    tom = birch.actor("tom")
    await follow_uri(maya, tom)
    await birch.send(maya.here, accept_of(birch, tom, await follow_id(maya)))
    await fediverse.settle()
    uri = await birch.create(fediverse, maya.here, tom, "notes/1", to=[f"{tom}/followers"], cc=[])
    wider = birch.documents[uri] | {"to": [PUBLIC], "content": "<p>New</p>", "updated": "2026-01-15T09:30:00Z"}
    await deliver(fediverse, maya.here, birch, birch.activity("Update", tom, wider, path="u/1"))
    seen = await sees(maya, uri)
    assert (seen.visibility, seen.content_html) == ("followers", "<p>New</p>")


async def test_s15_narrowing_asks_other_servers_to_forget(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    await birch.send(maya.here, birch.activity("Follow", tom, maya.uri))
    await fediverse.settle()
    post = await write(maya, "Too open")
    await maya.do(actions.edit_post, post.id, PostChange(visibility="instance"))
    await fediverse.settle()
    assert [item["type"] for item in birch.received if item["type"] in {"Create", "Update", "Delete"}] == [
        "Create",
        "Delete",
    ]
    assert (await document(fediverse, maya.here, post.uri))[0] == 404
    assert (await document(fediverse, maya.here, maya.here.url(f"/ap/a/create/{post.id}")))[0] == 404


async def test_s15_drafts_and_held_posts_are_for_those_who_must_see_them(fediverse, alder):
    maya, birch, _ = alder
    ines = await fediverse.person(maya.here, "ines")
    steward = await fediverse.person(maya.here, "sam", role="steward")
    draft = await write(maya, draft=True)
    assert (await maya.do(queries.show, draft.id)).state == "draft"
    for other in (ines, steward):
        assert await other.do(queries.show, draft.id) is None
    await maya.here.run(peers.set_grade, maya.here, "birch.example", "held", "maya")
    uri = await birch.create(fediverse, maya.here, birch.actor("tom"), "notes/1")
    assert await sees(ines, uri) is None
    assert await sees(maya.here, uri) is None
    assert (await sees(steward, uri)).held


async def test_s17_nothing_comes_from_a_suspended_author(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    first = await birch.create(fediverse, maya.here, tom, "notes/1")
    await maya.here.run(suspend, maya.here, tom)
    second = await birch.create(fediverse, maya.here, tom, "notes/2")
    assert await found(maya.here, second) is None
    assert await sees(maya, first) is None


async def suspend(here, uri):
    """Suspend an actor."""
    await actors.suspend(here, (await Actor.get(uri=uri)).id, "maya")


# S27, S30: deletion is complete, and is one's own


async def test_s27_a_remote_delete_erases_text_tags_and_reactions(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    tag = [{"type": "Hashtag", "name": "#gone"}, {"type": "Mention", "href": maya.uri, "name": "@maya"}]
    uri = await birch.create(fediverse, maya.here, tom, "notes/1", "<p>marker-text</p>", tag=tag)
    post = await found(maya.here, uri)
    await maya.do(actions.like_post, post.id)
    changed = birch.documents[uri] | {"content": "<p>marker-text two</p>", "updated": "2026-01-15T09:30:00Z"}
    await deliver(fediverse, maya.here, birch, birch.activity("Update", tom, changed, path="u/1"))
    await deliver(
        fediverse, maya.here, birch, birch.activity("Delete", tom, {"id": uri, "type": "Tombstone"}, path="d/1")
    )
    run, db = maya.here.run, maya.here.db
    for table, column in (
        ("post", "content_html"),
        ("post", "raw_create"),
        ("post_version", "content_html"),
        ("sent_activity", "body"),
    ):
        assert await run(db.rows, f"SELECT 1 AS n FROM {table} WHERE {column} LIKE '%marker-text%'") == [], table
    for table in ("post_tag", "post_mention", "post_like", "post_version", "timeline_entry"):
        assert await run(db.value, f"SELECT count(*) AS n FROM {table} WHERE post_id = :id", id=post.id) == 0, table
    assert (await found(maya.here, uri)).state == "deleted"
    await deliver(fediverse, maya.here, birch, birch.activity("Create", tom, changed, path="c/again"))
    assert (await found(maya.here, uri)).state == "deleted"


async def test_s30_naming_another_s_post_gives_no_power_over_it(fediverse, alder):
    maya, _, _ = alder
    ines = await fediverse.person(maya.here, "ines")
    steward = await fediverse.person(maya.here, "sam", role="steward")
    post, hidden = await write(maya), await write(maya, visibility="private")
    draft = await write(maya, draft=True)
    for other in (ines, steward):
        for target in (post, hidden, draft):
            for attempt in (
                other.do(actions.edit_post, target.id, PostChange(source_md="Mine")),
                other.do(actions.delete_post, target.id),
                other.do(actions.publish_post, target.id),
            ):
                with pytest.raises(NotFound):
                    await attempt
    for action in (actions.like_post, actions.boost_post):
        with pytest.raises(NotFound):
            await ines.do(action, hidden.id)
    with pytest.raises(NotAllowed):
        await ines.do(actions.remove_post, post.id, "because")
    with pytest.raises(NotFound):
        await steward.do(actions.remove_post, hidden.id, "because")
    with pytest.raises(NotFound):
        await ines.do(actions.approve_post, draft.id)
    assert (await found(maya.here, post.uri)).state == "visible"


async def follow_uri(person, uri):
    """Ask to follow an actor by its id."""
    target = await person.here.run(actors.resolve, person.here, uri)
    await person.here.run(actors.request_follow, person.here, person.id, target.id)


async def follow_id(person):
    """The id of the last Follow somebody sent."""
    return str(await person.here.run(person.here.db.value, "SELECT uri FROM follow ORDER BY id DESC LIMIT 1"))


def accept_of(server, actor, follow):
    """Accept a Follow by its id."""
    return server.activity("Accept", actor, follow, path="accept/1")


async def test_s5_a_stranger_who_passes_on_an_update_does_not_make_a_post_look_edited(fediverse, alder):
    maya, birch, evil = alder
    tom, eve = birch.actor("tom"), evil.actor("eve")
    uri = await birch.create(fediverse, maya.here, tom, "notes/1", "<p>Mine</p>")
    forged = birch.activity("Update", tom, birch.documents[uri] | {"content": "<p>Forged</p>"}, path="u/1")
    assert await evil.send(maya.here, forged, signer=eve) == 202
    await fediverse.settle()
    post = await found(maya.here, uri)
    assert (post.content_html, post.edited_at) == ("<p>Mine</p>", None)
    birch.documents[uri]["content"] = "<p>Changed</p>"
    assert await evil.send(maya.here, forged | {"id": birch.uri("u/2")}, signer=eve) == 202
    await fediverse.settle()
    assert (await found(maya.here, uri)).content_html == "<p>Changed</p>"


async def test_s22_a_thread_that_answers_itself_is_asked_for_once(fediverse, alder):
    maya, _, evil = alder
    eve = evil.actor("eve")
    a, b = evil.note(eve, "n/a", inReplyTo=evil.uri("n/b")), evil.note(eve, "n/b", inReplyTo=evil.uri("n/a"))
    await evil.send(maya.here, evil.activity("Create", eve, evil.note(eve, "n/c", inReplyTo=a["id"])))
    await fediverse.settle()
    for note in (a, b):
        assert fediverse.network.count("GET", note["id"]) == 1
    own = evil.uri("n/self")
    await evil.create(fediverse, maya.here, eve, "n/self", inReplyTo=own)
    assert fediverse.network.count("GET", own) == 0


async def test_r4_edits_from_elsewhere_do_not_fill_the_disk(fediverse, alder):
    maya, birch, _ = alder
    tom = birch.actor("tom")
    uri = await birch.create(fediverse, maya.here, tom, "notes/1", "<p>First</p>")
    for number in range(40):
        changed = birch.documents[uri] | {"content": f"<p>{number}</p>", "updated": f"2026-01-15T09:30:{number:02}Z"}
        await birch.send(maya.here, birch.activity("Update", tom, changed, path=f"u/{number}"))
    await fediverse.settle()
    post = await found(maya.here, uri)
    rows = await maya.here.run(
        maya.here.db.rows,
        "SELECT version, content_html FROM post_version WHERE post_id = :id ORDER BY version",
        id=post.id,
    )
    assert post.content_html == "<p>39</p>"
    assert (rows[0]["content_html"], rows[-1]["content_html"]) == ("<p>First</p>", "<p>38</p>")
    assert 20 < len(rows) <= 32
