"""Uploads: whose they are, how many, and what becomes of those that belong to nothing."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from server.actors import actions as profiles
from server.actors.actions import ProfileChange
from server.errors import NotFound
from server.media import actions, queries
from server.media.errors import TooManyUploads


def picture(colour: str = "red", side: int = 20) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(target, "PNG")
    return target.getvalue()


async def test_s30_nobody_attaches_describes_or_removes_anothers_file(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    file = await here.run(actions.upload, here, maya.id, picture(), "a.png")
    with pytest.raises(NotFound):
        await here.run(actions.attach, here, tom.id, [file.id])
    with pytest.raises(NotFound):
        await here.run(actions.describe, here, tom.id, file.id, "mine now")
    with pytest.raises(NotFound):
        await here.run(actions.discard_own, here, tom.id, file.id)
    assert await here.run(queries.media_file, here, file.id, owner_id=tom.id) is None
    assert (await here.run(queries.files, here, [file.id]))[0].alt == ""


async def test_what_is_attached_already_is_not_taken_back_as_an_upload(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    file = await here.run(actions.upload, here, maya.id, picture(), "a.png")
    await here.run(actions.attach, here, maya.id, [file.id])
    with pytest.raises(NotFound):
        await here.run(actions.discard_own, here, maya.id, file.id)


async def test_too_many_waiting_uploads_are_refused(fediverse, monkeypatch) -> None:
    monkeypatch.setattr(actions, "MAX_WAITING", 2)
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    for _ in range(2):
        await here.run(actions.upload, here, maya.id, b"notes", "notes.txt")
    with pytest.raises(TooManyUploads):
        await here.run(actions.upload, here, maya.id, b"notes", "notes.txt")


async def test_orphans_go_after_a_day_and_what_is_used_stays(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    orphan = await here.run(actions.upload, here, maya.id, picture("red", 900), "a.png")
    used = await here.run(actions.upload, here, maya.id, picture("blue"), "b.png")
    await here.run(actions.attach, here, maya.id, [used.id])
    fediverse.clock.advance(timedelta(hours=23).total_seconds())
    await here.run(actions.sweep, here)
    assert len(await here.run(queries.files, here, [orphan.id, used.id])) == 2
    fediverse.clock.advance(timedelta(hours=2).total_seconds())
    await here.run(actions.sweep, here)
    assert [file.id for file in await here.run(queries.files, here, [orphan.id, used.id])] == [used.id]
    storage = queries.storage(here)
    for url in (orphan.url, orphan.preview_url):
        assert await storage.size(url.removeprefix("/media/")) is None
    assert await storage.size(used.url.removeprefix("/media/")) is not None


async def test_a_profile_picture_is_square_and_stays(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    file = await here.run(actions.upload_avatar, here, maya.id, picture(side=900))
    assert (file.width, file.height) == (400, 400)
    await here.run(profiles.update_profile, here, maya.id, ProfileChange(avatar_url=file.url))
    fediverse.clock.advance(timedelta(days=3).total_seconds())
    await here.run(actions.sweep, here)
    assert (await here.run(queries.files, here, [file.id]))[0].attached
    assert await queries.storage(here).size(file.url.removeprefix("/media/")) is not None


async def test_s27_pictures_that_no_profile_shows_are_gone(fediverse) -> None:
    """Those before the present ones at once, those of a change that was refused after a day; nobody else's."""
    here = await fediverse.start("alder.example")
    maya, other = await fediverse.person(here, "maya"), await fediverse.person(here, "other")
    theirs = await here.run(actions.upload_avatar, here, other.id, picture())
    await here.run(profiles.update_profile, here, other.id, ProfileChange(avatar_url=theirs.url))
    first, second, unused = [await here.run(actions.upload_avatar, here, maya.id, picture()) for _ in range(3)]
    wide = await here.run(actions.upload_header, here, maya.id, picture())
    for change in (
        ProfileChange(avatar_url=theirs.url),
        ProfileChange(avatar_url=first.url, header_url=wide.url),
        ProfileChange(avatar_url=second.url),
        ProfileChange(header_url=""),
    ):
        await here.run(profiles.update_profile, here, maya.id, change)
    await fediverse.settle()
    kept = await here.run(queries.files, here, [file.id for file in (theirs, first, second, unused, wide)])
    assert {file.id for file in kept} == {theirs.id, second.id, unused.id}
    fediverse.clock.advance(timedelta(days=3).total_seconds())
    await here.run(actions.sweep, here)
    kept = await here.run(queries.files, here, [theirs.id, second.id, unused.id])
    assert {file.id for file in kept} == {theirs.id, second.id}


async def test_s27_discarded_files_are_gone_from_disk_and_table(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    file = await here.run(actions.upload, here, maya.id, picture(), "a.png")
    await here.run(actions.attach, here, maya.id, [file.id])
    await here.run(actions.discard, here, [file.id])
    await fediverse.settle()
    assert await here.run(queries.files, here, [file.id]) == []
    assert await queries.storage(here).size(file.url.removeprefix("/media/")) is None


async def test_an_upload_is_described_and_given_away(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    file = await here.run(actions.upload, here, maya.id, picture(), "C:\\photos\\board.png")
    assert (file.kind, file.media_type, file.name, file.needs_alt) == ("image", "image/webp", "board.png", True)
    await here.run(actions.describe, here, maya.id, file.id, " A board with three columns ")
    (given,) = await here.run(actions.attach, here, maya.id, [file.id])
    assert (given.alt, given.needs_alt) == ("A board with three columns", False)
    plain = await here.run(actions.upload, here, maya.id, picture(), "", decorative=True)
    assert not plain.needs_alt


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("exe\u202efdp.txt", "exefdp.txt"),
        ("  .hidden. ", "hidden"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("Übung „1“.docx", "Übung „1“.docx"),
    ],
)
def test_s10_file_names_carry_no_tricks(given: str, kept: str) -> None:
    assert actions.safe_name(given) == kept
