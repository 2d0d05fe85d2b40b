"""Attacks on what is somebody else's: S5, S7, S8, S11, S14, S15, S16, S17."""

import json
from pathlib import Path
from typing import Any

from federation.ports import Signer
from federation.signatures import keys, proofs
from federation.testing import make_signer
from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors.models import Actor, Follow
from server.posts import actions as posts
from server.posts.models import Post
from tests.conftest import SHARED
from tests.hostile.attacks import Scene, attack
from tests.hostile.server import AS2, answer, forged_key

ATTACKS_SEEN = SHARED / "activities" / "attacks"

REFUSED = "authority origin nothing-to-do not-found"


async def deliver_all(scene: Scene, documents: list[dict[str, Any]]) -> None:
    """Deliver activities of Eve's one after the other; each is answered, and none has an effect."""
    for number, document in enumerate(documents):
        document |= {"@context": AS2, "id": scene.site.uri(f"a/{number}"), "actor": scene.eve}
        scene.site.documents[f"/a/{number}"] = document
        assert await scene.stage.send(document) in (202, 400, 401, 403), document
    await scene.settled()
    assert "done" not in [outcome for outcome, _ in await scene.stage.outcomes(scene.site.host)]


def theirs(scene: Scene) -> list[dict[str, Any]]:
    """Activities on what is Tom's, Maya's or the community's, in every shape."""
    stage = scene.stage
    tom, maya, sam = stage.tom, stage.maya, stage.people["sam"].uri
    group, mine = stage.groups["science"].uri, stage.posts["public"].uri
    ask, inside = stage.posts["ask"].uri, stage.posts["science"].uri
    notes = stage.quiet.uri("n/1")
    note = {"id": notes, "type": "Note", "attributedTo": tom, "content": "Forged", "to": [PUBLIC]}
    place = {"audience": group, "to": [group, PUBLIC]}
    moderators = f"{group}/moderators"
    return [
        {"type": "Update", "object": note},
        {"type": "Update", "object": note | {"attributedTo": scene.eve}},
        {"type": "Update", "object": note | {"id": mine}} | place,
        {"type": "Update", "object": notes},
        {
            "type": "Update",
            "object": {"id": tom, "type": "Person", "inbox": scene.site.uri("i"), "preferredUsername": "tom"},
        },
        {"type": "Update", "object": {"id": maya, "type": "Person", "name": "Forged"}},
        {"type": "Update", "object": {"id": group, "type": "Group", "name": "Forged"}} | place,
        {"type": "Delete", "object": notes},
        {"type": "Delete", "object": {"id": notes, "type": "Tombstone"}, "to": [PUBLIC]},
        {"type": "Delete", "object": mine} | place,
        {"type": "Delete", "object": inside, "summary": "Spam"} | place,
        {"type": "Delete", "object": tom},
        {"type": "Delete", "object": maya},
        {"type": "Delete", "object": group} | place,
        {"type": "Undo", "object": {"id": stage.quiet.uri("f/1"), "type": "Follow", "actor": tom, "object": maya}},
        {"type": "Undo", "object": {"type": "Follow", "actor": tom, "object": maya}},
        {"type": "Undo", "object": stage.quiet.uri("f/1")},
        {"type": "Undo", "object": {"id": stage.quiet.uri("l/1"), "type": "Like", "actor": tom, "object": mine}}
        | place,
        {"type": "Undo", "object": stage.quiet.uri("l/1")},
        {"type": "Undo", "object": {"id": stage.quiet.uri("l/1"), "type": "Like", "actor": scene.eve, "object": mine}},
        {"type": "Undo", "object": {"id": stage.quiet.uri("c/1"), "type": "Create", "actor": tom, "object": notes}},
        {"type": "Undo", "object": {"type": "Delete", "actor": scene.eve, "object": notes}},
        {"type": "Accept", "object": {"type": "Follow", "actor": maya, "object": tom}},
        {"type": "Reject", "object": {"type": "Follow", "actor": maya, "object": tom}},
        {"type": "Reject", "object": {"type": "Follow", "actor": tom, "object": maya}},
        {"type": "Reject", "object": {"type": "Join", "actor": sam, "object": group}} | place,
        {"type": "Accept", "object": {"type": "Join", "actor": scene.eve, "object": group}} | place,
        {"type": "Reject", "object": {"type": "Create", "actor": maya, "object": inside}} | place,
        {"type": "Move", "object": tom, "target": scene.eve},
        {"type": "Move", "object": {"id": tom, "type": "Person"}, "target": scene.eve},
        {"type": "Move", "object": maya, "target": scene.eve},
        {"type": "Move", "object": inside, "origin": group, "target": scene.site.uri("u/group")} | place,
        {"type": "Add", "object": scene.eve, "target": moderators} | place,
        {"type": "Add", "object": inside, "target": f"{group}/featured"} | place,
        {"type": "Remove", "object": maya, "target": moderators} | place,
        {"type": "Remove", "object": inside, "target": f"{group}/featured"} | place,
        {"type": "Add", "object": scene.eve, "target": f"{tom}/featured"},
        {"type": "Block", "object": sam, "target": group, "removeData": True} | place,
        {"type": "Block", "object": maya, "target": stage.origin, "removeData": True},
        {"type": "Undo", "object": {"type": "Block", "actor": maya, "object": scene.eve, "target": group}} | place,
        {"type": "Lock", "object": inside} | place,
        {"type": "Lock", "object": mine},
        {"type": "Undo", "object": {"type": "Lock", "actor": maya, "object": inside}} | place,
        {"type": "ChooseAnswer", "object": notes, "target": ask} | place,
        {"type": "ChooseAnswer", "object": notes},
        {"type": "Undo", "object": {"type": "ChooseAnswer", "actor": maya, "object": notes, "target": ask}},
        {"type": "Resolve", "object": {"type": "Flag", "actor": maya, "object": mine}} | place,
    ]


