"""Looking something up on another server and finding out all that can be seen of it from here."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from federation.engine import Budget, Trace
from federation.errors import FederationError, InvalidDocument, Unauthenticated
from federation.outbox.audience import GROUP_FEDERATION, MICROBLOG_SOFTWARE, THREADIVERSE_SOFTWARE, classify
from federation.signatures.keys import public_key
from federation.signatures.proofs import find_proof, method_of
from federation.vocab.activities import is_activity, parse_activity
from federation.vocab.actors import RemoteActor, is_actor, parse_actor
from federation.vocab.base import host_of, id_of, non_negative, text_of, types_of
from federation.vocab.objects import RemotePost, parse_post
from server.errors import Refused
from server.instance import Instance
from server.peers import policy
from server.peers import queries as peers
from server.peers.software import Software, software_of

SCHEMES = (None, "cavage", "rfc9421")
FETCHES = 40
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Fingered:
    """What WebFinger says: the handle asked for, the actor it leads to, and the handle both sides agree on."""

    asked: str
    actor: str
    agreed: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that `peerhall inspect` shows. `facts`, `dialect` and `health` are ready to print."""

    asked: str
    document: dict[str, object]
    steps: tuple[tuple[str, int], ...]
    finger: Fingered | None
    facts: tuple[tuple[str, str], ...]
    owner: str | None
    keys: tuple[tuple[str, str], ...]
    signatures: tuple[tuple[str, str], ...]
    proof: str
    host: str
    software: Software
    dialect: str
    evidence: str
    policy: tuple[str, ...]
    health: tuple[str, ...] = field(default=())


async def inspect(here: Instance, what: str) -> Inspection:
    """Look at a handle or an address. Raises Refused or FederationError where there is nothing to show."""
    budget = Budget(fetches=FETCHES)
    uri, handle = what, None
    if not what.startswith(("http://", "https://")):
        handle = what.removeprefix("acct:")
        _refuse_talk(here, policy.host_named(handle))
        uri = (await here.engine.finger(handle, budget=budget)).actor
    _refuse_talk(here, _host(uri))
    document = await here.engine.fetch(uri, budget=budget)
    host = _host(id_of(document) or uri)
    looks = [await here.engine.trace(uri, scheme=scheme, budget=budget) for scheme in SCHEMES]
    owner = await _owner(here, document, budget)
    agreed = await here.engine.agreed_handle(owner, budget=budget) if owner is not None else None
    known = await peers.peer(here, host)
    software = await software_of(here, id_of(document) or uri)
    dialect, evidence = _dialect(owner, software, known)
    return Inspection(
        asked=what,
        document=document,
        steps=looks[0].steps,
        finger=_fingered(handle, owner, agreed),
        facts=tuple(await _facts(here, document, budget)),
        owner=None if owner is None or owner.id == id_of(document) else owner.id,
        keys=tuple((key.id, _kind_of_key(key.pem_or_multikey)) for key in owner.keys) if owner is not None else (),
        signatures=tuple((_NAMES[scheme], _came_of(look)) for scheme, look in zip(SCHEMES, looks, strict=True)),
        proof=await _proof(here, document),
        host=host,
        software=software,
        dialect=dialect,
        evidence=evidence,
        policy=tuple(_policy(here, host, known)),
        health=tuple(_health(known)),
    )


_NAMES = {None: "unsigned", "cavage": "draft-cavage", "rfc9421": "RFC 9421"}


def _host(uri: str) -> str:
    try:
        return host_of(uri)
    except InvalidDocument as error:
        raise Refused("That is not an address.") from error


def _refuse_talk(here: Instance, host: str) -> None:
    """Refuse to ask ourselves, and whom we do not talk to."""
    if host in (here.settings.domain, host_of(here.settings.origin)):
        raise Refused("That is here: only another server can say how we look from outside.")
    if not peers.may_send(here, host):
        grade, mode = peers.grade_of(here, host), peers.mode(here)
        raise Refused(f"Nothing passes between us and {host} (grade {grade}, mode {mode}), so nothing was asked.")


def _fingered(asked: str | None, owner: RemoteActor | None, agreed: str | None) -> Fingered | None:
    if owner is None:
        return None
    return Fingered(asked or owner.webfinger or f"{owner.username}@{owner.host}", owner.id, agreed)


async def _owner(here: Instance, document: dict[str, object], budget: Budget) -> RemoteActor | None:
    """The actor that this is, that wrote it, or that did it."""
    if is_actor(document):
        return parse_actor(document)
    try:
        uri = parse_activity(document).actor if is_activity(document) else parse_post(document).attributed_to
        return parse_actor(await here.engine.fetch(uri, budget=budget))
    except FederationError:
        return None


def _kind_of_key(text: str) -> str:
    try:
        key = public_key(text)
    except Unauthenticated as error:
        return f"not usable: {error}"
    return f"RSA, {key.key_size} bits" if isinstance(key, RSAPublicKey) else "Ed25519"


def _came_of(look: Trace) -> str:
    if look.error or look.answer is None:
        return look.error or "no answer"
    kind = look.answer.headers.get("content-type", "").partition(";")[0].strip()
    return f"{look.answer.status} {kind}".strip()


async def _proof(here: Instance, document: dict[str, object]) -> str:
    proof = find_proof(document)
    if proof is None:
        return "there is one, of a kind that we do not know" if "proof" in document else "none"
    verdict = "valid" if await here.engine.proof_valid(document) else "NOT VALID"
    return f"{verdict}, {proof.get('cryptosuite')} by {method_of(proof)}"


