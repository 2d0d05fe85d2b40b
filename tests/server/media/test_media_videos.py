"""Videos: nothing but pictures and sound is kept, lengths that lie are found, hostile files are refused (C4, C5)."""

import struct
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Invalid, NotFound
from server.media import actions as media
from server.media.errors import MediaRefused, TooLarge
from server.media.video import Film, clean_video, looks_like_video
from server.posts import queries as posts
from server.resources import actions
from server.resources.form import ResourceForm
from tests.conftest import Fediverse
from tests.posting import document, found, join
from tests.server.resources.test_library import place
from tests.server.resources.test_recordings import CLIP, m4a
from tests.web.practices.test_practice_pages import check

NAME = b"Amara Okafor +52.52"
MOST = 1024 * 1024


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


@dataclass(frozen=True, slots=True)
class Track:
    """A track of a made-up MP4: frames of these bytes, each so many seconds long."""

    handler: bytes = b"vide"
    codec: bytes = b"avc1"
    frame: bytes = b"picture!"
    frames: int = 10
    each: int = 1
    said: int = 10
    edits: tuple[int, ...] = ()
    counted: int | None = None
    listed: bool = False

    def box(self, at: int) -> bytes:
        timed = struct.pack(">IIIII", 0, 3_800_000_000, 3_800_000_001, 1, self.said)
        if self.handler == b"vide":
            looks = struct.pack(">HH", 320, 180) + bytes(14) + NAME.ljust(32, b"\0") + bytes(4)
        else:
            looks = bytes(12)
        entry = box(self.codec, bytes(6), b"\0\1", bytes(16), looks)
        listed = struct.pack(">I", len(self.frame)) * self.frames if self.listed else b""
        table = box(
            b"stbl",
            box(b"stsd", struct.pack(">II", 0, 1), entry),
            box(b"stts", struct.pack(">IIII", 0, 1, self.counted or self.frames, self.each)),
            box(b"stsc", struct.pack(">IIIII", 0, 1, 1, self.frames, 1)),
            box(b"stsz", struct.pack(">III", 0, 0 if self.listed else len(self.frame), self.frames), listed),
            box(b"stco", struct.pack(">III", 0, 1, at)),
        )
        refers = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", b"\0\0\0\1", NAME)))
        hdlr = box(b"hdlr", bytes(8), self.handler, bytes(12), NAME)
        mdia = box(b"mdia", box(b"mdhd", timed), hdlr, box(b"minf", refers, table))
        lasts = box(b"edts", box(b"elst", struct.pack(">II", 0, len(self.edits)), *(
            struct.pack(">IiI", each, 0, 65536) for each in self.edits
        )))  # fmt: skip
        return box(b"trak", box(b"tkhd", timed, bytes(60)), lasts, mdia, box(b"udta", NAME), box(b"meta", NAME))


GPS = Track(b"text", b"text", NAME, frames=1, each=10)
SOUND = Track(b"soun", b"mp4a", b"sound", frames=10, listed=True)


def mp4(*tracks: Track, brand: bytes = b"isom", said: int = 10, more: bytes = b"") -> bytes:
    """Frames first, then what is said of them, as phones write it; a name stands wherever one may."""
    ftyp = box(b"ftyp", brand, bytes(8))
    frames, places = b"", []
    for track in tracks:
        frames += NAME
        places.append(len(ftyp) + 8 + len(frames))
        frames += track.frame * track.frames
    mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 3_800_000_000, 3_800_000_001, 1, said), bytes(80))
    moov = box(b"moov", mvhd, *(track.box(at) for track, at in zip(tracks, places, strict=True)), box(b"udta", NAME))
    return ftyp + box(b"mdat", frames, NAME) + box(b"uuid", NAME) + moov + more


def element(name: int, *parts: bytes, open_ended: bool = False) -> bytes:
    body = b"".join(parts)
    length = b"\x01" + (b"\xff" * 7 if open_ended else len(body).to_bytes(7, "big"))
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + length + body


def entry(number: int, kind: int, codec: bytes) -> bytes:
    size = element(0xE0, element(0xB0, b"\1\x40"), element(0xBA, b"\xb4"))
    said = (element(0xD7, bytes((number,))), element(0x83, bytes((kind,))), element(0x86, codec), element(0x536E, NAME))
    return element(0xAE, *said, size if kind == 1 else b"")


def webm(
    *seconds: int, said: float | None = None, tracks: bytes = b"", kind: bytes = b"webm", live: bool = False
) -> bytes:
    """One frame at each of these seconds, in clusters of their own; times are in milliseconds."""
    length = element(0x4489, struct.pack(">d", said * 1000)) if said is not None else b""
    info = element(0x1549A966, element(0x2AD7B1, b"\x0f\x42\x40"), length, element(0x5741, NAME), element(0x7BA9, NAME))
    clusters = [
        element(
            0x1F43B675,
            element(0xE7, (each * 1000).to_bytes(4, "big")),
            element(0xA3, b"\x81\0\0\x80picture"),
            element(0xA0, element(0xA1, b"\x82\0\0\0sound"), element(0x9B, b"\x01"), element(0x75A1, NAME)),
            element(0xA3, b"\x85\0\0\x80" + NAME),
            open_ended=live,
        )
        for each in seconds
    ]
    known = element(0x1654AE6B, entry(1, 1, b"V_VP9"), entry(2, 2, b"A_OPUS"), tracks)
    tags = element(0x1254C367, NAME)
    return element(0x1A45DFA3, element(0x4282, kind)) + element(
        0x18538067, info, known, *clusters, tags, open_ended=live
    )


