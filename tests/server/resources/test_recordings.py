"""Recordings: sound without anything else, clips that stay with their members, and events that name what was kept."""

import struct
from dataclasses import replace
from typing import Any

import pytest

from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.errors import Invalid, NotAllowed, NotFound
from server.mastodon.ids import number_of
from server.media import actions as media
from server.media.audio import clean_audio
from server.media.errors import MediaRefused
from server.posts import actions as writing
from server.posts import queries as posts
from server.posts.actions import PostChange
from server.resources import actions, queries
from server.resources.chapters import begins_at
from server.resources.events import around
from server.resources.form import ResourceForm
from server.sessions import actions as sessions
from tests.apps import app_of
from tests.conftest import Fediverse, Person
from tests.counting import statements
from tests.posting import found, join
from tests.server.resources.test_library import place
from tests.server.sessions.test_events import FORM
from tests.web.test_costs import MOST_STATEMENTS

NAME = b"Amara Okafor, Year 5"
# 128 kbit/s at 44.1 kHz: 417 bytes, 26 ms.
FRAME = b"\xff\xfb\x90\x00" + bytes(413)
CLIP = ResourceForm(
    resource_type="clip",
    title="How I carry the one",
    captions="pending",
    nobody_identifiable=True,
    teaches="why we carry the one",
)
TALK = ResourceForm(
    resource_type="video",
    title="The talk",
    link="https://tube.example/w/abc",
    captions="yes",
    chapters="0:00 Welcome\n12:30 Questions\n1:02:03 The end",
)


def mp3(seconds: float) -> bytes:
    """A recording with a name in every place where one may stand."""
    tag = b"ID3\x04\x00\x00" + bytes((0, 0, 0, len(NAME))) + NAME
    frames = FRAME * round(seconds * 44100 / 1152)
    return tag + frames[: 417 * 4] + NAME + frames[417 * 4 :] + b"TAG" + NAME.ljust(125, b"\0")


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def m4a(seconds: int, handler: bytes = b"soun") -> bytes:
    """The same as M4A; the times of its making are there, too."""
    made = struct.pack(">IIIII", 0, 3_800_000_000, 3_800_000_001, 1000, 0)
    table = box(b"stbl", box(b"stts", struct.pack(">IIII", 0, 1, seconds, 1000)))
    hdlr = box(b"hdlr", bytes(8), handler, bytes(12), NAME)
    track = box(b"trak", box(b"mdia", box(b"mdhd", made), hdlr, box(b"minf", table)), box(b"udta", NAME))
    moov = box(b"moov", box(b"mvhd", made), track, box(b"udta", box(b"meta", NAME)))
    return box(b"ftyp", b"M4A ", bytes(4)) + box(b"uuid", NAME) + moov + box(b"mdat", b"sound") + box(b"free", NAME)


async def recorded(person: Person, data: bytes) -> Any:
    return await person.here.run(media.upload, person.here, person.id, data, "voice.mp3", recordings=True)


@pytest.mark.parametrize(
    "data",
    [
        b"ID3" + b"\xff" * 400_000,
        FRAME * 3,
        m4a(5, b"vide"),
        m4a(5)[:-20],
        box(b"ftyp", b"M4A ", bytes(4)) + box(b"moof", b"x"),
        box(b"ftyp", b"M4A ", bytes(4)) + struct.pack(">I4s", 4, b"moov"),
        b"\0\0\0\x20ftypM4A " + b"\0" * 40,
    ],
    ids=["no-frame", "too-short", "video", "cut", "fragments", "box-in-itself", "nothing"],
)
async def test_c6_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(MediaRefused):
        await clean_audio(data)


