"""Properties of parser, signers, authority and audience: what holds of anything (S1, S2, S5, S7, S11, S12, S15, S16).

A few examples of each here; ``make test-long`` tries ten thousand.
"""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from federation.errors import Forbidden, InvalidDocument, Unauthenticated
from federation.inbox import authority
from federation.outbox.audience import classify, inboxes
from federation.signatures import cavage, keys, proofs, rfc9421
from federation.signatures.message import HttpMessage
from federation.testing import make_signer
from federation.vocab.activities import Activity, parse_activity
from federation.vocab.actors import parse_actor
from federation.vocab.base import (
    PUBLIC,
    host_of,
    ids_of,
    is_web_uri,
    parse_json,
    same_origin,
    split_handle,
    text_of,
    timestamp_of,
)
from federation.vocab.objects import MAX_RECIPIENTS, parse_post
from tests.fuzz import targets

NOW = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)
BRUNO = make_signer("https://birch.example/ap/u/bruno")
HOME = "https://alder.example"

# Anything that may stand in JSON, with a liking for what means something to us.
WORDS = st.sampled_from(
    [
        "https://a.example/1",
        "https://a.example/u/eve",
        "https://b.example/u/tom",
        "https://A.example:443/u/eve",
        "https://a.example@b.example/",
        "http://[::1]/",
        "as:Public",
        PUBLIC,
        "Person",
        "Note",
        "Create",
        "Undo",
        "Tombstone",
        "2026-01-01T00:00:00Z",
        "@tom@b.example",
        "\u202e",
        "<script>",
    ]
)
KEYS = st.sampled_from(
    [
        "id",
        "type",
        "actor",
        "attributedTo",
        "object",
        "to",
        "cc",
        "audience",
        "tag",
        "attachment",
        "url",
        "href",
        "name",
        "content",
        "contentMap",
        "summary",
        "icon",
        "inbox",
        "endpoints",
        "sharedInbox",
        "followers",
        "publicKey",
        "owner",
        "assertionMethod",
        "controller",
        "publicKeyPem",
        "oneOf",
        "replies",
        "totalItems",
        "items",
        "first",
        "inReplyTo",
        "published",
        "updated",
        "@context",
        "@id",
        "@type",
        "@value",
        "@graph",
        "@reverse",
        "proof",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=6),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, JSON, max_size=8)


# Parser


@given(st.binary(max_size=400) | DOCUMENTS.map(lambda document: json.dumps(document).encode()))
def test_s12_any_bytes_are_a_document_or_refused(raw: bytes) -> None:
    try:
        document = parse_json(raw)
    except InvalidDocument:
        return
    text = json.dumps(document)
    assert "\\u0000" not in text.replace("\\\\", "")
    assert parse_json(text.encode()) == document


@given(DOCUMENTS)
def test_s12_any_document_is_read_as_what_it_is_or_refused(document: dict[str, Any]) -> None:
    # The same promises as when fuzzing: what is read is bounded, and stays on its own server (S7, S16, S19).
    targets.inbox(json.dumps(document, allow_nan=True).encode())
    for parse in (parse_activity, parse_actor, parse_post):
        with suppress(InvalidDocument):
            parse(document)


@given(JSON)
def test_s12_any_value_is_a_text_a_moment_and_ids(value: Any) -> None:
    assert isinstance(text_of(value), str)
    moment = timestamp_of(value)
    assert moment is None or (moment.utcoffset() == timedelta(0) and 1900 <= moment.year < 2200)
    found = ids_of(value, limit=5)
    assert len(found) == len(set(found)) <= 5
    assert "as:Public" not in found


@given(DOCUMENTS, st.sampled_from(["@context", "@graph", "@reverse", "@included", "@id", "@type", "signature"]), JSON)
def test_s11_json_ld_never_changes_what_is_read(document: dict[str, Any], key: str, value: Any) -> None:
    plain = {name: inner for name, inner in document.items() if not name.startswith("@") and name != "signature"}
    for parse in (parse_activity, parse_actor, parse_post):
        seen = []
        for variant in (plain, plain | {key: value}):
            try:
                read: Any = parse(variant)
                seen.append([getattr(read, name) for name in read.__slots__ if name != "raw"])
            except InvalidDocument as error:
                seen.append([str(error)])
        assert repr(seen[0]) == repr(seen[1])