@attack("S5", REFUSED, requests=20, seconds=40)
async def acting_on_what_is_others(scene: Scene) -> None:
    await deliver_all(scene, theirs(scene))


@attack("S5", REFUSED, requests=40, seconds=40)
async def acting_on_what_is_others_through_an_announce(scene: Scene) -> None:
    group = scene.site.actor("group", "Group")
    for number, document in enumerate(theirs(scene)):
        document |= {"@context": AS2, "id": scene.site.uri(f"a/{number}"), "actor": scene.eve}
        scene.site.documents[f"/a/{number}"] = document
        announce = scene.site.activity("Announce", group, document, f"an/{number}", to=[PUBLIC])
        assert await scene.stage.send(announce) == 202
    await scene.settled()
    assert "done" not in [outcome for outcome, _ in await scene.stage.outcomes(scene.site.host)]


@attack("S5", REFUSED, requests=60, seconds=40)
async def the_same_from_a_community_that_somebody_here_follows(scene: Scene) -> None:
    """A followed community speaks for what is in it, and for nothing else."""
    stage, here = scene.stage, scene.stage.here
    group = scene.site.actor("group", "Group")
    remote = await here.run(actors.resolve, here, group)
    await here.run(actors.request_follow, here, stage.people["zoe"].id, remote.id)
    asked = await here.run(Follow.get, follower_id=stage.people["zoe"].id, target_id=remote.id)
    follow = {"id": asked.uri, "type": "Follow", "actor": stage.people["zoe"].uri, "object": group}
    await stage.send(scene.site.activity("Accept", group, follow, "x/1"))
    await scene.settled()
    for number, document in enumerate(theirs(scene)):
        document |= {"@context": AS2, "id": scene.site.uri(f"a/{number}"), "actor": scene.eve}
        for key in ("audience", "to", "cc"):
            if key in document:
                document[key] = group if key == "audience" else [group, PUBLIC]
        announce = scene.site.activity("Announce", group, document, f"an/{number}", to=[PUBLIC])
        assert await stage.send(announce) == 202
    await scene.settled()
    assert [outcome for outcome, _ in await stage.outcomes(scene.site.host)].count("done") == 1


@attack("S5 S1", "not-found authority", requests=2)
async def passing_on_what_nobody_said(scene: Scene) -> None:
    tom, quiet = scene.stage.tom, scene.stage.quiet
    for number, forged in enumerate(
        (
            {
                "type": "Create",
                "object": {"id": quiet.uri("n/never"), "type": "Note", "attributedTo": tom, "content": "x"},
            },
            {"type": "Like", "object": scene.stage.posts["public"].uri},
            {"type": "Announce", "object": scene.stage.posts["public"].uri},
            {"type": "Follow", "object": scene.stage.people["sam"].uri},
            {
                "type": "Update",
                "object": {"id": quiet.uri("n/1"), "type": "Note", "attributedTo": tom, "content": "Forged"},
            },
            {"type": "Delete", "object": quiet.uri("n/1")},
            {
                "type": "Undo",
                "object": {"id": quiet.uri("f/1"), "type": "Follow", "actor": tom, "object": scene.stage.maya},
            },
        )
    ):
        forged |= {"id": quiet.uri(f"forged-{scene.name}/{number}"), "actor": tom}
        assert await scene.stage.send(forged, by=scene.eve) == 202
    await scene.settled()


