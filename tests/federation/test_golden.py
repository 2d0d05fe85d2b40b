"""What we emit has the shape of the golden documents, key by key."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from federation.discovery import nodeinfo, webfinger
from federation.ports import NodeInfoFacts, WebFingerSubject
from federation.signatures import proofs
from federation.testing import make_signer
from federation.vocab import activities, objects
from federation.vocab.actors import actor_document
from federation.vocab.base import PUBLIC, timestamp_of
from federation.vocab.collections import collection_page, ordered_collection
from tests.federation.conftest import FIXTURES, needs_fixtures

pytestmark = needs_fixtures
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def golden(name: str) -> Any:
    return json.loads((FIXTURES / "profile" / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """Keys and JSON types, recursively; the proof repeats the `@context`, which the golden ones only say in words."""
    if isinstance(value, dict):
        return {key: shape(inner) if key != "proof" else "proof" for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def assert_same_shape(made: dict[str, object], name: str) -> None:
    expected = golden(name)
    if "proof" in expected:
        signer = make_signer(str(made.get("actor") or made["attributedTo"]))
        made = proofs.add_proof(made, key_id=signer.ed25519_key_id, key=signer.ed25519_key, created=NOW)
        assert set(made["proof"]) == {*expected["proof"], "@context"}  # type: ignore[call-overload]
    assert shape(made) == shape(expected)
    assert made["@context"] == expected["@context"]


def rebuild_object(name: str) -> dict[str, object]:
    doc = golden(name)
    counts = {
        key: doc[wire]["totalItems"] if wire in doc else None
        for key, wire in (("replies_count", "replies"), ("likes_count", "likes"), ("shares_count", "shares"))
    }
    return objects.object_document(
        id=doc["id"],
        type=doc["type"],
        attributed_to=doc["attributedTo"],
        to=doc["to"],
        cc=doc["cc"],
        audience=doc["audience"],
        context=doc["context"],
        name=doc.get("name"),
        summary=doc.get("summary"),
        content=doc["content"],
        language=doc["language"]["identifier"],
        language_name=doc["language"]["name"],
        source_md=doc["source"]["content"],
        url=doc["url"],
        published=timestamp_of(doc["published"]) or NOW,
        updated=timestamp_of(doc.get("updated")),
        sensitive=doc.get("sensitive"),
        in_reply_to=doc.get("inReplyTo"),
        tags=doc["tag"],
        attachments=doc["attachment"],
        kind=doc.get("kind"),
        license=doc.get("license"),
        learning=doc.get("learning"),
        image=doc.get("image"),
        comments_enabled=doc.get("commentsEnabled"),
        stickied=doc.get("stickied"),
        distinguished=doc.get("distinguished"),
        searchable_by=doc.get("searchableBy"),
        accepted_answer=doc.get("acceptedAnswer"),
        **counts,
    )


@pytest.mark.parametrize("name", ["object-discussion", "object-resource", "object-reply", "object-question-answered"])
def test_objects(name: str) -> None:
    made = rebuild_object(name)
    assert_same_shape(made, name)
    expected = golden(name)
    assert {key: made[key] for key in made if key != "@context"} == {
        key: expected[key] for key in expected if key not in ("@context", "proof")
    }


def test_attachments_and_tags() -> None:
    resource = golden("object-resource")
    file, link = resource["attachment"]
    assert objects.attachment(file["url"], file["mediaType"], file["name"]) == file
    assert objects.attachment(link["href"], link["mediaType"], link["name"], kind="Link") == link
    assert objects.mention("https://hall.example/c/algebra", "@algebra@hall.example") == resource["tag"][0]
    assert objects.hashtag("https://hall.example/tags/OER", "OER") == resource["tag"][1]


def rebuild_actor(name: str) -> dict[str, object]:
    doc = golden(name)
    image = {
        key: (doc[key]["url"], doc[key]["mediaType"], doc[key].get("name", "")) if key in doc else None
        for key in ("icon", "image")
    }
    return actor_document(
        id=doc["id"],
        kind=doc["type"],
        username=doc["preferredUsername"],
        domain="hall.example",
        name=doc["name"],
        summary_html=doc["summary"],
        url=doc["url"],
        inbox=doc["inbox"],
        outbox=doc["outbox"],
        followers=doc["followers"],
        following=doc["following"],
        featured=doc.get("featured"),
        shared_inbox=doc["endpoints"]["sharedInbox"],
        published=NOW,
        updated=NOW,
        rsa_public_pem=doc["publicKey"]["publicKeyPem"],
        ed25519_multikey=doc["assertionMethod"][0]["publicKeyMultibase"],
        manually_approves=doc["manuallyApprovesFollowers"],
        discoverable=doc["discoverable"],
        indexable=doc["indexable"],
        **image,
        fields=[(item["name"], item["value"]) for item in doc.get("attachment", [])],
        moderators=doc.get("moderators"),
        posting_restricted=doc.get("postingRestrictedToMods"),
        sensitive=doc.get("sensitive"),
        source_md=doc["source"]["content"] if "source" in doc else None,
        language=[(item["identifier"], item["name"]) for item in doc.get("language", [])],
        federation_mode=doc.get("federationMode"),
        instance="https://hall.example/actor",
        extra={"communities": doc["communities"]} if "communities" in doc else None,
    )


@pytest.mark.parametrize("name", ["actor-person", "actor-group", "actor-group-private", "actor-application"])
def test_actors(name: str) -> None:
    assert_same_shape(rebuild_actor(name), name)


BUILDERS = {
    "Create": activities.create,
    "Delete": activities.delete,
    "Accept": activities.accept,
    "Add": activities.add,
    "Flag": activities.flag,
    "Lock": activities.lock,
    "ChooseAnswer": activities.choose_answer,
    "Announce": activities.announce,
    "Undo": activities.undo,
}


def rebuild(doc: dict[str, Any]) -> dict[str, object]:
    parts = {
        key: doc[key]
        for key in ("id", "actor", "object", "to", "cc", "audience", "target", "summary", "content")
        if key in doc
    }
    if "published" in doc:
        parts["published"] = timestamp_of(doc["published"])
    if doc["type"] == "Block":
        return activities.block(**parts, remove_data=doc["removeData"], end_time=timestamp_of(doc["endTime"]))
    return BUILDERS[doc["type"]](**parts)


@pytest.mark.parametrize(
    "name",
    [
        "activity-create-discussion",
        "activity-author-delete",
        "activity-accept-join",
        "activity-flag-microblog",
        "activity-flag-threadiverse",
        "activity-choose-answer",
        "announce-microblog",
        "announce-threadiverse",
        "undo-announce-microblog",
        "activity-mod-delete",
        "activity-lock",
        "activity-pin",
        "activity-add-moderator",
        "activity-ban",
        "activity-poll-vote",
    ],
)
def test_activities(name: str) -> None:
    expected = golden(name)
    assert_same_shape(rebuild(expected), name)
    inner = expected["object"]
    if expected["type"] == "Announce" and isinstance(inner, dict) and "@context" not in inner:
        made = rebuild(inner)
        assert {key: value for key, value in made.items() if key != "@context"} == inner


def test_an_announced_activity_is_kept_exactly() -> None:
    inner = golden("announce-threadiverse")["object"]
    made = activities.announce(
        id="https://hall.example/a/1", actor="https://hall.example/c/algebra", object=inner, to=[PUBLIC]
    )
    assert json.dumps(made["object"]) == json.dumps(inner)


@pytest.mark.parametrize("name", ["context", "featured", "followers", "moderators"])
def test_collections(name: str) -> None:
    doc = golden(f"collection-{name}")
    made = ordered_collection(
        doc["id"],
        doc["totalItems"],
        items=doc.get("orderedItems"),
        attributed_to=doc["attributedTo"],
        audience=doc.get("audience"),
        name=doc.get("name"),
        url=doc.get("url"),
    )
    assert made == doc


def test_a_page_of_an_outbox() -> None:
    doc = golden("collection-outbox-page")
    assert collection_page(doc["id"], doc["partOf"], doc["orderedItems"], next=doc["next"]) == doc


def test_tombstone() -> None:
    doc = golden("tombstone")
    made = objects.tombstone(doc["id"], former_type=doc["formerType"], deleted=timestamp_of(doc["deleted"]) or NOW)
    assert made == doc


def test_discovery() -> None:
    group = WebFingerSubject(
        "acct:algebra@hall.example", "https://hall.example/c/algebra", "https://hall.example/c/algebra", "Group"
    )
    assert webfinger.document(group, "https://hall.example") == golden("webfinger-group")
    instance = WebFingerSubject(
        "acct:hall.example@hall.example", "https://hall.example/actor", "https://hall.example/", "Application"
    )
    assert webfinger.document(instance, "https://hall.example") == golden("webfinger-instance")
    expected = golden("nodeinfo-2.1")
    facts = NodeInfoFacts(
        "Hall of Example University",
        "Learning communities",
        "0.1.0",
        False,
        120,
        64,
        98,
        830,
        4120,
        {
            "staffAccounts": ["https://hall.example/u/maria"],
            "federation": {"enabled": True},
            "communities": 12,
            "repository": "https://git.example/peerhall",
        },
    )
    assert nodeinfo.document(facts, "2.1") == expected
    assert nodeinfo.index("https://hall.example", "https://hall.example/actor") == golden("nodeinfo-index")
