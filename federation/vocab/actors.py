"""Actors: a tolerant reader, and the strict writer of our own (rules E1 to E9 of FEDERATION.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from federation.errors import InvalidDocument
from federation.vocab.base import (
    dicts_of,
    host_of,
    id_of,
    ids_of,
    is_web_uri,
    items_of,
    same_origin,
    split_handle,
    text_of,
    timestamp,
    timestamp_of,
    type_of,
    types_of,
)
from federation.vocab.contexts import CID, SECURITY, with_context
from federation.vocab.topics import topics_of

ACTOR_TYPES = frozenset({"Person", "Group", "Application", "Service", "Organization"})

MAX_KEYS = 10
MAX_FIELDS = 20

IMPLEMENTS: tuple[tuple[str, str], ...] = (
    ("https://w3id.org/fep/1b12", "FEP-1b12 group federation"),
    ("https://datatracker.ietf.org/doc/html/rfc9421", "RFC-9421: HTTP Message Signatures"),
    ("https://w3id.org/fep/8b32", "FEP-8b32 integrity proofs"),
    ("https://w3id.org/peerhall#profile-1", "Peerhall wire profile 1"),
)
"""What our instance actor says that we implement (FEP-844e)."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that an actor's document lists and that names this actor as its owner."""

    id: str
    owner: str
    pem_or_multikey: str


@dataclass(frozen=True, slots=True)
class RemoteActor:
    """A remote actor.

    Addresses outside the actor's own origin (inboxes, collections) are left out: they could point at us or at a third
    party (S16). `inbox` is empty where there is none to use. `webfinger` (``user@host``) is the actor's own claim after
    `parse_actor`, and confirmed by WebFinger or None after `Engine.fetch_actor`.
    """

    id: str
    kind: str
    username: str
    webfinger: str | None
    name: str
    summary_html: str
    url: str | None
    inbox: str
    shared_inbox: str | None
    outbox: str | None
    followers: str | None
    following: str | None
    featured: str | None
    moderators: str | None
    icon_url: str | None
    image_url: str | None
    manually_approves: bool
    discoverable: bool
    indexable: bool
    moved_to: str | None
    also_known_as: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    published: datetime | None
    posting_restricted: bool
    implements: tuple[str, ...]
    language: str | None
    emoji: tuple[tuple[str, str], ...]
    keys: tuple[PublicKey, ...]
    topics: tuple[tuple[str, str, str], ...] = ()
    """What a community sorts its posts by, in its order: ids, names, and ids of those that they are in."""

    @property
    def host(self) -> str:
        """Host, and port if unusual, of the actor's id."""
        return host_of(self.id)


def is_actor(document: object) -> bool:
    """Whether this is the document of an actor."""
    return isinstance(document, dict) and not ACTOR_TYPES.isdisjoint(types_of(document))


def parse_actor(document: Mapping[str, object]) -> RemoteActor:
    """A RemoteActor from JSON; InvalidDocument without an http(s) id and an actor's type."""
    doc = dict(document)
    actor_id = id_of(doc.get("id"))
    if actor_id is None:
        raise InvalidDocument("The actor has no id.")
    host_of(actor_id)
    kind = type_of(doc, ACTOR_TYPES)
    if kind not in ACTOR_TYPES:
        raise InvalidDocument("This is not an actor.")
    endpoints = doc.get("endpoints")
    shared = endpoints.get("sharedInbox") if isinstance(endpoints, dict) else doc.get("sharedInbox")
    username = text_of(doc.get("preferredUsername")).strip()[:200]
    return RemoteActor(
        id=actor_id,
        kind=kind,
        username=username,
        webfinger=_handle(doc.get("webfinger")),
        name=text_of(doc.get("name")).strip()[:500] or username,
        summary_html=text_of(doc.get("summary"))[:50_000],
        url=_page(doc.get("url"), actor_id),
        inbox=_own(doc.get("inbox"), actor_id) or "",
        shared_inbox=_own(shared, actor_id),
        outbox=_own(doc.get("outbox"), actor_id),
        followers=_own(doc.get("followers"), actor_id),
        following=_own(doc.get("following"), actor_id),
        featured=_own(doc.get("featured"), actor_id),
        moderators=_moderators(doc, kind, actor_id),
        icon_url=media_url(doc.get("icon")),
        image_url=media_url(doc.get("image")),
        manually_approves=doc.get("manuallyApprovesFollowers") is True,
        discoverable=doc.get("discoverable") is True,
        indexable=doc.get("indexable") is True,
        moved_to=_web(doc.get("movedTo")),
        also_known_as=tuple(uri for uri in ids_of(doc.get("alsoKnownAs"), limit=20) if is_web_uri(uri)),
        fields=_fields(doc.get("attachment")),
        published=timestamp_of(doc.get("published")),
        posting_restricted=doc.get("postingRestrictedToMods") is True,
        implements=_implements(doc),
        language=language_of(doc),
        emoji=emoji_of(doc.get("tag")),
        keys=tuple(_keys(doc, actor_id)),
        topics=topics_of(doc.get("ph:topics"), actor_id) if kind == "Group" else (),
    )