async def clean(data: bytes) -> Film:
    return await clean_video(data, MOST)


async def test_c4_s25_only_pictures_and_sound_are_kept() -> None:
    for data in (mp4(Track(), SOUND, GPS), mp4(Track(), brand=b"qt  "), webm(0, 5, 10), webm(0, 5, 10, live=True)):
        assert NAME in data
        assert looks_like_video(data)
        film = await clean(data)
        assert NAME not in film.data
        assert struct.pack(">I", 3_800_000_000) not in film.data
        assert b"picture" in film.data
        assert (film.seconds, film.width, film.height) == (10, 320, 180)
        assert len(film.data) == len(data)
        assert (await clean(bytes(film.data))).data == film.data
    assert not looks_like_video(m4a(5))
    assert b"sound" * 10 in (await clean(mp4(Track(), SOUND, GPS))).data


@pytest.mark.parametrize(
    "data",
    [
        mp4(Track(frames=200, said=1), said=1),
        mp4(Track(each=20, said=1), said=1),
        mp4(Track(edits=(100, 100)), said=1),
        mp4(Track(), said=200),
        mp4(Track(said=200), said=1),
        mp4(Track(), replace(SOUND, each=20)),
        webm(0, 200, said=1),
        webm(0, said=200),
    ],
    ids=["frames", "each", "edits", "movie", "track", "sound", "blocks", "says"],
)
async def test_c5_whatever_says_the_most_is_how_long_it_lasts(data: bytes) -> None:
    assert (await clean(data)).seconds == 200


@pytest.mark.parametrize(
    "data",
    [
        mp4(Track())[:-30],
        mp4(Track()).replace(b"picture!" * 10, b"picture!"),
        mp4(Track(counted=3)),
        mp4(Track(codec=b"hvc1")),
        mp4(GPS, replace(GPS, handler=b"vide")),
        mp4(SOUND),
        mp4(Track(said=0xFFFFFFF0)),
        mp4(Track()) + box(b"moof", b"x"),
        mp4(Track(), more=box(b"moov", b"")),
        mp4(Track()).replace(b"stts" + struct.pack(">II", 0, 1), b"stts" + struct.pack(">II", 0, 0xFFFFFFFF)),
        mp4(Track()).replace(b"url \0\0\0\1", b"url \0\0\0\0"),
        box(b"ftyp", b"isom", bytes(8)) + struct.pack(">I4s", 4, b"moov"),
        box(b"ftyp", b"isom", bytes(8)) + struct.pack(">I4sQ", 1, b"mdat", 1 << 62) + b"x" * 40,
        mp4(Track(), more=box(b"free", b"\0" * 8) * 5000),
        webm(),
        webm(0, 1, kind=b"matroska"),
        webm(0, 1, tracks=entry(3, 17, b"S_TEXT/WEBVTT")),
        webm(0, 1, tracks=entry(3, 1, b"V_MPEGH/ISO/HEVC")),
        webm(0, 1, said=float("nan")),
        webm(0, 1)[:-3],
        b"\x1a\x45\xdf\xa3" + b"\xff" * 60,
        b"\x1a\x45\xdf\xa3" + b"\0" * 60,
    ],
)  # fmt: skip
async def test_c4_s25_what_is_damaged_or_no_video_of_browsers_is_refused(data: bytes) -> None:
    with pytest.raises(MediaRefused):
        await clean(data)


async def test_c4_s25_all_tables_together_have_so_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.media.video._MOST_ROWS", 30)
    assert (await clean(mp4(Track(listed=True), SOUND))).seconds == 10
    with pytest.raises(MediaRefused):
        await clean(mp4(Track(listed=True), SOUND, SOUND))


@given(st.sampled_from([mp4(Track(), SOUND, GPS), webm(0, 5, 10), webm(0, 3, live=True)]), st.data())
async def test_c4_any_bytes_are_a_video_or_refused(data: bytes, draw: st.DataObject) -> None:
    room = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(room) - 1))
        room[at] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.one_of(st.just(len(room)), st.integers(12, len(room))))
    try:
        film = await clean(bytes(room[:cut]))
    except MediaRefused:
        return
    assert film.seconds > 0
    assert len(film.data) <= cut


