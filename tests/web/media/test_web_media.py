"""Serving files: fixed types, inert, in parts; and the upload while somebody writes."""

import io

import pytest
from PIL import Image

from server.media import actions
from web.media.pages import MAX_BODY_BYTES


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (900, 300), "red").save(target, "JPEG")
    return target.getvalue()


async def given(fediverse, data: bytes, name: str):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    return here, maya, await here.run(actions.upload, here, maya.id, data, name)


@pytest.mark.parametrize(
    "path",
    [
        "/media/ab/" + "a" * 40 + ".webp",
        "/media/ab/x.webp",
        "/media/..%2f..%2fsecret-key/x",
        "/media/%2e%2e/secret-key",
        "/media/remote/forged",
        "/media/remote/%ff.%00.x",
    ],
)
async def test_s34_what_is_not_a_file_of_ours_is_absent(fediverse, path: str) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as client:
        answer = await client.get(path)
    assert answer.status_code == 404


async def test_s34_strangers_upload_nothing(fediverse) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as client:
        answer = await client.post("/media", files={"file": ("a.jpg", picture(), "image/jpeg")})
    assert answer.status_code in {303, 401, 403}


@pytest.mark.parametrize(
    ("data", "name", "type_"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "image/png"),
        (b"<html><script>alert(1)</script>", "a.pdf", "application/pdf"),
        (b"MZ\x00\x01", "a.docx", "application/msword"),
        (b"", "a.jpg", "image/jpeg"),
    ],
)
async def test_s34_hostile_uploads_are_refused_with_a_sentence(fediverse, data: bytes, name: str, type_: str) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here, maya) as client:
        answer = await client.post("/media", files={"file": (name, data, type_)})
        missing = await client.post("/media", data={"alt": "no file"})
    assert (answer.status_code, missing.status_code) == (422, 422)
    assert answer.json()["error"].endswith(".")


async def test_s18_a_body_over_the_limit_is_cut_off_whatever_it_declares(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    sent = 0

    async def endless():
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        while sent < MAX_BODY_BYTES * 2:
            sent += 1 << 20
            yield b"\0" * (1 << 20)

    async with fediverse.client(here, maya) as client:
        headers = {"content-type": "multipart/form-data; boundary=x"}
        streamed = await client.post("/media", content=endless(), headers=headers)
        declared = await client.post(
            "/media", content=b"x", headers={**headers, "content-length": str(MAX_BODY_BYTES + 1)}
        )
    assert (streamed.status_code, declared.status_code) == (413, 413)


async def test_s25_pictures_are_inert_and_kept_for_a_year(fediverse) -> None:
    here, _, file = await given(fediverse, picture(), "a.jpg")
    async with fediverse.client(here) as client:
        for url in (file.url, file.preview_url):
            answer = await client.get(url)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "image/webp"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "set-cookie" not in answer.headers
            assert len(answer.content) == int(answer.headers["content-length"])
        assert file.preview_url != file.url
        again = await client.get(file.url, headers={"if-none-match": (await client.get(file.url)).headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("data", "name", "type_", "shown"),
    [
        (b"name,score\n", 'a"b.csv', "text/csv; charset=utf-8", "ab.csv"),
        (b"# Plan <script>alert(1)</script>", "plan.html", "text/plain; charset=utf-8", "plan.txt"),
        ("Übung".encode(), "Übung.txt", "text/plain; charset=utf-8", "_bung.txt"),
    ],
)
async def test_s25_documents_are_downloads(fediverse, data: bytes, name: str, type_: str, shown: str) -> None:
    here, _, file = await given(fediverse, data, name)
    async with fediverse.client(here) as client:
        answer = await client.get(file.url)
    assert answer.headers["content-type"] == type_
    assert answer.headers["content-disposition"].startswith(f"attachment; filename=\"{shown}\"; filename*=UTF-8''")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_s6_nothing_uploaded_is_served_as_activitypub(fediverse) -> None:
    here, _, file = await given(fediverse, b'{"type": "Person"}', "actor.json")
    async with fediverse.client(here) as client:
        answer = await client.get(file.url, headers={"accept": "application/activity+json"})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-4", 206, slice(0, 5)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-3", 206, slice(-3, None)),
        ("bytes=2-99999", 206, slice(2, None)),
        ("bytes=99999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=5-2", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=" + "9" * 400 + "-", 200, slice(None)),
    ],
)
async def test_parts_of_files(fediverse, wanted: str, status: int, part: slice) -> None:
    data = b"0123456789abcdef"
    here, _, file = await given(fediverse, data, "a.txt")
    async with fediverse.client(here) as client:
        answer = await client.get(file.url, headers={"range": wanted})
        stale = await client.get(file.url, headers={"range": wanted, "if-range": '"other"'})
        head = await client.head(file.url)
    assert (answer.status_code, answer.content) == (status, data[part])
    if status == 206:
        start, stop, _ = part.indices(len(data))
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(data)}"
    assert (stale.status_code, stale.content) == (200, data)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(data)))


async def test_an_upload_while_writing_is_described_and_taken_back(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    async with fediverse.client(here, maya) as client, fediverse.client(here, tom) as other:
        answer = await client.post("/media", files={"file": ("board.jpg", picture(), "text/html")})
        assert answer.status_code == 201
        made = answer.json()
        assert (made["kind"], made["needs_alt"], made["width"]) == ("image", True, 900)
        assert (await other.post(f"/media/{made['id']}/alt", data={"alt": "x"})).status_code == 404
        assert (await other.post(f"/media/{made['id']}/remove")).status_code == 404
        assert (await client.post(f"/media/{made['id']}/alt", data={"alt": "A board"})).status_code == 204
        assert (await client.post(f"/media/{made['id']}/remove")).status_code == 204
        await fediverse.settle()
        assert (await client.get(made["url"])).status_code == 404
