"""What one says of oneself with an app, and how one's posts usually are."""

from io import BytesIO

import pytest
from PIL import Image

from server.mastodon.ids import number_of
from tests.apps import app_of
from tests.conftest import Fediverse
from tests.contract import broken
from tests.posting import follow

UPDATE = "/api/v1/accounts/update_credentials"


def picture(width: int = 600, height: int = 300) -> bytes:
    made = BytesIO()
    Image.new("RGB", (width, height), "teal").save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", UPDATE),
        ("DELETE", "/api/v1/profile/avatar"),
        ("DELETE", "/api/v1/profile/header"),
        ("GET", "/api/v1/preferences"),
    ],
)
async def test_only_oneself_and_with_the_right_to(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    assert await (await app_of(fediverse, here)).refused(method, path) == 401
    narrow = await app_of(fediverse, here, amara, scopes="read:statuses write:statuses")
    assert await narrow.refused(method, path) == 403


async def test_what_cannot_be_used_is_refused_and_changes_nothing(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    before = await app.get("/api/v1/accounts/verify_credentials")
    lines = [{"name": f"Line {number}", "value": "x"} for number in range(5)]
    for body in (
        {"display_name": "New", "note": "x" * 5001},
        {"display_name": "New", "fields_attributes": lines},
        {"display_name": "New", "locked": "perhaps"},
        {"display_name": "New", "source": {"privacy": "everybody"}},
        {"display_name": "New", "source": {"language": "<b>"}},
    ):
        assert await app.refused("PATCH", UPDATE, json=body) == 422, body
    refused = await app.call("PATCH", UPDATE, data={"display_name": "New"}, files={"avatar": b"no picture"})
    assert refused.status_code == 422
    assert await app.get("/api/v1/accounts/verify_credentials") == before


async def test_a_profile_changes_here_and_for_followers_elsewhere(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(bruno, amara)
    await fediverse.settle()
    app, there = await app_of(fediverse, alder, amara), await app_of(fediverse, birch, bruno)
    form = {
        "display_name": "Amara O.",
        "note": "Teaches **maths**",
        "locked": "true",
        "bot": "true",
        "discoverable": "0",
        "fields_attributes[0][name]": "School",
        "fields_attributes[0][value]": "Alder Primary",
        "fields_attributes[1][name]": "",
        "fields_attributes[1][value]": "",
        "source[privacy]": "private",
        "source[sensitive]": "1",
        "source[language]": "de",
    }
    files = {"avatar": ("a.png", picture(), "image/png"), "header": ("h.png", picture(900, 300), "image/png")}
    answer = await app.call("PATCH", UPDATE, data=form, files=files)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert broken("Account", made) == []
    assert (made["display_name"], made["locked"], made["discoverable"], made["bot"]) == ("Amara O.", True, False, False)
    assert made["note"] == "<p>Teaches <strong>maths</strong></p>"
    assert [(line["name"], line["value"]) for line in made["source"]["fields"]] == [("School", "Alder Primary")]
    assert (made["source"]["note"], made["source"]["privacy"]) == ("Teaches **maths**", "private")
    assert (made["source"]["sensitive"], made["source"]["language"]) == (True, "de")
    assert "/static/" not in made["avatar"]
    assert "/static/" not in made["header"]
    assert await app.get("/api/v1/accounts/verify_credentials") == made
    await fediverse.settle()
    seen = await there.get("/api/v1/accounts/lookup", acct="amara@alder.example")
    assert (seen["display_name"], seen["locked"]) == ("Amara O.", True)
    assert seen["fields"][0]["name"] == "School"
    unchanged = (await app.call("PATCH", UPDATE, json={"display_name": "", "avatar": None, "note": None})).json()
    assert (unchanged["display_name"], unchanged["note"]) == ("amara", made["note"])
    assert unchanged["avatar"] == made["avatar"]
    for name in ("avatar", "header"):
        gone = (await app.call("DELETE", f"/api/v1/profile/{name}")).json()
        assert gone[name].endswith(f"/static/{name}.png")


async def test_lines_may_come_as_a_list_or_by_their_positions(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    one, two = {"name": "One", "value": "1"}, {"name": "Two", "value": "2"}
    for sent in ([one, two], {"0": one, "1": two}):
        made = (await app.call("PATCH", UPDATE, json={"fields_attributes": sent})).json()
        assert [line["name"] for line in made["fields"]] == ["One", "Two"]
    assert (await app.call("PATCH", UPDATE, json={"fields_attributes": []})).json()["fields"] == []


async def test_posts_are_as_they_usually_are(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app, nobody = await app_of(fediverse, here, amara), await app_of(fediverse, here)
    usual = await app.get("/api/v1/preferences")
    assert (usual["posting:default:visibility"], usual["posting:default:sensitive"]) == ("public", False)
    assert set(usual) >= {"posting:default:language", "reading:expand:media", "reading:expand:spoilers"}
    body = {"source": {"privacy": "private", "sensitive": True, "language": "fr"}}
    assert (await app.call("PATCH", UPDATE, json=body)).status_code == 200
    usual = await app.get("/api/v1/preferences")
    assert usual["posting:default:visibility"] == "private"
    assert (usual["posting:default:sensitive"], usual["posting:default:language"]) == (True, "fr")
    said = await app.post("/api/v1/statuses", {"status": "Bonjour"})
    assert (said["visibility"], said["sensitive"], said["language"]) == ("private", True, "fr")
    wide = await app.post("/api/v1/statuses", {"status": "Hello", "visibility": "public", "language": "en"})
    assert (wide["visibility"], wide["language"]) == ("public", "en")
    found = await nobody.get(f"/api/v1/accounts/{number_of(amara.id)}/statuses")
    assert [status["id"] for status in found] == [wide["id"]]