@attack("S1 S5", "proof not-found", requests=2)
async def tampering_with_what_a_proof_covers(scene: Scene) -> None:
    tom, quiet = scene.stage.tom, scene.stage.quiet
    signer = make_signer(tom)
    like = {
        "@context": [AS2],
        "id": quiet.uri(f"proven-{scene.name}"),
        "type": "Like",
        "actor": tom,
        "object": quiet.uri("n/1"),
    }
    proven = proofs.add_proof(
        like, key_id=signer.ed25519_key_id, key=signer.ed25519_key, created=scene.stage.here.clock.now()
    )
    proof = dict(proven["proof"])  # type: ignore[call-overload]
    mallory = make_signer(scene.eve)
    own = proofs.add_proof(
        like, key_id=mallory.ed25519_key_id, key=mallory.ed25519_key, created=scene.stage.here.clock.now()
    )
    for number, forged in enumerate(
        (
            proven | {"object": scene.stage.posts["public"].uri},
            proven | {"object": scene.stage.posts["public"].uri, "proof": [proof, proof]},
            proven | {"actor": scene.eve, "id": scene.site.uri("l"), "object": scene.stage.posts["scratch"].uri},
            proven | {"object": scene.stage.posts["public"].uri, "proof": proof | {"proofPurpose": "authentication"}},
            proven
            | {
                "object": scene.stage.posts["public"].uri,
                "proof": proof | {"verificationMethod": mallory.ed25519_key_id},
            },
            own | {"object": scene.stage.posts["public"].uri},
            own,
            proven | {"@context": [AS2, {"object": "as:target"}], "object": scene.stage.posts["public"].uri},
        )
    ):
        body = json.dumps(forged).encode()
        assert (await scene.stage.post(body, [], path=scene.inbox)).status in (401, 403), number
        assert await scene.stage.send(forged | {"id": f"{forged['id']}-{number}"}, by=scene.eve) in (202, 403)
    await scene.settled()


@attack("S7 S8", "origin", requests=2)
async def ids_on_another_server(scene: Scene) -> None:
    quiet, stage = scene.stage.quiet, scene.stage
    note = {"id": quiet.uri("n/stolen"), "type": "Note", "attributedTo": scene.eve, "content": "x", "to": [PUBLIC]}
    for document in (
        {"id": quiet.uri("a/1"), "type": "Follow", "actor": scene.eve, "object": stage.maya},
        {"id": f"{stage.origin}/ap/a/follow/1", "type": "Follow", "actor": scene.eve, "object": stage.maya},
        {"id": scene.site.uri("a/2"), "type": "Create", "actor": scene.eve, "object": note},
        {
            "id": scene.site.uri("a/3"),
            "type": "Create",
            "actor": scene.eve,
            "object": note | {"attributedTo": stage.tom},
        },
        {
            "id": scene.site.uri("a/4"),
            "type": "Create",
            "actor": scene.eve,
            "object": note | {"id": scene.site.uri("n/4"), "attributedTo": stage.tom},
        },
        {
            "id": scene.site.uri("a/5"),
            "type": "Create",
            "actor": scene.eve,
            "object": [note, note | {"id": f"{stage.origin}/ap/p/1"}],
        },
        {"id": scene.site.uri("a/6"), "type": "Create", "actor": scene.eve, "object": quiet.uri("n/1")},
        {
            "id": scene.site.uri("a/7").replace("http:", "https:"),
            "type": "Follow",
            "actor": scene.eve,
            "object": stage.maya,
        },
        {
            "id": scene.site.uri("a/8").replace(".example:", ".example.:"),
            "type": "Follow",
            "actor": scene.eve,
            "object": stage.maya,
        },
    ):
        assert await stage.send(document) in (202, 400, 403)
    await scene.settled()
    assert "done" not in [outcome for outcome, _ in await stage.outcomes(scene.site.host)]