async def test_c4_a_video_is_added_seen_in_parts_and_is_whole_elsewhere(fediverse: Fediverse) -> None:
    here, maya, science = await place(fediverse)
    birch = await fediverse.start("birch.example")
    bruno = await fediverse.person(birch, "bruno")
    await join(bruno, science)
    await fediverse.settle()
    data = mp4(Track(), SOUND, GPS)
    for size, words in ((0, "link to it"), (8, "up to 0 MB")):
        with pytest.raises(MediaRefused, match=words):
            await clean_video(data, size)
    with pytest.raises(MediaRefused, match="library of a community"):
        await here.run(media.upload, here, maya.id, data, "film.mp4")
    sent = {
        "kind": "resource", "resource_type": "document", "title": "Why the lamp hums", "licence": "CC-BY-4.0",
        "language": "en", "visibility": "public", "share": "1", "nobody_identifiable": "1",
    }  # fmt: skip
    async with fediverse.client(here, maya) as client:
        form = (await client.get("/c/science/new?kind=resource")).text
        check(form)
        assert "Videos (MP4, WebM) up to 50 MB." in form
        refused = await client.post(
            "/c/science/new", data=sent, files={"files": ("IMG_2041.MOV", data, "application/pdf")}
        )
        assert refused.status_code == 422
        check(refused.text)
        assert "Choose that it is a video or a clip" in refused.text
        kept = refused.text.partition('name="media_id" value="')[2].partition('"')[0]
        sent |= {"media_id": kept, "resource_type": "video"}
        refused = await client.post("/c/science/new", data=sent)
        assert "Say whether there are captions or a transcript." in refused.text
        path = (await client.post("/c/science/new", data=sent | {"captions": "pending"})).headers["location"]
        page = (await client.get(path)).text
        check(page)
        url = page.partition("<video")[2].partition('src="')[2].partition('"')[0]
        assert 'width="320" height="180"' in page.partition("<video")[2].partition(">")[0]
        assert "autoplay" not in page
        assert "Captions will follow." in page
    async with fediverse.client(here) as stranger:
        part = await stranger.get(url, headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"ftyp", "video/mp4")
        assert part.headers["content-range"] == f"bytes 4-7/{len(data)}"
        assert "sandbox" in part.headers["content-security-policy"]
        assert part.headers["x-content-type-options"] == "nosniff"
        assert NAME not in (await stranger.get(url)).content
        assert (await stranger.get(url, headers={"range": f"bytes={len(data)}-"})).status_code == 416
    await fediverse.settle()
    uri = await here.run(here.db.value, "SELECT uri FROM post WHERE kind = 'resource'")
    wire = (await document(fediverse, here, uri))[1]
    assert [(item["type"], item["mediaType"], item["width"]) for item in wire["attachment"]] == [
        ("Document", "video/mp4", 320)
    ]
    async with fediverse.client(birch, bruno) as client:
        there = await found(birch, uri)
        page = (await client.get(f"/p/{there.short}", follow_redirects=True)).text
        check(page)
        assert f'href="https://alder.example{url}"' in page
        assert "on alder.example" in page


async def test_c5_a_clip_of_pictures_lasts_three_minutes_says_what_it_teaches_and_stays_inside(
    fediverse: Fediverse,
) -> None:
    here, maya, science = await place(fediverse)
    tom, vera = await fediverse.person(here, "tom"), await fediverse.person(here, "vera")
    await join(tom, science)

    async def filmed(data: bytes) -> str:
        return str((await here.run(media.upload, here, maya.id, data, "clip.webm", recordings=True)).id)

    fine = replace(CLIP, community_id=science.id, media_ids=(await filmed(webm(0, 170, said=1)),))
    long = (await filmed(webm(0, 181, said=1)),)
    for wrong, field in (
        (replace(fine, media_ids=long), "files"),
        (replace(fine, teaches="  "), "teaches"),
        (replace(fine, captions=""), "captions"),
        (replace(fine, nobody_identifiable=False), "nobody_identifiable"),
        (replace(fine, visibility="public"), "visibility"),
        (replace(fine, teaches="x" * 121), "teaches"),
    ):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.add_resource, wrong)
        assert [error["field"] for error in refused.value.errors] == [field]
    clip = await maya.do(actions.add_resource, fine)
    assert clip.visibility == "members"
    async with fediverse.client(here, tom) as client:
        page = (await client.get(f"/p/{clip.short}", follow_redirects=True)).text
        check(page)
        assert "Teaches back: <strong>why we carry the one</strong>" in page
        assert "<video controls" in page
        assert "why we carry the one" in (await client.get("/c/science/library?type=clip")).text
    with pytest.raises(NotFound):
        await vera.do(actions.edit, clip.id, fine)
    assert await vera.do(posts.show, clip.id) is None
    row = await here.run(here.db.row, "SELECT teaches FROM resource WHERE id = :id", id=clip.id)
    assert row == {"teaches": "why we carry the one"}
    plain = ResourceForm(resource_type="link", title="L", link="https://e.example/", teaches="no clip")
    linked = await maya.do(actions.add_resource, replace(plain, community_id=science.id))
    assert "no clip" not in (await maya.do(posts.show, linked.id)).content_html
    with pytest.raises(TooLarge):
        await clean_video(bytearray(b"\x1a\x45\xdf\xa3" + bytes(MOST)), MOST)