def _own(value: object, actor_id: str) -> str | None:
    uri = id_of(value)
    return uri if uri is not None and same_origin(uri, actor_id) else None


def _web(value: object) -> str | None:
    uri = id_of(value)
    return uri if uri is not None and is_web_uri(uri) else None


def _handle(value: object) -> str | None:
    try:
        return "@".join(split_handle(text_of(value)))
    except InvalidDocument:
        return None


def _page(value: object, actor_id: str) -> str | None:
    """The page for people: an address on the actor's own origin, HTML preferred (S10: no pretended pages)."""
    pages: list[str] = []
    for item in items_of(value, limit=10):
        href = item.get("href") if isinstance(item, dict) else item
        if isinstance(href, str) and same_origin(href, actor_id):
            if isinstance(item, dict) and str(item.get("mediaType", "")).startswith("text/html"):
                return href
            pages.append(href)
    return pages[0] if pages else None


def media_url(value: object) -> str | None:
    """Address of an image given as text, as Image, as Link, or as a list of those; the first usable."""
    for item in items_of(value, limit=10):
        url: object = item
        for _ in range(3):
            if isinstance(url, list):
                url = url[0] if url else None
            if isinstance(url, dict):
                url = url.get("url") or url.get("href")
        if isinstance(url, str) and is_web_uri(url):
            return url
    return None


def emoji_of(value: object) -> tuple[tuple[str, str], ...]:
    """Custom emoji among tags: names without colons, and the addresses of their pictures."""
    found: dict[str, str] = {}
    for tag in dicts_of(value, limit=100):
        name, address = text_of(tag.get("name")).strip().strip(":")[:100], media_url(tag.get("icon"))
        if "Emoji" in types_of(tag) and address is not None and name.replace("_", "").replace("-", "").isalnum():
            found.setdefault(name, address)
    return tuple(found.items())


def _moderators(doc: dict[str, object], kind: str, actor_id: str) -> str | None:
    own = _own(doc.get("moderators"), actor_id)
    # Lemmy names the collection of moderators in `attributedTo` of the Group.
    if own is None and kind == "Group" and isinstance(doc.get("attributedTo"), str):
        own = _own(doc.get("attributedTo"), actor_id)
    return own


def _fields(value: object) -> tuple[tuple[str, str], ...]:
    found = []
    for item in dicts_of(value, limit=MAX_FIELDS):
        if "PropertyValue" in types_of(item):
            name, content = text_of(item.get("name")).strip()[:255], text_of(item.get("value")).strip()[:2047]
            if name:
                found.append((name, content))
    return tuple(found)


def _implements(doc: dict[str, object]) -> tuple[str, ...]:
    found: list[str] = []
    sources: list[object] = [doc.get("implements")]
    generator = doc.get("generator")
    if isinstance(generator, dict):
        sources.append(generator.get("implements"))
    for source in sources:
        for item in items_of(source, limit=50):
            uri: object = item.get("href") or item.get("id") if isinstance(item, dict) else item
            if isinstance(uri, str) and uri not in found and len(uri) < 300:
                found.append(uri)
    return tuple(found)


def language_of(doc: Mapping[str, object]) -> str | None:
    """Language code of a document: from `language`, `inLanguage`, or the only key of `contentMap`."""
    for key in ("language", "inLanguage"):
        for item in items_of(doc.get(key), limit=1):
            code = item.get("identifier") if isinstance(item, dict) else item
            if isinstance(code, str) and 2 <= len(code) <= 35 and code.replace("-", "").isalnum() and code != "und":
                return code
    for key in ("contentMap", "nameMap", "summaryMap"):
        texts = doc.get(key)
        if isinstance(texts, dict) and texts:
            codes = [str(code) for code, text in texts.items() if isinstance(text, str)]
            content = doc.get(key.removesuffix("Map"))
            chosen = next((code for code in codes if texts[code] == content), (codes or [""])[0])
            if 2 <= len(chosen) <= 35 and chosen.replace("-", "").isalnum() and chosen != "und":
                return chosen
    return None


def _keys(doc: dict[str, object], actor_id: str) -> Iterator[PublicKey]:
    """Keys that the document lists and that name this actor, on its own origin (S4)."""
    seen: set[str] = set()
    listed = [
        *dicts_of(doc.get("publicKey"), limit=MAX_KEYS),
        *dicts_of(doc.get("assertionMethod"), limit=MAX_KEYS),
    ]
    for key in listed[:MAX_KEYS]:
        key_id = id_of(key)
        owner = id_of(key.get("owner")) or id_of(key.get("controller"))
        material = key.get("publicKeyPem") or key.get("publicKeyMultibase")
        if key_id is None or key_id in seen or owner != actor_id or not isinstance(material, str):
            continue
        if same_origin(key_id, actor_id) and len(material) <= 8192:
            seen.add(key_id)
            yield PublicKey(id=key_id, owner=actor_id, pem_or_multikey=material)