@attack("S8", "origin authority not-found nothing-to-do", requests=3)
async def occupying_an_id_before_the_real_one_comes(scene: Scene) -> None:
    stage, pal = scene.stage, scene.friend()
    author = pal.actor("pal")
    real = pal.note(author, "n/real", "<p>Real</p>")
    create = pal.activity("Create", author, real, "c/real")
    forged = real | {"content": "<p>Forged</p>"}
    create_forged = create | {"object": forged}
    del pal.documents["/n/real"], pal.documents["/c/real"]
    for kind in ("Create", "Update", "Delete", "Undo", "Announce"):
        assert await scene.send(kind, forged | {"attributedTo": scene.eve}, f"x/{kind}") in (202, 403)
        assert await scene.send(kind, real["id"], f"y/{kind}") == 202
    assert await stage.send(create_forged, by=scene.eve) == 202
    assert await stage.send(create | {"actor": scene.eve}) == 403
    await scene.settled()
    pal.documents["/n/real"], pal.documents["/c/real"] = real, create
    stage.here.engine._documents.failures.forget(real["id"])
    assert await stage.send(create) == 202
    await stage.settled(pal.host)
    post = await stage.here.run(Post.get_or_none, uri=real["id"])
    assert post is not None
    assert "Real" in post.content_html


@attack("S4 S7", "key origin signature authority", requests=4)
async def an_actor_embedded_over_the_real_one(scene: Scene) -> None:
    stage, tom = scene.stage, scene.stage.tom
    mallory = make_signer(scene.eve)
    fake = stage.quiet.documents["/u/tom"] | {"inbox": scene.site.uri("i"), "name": "Forged"}
    pem = keys.public_pem(forged_key().public_key())
    fake |= {"publicKey": {"id": f"{tom}#main-key", "owner": tom, "publicKeyPem": pem}}
    forged = {"id": f"{tom}/f/embedded", "type": "Follow", "actor": fake, "object": stage.people["sam"].uri}
    as_tom = Signer(tom, f"{tom}#main-key", forged_key(), "", mallory.ed25519_key)
    assert await stage.send(forged, by=tom, signer=as_tom) == 401
    note = scene.note("n/1", attributedTo=fake)
    assert await scene.send("Create", note, "c/1") == 202
    assert await scene.send("Create", scene.note("n/2", tag=[fake], inReplyTo=fake), "c/2") == 202
    assert await scene.send("Like", fake, "l/2") == 202
    await scene.settled()


@attack("S7", "origin", requests=14)
async def documents_that_say_they_are_anothers(scene: Scene) -> None:
    quiet, stage = scene.stage.quiet, scene.stage
    forged = quiet.documents["/n/2"] | {"content": "<p>Forged</p>"}
    scene.site.documents["/trap/1"] = forged
    scene.site.documents["/trap/2"] = quiet.documents["/u/tom"] | {"name": "Forged", "inbox": scene.site.uri("i")}
    scene.site.documents["/trap/3"] = forged | {"id": f"{stage.origin}/ap/p/{stage.posts['public'].id}"}
    scene.site.documents["/trap/4"] = {key: value for key, value in forged.items() if key != "id"}
    scene.site.documents["/trap/5"] = forged | {"id": scene.site.uri("trap/other")}
    for number in range(1, 6):
        assert await scene.reply_to(scene.site.uri(f"trap/{number}"), f"r{number}") == 202
        assert await scene.send("Announce", scene.site.uri(f"trap/{number}"), f"an/{number}", to=[PUBLIC]) == 202
    await scene.settled()


@attack("S7", "origin", requests=6)
async def recorded_attacks_of_others(scene: Scene) -> None:
    """Attacks that other projects keep among their tests, aimed at what is here."""
    stage = scene.stage
    if not ATTACKS_SEEN.is_dir():
        await ids_on_another_server(scene)
        return
    for path in sorted(ATTACKS_SEEN.glob("*.json")):
        document = _aimed(path, scene)
        assert await stage.send(document, by=scene.eve) in (202, 400, 401, 403), path.name
    await scene.settled()
    assert "done" not in [outcome for outcome, _ in await stage.outcomes(scene.site.host)]


def _aimed(path: Path, scene: Scene) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("https://evil.example.com/users/mallory", scene.eve),
        ("https://evil.example.com", scene.site.origin),
        ("http://testserver/users/bob", scene.stage.tom),
        ("http://testserver/users/alice", scene.stage.maya),
        ("http://testserver/notes/existing-note-xyz", scene.stage.quiet.uri("n/1")),
        ("http://testserver/notes/bobs-note-to-delete", scene.stage.quiet.uri("n/1")),
        ("http://testserver", scene.stage.quiet.origin),
        ("https://patch.local", scene.stage.quiet.origin),
    ):
        text = text.replace(old, new)
    found: dict[str, Any] = json.loads(text)
    return found