AUTHORITIES = st.text(alphabet="abcA.:@[]%\\/?#0x1\u200b\u00fc-_ ", max_size=24)


@given(AUTHORITIES, AUTHORITIES)
def test_s7_an_origin_is_one_whatever_its_spelling(first: str, second: str) -> None:
    a, b = f"https://{first}/x", f"https://{second}/y"
    for uri in (a, b):
        try:
            host = host_of(uri)
        except InvalidDocument:
            assert not same_origin(uri, uri)
            continue
        assert host.isascii()
        assert host == host.lower()
        assert "@" not in host
        assert host_of(f"https://{host}/") == host
    assert same_origin(a, b) == same_origin(b, a)
    if same_origin(a, b):
        assert host_of(a) == host_of(b)


@given(st.text(max_size=40))
def test_s9_any_handle_is_a_name_and_a_host_or_refused(text: str) -> None:
    try:
        name, host = split_handle(text)
    except InvalidDocument:
        return
    assert name
    assert "@" not in name + host
    assert host_of(f"https://{host}/") == host


# Signers


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=60))
def test_s1_no_header_that_anybody_makes_up_is_a_signature(signature: str, inputs: str, date: str) -> None:
    pairs = [("Signature", signature), ("Signature-Input", inputs), ("Date", date)]
    message = HttpMessage.of("POST", HOME, "/inbox", pairs, b"{}")
    for read in (cavage.read, rfc9421.read):
        with suppress(Unauthenticated):
            claim = read(message, NOW)
            assert not any(keys.verifies(BRUNO.rsa_key.public_key(), base, claim.signature) for base in claim.bases)


def _signed(scheme: Any, key: Any, body: bytes) -> dict[str, str]:
    where = HOME.partition("://")[2] if scheme is cavage else HOME
    found: dict[str, str] = scheme.headers("POST", where, "/inbox", body=body, key_id="https://b/k", key=key, now=NOW)
    return found


def _verifies(scheme: Any, key: Any, headers: dict[str, str], body: bytes, target: str = "/inbox") -> bool:
    message = HttpMessage.of("POST", HOME, target, headers.items(), body)
    try:
        claim = scheme.read(message, NOW)
    except Unauthenticated:
        return False
    return any(keys.verifies(key.public_key(), base, claim.signature) for base in claim.bases)


SCHEMES = st.sampled_from(
    [(cavage, BRUNO.rsa_key), (cavage, BRUNO.ed25519_key), (rfc9421, BRUNO.rsa_key), (rfc9421, BRUNO.ed25519_key)]
)


@given(SCHEMES, st.binary(max_size=200), st.data())
def test_s2_any_flipped_bit_of_the_body_breaks_the_signature(pair: Any, body: bytes, data: st.DataObject) -> None:
    scheme, key = pair
    headers = _signed(scheme, key, body)
    assert _verifies(scheme, key, headers, body)
    assume(body)
    position, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(body)
    changed[position] ^= 1 << bit
    assert not _verifies(scheme, key, headers, bytes(changed))


@given(SCHEMES, st.data())
def test_s2_any_changed_byte_of_a_signed_header_breaks_the_signature(pair: Any, data: st.DataObject) -> None:
    scheme, key = pair
    headers = _signed(scheme, key, b'{"a":1}')
    unsigned = {"Host", "Signature", "Signature-Input"} | ({"Date"} if scheme is rfc9421 else set())
    name = data.draw(st.sampled_from(sorted(set(headers) - unsigned)))
    position = data.draw(st.integers(0, len(headers[name]) - 1))
    new = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = headers[name][:position] + new + headers[name][position + 1 :]
    assume(changed != headers[name])
    assert not _verifies(scheme, key, headers | {name: changed}, b'{"a":1}')


@given(SCHEMES, st.data())
def test_s1_any_flipped_bit_of_the_signature_breaks_it(pair: Any, data: st.DataObject) -> None:
    scheme, key = pair
    headers = _signed(scheme, key, b"{}")
    before, mark, rest = (
        headers["Signature"].partition('signature="') if scheme is cavage else headers["Signature"].partition("sig1=:")
    )
    encoded, end = rest[:-1], rest[-1]
    raw = bytearray(base64.b64decode(encoded))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = before + mark + base64.b64encode(bytes(raw)).decode() + end
    assert not _verifies(scheme, key, headers | {"Signature": changed}, b"{}")


