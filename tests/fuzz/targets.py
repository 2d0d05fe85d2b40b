"""What is fuzzed: functions of bytes that return, whatever the bytes are, and that never take long.

`make fuzz` feeds them with what a coverage-guided fuzzer finds; `test_corpus.py` with what it found before. Each also
says what must hold of anything that was read, so that a parser which is merely quiet does not pass.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

from federation.errors import Forbidden, InvalidDocument, Unauthenticated
from federation.inbox import authority
from federation.inbox.dispatch import MAX_ANNOUNCED, announced
from federation.signatures import cavage, proofs, rfc9421
from federation.signatures.message import Claim, HttpMessage
from federation.testing import make_signer
from federation.vocab.activities import MAX_OBJECTS, Activity, parse_activity
from federation.vocab.actors import parse_actor
from federation.vocab.attachments import MAX_ATTACHMENTS
from federation.vocab.base import MAX_IDS, is_web_uri, parse_json, same_origin
from federation.vocab.objects import MAX_RECIPIENTS, MAX_TAGS, parse_post
from server.text import excerpt, render_markdown, sanitise
from server.text.emoji import with_emoji
from server.text.html import EXCERPT, WITH_IMAGES
from server.text.pages import to_our_pages

NOW = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)
ORIGIN = "https://peerhall.example"
GROUP = "https://group.example/c/algebra"
BODY = b'{"type":"Follow"}'
HEADERS = (
    ("Host", "peerhall.example"),
    ("Date", "Thu, 15 Jan 2026 10:00:00 GMT"),
    ("Digest", "SHA-256=GYwYnH3BiO6aICFt0ThC5bUIJ4byvqdpWtR8m5fNkww="),
    ("Content-Digest", "sha-256=:GYwYnH3BiO6aICFt0ThC5bUIJ4byvqdpWtR8m5fNkww=:"),
    ("Content-Type", "application/activity+json"),
)
_ATTRIBUTES = set(
    ["href", "hreflang", "src", "alt", "width", "height", "start", "reversed", "lang", "dir", "class", "rel"]
)
_KEY = make_signer(GROUP).ed25519_key.public_key()


def inbox(raw: bytes) -> None:
    """What comes to an inbox: read as JSON, as activity, actor and post, judged by authority, its proof looked at."""
    try:
        document = parse_json(raw)
    except InvalidDocument:
        return
    try:
        activity = parse_activity(document)
    except InvalidDocument:
        activity = None
    if activity is not None:
        _check_activity(activity)
    _read_actor(document)
    _read_post(document, activity)
    inner = document.get("object")
    if isinstance(inner, dict):
        _read_actor(inner)
        _read_post(inner, activity)
    proof = proofs.find_proof(document)
    if proof is not None:
        proofs.method_of(proof)
        # Nobody who does not have the key can make a proof that fits it.
        assert not proofs.proof_verifies(document, proof, _KEY, NOW)


def _check_activity(activity: Activity) -> None:
    assert len(activity.objects) <= MAX_OBJECTS
    assert len(activity.recipients) <= 3 * MAX_IDS
    assert len(announced(activity)) <= MAX_ANNOUNCED
    for via in (None, GROUP):
        try:
            authority.check(activity, via=via)
        except (Forbidden, InvalidDocument):
            continue
        # Whoever passes speaks from an address, and with ids of its own server.
        assert is_web_uri(activity.actor)
        assert not activity.id or same_origin(activity.id, activity.actor)
        if activity.type == "Create" and activity.object_id is not None:
            assert same_origin(activity.object_id, activity.actor)


def _read_actor(document: dict[str, object]) -> None:
    try:
        actor = parse_actor(document)
    except InvalidDocument:
        return
    assert is_web_uri(actor.id)
    own = (actor.inbox or None, actor.shared_inbox, actor.outbox, actor.followers, actor.moderators, actor.url)
    assert all(same_origin(address, actor.id) for address in own if address is not None)
    assert all(key.owner == actor.id and same_origin(key.id, actor.id) for key in actor.keys)


def _read_post(document: dict[str, object], activity: Activity | None) -> None:
    try:
        post = parse_post(document, inherit=activity)
    except InvalidDocument:
        return
    assert same_origin(post.id, post.attributed_to)
    assert post.url is None or same_origin(post.url, post.id)
    assert len(post.to) <= MAX_RECIPIENTS
    assert len(post.cc) <= MAX_RECIPIENTS
    assert len(post.mentions) + len(post.hashtags) + len(post.emoji) <= MAX_TAGS
    assert len(post.attachments) <= MAX_ATTACHMENTS
    assert all(is_web_uri(attachment.url) for attachment in post.attachments)


def cavage_signature(raw: bytes) -> None:
    """A Signature header as draft-cavage has it, and after a line feed further headers."""
    lines = raw.decode("latin-1").split("\n")
    message = _message(("Signature", lines[0]), *_further(lines[1:]))
    try:
        claim = cavage.read(message, NOW)
    except Unauthenticated:
        return
    assert {"(request-target)", "host"} <= claim.covered
    assert claim.covered & {"digest", "content-digest"}
    assert claim.covered & {"date", "(created)"}
    _check_claim(claim)


def rfc9421_signature(raw: bytes) -> None:
    """Signature-Input, after a line feed Signature, and after another one further headers."""
    lines = raw.decode("latin-1").split("\n")
    signature = lines[1] if len(lines) > 1 else ""
    message = _message(("Signature-Input", lines[0]), ("Signature", signature), *_further(lines[2:]))
    try:
        claim = rfc9421.read(message, NOW)
    except Unauthenticated:
        return
    assert "@method" in claim.covered
    assert claim.covered & {"digest", "content-digest"}
    assert claim.covered & {"@target-uri", "@authority", "host"}
    _check_claim(claim)


def _check_claim(claim: Claim) -> None:
    assert claim.key_id
    assert 1 <= len(claim.bases) <= 2


def _further(lines: list[str]) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in lines[:20])
    return [(name.strip(), value) for name, _, value in pairs if name.strip()]


def _message(*changed: tuple[str, str]) -> HttpMessage:
    names = {name.lower() for name, _ in changed}
    kept = [pair for pair in HEADERS if pair[0].lower() not in names]
    return HttpMessage.of("POST", ORIGIN, "/ap/inbox", [*kept, *changed], BODY)


def text(raw: bytes) -> None:
    """Words of strangers: as HTML and as Markdown, made safe, dressed with pictures and links, and as plain words."""
    source = raw.decode("utf-8", "replace")
    _check_html(sanitise(source, images=True))
    _check_html(render_markdown(source, base_url=ORIGIN).html)
    assert len(excerpt(source)) <= EXCERPT


def _check_html(html: str) -> None:
    # What is safe stays as it is; pictures of emoji and addresses here are all that is added.
    assert sanitise(html, images=True) == html
    _check_elements(html, set())
    shown = to_our_pages(with_emoji(html, {"wave": f"{ORIGIN}/wave.png"}, lambda url: "/wave"), {}, set())
    _check_elements(shown, {"decoding", "loading", "title"})


def _check_elements(html: str, added: set[str]) -> None:
    found = _Elements()
    found.feed(html)
    assert found.names <= WITH_IMAGES, found.names
    assert found.attributes <= _ATTRIBUTES | added, found.attributes


class _Elements(HTMLParser):
    """The names of all elements and of all their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "inbox": inbox,
    "cavage": cavage_signature,
    "rfc9421": rfc9421_signature,
    "text": text,
}