@attack("S14", REFUSED, requests=12)
async def moving_away_with_others_followers(scene: Scene) -> None:
    stage = scene.stage
    victim = scene.site.actor("victim", movedTo=stage.tom)
    assert await stage.send(scene.site.activity("Move", victim, victim, "m/1") | {"target": stage.tom}) == 202
    assert await stage.send(scene.site.activity("Move", victim, victim, "m/2") | {"target": stage.maya}) == 202
    assert await stage.send(scene.site.activity("Move", scene.eve, stage.tom, "m/3") | {"target": scene.eve}) == 202
    assert await stage.send(scene.site.activity("Move", scene.eve, stage.maya, "m/4") | {"target": scene.eve}) == 202
    await scene.settled()


@attack("S16 S15", "", requests=6)
async def followers_of_somebody_else_as_ones_own(scene: Scene) -> None:
    stage = scene.stage
    spoof = scene.site.actor("spoof", followers=f"{stage.tom}/followers", outbox=f"{stage.tom}/outbox")
    science = stage.groups["science"]
    other = scene.site.actor("other", followers=f"{science.uri}/followers")
    for number, (author, followers) in enumerate(
        ((spoof, f"{stage.tom}/followers"), (other, f"{science.uri}/followers"))
    ):
        note = scene.site.note(author, f"n/{number}", to=[followers], cc=[])
        assert await stage.send(scene.site.activity("Create", author, note, f"c/{number}")) == 202
    await scene.settled()
    for number in range(2):
        post = await stage.here.run(Post.get_or_none, uri=scene.site.uri(f"n/{number}"))
        assert post is None or (post.visibility == "direct" and post.community_id is None)
    for name in ("spoof", "other"):
        actor = await stage.here.run(Actor.get_or_none, uri=scene.site.uri(f"u/{name}"))
        assert actor is None or actor.followers_url is None


@attack("S16", "key origin", requests=14)
async def inboxes_that_are_somebody_elses(scene: Scene) -> None:
    stage = scene.stage
    bystander = scene.friend("bystander")
    for number, inbox in enumerate(
        (
            bystander.uri("inbox"),
            f"{stage.origin}/ap/inbox",
            f"http://127.0.0.9:{stage.servers.port}/inbox",
            "http://169.254.169.254/latest",
            f"http://{bystander.host}@{scene.site.host}/inbox",
            "file:///etc/passwd",
        )
    ):
        actor = scene.site.actor(f"u{number}", inbox=inbox, endpoints={"sharedInbox": inbox})
        assert await stage.send(scene.site.activity("Follow", actor, stage.people["zoe"].uri, f"f/{number}")) in (
            401,
            403,
        )
    shared = scene.site.actor("shared", endpoints={"sharedInbox": bystander.uri("inbox")})
    assert await stage.send(scene.site.activity("Follow", shared, stage.people["zoe"].uri, "f/9")) == 202
    await scene.settled()
    new = posts.NewPost(kind="discussion", title="To followers", source_md="Words.")
    post = await stage.here.run(posts.create_post, stage.here, stage.people["zoe"].id, new)
    stage.scratch.add(post.id)
    assert bystander.asked == []


@attack("S11", "origin authority nothing-to-do malformed", requests=6, seconds=30)
async def tricks_of_json_ld(scene: Scene) -> None:
    stage, tom, notes = scene.stage, scene.stage.tom, scene.stage.quiet.uri("n/1")
    note = {"id": notes, "type": "Note", "attributedTo": tom, "content": "Forged", "to": [PUBLIC]}
    renamed = {"@context": [AS2, {"actor": "as:object", "object": "as:actor", "tom": "as:actor", "evil": "@id"}]}
    documents: list[dict[str, Any]] = [
        {"type": "Update", "object": {"@id": notes} | note | {"id": scene.site.uri("n/x")}},
        {"type": "Update", "@id": f"{tom}/u", "object": note},
        {"type": "Update", "@graph": [{"id": tom, "type": "Update", "actor": tom, "object": note}]},
        {"@graph": [{"id": f"{tom}/u", "type": "Update", "actor": tom, "object": note}]},
        {"type": "View", "@reverse": {"actor": {"type": "Update", "object": note}}},
        {"type": "View", "@included": [{"type": "Update", "actor": tom, "object": note}]},
        {"type": "View", "object": scene.eve, "tom": tom, **renamed},
        {"type": "Update", "object": {"@type": "Note", **note}},
        {"type": ["View", "Update"], "object": note},
        {"type": "Update", "object": {"@nest": note}},
        {"type": "Update", "object": {"@value": notes}},
        {"type": "Delete", "object": {"@list": [notes]}},
        {"type": "Delete", "object": {"@set": [notes]}},
        {"type": "as:Delete", "as:object": notes, "as:actor": tom},
        {"https://www.w3.org/ns/activitystreams#type": "Delete", "type": "View", "object": notes},
        {
            "type": "Update",
            "object": note,
            "signature": {"type": "RsaSignature2017", "creator": f"{tom}#main-key", "signatureValue": "AAAA"},
        },
    ]
    for number, document in enumerate(documents):
        document = {"@context": [AS2, scene.site.uri("context")]} | document
        document |= {"id": scene.site.uri(f"a/{number}"), "actor": scene.eve}
        assert await stage.send(document) in (202, 400, 403)
    await scene.settled()
    assert scene.site.gets("/context") == []