@given(SCHEMES, st.text(alphabet="abc/?=&%2e.~", min_size=1, max_size=12))
def test_s2_a_signature_fits_one_target(pair: Any, tail: str) -> None:
    scheme, key = pair
    headers = _signed(scheme, key, b"{}")
    target = f"/inbox{tail}"
    # Fedify signs the draft-cavage way without the query: the path alone is then what counts.
    fits = scheme is cavage and target.partition("?")[0] == "/inbox"
    assert _verifies(scheme, key, headers, b"{}", target) == fits


TEXTS = st.dictionaries(st.text(max_size=8), st.text(max_size=12) | st.integers(-(2**50), 2**50), max_size=5)


@given(TEXTS, st.data())
def test_s1_any_change_of_a_document_breaks_its_proof(more: dict[str, Any], data: st.DataObject) -> None:
    document = {"id": "https://birch.example/a/1", "type": "Like", "actor": BRUNO.actor, **more}
    document.pop("proof", None)
    document.pop("signature", None)
    document.pop("@context", None)
    key = BRUNO.ed25519_key
    proven = proofs.add_proof(document, key_id=BRUNO.ed25519_key_id, key=key, created=NOW)
    proof = proofs.find_proof(proven)
    assert proof is not None
    assert proofs.proof_verifies(proven, proof, key.public_key(), NOW)
    name = data.draw(st.sampled_from(sorted(set(proven) - {"proof"})) | st.text(max_size=8))
    assume(name not in ("proof", "signature"))
    changed = proven | {name: data.draw(JSON)}
    assume(json.dumps(changed) != json.dumps(proven))
    # A context that only goes on is the same to FEP-8b32, which lets relays add to it.
    assume(name != "@context")
    # 1 and 1.0 are one number.
    assume(name not in proven or changed[name] != proven[name] or isinstance(changed[name], bool))
    assert not proofs.proof_verifies(changed, proof, key.public_key(), NOW)


@given(st.data())
def test_s1_any_change_of_a_proof_breaks_it(data: st.DataObject) -> None:
    document = {"id": "https://birch.example/a/1", "type": "Like", "actor": BRUNO.actor}
    proven = proofs.add_proof(document, key_id=BRUNO.ed25519_key_id, key=BRUNO.ed25519_key, created=NOW)
    proof = proofs.find_proof(proven)
    assert proof is not None
    name = data.draw(st.sampled_from(sorted(proof)))
    value = data.draw(JSON)
    assume(value != proof[name] and not (name == "@context" and isinstance(value, list)))
    assert not proofs.proof_verifies(proven, proof | {name: value}, BRUNO.ed25519_key.public_key(), NOW)


# Authority

PEOPLE = [
    "https://a.example/u/eve",
    "https://a.example/u/ann",
    "https://b.example/u/tom",
    "https://c.example/c/algebra",
]
THINGS = [*PEOPLE, "https://a.example/p/1", "https://b.example/p/1", "https://c.example/p/1", "https://a.example/f/1"]
OBJECTS = st.sampled_from(THINGS) | st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["Note", "Person", "Group", "Follow", "Like", "Create", "Announce", "Tombstone", "Block"]
        ),
    },
    optional={
        "id": st.sampled_from(THINGS),
        "actor": st.sampled_from(PEOPLE),
        "attributedTo": st.sampled_from(PEOPLE) | st.lists(st.sampled_from(PEOPLE), max_size=2),
        "object": st.sampled_from(THINGS),
        "target": st.sampled_from(THINGS),
    },
)
KINDS = st.sampled_from(
    [
        "Create",
        "Update",
        "Delete",
        "Undo",
        "Accept",
        "Reject",
        "Move",
        "Add",
        "Remove",
        "Block",
        "Lock",
        "Follow",
        "Like",
        "Announce",
        "ChooseAnswer",
    ]
)


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    document = {
        "id": draw(st.sampled_from(["https://a.example/a/1", "https://b.example/a/1", ""])),
        "type": draw(KINDS),
        "actor": draw(st.sampled_from(PEOPLE)),
        "object": draw(OBJECTS | st.lists(OBJECTS, min_size=1, max_size=3)),
        "to": draw(st.lists(st.sampled_from([*PEOPLE, PUBLIC]), max_size=2)),
    }
    return parse_activity(document)


