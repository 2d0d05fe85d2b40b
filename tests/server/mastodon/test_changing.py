"""What apps change, upload, list and choose; refusals first, and what others see of it."""

import io
from typing import Any

from PIL import Image

from server.mastodon.ids import number_of
from server.media.actions import ALT_LIMIT
from tests.apps import App, app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.counting import statements
from tests.posting import document, follow, write
from tests.server.mastodon.test_writing import STATUSES, here_as, two


def picture(colour: str = "#2f6f5e") -> bytes:
    """A small picture."""
    pixels = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(pixels, "PNG")
    return pixels.getvalue()


async def upload(app: App, path: str = "/api/v2/media", **values: str) -> Any:
    """A picture that an app sends, as toot does: its part says no type."""
    answer = await app.call("POST", path, files={"file": ("a.png", picture())}, data=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_files_are_their_owners_alone(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other, nobody = [await app_of(fediverse, here, who) for who in (amara, bruno, None)]
    narrow = await app_of(fediverse, here, amara, scopes="read write:statuses")
    for path in ("/api/v1/media", "/api/v2/media"):
        assert await nobody.refused("POST", path, files={"file": ("a.png", picture())}) == 401
        assert await narrow.refused("POST", path, files={"file": ("a.png", picture())}) == 403
        assert await app.refused("POST", path) == 422
        assert await app.refused("POST", path, data={"file": "text"}) == 422
        assert await app.refused("POST", path, files={"file": ("a.png", b"\x89PNG\r\n\x1a\nnot one")}) == 422
        assert await app.refused("POST", path, files={"file": ("a.mp4", b"\x00\x00\x00\x18ftypmp42")}) == 422
        for focus in ("x", "1", "2,0", "0,0,0", "nan,0"):
            assert (
                await app.refused("POST", path, files={"file": ("a.png", picture())}, data={"focus": focus}) == 422
            ), focus
    made = await upload(app)
    for method in ("GET", "PUT", "DELETE"):
        assert await other.refused(method, f"/api/v1/media/{made['id']}") == 404
        assert await nobody.refused(method, f"/api/v1/media/{made['id']}") == 401
        assert await app.refused(method, "/api/v1/media/1") == 404
    assert await other.refused("POST", STATUSES, json={"status": "x", "media_ids": [made["id"]]}) == 422
    five = [(await upload(app))["id"] for _ in range(5)]
    assert await app.refused("POST", STATUSES, json={"status": "x", "media_ids": five}) == 422
    both = {"status": "x", "media_ids": five[:1], "poll": {"options": ["a", "b"], "expires_in": 600}}
    assert await app.refused("POST", STATUSES, json=both) == 422


async def test_a_picture_goes_with_a_status_described_or_not(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    made = await upload(app, description="A *green* wall", focus="0.5,-0.25")
    assert broken("MediaAttachment", made, "media") == []
    assert (made["type"], made["description"]) == ("image", "A *green* wall")
    assert made["meta"]["original"]["width"] == 40
    assert made["meta"]["focus"] == {"x": 0.5, "y": -0.25}
    assert made["url"].startswith("https://alder.example/media/")
    changed = await app.call("PUT", f"/api/v1/media/{made['id']}", json={"description": "Green", "focus": "0,1"})
    assert (changed.json()["description"], changed.json()["meta"]["focus"]) == ("Green", {"x": 0.0, "y": 1.0})
    bare = await upload(app, "/api/v1/media")
    key = {"headers": {"Idempotency-Key": "pictures"}}
    status = await app.post(STATUSES, {"media_ids": [made["id"], bare["id"]], "sensitive": True}, **key)
    again = await app.post(STATUSES, {"media_ids": [made["id"], bare["id"]], "sensitive": True}, **key)
    assert again["id"] == status["id"]
    assert [item["id"] for item in status["media_attachments"]] == [made["id"], bare["id"]]
    assert [item["description"] for item in status["media_attachments"]] == ["Green", None]
    assert status["media_attachments"][0]["meta"]["focus"] == {"x": 0.0, "y": 1.0}
    assert (status["sensitive"], status["spoiler_text"], status["content"]) == (True, "", "")
    # It belongs to a status now: there it is changed.
    assert await app.refused("PUT", f"/api/v1/media/{made['id']}", json={"description": "x"}) == 404
    assert await app.refused("POST", STATUSES, json={"media_ids": [made["id"]]}) == 422
    await fediverse.settle()
    there = await here_as(other, status["uri"])
    assert [item["description"] for item in there["media_attachments"]] == ["Green", None]
    assert there["sensitive"] is True


async def test_deleted_to_be_written_anew_keeps_its_files_for_a_day(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    made = await upload(app, description="A wall")
    status = await app.post(STATUSES, {"status": "First", "media_ids": [made["id"]]})
    gone = await app.call("DELETE", f"{STATUSES}/{status['id']}")
    assert gone.json()["text"] == "First"
    await fediverse.settle()
    again = await app.post(
        STATUSES, {"status": "Second", "media_ids": [item["id"] for item in gone.json()["media_attachments"]]}
    )
    assert again["media_attachments"][0]["description"] == "A wall"
    await app.call("DELETE", f"{STATUSES}/{again['id']}", params={"delete_media": "true"})
    await fediverse.settle()
    assert await app.refused("GET", f"/api/v1/media/{made['id']}") == 404


async def test_only_who_wrote_it_changes_it(fediverse: Fediverse) -> None:
    amara, _, app, other = await two(fediverse)
    made = await app.post(STATUSES, {"status": "Mine"})
    narrow = await app_of(fediverse, app.here, amara, scopes="read")
    chen = await app_of(fediverse, app.here, await fediverse.person(app.here, "chen"))
    path = f"{STATUSES}/{made['id']}"
    assert await narrow.refused("PUT", path, json={"status": "x"}) == 403
    assert await chen.refused("PUT", path, json={"status": "x"}) == 404
    private = await app.post(STATUSES, {"status": "Mine", "visibility": "private"})
    assert await chen.refused("GET", f"{STATUSES}/{private['id']}/source") == 404
    assert (await chen.get(f"{path}/source"))["text"] == "Mine"
    assert await chen.refused("DELETE", path) == 404
    assert await other.refused("PUT", f"{STATUSES}/1", json={"status": "x"}) == 404
    for body in (
        {"status": ""},
        {"status": " "},
        {"status": "x", "media_ids": ["1"]},
        {"status": "x" * 60_001},
        {"status": "x", "poll": {"options": ["a", "b"], "expires_in": 600}},
        {"status": "x", "media_attributes": [{"id": "1", "description": "x"}]},
    ):
        assert await app.refused("PUT", path, json=body) == 422, body
    busy = await upload(app)
    await app.post(STATUSES, {"media_ids": [busy["id"]]})
    assert await app.refused("PUT", path, json={"media_ids": [busy["id"]]}) == 422
    practice = await write(amara, "Made of fields", kind="practice", title="Exit tickets")
    refused = await app.call("PUT", f"{STATUSES}/{number_of(practice.id)}", json={"status": "x"})
    assert (refused.status_code, str(practice.url) in refused.json()["error"]) == (422, True)
    assert (await app.get(path))["edited_at"] is None


async def test_a_change_reaches_others_and_what_was_said_before_stays(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    kept, lost = await upload(app, description="Kept"), await upload(app)
    made = await app.post(
        STATUSES, {"status": "One\ntwo", "spoiler_text": "Old", "media_ids": [lost["id"], kept["id"]]}
    )
    path = f"{STATUSES}/{made['id']}"
    fediverse.clock.advance(seconds=90)
    source = await app.get(f"{path}/source")
    assert broken("StatusSource", source, "source") == []
    assert source == {"id": made["id"], "text": "One\ntwo", "spoiler_text": "Old"}
    answer = await app.call(
        "PUT",
        path,
        json={
            "status": "Three #now",
            "spoiler_text": "",
            "sensitive": "0",
            "language": "fr",
            "media_ids": [kept["id"]],
            "media_attributes": [{"id": kept["id"], "description": "Said anew", "focus": "1,1"}],
        },
    )
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert now["edited_at"]
    assert now["id"] == made["id"]
    assert (now["spoiler_text"], now["sensitive"], now["language"]) == ("", False, "fr")
    assert [(item["id"], item["description"]) for item in now["media_attachments"]] == [(kept["id"], "Said anew")]
    assert now["tags"][0]["name"] == "now"
    await fediverse.settle()
    there = await here_as(other, made["uri"])
    assert "Three" in there["content"]
    assert there["edited_at"]
    assert [item["description"] for item in there["media_attachments"]] == ["Said anew"]
    versions = await app.get(f"{path}/history")
    assert broken("[StatusEdit]", versions, "history") == []
    assert ["One" in version["content"] for version in versions] == [True, False]
    assert [version["spoiler_text"] for version in versions] == ["Old", ""]
    assert [version["sensitive"] for version in versions] == [True, False]
    assert versions[0]["created_at"] == made["created_at"]
    nobody = await app_of(fediverse, app.here)
    assert len(await nobody.get(f"{path}/history")) == 2
    words = {"media_attributes[][id]": kept["id"], "media_attributes[][description]": "As a form"}
    answer = await app.call("PUT", path, data=words)
    assert [item["description"] for item in answer.json()["media_attachments"]] == ["As a form"]
    # Only the words: everything else stays.
    answer = await app.call("PUT", path, data={"status": "Four"})
    assert [item["id"] for item in answer.json()["media_attachments"]] == [kept["id"]]


async def test_marks_are_listed_by_when_they_were_made(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    nobody = await app_of(fediverse, app.here)
    for path in ("/api/v1/bookmarks", "/api/v1/favourites"):
        assert await nobody.refused("GET", path) == 401
    await follow(amara, bruno)
    await fediverse.settle()
    for number in range(5):
        await other.post(STATUSES, {"status": f"Number {number}"})
        fediverse.clock.advance(seconds=60)
    await fediverse.settle()
    there = ids(await app.get("/api/v1/timelines/home"))
    for number in (3, 0, 4, 1):
        for what in ("bookmark", "favourite"):
            await app.post(f"{STATUSES}/{there[number]}/{what}")
        fediverse.clock.advance(seconds=60)
    wanted = [there[number] for number in (1, 4, 0, 3)]
    for path in ("/api/v1/bookmarks", "/api/v1/favourites"):
        first = await app.call("GET", path, params={"limit": 3})
        assert ids(first.json()) == wanted[:3]
        following, before = (part.split(">")[0].lstrip(" <") for part in first.headers["link"].split(", "))
        assert "max_id=" in following
        assert following.partition("max_id=")[2] not in wanted
        last = await app.call("GET", following.removeprefix("https://alder.example"))
        assert ids(last.json()) == wanted[3:]
        assert 'rel="next"' not in last.headers["link"]
        assert (await app.call("GET", before.removeprefix("https://alder.example"))).json() == []
        with statements(app.here) as made:
            await app.get(path)
        assert len(made) <= 4
    assert await other.get("/api/v1/bookmarks") == []


async def test_who_marked_is_for_whoever_may_read_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    app, other, third = [await app_of(fediverse, here, who) for who in (amara, bruno, chen)]
    nobody = await app_of(fediverse, here)
    await follow(bruno, amara)
    await fediverse.settle()
    private = await app.post(STATUSES, {"status": "Ours", "visibility": "private"})
    public = await app.post(STATUSES, {"status": "For all"})
    for status in (private, public):
        await other.post(f"{STATUSES}/{status['id']}/favourite")
    await other.post(f"{STATUSES}/{public['id']}/reblog")
    for what in ("favourited_by", "reblogged_by"):
        assert await nobody.refused("GET", f"{STATUSES}/{public['id']}/{what}") == 401
        assert await third.refused("GET", f"{STATUSES}/{private['id']}/{what}") == 404
        assert [one["acct"] for one in await third.get(f"{STATUSES}/{public['id']}/{what}")] == ["bruno"]
    assert [one["acct"] for one in await app.get(f"{STATUSES}/{private['id']}/favourited_by")] == ["bruno"]


async def test_several_at_once_are_those_that_can_be_read(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    wanted = [(await app.post(STATUSES, {"status": f"Number {number}"}))["id"] for number in range(3)]
    hidden = (await other.post(STATUSES, {"status": "Not for Amara", "visibility": "private"}))["id"]
    asked = {"id[]": [wanted[1], hidden, "1", "none", wanted[0]]}
    found = (await app.call("GET", STATUSES, params=asked)).json()
    assert ids(found) == [wanted[1], wanted[0]]
    assert await app.get(STATUSES) == []


async def test_people_choose_once_and_in_time(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    chen = await app_of(fediverse, app.here, await fediverse.person(app.here, "chen"))
    nobody = await app_of(fediverse, app.here)
    await follow(bruno, amara)
    await fediverse.settle()
    poll = {"options": ["Strips", "Blocks", "Cards"], "expires_in": "86400", "hide_totals": "true"}
    made = await app.post(STATUSES, {"status": "Which?", "poll": poll})
    plain = await app.post(STATUSES, {"status": "No poll"})
    await fediverse.settle()
    number = made["poll"]["id"]
    votes = f"/api/v1/polls/{number}/votes"
    assert await nobody.refused("POST", votes, json={"choices": [0]}) == 401
    assert await app.refused("POST", votes, json={"choices": [0]}) == 422
    assert await chen.refused("POST", f"/api/v1/polls/{plain['id']}/votes", json={"choices": [0]}) == 404
    assert await chen.refused("GET", "/api/v1/polls/1") == 404
    for choices in ([], None, [3], [0, 1], ["x"], [-1], [0.5], "zero"):
        assert await chen.refused("POST", votes, json={"choices": choices}) == 422, choices
    voted = await chen.post(votes, {"choices": [1]})
    assert broken("Poll", voted, "poll") == []
    assert (voted["voted"], voted["own_votes"]) == (True, [1])
    assert [option["votes_count"] for option in voted["options"]] == [None] * 3
    assert await chen.refused("POST", votes, json={"choices": [1]}) == 422
    there = await here_as(other, made["uri"])
    chosen = await other.post(f"/api/v1/polls/{there['poll']['id']}/votes", data={"choices[]": "1"})
    assert chosen["own_votes"] == [1]
    assert await other.refused("POST", f"/api/v1/polls/{there['poll']['id']}/votes", data={"choices[]": "0"}) == 422
    await fediverse.settle()
    wire = (await document(fediverse, app.here, made["uri"]))[1]
    assert [option["replies"]["totalItems"] for option in wire["oneOf"]] == [0, 0, 0]
    assert await app.refused("PUT", f"{STATUSES}/{made['id']}", json={"poll": poll | {"options": ["a", "b"]}}) == 422
    fediverse.clock.advance(90_000)
    await fediverse.settle()
    dana = await app_of(fediverse, app.here, await fediverse.person(app.here, "dana"))
    assert await dana.refused("POST", votes, json={"choices": [0]}) == 422
    over = await nobody.get(f"/api/v1/polls/{number}")
    assert (over["expired"], [option["votes_count"] for option in over["options"]]) == (True, [0, 2, 0])
    wire = (await document(fediverse, app.here, made["uri"]))[1]
    assert [option["replies"]["totalItems"] for option in wire["oneOf"]] == [0, 2, 0]


async def test_a_poll_that_nobody_has_answered_can_be_changed(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    poll = {"options": ["Strips", "Blocks"], "expires_in": 600}
    made = await app.post(STATUSES, {"status": "Which?", "poll": poll})
    await fediverse.settle()
    fediverse.clock.advance(seconds=60)
    answer = await app.call(
        "PUT",
        f"{STATUSES}/{made['id']}",
        json={"status": "Which one?", "poll": {"options": ["Strips", "Cards"], "expires_in": 3600, "multiple": True}},
    )
    assert [option["title"] for option in answer.json()["poll"]["options"]] == ["Strips", "Cards"]
    await fediverse.settle()
    there = await here_as(other, made["uri"])
    assert [option["title"] for option in there["poll"]["options"]] == ["Strips", "Cards"]
    assert there["poll"]["multiple"] is True
    fediverse.clock.advance(seconds=700)
    await fediverse.settle()
    assert (await app.get(f"/api/v1/polls/{made['poll']['id']}"))["expired"] is False
    versions = await app.get(f"{STATUSES}/{made['id']}/history")
    assert [option["title"] for option in versions[0]["poll"]["options"]] == ["Strips", "Blocks"]


async def test_what_is_said_of_limits_is_true(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    limits = (await app.get("/api/v2/instance"))["configuration"]
    words, polls = limits["statuses"], limits["polls"]
    assert await app.post(STATUSES, {"status": "x" * words["max_characters"]})
    assert await app.refused("POST", STATUSES, json={"status": "x" * (words["max_characters"] + 1)}) == 422
    assert limits["media_attachments"]["description_limit"] == ALT_LIMIT
    options = [f"Answer {number}" for number in range(polls["max_options"])]
    options[0] = "x" * polls["max_characters_per_option"]
    for expires_in, status in (
        (polls["min_expiration"], 200),
        (polls["max_expiration"], 200),
        (polls["min_expiration"] - 1, 422),
        (polls["max_expiration"] + 1, 422),
    ):
        poll = {"options": options, "expires_in": expires_in}
        assert (await app.call("POST", STATUSES, json={"status": "x", "poll": poll})).status_code == status
    for wrong in ([*options, "one more"], ["x" * (polls["max_characters_per_option"] + 1), "y"]):
        poll = {"options": wrong, "expires_in": polls["min_expiration"]}
        assert await app.refused("POST", STATUSES, json={"status": "x", "poll": poll}) == 422


async def test_what_is_said_of_pictures_is_true(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    limits = (await app.get("/api/v2/instance"))["configuration"]["media_attachments"]

    async def taken(data: bytes) -> int:
        return (await app.call("POST", "/api/v2/media", files={"file": ("a", data)})).status_code

    for kind in limits["supported_mime_types"]:
        pixels = io.BytesIO()
        Image.new("RGB", (8, 8)).save(pixels, kind.removeprefix("image/").upper())
        assert await taken(pixels.getvalue()) == 200, kind
    side = int(limits["image_matrix_limit"] ** 0.5)
    for height, status in ((side, 200), (side + 10, 422)):
        pixels = io.BytesIO()
        Image.new("1", (side, height)).save(pixels, "PNG")
        assert await taken(pixels.getvalue()) == status
    assert await taken(picture() + bytes(limits["image_size_limit"])) == 422
    assert await taken(bytes(30 * 1024 * 1024)) == 413
    said = await upload(app, description="x" * (limits["description_limit"] + 1))
    assert len(said["description"]) == limits["description_limit"]