@attack("S17", "blocked")
async def coming_from_a_blocked_server(scene: Scene) -> None:
    stage = scene.stage
    blocked = stage.servers.site("blocked.evil.example")
    eve = blocked.actor("eve")
    for host in (blocked.host, f"sub.{blocked.host}", blocked.host.upper()):
        actor = f"http://{host}/u/eve"
        follow = {"id": f"{actor}/f", "type": "Follow", "actor": actor, "object": stage.maya}
        assert await stage.send(follow, signer=make_signer(eve), path=scene.inbox) in (401, 403)
    announce = scene.site.activity("Announce", scene.eve, blocked.uri("n/1"), "an/1", to=[PUBLIC])
    blocked.note(eve, "n/1")
    assert await stage.send(announce) == 202
    redirect = scene.serves("n/r", b"", status="302 Found", headers=(f"Location: {blocked.uri('n/1')}",))
    assert await scene.reply_to(redirect) == 202
    await scene.settled()
    headers = stage.signed(None, eve, method="GET", path="/ap/actor")
    assert (await stage.get("/ap/actor", list(headers.items()))).status == 403
    assert blocked.asked == []


@attack("S9", "", requests=20)
async def taking_a_handle(scene: Scene) -> None:
    """Nobody is shown under a handle that its own server does not confirm."""
    stage, quiet = scene.stage, scene.stage.quiet
    claims = {
        "tom": {"webfinger": f"tom@{quiet.host}"},
        "maya": {"webfinger": f"maya@{stage.here.settings.domain}"},
        "a@b": {},
        f"tom@{quiet.host}": {},
    }
    for number, (username, more) in enumerate(claims.items()):
        uri = scene.site.actor(f"u{number}", preferredUsername=username, **more)
        scene.site.finger(username, uri, subject=f"acct:tom@{quiet.host}")
        assert await stage.send(scene.site.activity("Like", uri, stage.posts["scratch"].uri, f"l/{number}")) == 202
    await scene.settled()
    for number in range(len(claims)):
        actor = await stage.here.run(Actor.get_or_none, uri=scene.site.uri(f"u/u{number}"))
        assert actor is not None
        assert actor.domain == scene.site.host
        assert "@" not in actor.username
    tom = await stage.here.run(actors.resolve, stage.here, f"tom@{quiet.host}")
    assert tom.uri == stage.tom


@attack("S9 S22", "", requests=16)
async def handles_that_send_each_other_round(scene: Scene) -> None:
    stage, other = scene.stage, scene.beside("other")
    uri = scene.site.actor("loop", webfinger=f"loop@{other.host}")
    scene.site.finger("loop", uri, subject=f"acct:loop@{other.host}")
    other.finger("loop", uri, subject=f"acct:loop@{scene.site.host}")
    self_redirect = answer(
        b"", status="302 Found", headers=(f"Location: {scene.site.uri('.well-known/webfinger?resource=x')}",)
    )
    scene.site.documents["/.well-known/webfinger?resource=x"] = self_redirect
    assert await stage.send(scene.site.activity("Like", uri, stage.posts["scratch"].uri, "l/1")) == 202
    far = scene.site.actor("far")
    scene.site.documents[f"/.well-known/webfinger?resource=acct:far@{scene.site.host}"] = self_redirect
    assert await stage.send(scene.site.activity("Like", far, stage.posts["scratch"].uri, "l/2")) == 202
    await scene.settled()
    for name in ("loop", "far"):
        actor = await stage.here.run(Actor.get_or_none, uri=scene.site.uri(f"u/{name}"))
        assert actor is not None
        assert actor.domain == scene.site.host
