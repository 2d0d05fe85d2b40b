"""The `@context` of documents we send: the AS2 string first, then our extension terms inline (rules E1 and E11).

Only the terms a document uses are defined. No remote context of our own exists, so nobody needs to fetch one.
"""

from federation.vocab.base import AS2

SECURITY = "https://w3id.org/security/v1"
CID = "https://www.w3.org/ns/cid/v1"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"

_PREFIXES = {
    "ph": "https://w3id.org/peerhall#",
    "schema": "https://schema.org/",
    "toot": "http://joinmastodon.org/ns#",
    "lemmy": "https://join-lemmy.org/ns#",
    "pt": "https://joinpeertube.org/ns#",
    "gts": "https://gotosocial.org/ns#",
    "mz": "https://joinmobilizon.org/ns#",
    "e8": "https://w3id.org/fep/8a8e/",
}

_SCHEMA_SCOPE = {"@vocab": "https://schema.org/"}

# Keys of documents that AS2 does not define, and how we define them.
_TERMS: dict[str, object] = {
    "sensitive": "as:sensitive",
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "votersCount": "toot:votersCount",
    "blurhash": "toot:blurhash",
    "stickied": "lemmy:stickied",
    "distinguished": "lemmy:distinguished",
    "removeData": "lemmy:removeData",
    "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
    "moderators": {"@id": "lemmy:moderators", "@type": "@id"},
    "commentsEnabled": "pt:commentsEnabled",
    "language": "schema:inLanguage",
    "identifier": "schema:identifier",
    "value": "schema:value",
    "license": {"@id": "schema:license", "@type": "@id"},
    "searchableBy": {"@id": "http://fedibird.com/ns#searchableBy", "@type": "@id"},
    "implements": {"@id": "https://w3id.org/fep/844e#implements", "@type": "@id"},
    "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    "learning": {"@id": "ph:learning", "@context": _SCHEMA_SCOPE},
    "review": {"@id": "schema:review", "@context": _SCHEMA_SCOPE},
    "acceptedAnswer": {"@id": "schema:acceptedAnswer", "@type": "@id"},
    "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
    "quoteUri": "http://fedibird.com/ns#quoteUri",
    "_misskey_quote": "https://misskey-hub.net/ns#_misskey_quote",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canLike": {"@id": "gts:canLike", "@type": "@id"},
    "canReply": {"@id": "gts:canReply", "@type": "@id"},
    "canAnnounce": {"@id": "gts:canAnnounce", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
    "manualApproval": {"@id": "gts:manualApproval", "@type": "@id"},
    "approvedBy": {"@id": "gts:approvedBy", "@type": "@id"},
    "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
    "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
    "instance": {"@id": "ph:instance", "@type": "@id"},
    "communities": {"@id": "ph:communities", "@type": "@id"},
    "federationMode": "ph:federationMode",
    "kind": "ph:kind",
    "joinMode": "mz:joinMode",
    "externalParticipationUrl": "mz:externalParticipationUrl",
    "maximumAttendeeCapacity": "schema:maximumAttendeeCapacity",
    "participantCount": "mz:participantCount",
    "isOnline": "mz:isOnline",
    "anonymousParticipation": "mz:anonymousParticipation",
    "anonymousParticipationEnabled": "mz:anonymousParticipationEnabled",
    "category": "schema:category",
    "status": "http://www.w3.org/2002/12/cal/ical#status",
    "uuid": "schema:identifier",
    "timezone": "e8:timezone",
    "eventStatus": {"@id": "e8:eventStatus", "@type": "@vocab"},
    "attendees": {"@id": "e8:attendees", "@type": "@id"},
    "organizers": {"@id": "e8:organizers", "@type": "@id"},
    "onlineLink": {"@id": "ph:onlineLink", "@type": "@id"},
    "buyTicketsLink": "ph:buyTicketsLink",
    "feeCurrency": "ph:feeCurrency",
    "feeAmount": "ph:feeAmount",
    "inLanguage": "schema:inLanguage",
    "outcome": "ph:outcome",
    "triedIt": "ph:triedIt",
    "trials": {"@id": "ph:trials", "@type": "@id"},
    "trialCounts": "ph:trialCounts",
    "listVersion": "ph:listVersion",
    "validUntil": {"@id": "ph:validUntil", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"},
}

# Values of `eventStatus`, which stand for something only where they are defined.
_EVENT_STATUSES = {name: f"e8:{name}" for name in ("EventScheduled", "EventCancelled", "EventPostponed")}

# Types that AS2 does not define, or that peers expect to see defined.
_TYPES: dict[str, object] = {
    "Hashtag": "as:Hashtag",
    "Join": "as:Join",
    "Emoji": "toot:Emoji",
    "Lock": "lemmy:Lock",
    "Resolve": "lemmy:Resolve",
    "PropertyValue": "schema:PropertyValue",
    "ChooseAnswer": "ph:ChooseAnswer",
    "TakeTurn": "ph:TakeTurn",
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "LikeRequest": "gts:LikeRequest",
    "LikeAuthorization": "gts:LikeAuthorization",
    "ReplyRequest": "gts:ReplyRequest",
    "ReplyAuthorization": "gts:ReplyAuthorization",
    "AnnounceRequest": "gts:AnnounceRequest",
    "AnnounceAuthorization": "gts:AnnounceAuthorization",
}

# Whatever is inside these has its own, scoped context.
_SCOPED = frozenset({"learning", "review", "source", "contentMap", "nameMap", "summaryMap", "@context", "proof"})


def context_for(document: dict[str, object], *remote: str) -> list[object]:
    """The `@context` for a document that has none yet; `remote` are well-known contexts to name after AS2."""
    used: dict[str, object] = {}
    _collect(document, used)
    terms: dict[str, object] = {}
    for prefix, iri in _PREFIXES.items():
        if any(_mentions(definition, prefix) for definition in used.values()):
            terms[prefix] = iri
    terms.update((name, used[name]) for name in (*_TYPES, *_TERMS, *_EVENT_STATUSES) if name in used)
    return [AS2, *remote, terms] if terms else [AS2, *remote]


def with_context(document: dict[str, object], *remote: str) -> dict[str, object]:
    """The document with its `@context` in front."""
    return {"@context": context_for(document, *remote), **document}


def _collect(value: object, used: dict[str, object]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, used)
    elif isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in _TYPES:
            used[kind] = _TYPES[kind]
        for key, inner in value.items():
            if key in _TERMS:
                used[key] = _TERMS[key]
            if key == "eventStatus" and isinstance(inner, str) and inner in _EVENT_STATUSES:
                used[inner] = _EVENT_STATUSES[inner]
            if key not in _SCOPED:
                _collect(inner, used)


def _mentions(definition: object, prefix: str) -> bool:
    if isinstance(definition, dict):
        definition = definition.get("@id")
    return isinstance(definition, str) and definition.startswith(f"{prefix}:")