@given(activities(), st.none() | st.just("https://c.example/c/algebra"))
def test_s5_nobody_passes_with_what_is_another_s(activity: Activity, via: str | None) -> None:
    try:
        authority.check(activity, via=via)
    except (Forbidden, InvalidDocument):
        return
    actor, embedded, uri = activity.actor, activity.object, activity.object_id
    assert not activity.id or same_origin(activity.id, actor)
    moderates = authority.may_be_moderation(activity, via=via)
    if activity.type == "Create" and embedded is not None:
        assert not uri or same_origin(uri, actor)
        authors = embedded.get("attributedTo")
        assert not authors or actor in (authors if isinstance(authors, list) else [authors])
    if activity.type == "Update" and embedded is not None and embedded["type"] == "Person":
        assert uri == actor
    if activity.type in ("Update", "Delete") and uri is not None and not same_origin(uri, actor):
        assert moderates or (embedded is not None and embedded["type"] == "Group")
    if (
        activity.type == "Undo"
        and embedded is not None
        and embedded["type"] in ("Follow", "Like", "Create", "Announce")
    ):
        assert embedded.get("actor") in (None, actor) or embedded.get("attributedTo") is not None
    if activity.type == "Move" and embedded is not None and embedded["type"] in ("Person", "Group"):
        assert uri == actor
    if activity.type in ("Accept", "Reject") and embedded is not None and embedded["type"] == "Follow":
        assert embedded.get("object") in (None, actor) or "actor" not in embedded


# Audience

ADDRESSES = st.sampled_from(
    [
        "https://a.example/u/1/inbox",
        "https://a.example/u/2/inbox",
        "https://b.example/inbox",
        f"{HOME}/ap/inbox",
        f"{HOME.upper().replace('HTTPS', 'https')}:443/ap/inbox",
        "http://127.0.0.1/inbox",
        "javascript:x",
        "x",
        "",
    ]
)
RECIPIENTS = st.lists(st.tuples(ADDRESSES, st.none() | ADDRESSES), max_size=8)


@given(RECIPIENTS, RECIPIENTS)
def test_s16_the_inboxes_of_both_are_those_of_each(
    a: list[tuple[str, str | None]], b: list[tuple[str, str | None]]
) -> None:
    both = inboxes([*a, *b], origin=HOME)
    assert set(both) == set(inboxes(a, origin=HOME)) | set(inboxes(b, origin=HOME))
    assert len(both) == len(set(both))
    assert all(is_web_uri(inbox) and not same_origin(inbox, HOME) for inbox in both)


@given(RECIPIENTS, st.sets(st.sampled_from(["a.example", "b.example", "127.0.0.1"])))
def test_s17_a_skipped_host_gets_nothing(recipients: list[tuple[str, str | None]], skipped: set[str]) -> None:
    assert not [inbox for inbox in inboxes(recipients, origin=HOME, skip_hosts=skipped) if host_of(inbox) in skipped]


@given(st.lists(st.text(max_size=10) | WORDS, max_size=4), st.none() | st.text(max_size=12), st.booleans())
def test_a_host_speaks_one_dialect(implements: list[str], software: str | None, seen: bool) -> None:
    found = classify(implements, software, seen)
    assert found in ("threadiverse", "microblog", "unknown")
    assert not seen or found == "threadiverse"


@given(DOCUMENTS, st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_s15_a_post_is_public_only_if_its_addresses_say_so(
    document: dict[str, Any], to: list[str], cc: list[str]
) -> None:
    whole = document | {
        "id": "https://a.example/p/1",
        "type": "Note",
        "attributedTo": "https://a.example/u/eve",
        "content": "x",
        "to": to,
        "cc": cc,
    }
    post = parse_post(whole)
    public = {PUBLIC, "as:Public", "Public"}
    assert post.visibility_public == bool(public & {*to, *cc})
    assert len(post.to) <= MAX_RECIPIENTS


def test_the_long_profile_is_long() -> None:
    assert settings.get_profile("long").max_examples == 10_000
    assert settings.get_profile("usual").max_examples <= 100