def actor_document(
    *,
    id: str,
    kind: str,
    username: str,
    domain: str,
    name: str,
    summary_html: str,
    url: str,
    inbox: str,
    outbox: str,
    followers: str,
    following: str,
    featured: str | None = None,
    shared_inbox: str,
    published: datetime,
    updated: datetime | None = None,
    rsa_public_pem: str,
    ed25519_multikey: str,
    ed25519_key_id: str | None = None,
    former_keys: Sequence[tuple[str, str]] = (),
    manually_approves: bool = False,
    discoverable: bool = True,
    indexable: bool = False,
    icon: tuple[str, ...] | None = None,
    image: tuple[str, ...] | None = None,
    fields: Sequence[tuple[str, str]] = (),
    also_known_as: Sequence[str] = (),
    moved_to: str | None = None,
    moderators: str | None = None,
    posting_restricted: bool | None = None,
    sensitive: bool | None = None,
    source_md: str | None = None,
    language: str | Sequence[tuple[str, str]] | None = None,
    federation_mode: str | None = None,
    instance: str | None = None,
    extra: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The document of a local actor.

    `icon` and `image` are (address, media type) with an optional description; `language` is a code or a list of
    (code, name); `former_keys` are (id, Multikey) that signed proofs before the present one; `instance` is the id of
    the instance actor (for an Application: the actor itself), by default ``/ap/actor`` of the actor's origin.
    """
    origin = "/".join(id.split("/", 3)[:3])
    application = instance or f"{origin}/ap/actor"
    implements = [{"type": "Link", "href": href, "name": title} for href, title in IMPLEMENTS]
    document: dict[str, object] = {
        "id": id,
        "type": kind,
        "preferredUsername": username,
        "webfinger": f"{username}@{domain}",
        "name": name,
        "summary": summary_html,
        "url": url,
        "inbox": inbox,
        "outbox": outbox,
        "followers": followers,
        "following": following,
        "endpoints": {"sharedInbox": shared_inbox},
        "published": timestamp(published),
        "updated": timestamp(updated or published),
        "manuallyApprovesFollowers": manually_approves,
        "discoverable": discoverable,
        "indexable": indexable,
        **public_keys(id, rsa_public_pem, [(ed25519_key_id or f"{id}#ed25519-key", ed25519_multikey), *former_keys]),
    }
    if kind == "Application":
        document["implements"] = implements
    else:
        document["generator"] = {"type": "Application", "id": application, "implements": implements}
    _put(document, "icon", image_object(icon))
    _put(document, "image", image_object(image))
    _put(document, "featured", featured)
    if kind == "Group":
        _put(document, "attributedTo", moderators)
        _put(document, "moderators", moderators)
        document["postingRestrictedToMods"] = bool(posting_restricted)
    _put(document, "sensitive", sensitive)
    _put(document, "source", {"content": source_md, "mediaType": "text/markdown"} if source_md is not None else None)
    _put(document, "language", _languages(language))
    if kind == "Group":
        document["instance"] = application
        _put(document, "federationMode", federation_mode)
    if fields:
        document["attachment"] = [{"type": "PropertyValue", "name": label, "value": value} for label, value in fields]
    if also_known_as:
        document["alsoKnownAs"] = list(also_known_as)
    _put(document, "movedTo", moved_to)
    document.update(extra or {})
    return with_context(document, SECURITY, CID)


def actor_tombstone(
    id: str, *, former_type: str, deleted: datetime, rsa_public_pem: str, multikeys: Sequence[tuple[str, str]]
) -> dict[str, object]:
    """What is left of a deleted actor: that it is gone, and its keys, by which its Delete can still be verified."""
    document = {"id": id, "type": "Tombstone", "formerType": former_type, "deleted": timestamp(deleted)}
    return with_context(document | public_keys(id, rsa_public_pem, multikeys), SECURITY, CID)


def public_keys(owner: str, rsa_public_pem: str, multikeys: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The keys of an actor: one RSA key for requests, Multikeys as (id, key) for proofs (rule E7, FEP-521a)."""
    return {
        "publicKey": {"id": f"{owner}#main-key", "owner": owner, "publicKeyPem": rsa_public_pem},
        "assertionMethod": [
            {"id": key_id, "type": "Multikey", "controller": owner, "publicKeyMultibase": key}
            for key_id, key in multikeys
        ],
    }


def image_object(image: tuple[str, ...] | None) -> dict[str, object] | None:
    """An Image with its media type, and its description where there is one (rule E5)."""
    if image is None:
        return None
    found: dict[str, object] = {"type": "Image", "mediaType": image[1], "url": image[0]}
    if len(image) > 2 and image[2]:
        found["name"] = image[2]
    return found


def _languages(language: str | Sequence[tuple[str, str]] | None) -> list[dict[str, str]] | None:
    if not language:
        return None
    pairs = [(language, language)] if isinstance(language, str) else list(language)
    return [{"identifier": code, "name": title} for code, title in pairs]


def _put(document: dict[str, object], key: str, value: object) -> None:
    if value is not None:
        document[key] = value
