"""Subjects that anybody follows, on any server: what they pass on, what they take back, and what never leaves (M8)."""

import json
from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.actors.actions import ProfileChange
from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.models import Post
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.subjects import actions, queries
from tests.counting import statements
from tests.posting import Stranger, community, document, found, sees

WRITING = PracticeForm(
    title="Talk before writing",
    subject="Writing",
    level="KS2",
    steps=("Say it.", "Write it."),
    would_change="Fewer words.",
    visibility="public",
)


@pytest.fixture
async def subject(fediverse):
    """Alder offers writing in KS2; Tom at Birch follows it, and so does Fay on another kind of server."""
    fediverse.watch.let_deliveries_pass()
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, ana = await fediverse.person(alder, "maya"), await fediverse.person(alder, "ana", role="steward")
    await ana.do(actions.offer, subject="Writing", level="KS2")
    tom = await fediverse.person(birch, "tom")
    there = await birch.run(actors.resolve, birch, "@writing-ks2@alder.example")
    await birch.run(actors.request_follow, birch, tom.id, there.id)
    far = Stranger(fediverse, "far.example")
    fay = far.actor("fay")
    await far.send(alder, far.activity("Follow", fay, there.uri, path="a/follow"))
    await fediverse.settle()
    return alder, maya, ana, tom, far, there.uri


def said(far, kind):
    """Of what a server got, the objects of one kind of activity."""
    return [sent["object"] for sent in far.received if sent["type"] == kind]


def about(thing):
    return thing if isinstance(thing, str) else about(thing.get("object") or thing["id"])


async def home(fediverse, person):
    """Titles on a home timeline, as an app shows it."""
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT post.title FROM timeline_entry JOIN post ON post.id = timeline_entry.post_id ORDER BY post.title",
    )
    return [row["title"] for row in rows]


async def test_m8_only_stewards_choose_and_what_is_no_subject_is_refused(fediverse, subject):
    alder, maya, ana, *_ = subject
    with pytest.raises(NotAllowed):
        await maya.do(actions.offer, subject="Maths")
    with pytest.raises(NotAllowed):
        await maya.do(actions.turn, "writing-ks2", on=False)
    for form, field in (
        ({"subject": " "}, "subject"),
        ({"subject": "writing ", "level": "ks2"}, "subject"),
        ({"subject": "Maths", "handle": "maya"}, "username"),
        ({"subject": "Maths", "handle": "admin"}, "username"),
    ):
        with pytest.raises(Invalid) as error:
            await ana.do(actions.offer, **form)
        assert error.value.field == field
    with pytest.raises(NotFound):
        await ana.do(actions.turn, "reports", on=False)
    # The sender of reports stays what it was: nobody to follow.
    reports = await alder.run(actors.resolve, alder, "@reports@alder.example")
    with pytest.raises(NotAllowed):
        await alder.run(actors.request_follow, alder, maya.id, reports.id)


async def test_m8_what_is_not_for_everybody_never_leaves_through_a_subject(fediverse, subject):
    _, maya, _, tom, far, uri = subject
    closed = await community(maya, "staff", visibility="members", join_policy="apply")
    own = await community(maya, "office", visibility="instance")
    word = "zqsecret"
    form = replace(WRITING, title=word, promise=word)
    for narrow in (
        replace(form, visibility="unlisted"),
        replace(form, visibility="followers"),
        replace(form, visibility="network"),
        replace(form, visibility="instance"),
        replace(form, visibility="private"),
        replace(form, visibility="members", community_id=closed.id),
        replace(form, visibility="instance", community_id=own.id),
    ):
        await maya.do(practices.share, narrow)
    await maya.do(practices.save_draft, replace(form, visibility="public"))
    await maya.do(practices.share, replace(form, visibility="public", subject="Reading"))
    await maya.do(practices.share, replace(form, visibility="public", level="KS3"))
    # Who does not want to be found is not passed around either.
    await maya.here.run(actors.update_profile, maya.here, maya.id, ProfileChange(discoverable=False))
    await maya.do(practices.share, replace(form, visibility="public"))
    await fediverse.settle()
    assert said(far, "Announce") == []
    assert word not in json.dumps(far.received)
    assert await home(fediverse, tom) == []
    _, outbox, _ = await document(fediverse, maya.here, f"{uri}/outbox")
    assert (outbox["totalItems"], word in json.dumps(outbox)) == (0, False)


async def test_m8_followers_on_any_server_get_the_practices_of_a_subject(fediverse, subject):
    alder, maya, _, tom, far, uri = subject
    group = await community(maya, "science")
    one = await maya.do(practices.share, WRITING)
    fediverse.clock.advance(60)
    two = await maya.do(
        practices.share, replace(WRITING, title="Two drafts", subject=" WRITING", community_id=group.id)
    )
    await fediverse.settle()
    assert said(far, "Announce") == [one.uri, two.uri]
    assert [sent["actor"] for sent in far.received if sent["type"] == "Announce"] == [uri, uri]
    assert await home(fediverse, tom) == ["Talk before writing", "Two drafts"]
    # Being passed on by a subject is no praise by a person.
    assert (await sees(alder, one.uri)).boosts_count == 0
    assert await alder.run(alder.db.value, "SELECT count(*) FROM notification WHERE kind = 'boost'") == 0
    status, actor, _ = await document(fediverse, alder, uri)
    assert (status, actor["type"], actor["preferredUsername"]) == (200, "Service", "writing-ks2")
    assert (actor["name"], actor["url"]) == ("Writing · KS2", "https://alder.example/@writing-ks2")
    _, outbox, _ = await document(fediverse, alder, f"{uri}/outbox")
    assert [item["object"] for item in outbox["orderedItems"]] == [two.uri, one.uri]
    # What is changed, and ends, they hear of its author.
    await maya.do(practices.revise, one.id, replace(WRITING, title="Talk first"))
    await maya.do(practices.withdraw, two.id)
    await fediverse.settle()
    assert [each["name"] for each in said(far, "Update") if each.get("name")] == ["Talk first"]
    assert [about(each) for each in said(far, "Delete")] == [two.uri]
    assert await home(fediverse, tom) == ["Talk first"]