async def test_c6_s25_only_the_sound_is_kept_and_played(fediverse: Fediverse) -> None:
    here, maya, science = await place(fediverse)
    with pytest.raises(MediaRefused):  # outside of libraries nobody asks for a transcript
        await here.run(media.upload, here, maya.id, mp3(2), "voice.mp3")
    kept = [await recorded(maya, data) for data in (mp3(2), m4a(7))]
    assert [(file.kind, file.seconds, file.media_type) for file in kept] == [
        ("audio", 2, "audio/mpeg"),
        ("audio", 7, "audio/mp4"),
    ]
    form = ResourceForm(
        resource_type="audio",
        title="Why the sky is blue",
        media_ids=(kept[0].id,),
        nobody_identifiable=True,
        community_id=science.id,
    )
    for wrong, field in ((form, "captions"), (replace(form, resource_type="document"), "resource_type")):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.add_resource, wrong)
        assert [error["field"] for error in refused.value.errors] == [field]
    added = await maya.do(actions.add_resource, replace(form, captions="pending", chapters="0:01 Light"))
    async with fediverse.client(here) as client:
        for file in kept:
            served = await client.get(file.url, headers={"range": "bytes=0-3"})
            assert (served.status_code, served.headers["content-type"]) == (206, file.media_type)
            assert "content-disposition" not in served.headers
            whole = (await client.get(file.url)).content
            assert NAME not in whole
            assert struct.pack(">I", 3_800_000_000) not in whole
        page = (await client.get(f"/p/{added.short}", follow_redirects=True)).text
        assert f'<audio controls preload="none" src="{kept[0].url}"' in page
        assert "autoplay" not in page
        assert "A transcript will follow." in page
        assert f'href="{kept[0].url}#t=1"' in page


async def test_c5_s15_a_clip_never_gets_beyond_its_members(fediverse: Fediverse) -> None:
    here, maya, science = await place(fediverse)
    tom, vera = await fediverse.person(here, "tom"), await fediverse.person(here, "vera")
    await join(tom, science)
    other = await maya.do(communities.create_community, CommunityForm(name="Art", purpose="Try.", slug="art"))
    form = replace(CLIP, community_id=science.id, media_ids=((await recorded(maya, mp3(20))).id,))
    for visibility in ("public", "unlisted", "network", "instance", "followers", "direct"):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.add_resource, replace(form, visibility=visibility))
        assert refused.value.field == "visibility"
    long = replace(form, media_ids=((await recorded(maya, mp3(182))).id,))
    video = replace(form, media_ids=(), link="https://tube.example/w/abc", minutes=4)
    for wrong, field in ((long, "files"), (video, "minutes"), (replace(video, minutes=None), "minutes")):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.add_resource, wrong)
        assert refused.value.field == field
    clip = await maya.do(actions.add_resource, form)
    assert clip.visibility == "members"
    for changed, field in (
        (replace(form, resource_type="audio"), "resource_type"),
        (replace(form, community_id=other.id), "community"),
    ):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.edit, clip.id, changed)
        assert refused.value.field == field
    await maya.do(actions.edit, clip.id, replace(form, visibility="public", title="Carry on"))
    for wider in ("public", "unlisted", "network", "instance"):
        with pytest.raises(Invalid):
            await maya.do(writing.edit_post, clip.id, PostChange(visibility=wider))
    talk = replace(TALK, community_id=science.id)
    public = await maya.do(actions.add_resource, talk)
    with pytest.raises(Invalid):
        await maya.do(actions.edit, public.id, replace(talk, resource_type="clip", minutes=2))
    for person in (maya, tom):
        with pytest.raises(NotAllowed):
            await person.do(writing.boost_post, clip.id)
        quote = writing.NewPost(kind="note", source_md="Look", visibility="public", quote_id=clip.id)
        with pytest.raises((NotAllowed, Invalid, NotFound)):
            await here.run(writing.create_post, here, person.id, quote)
    app = await app_of(fediverse, here, tom)
    assert (await app.get(f"/api/v1/statuses/{number_of(clip.id)}"))["visibility"] == "private"
    assert await app.refused("POST", f"/api/v1/statuses/{number_of(clip.id)}/reblog") in {403, 404, 422}
    async with fediverse.client(here, maya) as client:
        wanted = {"audience": "public"}
        assert (await client.post(f"/p/{clip.short}/audience", data=wanted)).status_code == 422
        form_sent = {"kind": "resource", "resource_type": "clip", "title": "Mine", "visibility": "public"}
        page = await client.post("/c/science/new", data=form_sent)
        assert (page.status_code, "stays with the members" in page.text) == (422, True)
    async with fediverse.client(here, vera) as client:
        assert (await client.get(f"/p/{clip.short}")).status_code == 404
        assert (await client.get(f"/ap/p/{clip.id}")).status_code == 404
    for person, total in ((vera, 1), (tom, 2)):
        library = await person.do(queries.library, science.id, queries.Facets())
        assert library.total == total
    now = await maya.do(posts.show, clip.id)
    assert (now.title, now.visibility, now.community.id) == ("Carry on", "members", science.id)