def _dialect(owner: RemoteActor | None, software: Software, known: peers.PeerView | None) -> tuple[str, str]:
    """What a server speaks, with what says so, as `federation.outbox.audience.classify` decides it."""
    implements = owner.implements if owner is not None else ()
    is_group = owner is not None and owner.kind == "Group"
    found = classify(implements, software.name, is_group)
    if not GROUP_FEDERATION.isdisjoint(implements):
        return found, "its actors say that they implement FEP-1b12"
    if is_group:
        return found, "it has a community"
    if software.name in THREADIVERSE_SOFTWARE | MICROBLOG_SOFTWARE:
        return found, f"the name of its software, {software.name}"
    if known is not None and known.dialect != "unknown":
        return known.dialect, "what we learnt before"
    return found, "nothing says so"


def _policy(here: Instance, host: str, known: peers.PeerView | None) -> list[str]:
    graded = f", graded {known.graded_at:%Y-%m-%d}" if known is not None and known.graded_at is not None else ""
    found = [f"{peers.grade_of(here, host)}{graded}, in mode {peers.mode(here)}"]
    found.append("what comes from there is let in, and what is for there is sent")
    if peers.holds_everything(here, host):
        found.append("every post from there waits for a steward")
    elif peers.holds_first_posts(here, host):
        found.append("a stranger's first post from there waits for a steward")
    else:
        found.append("posts from there are shown at once")
    if not peers.shows_media(here, host):
        found.append("pictures and files from there are not fetched")
    if not peers.effects_for(here, host).found:
        found.append("people there are left out of discovery")
    return found


def _health(known: peers.PeerView | None) -> list[str]:
    if known is None:
        return ["never met before"]
    found = [f"first seen {known.first_seen_at:%Y-%m-%d %H:%M}"]
    if known.last_seen_at is not None:
        found.append(f"last seen {known.last_seen_at:%Y-%m-%d %H:%M}")
    if known.last_success_at is not None:
        found.append(f"last delivery {known.last_success_at:%Y-%m-%d %H:%M}")
    if known.failing_since is not None:
        found.append(
            f"does not take what we send since {known.failing_since:%Y-%m-%d %H:%M}: {known.last_error}"
            + (f"; next try {known.next_try_at:%Y-%m-%d %H:%M}" if known.next_try_at is not None else "")
        )
    elif known.is_behind:
        found.append("deliveries are waiting")
    return found


async def _facts(here: Instance, document: dict[str, object], budget: Budget) -> list[tuple[str, str]]:
    if is_actor(document):
        actor = parse_actor(document)
        return _shown([*_actor_facts(actor), *await _sizes(here, actor, budget)])
    if is_activity(document):
        activity = parse_activity(document)
        embedded = f" ({'/'.join(types_of(activity.object))}, embedded)" if activity.object is not None else ""
        named = [("target", activity.target or ""), ("reason", activity.summary or activity.content)]
        whom = [("to", ", ".join(activity.to)), ("cc", ", ".join(activity.cc))]
        return _shown(
            [("actor", activity.actor), ("object", f"{activity.object_id or 'none'}{embedded}"), *named, *whom]
        )
    try:
        return _shown(_post_facts(parse_post(document)))
    except InvalidDocument:
        return _shown([("name", text_of(document.get("name"))), ("items", str(_total(document)))])


def _shown(facts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that say something, within a line's length."""
    return [(name, text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…") for name, text in facts if text]


def _actor_facts(actor: RemoteActor) -> list[tuple[str, str]]:
    wishes = [
        "followers are asked for" if actor.manually_approves else "anybody may follow",
        "discoverable" if actor.discoverable else "not to be listed",
        "indexable" if actor.indexable else "not to be searched",
    ]
    return [
        ("name", actor.name),
        ("page", actor.url or ""),
        ("inbox", actor.inbox or "none on its own server"),
        ("shared inbox", actor.shared_inbox or "none"),
        ("wishes", ", ".join(wishes)),
        ("posting", "by moderators only" if actor.posting_restricted else ""),
        ("moderators", actor.moderators or ""),
        ("moved to", actor.moved_to or ""),
        ("also known as", ", ".join(actor.also_known_as)),
        ("implements", ", ".join(actor.implements)),
    ]


async def _sizes(here: Instance, actor: RemoteActor, budget: Budget) -> list[tuple[str, str]]:
    """What the collections of an actor say of themselves."""
    found = []
    for name, uri in (("followers", actor.followers), ("following", actor.following), ("posts", actor.outbox)):
        if uri is None:
            found.append((name, "no collection on its own server"))
            continue
        try:
            found.append((name, str(_total(await here.engine.fetch(uri, budget=budget)))))
        except FederationError as error:
            found.append((name, str(error)))
    return found


def _total(document: dict[str, object]) -> int | str:
    total = non_negative(document.get("totalItems"))
    return "not said" if total is None else total


def _post_facts(post: RemotePost) -> list[tuple[str, str]]:
    return [
        ("title", post.name),
        ("author", post.attributed_to),
        ("community", post.audience or ""),
        ("answers", post.in_reply_to or ""),
        ("thread", post.context or ""),
        ("page", post.url or ""),
        ("published", f"{post.published:%Y-%m-%d %H:%M}" if post.published else ""),
        ("updated", f"{post.updated:%Y-%m-%d %H:%M}" if post.updated else ""),
        ("readers", "everybody" if post.visibility_public else f"those addressed: {', '.join((*post.to, *post.cc))}"),
        ("language", post.language or ""),
        ("text", f"{len(post.content_html)} characters of HTML" if post.content_html else "none"),
        ("warning", post.summary if post.sensitive else ""),
        ("files", str(len(post.attachments) or "")),
        ("options", ", ".join(f"{option.name} ({option.votes})" for option in post.options)),
    ]