async def test_m8_what_belongs_no_more_is_taken_back(fediverse, subject):
    _, maya, _, tom, far, _ = subject
    post = await maya.do(practices.share, WRITING)
    other = await maya.do(practices.share, replace(WRITING, title="Two drafts"))
    await fediverse.settle()
    await maya.do(practices.revise, post.id, replace(WRITING, subject="Reading"))
    await fediverse.settle()
    assert [about(each) for each in said(far, "Undo")] == [post.uri]
    assert await home(fediverse, tom) == ["Two drafts"]
    # Narrowed: everybody who had it by the subject alone is asked to forget it.
    await maya.do(posts.edit_post, other.id, PostChange(visibility="private"))
    await fediverse.settle()
    assert [about(each) for each in said(far, "Delete")] == [other.uri]
    assert await home(fediverse, tom) == []
    assert (await found(tom.here, other.uri)).state == "deleted"


async def test_m8_who_is_not_to_be_found_any_more_is_taken_back_and_costs_do_not_grow(fediverse, subject):
    """An author who goes out of sight, and a community that closes, take along what a subject had passed on."""
    alder, maya, ana, tom, far, uri = subject
    group = await community(maya, "science")
    own = await maya.do(practices.share, WRITING)
    inside = await ana.do(practices.share, replace(WRITING, title="Two drafts"))
    await alder.run(alder.db.execute, "UPDATE post SET community_id = :at WHERE id = :id", at=group.id, id=inside.id)
    for number in range(6):
        await ana.do(
            actions.offer, subject="Writing", handle=f"writing-{number}", level="" if not number else f"X{number}"
        )
    await fediverse.settle()
    with alder.db.bind(), statements(alder) as log:
        await actions.settle(alder, await Post.get(id=own.id))
    assert len(log) < 10, log
    await alder.run(actors.update_profile, alder, maya.id, ProfileChange(discoverable=False))
    await fediverse.settle()
    assert {about(each) for each in said(far, "Undo")} == {own.uri}
    assert await home(fediverse, tom) == ["Two drafts"]
    await maya.do(
        communities.edit_community,
        group.id,
        CommunityForm(name="Science", purpose="To try.", slug="science", visibility="members", join_policy="apply"),
    )
    await fediverse.settle()
    assert {about(each) for each in said(far, "Undo")} == {own.uri, inside.uri}
    _, outbox, _ = await document(fediverse, alder, f"{uri}/outbox")
    assert outbox["totalItems"] == 0


async def test_m8_off_takes_everything_back_and_on_begins_with_the_latest(fediverse, subject):
    alder, maya, ana, tom, far, uri = subject
    post = await maya.do(practices.share, WRITING)
    await fediverse.settle()
    await ana.do(actions.turn, "writing-ks2", on=False)
    await fediverse.settle()
    assert [about(each) for each in said(far, "Undo")] == [post.uri]
    assert await home(fediverse, tom) == []
    assert (await document(fediverse, alder, uri))[0] == 404
    assert await alder.run(queries.subjects, alder) == []
    fediverse.clock.advance(60)
    later = await maya.do(practices.share, replace(WRITING, title="Two drafts"))
    await fediverse.settle()
    assert len(said(far, "Announce")) == 1
    await ana.do(actions.turn, "writing-ks2", on=True)
    await fediverse.settle()
    assert said(far, "Announce")[1:] == [post.uri, later.uri]
    assert await home(fediverse, tom) == ["Talk before writing", "Two drafts"]


async def test_m8_a_subject_in_the_browser(fediverse, subject):
    alder, maya, ana, *_ = subject
    await maya.do(practices.share, WRITING)
    nobody, member, steward = fediverse.client(alder), fediverse.client(alder, maya), fediverse.client(alder, ana)
    assert (await nobody.get("/@writing-ks2")).headers["location"] == "/subjects/writing-ks2"
    page = (await nobody.get("/subjects/writing-ks2")).text
    assert "@writing-ks2@alder.example" in page
    assert "Talk before writing" in page
    assert (await nobody.get("/subjects/none")).status_code == 404
    assert "Offer a subject" not in (await member.get("/subjects")).text
    for path in ("/subjects", "/subjects/writing-ks2/off"):
        assert (await member.post(path, data={"subject": "Maths"})).status_code == 403
    refused = await steward.post("/subjects", data={"subject": "Maths & more", "handle": "no spaces"})
    assert (refused.status_code, "Maths &amp; more" in refused.text) == (422, True)
    assert (await steward.post("/subjects", data={"subject": "Maths"})).status_code == 303
    assert (await steward.post("/subjects/maths/off")).status_code == 303
    listed = (await steward.get("/subjects")).text
    assert ("Turn on" in listed, "Turn off" in listed) == (True, True)
    assert (await member.post("/@writing-ks2/follow")).status_code == 303
    assert "Following" in (await member.get("/subjects/writing-ks2")).text
    assert (await alder.run(queries.subject, alder, "writing-ks2")).followers_count == 3