async def test_c10_only_who_announced_an_event_and_stewards_keep_something_of_it(fediverse: Fediverse) -> None:
    here, maya, science = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    await join(tom, science)
    event = await maya.do(sessions.publish_event, replace(FORM, community_id=science.id, visibility="members"))
    form = replace(TALK, community_id=science.id, event_uri=event.uri, visibility="members")
    with pytest.raises(NotAllowed):
        await tom.do(actions.add_resource, form)
    for change, field in (
        ({"visibility": "public"}, "visibility"),
        ({"event_uri": "https://elsewhere.example/1"}, "event"),
        ({"chapters": "Welcome"}, "chapters"),
        ({"chapters": "2:00 Later\n1:00 Before"}, "chapters"),
        ({"chapters": "0:99 When"}, "chapters"),
    ):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.add_resource, replace(form, **change))
        assert {error["field"] for error in refused.value.errors} == {field}
    added = await maya.do(actions.add_resource, form)
    vera = await fediverse.person(here, "vera")
    for person, total in ((vera, 0), (tom, 1)):
        assert len((await person.do(around, event.uri))[1]) == total
    assert (await maya.do(posts.show, added.id)).visibility == "members"


async def test_c10_a_recording_and_its_event_name_each_other_on_both_servers(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, bruno = await fediverse.person(alder, "maya"), await fediverse.person(birch, "bruno")
    science = await maya.do(communities.create_community, CommunityForm(name="Science", purpose="Try.", slug="science"))
    await join(bruno, science)
    await fediverse.settle()
    event = await maya.do(sessions.publish_event, replace(FORM, community_id=science.id, visibility="public"))
    async with fediverse.client(alder, maya) as client:
        page = (await client.get(f"/p/{event.short}", follow_redirects=True)).text
        assert f"/c/science/new?kind=resource&amp;event={event.short}" in page
        composer = (await client.get(f"/c/science/new?kind=resource&event={event.short}")).text
        assert f'name="event_uri" value="{event.uri}"' in composer
    form = replace(TALK, community_id=science.id, event_uri=event.uri)
    talk = await maya.do(actions.add_resource, form)
    notes = replace(
        form, resource_type="article", title="What we said", text="Much.", link="", chapters="", captions=""
    )
    recap = await maya.do(actions.add_resource, notes)
    await maya.do(actions.edit, talk.id, replace(form, event_uri="", minutes=63))
    await fediverse.settle()
    for here, person in ((alder, maya), (birch, bruno)):
        rows = {post.uri: await found(here, post.uri) for post in (event, talk, recap)}
        async with fediverse.client(here, person) as client:
            pages = []
            for row in rows.values():
                path = (await client.get(f"/p/{row.short}")).headers["location"]
                with here.db.bind(), statements(here) as log:
                    pages.append((await client.get(path)).text)
                assert len(log) <= MOST_STATEMENTS, path
        assert "The talk</a>" in pages[0]
        assert "What we said</a>" in pages[0]
        assert "Peer circle</a>" in pages[1]
        assert "What we said</a>" in pages[1]
        assert "The talk</a>" in pages[2]
        assert 'href="https://tube.example/w/abc?start=3723"' in pages[1]
        assert "1:02:03 The end" in rows[talk.uri].content_html
    assert begins_at("https://www.youtube.com/watch?v=x", 5) == "https://www.youtube.com/watch?v=x&t=5"
    assert begins_at("https://files.example/a.mp3", 5) == "https://files.example/a.mp3#t=5"
