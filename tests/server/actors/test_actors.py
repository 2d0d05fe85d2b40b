"""Names, documents and handles of actors."""

import json

import pytest

from federation.vocab.actors import parse_actor
from server.actors import actions, policy, queries
from server.actors.models import Actor
from server.errors import Invalid
from tests.conftest import SHARED

AP = {"accept": "application/activity+json"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "x" * 31,
        "Mäya",
        "ma ya",
        ".maya",
        "maya.",
        "ma/ya",
        "ma@ya",
        "admin",
        "REPORTS",
        "ma\nya",
        "<b>",
        "м аya",
    ],
)
def test_unusable_names_are_refused(name):
    with pytest.raises(Invalid) as refusal:
        policy.check_username(name)
    assert refusal.value.field == "username"


@pytest.mark.parametrize(("typed", "kept"), [("maya", "maya"), ("@Maya_1", "maya_1"), ("m.o-k", "m.o-k")])
def test_usable_names_have_one_spelling(typed, kept):
    assert policy.check_username(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Maya \n Okafor ", "Maya Okafor"),
        ("\u202eevil\u202c", "evil"),
        ("a\u200bb\u2066c\u2069\ufeff", "abc"),
        ("nul\x00l", "null"),
        ("Z" + "\u0301" * 60, "Z" + "\u0301" * 3),
        ("José", "José"),
        ("नमस्ते", "नमस्ते"),
    ],
)
def test_s10_names_cannot_turn_lines_or_hide_letters(typed, kept):
    assert policy.clean_name(typed) == kept


async def test_one_namespace_for_people_and_communities(fediverse):
    here = await fediverse.start("alder.example")
    await here.run(actions.create_local, here, kind="Group", username="science", name="Science")
    for taken in ("science", "alder.example"):
        with pytest.raises(Invalid):
            await here.run(actions.create_local, here, kind="Person", username=taken, name="Someone")


def remote(uri="https://birch.example/u/1", **changes):
    """A remote actor as fetched."""
    host = uri.split("/")[2]
    return parse_actor(
        {
            "id": uri,
            "type": "Person",
            "preferredUsername": "tom",
            "name": "Tom",
            "inbox": f"https://{host}/inbox",
        }
        | changes
    )


async def test_s9_a_handle_that_webfinger_did_not_confirm_takes_nobodys_place(fediverse):
    here = await fediverse.start("alder.example")
    confirmed = remote(webfinger="tom@birch.example")
    await here.run(actions.store_remote, here, confirmed)
    await here.run(actions.store_remote, here, remote("https://birch.example/u/2"))
    found = await here.run(queries.actor_by_handle, here, "tom@birch.example")
    assert found.uri == "https://birch.example/u/1"


async def test_s9_a_confirmed_handle_moves_to_whom_it_names_now(fediverse):
    here = await fediverse.start("alder.example")
    await here.run(actions.store_remote, here, remote())
    await here.run(actions.store_remote, here, remote("https://birch.example/u/2", webfinger="tom@birch.example"))
    found = await here.run(queries.actor_by_handle, here, "@tom@birch.example")
    assert found.uri == "https://birch.example/u/2"


async def test_s9_nobody_elsewhere_has_a_handle_of_ours(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    stored = await here.run(actions.store_remote, here, remote(webfinger="maya@alder.example"))
    assert stored.domain == "birch.example"
    found = await here.run(queries.actor_by_handle, here, "maya")
    assert found.id == maya.id


async def test_lemmy_people_and_communities_may_share_a_name(fediverse):
    here = await fediverse.start("alder.example")
    await here.run(actions.store_remote, here, remote(webfinger="tom@birch.example"))
    group = remote("https://birch.example/c/1", type="Group", webfinger="tom@birch.example")
    await here.run(actions.store_remote, here, group)
    person = await here.run(queries.actor_by_handle, here, "@tom@birch.example")
    community = await here.run(queries.actor_by_handle, here, "!tom@birch.example")
    assert (person.kind, community.kind) == ("Person", "Group")


async def test_labels_are_one_query(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    tom = await here.run(actions.store_remote, here, remote(webfinger="tom@birch.example"))
    found = await here.run(queries.labels, here, [maya.id, tom.id, "unknown"])
    assert found[maya.id].handle == "@maya"
    assert found[maya.id].organisation == "Alder"
    assert (found[tom.id].handle, found[tom.id].organisation) == ("@tom@birch.example", "birch.example")
    assert found[tom.id].url == "/@tom@birch.example"


def shape(value):
    """Keys and JSON types, without what differs between two actors."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "@context"}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


@pytest.mark.parametrize(("path", "golden"), [("/@maya", "actor-person"), ("/ap/actor", "actor-application")])
async def test_documents_have_the_keys_of_the_golden_ones(fediverse, path, golden):
    file = SHARED / "profile" / f"{golden}.json"
    if not file.is_file():
        pytest.skip(f"{file} is not on this machine")
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    change = actions.ProfileChange(summary_source="Maths", fields=[("School", "https://school.example")])
    await here.run(actions.update_profile, here, maya.id, change)
    async with fediverse.client(here) as browser:
        answer = await browser.get(path, headers=AP)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/activity+json")
    wanted, served = shape(json.loads(file.read_text())), shape(answer.json())
    wanted.pop("icon", None)  # needs an uploaded picture
    assert served == wanted


async def test_followers_are_a_number_only(fediverse):
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    await here.run(actions.request_follow, here, lin.id, maya.id)
    async with fediverse.client(here) as browser:
        for part, total in (("followers", 1), ("following", 0)):
            answer = await browser.get(f"{maya.uri}/{part}", headers=AP)
            assert answer.json() == {
                "@context": answer.json()["@context"],
                "id": f"{maya.uri}/{part}",
                "type": "OrderedCollection",
                "attributedTo": maya.uri,
                "totalItems": total,
            }


async def test_the_service_actors_exist_once(fediverse):
    here = await fediverse.start("alder.example")
    await here.run(actions.ensure_service_actors, here)

    async def local_actors():
        return await Actor.filter(is_local=True).order_by("kind").values_list("kind", "username")

    assert await here.run(local_actors) == [("Application", "alder.example"), ("Service", "reports")]


async def test_s35_private_keys_are_not_in_the_actor_table_nor_in_texts(fediverse):
    here = await fediverse.start("alder.example")
    columns = set(Actor._meta.fields_map)
    assert not {name for name in columns if "private" in name or "pem" in name}
    keys = await here.run(actions.new_keys)
    assert "PRIVATE" not in repr(keys)
    assert keys.ed25519_multikey.startswith("z6Mk")


async def test_s12_absurd_actors_are_stored_or_refused_but_never_break(fediverse):
    here = await fediverse.start("alder.example")
    for changes in (
        {"preferredUsername": "x" * 400, "name": "n" * 5000},
        {"preferredUsername": "", "name": None},
        {"icon": {"type": "Image", "url": "https://birch.example/" + "a" * 3000}},
        {
            "published": "99999-01-01T00:00:00Z",
            "attachment": [{"type": "PropertyValue", "name": "\u202e", "value": "<script>"}],
        },
    ):
        actor = await here.run(actions.store_remote, here, remote(**changes))
        assert actor.username
        assert "<script" not in json.dumps(actor.fields_json)
