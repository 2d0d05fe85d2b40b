"""WebFinger (RFC 7033): answering for local actors, asking other servers, and the agreement both ways (S9)."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from federation.errors import FetchError, InvalidDocument, NotFound
from federation.ports import WebFingerSubject
from federation.transport.documents import Budget, Documents, is_activitypub_type
from federation.vocab.actors import RemoteActor
from federation.vocab.base import dicts_of, is_web_uri, origin_of, parse_json, split_handle

ACCEPT = "application/jrd+json, application/json"
CONTENT_TYPE = "application/jrd+json"


@dataclass(frozen=True, slots=True)
class Finger:
    """What a server says of a handle: the handle it prefers (``user@host``) and the actor."""

    subject: str
    actor: str


def document(subject: WebFingerSubject, origin: str, *, rels: Collection[str] = ()) -> dict[str, object]:
    """The answer for one local actor; with `rels` only the links of these relations (RFC 7033 section 4.3)."""
    found = _document(subject, origin)
    if rels:
        links = dicts_of(found["links"], limit=50)
        found["links"] = [link for link in links if link["rel"] in rels]
    return found


def _document(subject: WebFingerSubject, origin: str) -> dict[str, object]:
    self_link: dict[str, object] = {"rel": "self", "type": "application/activity+json", "href": subject.actor}
    if subject.kind == "Application":
        return {
            "subject": subject.acct,
            "aliases": list(dict.fromkeys([subject.actor, subject.profile_page])),
            "links": [
                self_link,
                {
                    "rel": "https://www.w3.org/ns/activitystreams#Service",
                    "type": "application/activity+json",
                    "href": subject.actor,
                },
            ],
        }
    self_link["properties"] = {"https://www.w3.org/ns/activitystreams#type": subject.kind}
    return {
        "subject": subject.acct,
        "aliases": list(dict.fromkeys([subject.profile_page, subject.actor])),
        "links": [
            self_link,
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": subject.profile_page},
            {
                "rel": "http://ostatus.org/schema/1.0/subscribe",
                "template": f"{origin}/authorize_interaction?uri={{uri}}",
            },
            {"rel": "https://w3id.org/fep/3b86/Follow", "template": f"{origin}/intent/follow?object={{object}}"},
        ],
    }


class WebFinger:
    """Asking other servers."""

    def __init__(self, documents: Documents, *, origin: str, any_scheme: bool) -> None:
        """`any_scheme` where http is allowed; our own scheme is then tried first."""
        self._documents = documents
        own = origin.partition("://")[0]
        self._schemes = tuple(dict.fromkeys((own, "https", "http"))) if any_scheme else ("https",)

    async def look_up(self, handle: str, *, budget: Budget, scheme: str | None = None) -> Finger:
        """What the host of a handle says of it; FetchError where it says nothing usable."""
        name, host = split_handle(handle)
        resource = quote(f"acct:{name}@{host}", safe=":@")
        failure: FetchError = NotFound("No such handle.")
        for each in (scheme,) if scheme is not None else self._schemes:
            url = f"{each}://{host}/.well-known/webfinger?resource={resource}"
            try:
                answer = await self._documents.get(url, accept=ACCEPT, budget=budget, signed=False, max_bytes=64 * 1024)
            except FetchError as error:
                failure = error
                continue
            try:
                return _finger(parse_json(answer.body))
            except InvalidDocument as error:
                raise FetchError("The answer to WebFinger cannot be read.", "malformed") from error
        raise failure

    async def confirm(self, actor: RemoteActor, *, budget: Budget) -> str | None:
        """The handle on which the actor and its server agree, as ``user@host``; None where they do not."""
        if not actor.username:
            return None
        by_host = f"{actor.username}@{actor.host}"
        for claimed in dict.fromkeys((actor.webfinger or by_host, by_host)):
            handle = await self._confirm(claimed, actor, budget)
            if handle is not None:
                return handle
        return None

    async def _confirm(self, claimed: str, actor: RemoteActor, budget: Budget) -> str | None:
        scheme = origin_of(actor.id).partition("://")[0]
        try:
            for _ in range(2):
                name, host = split_handle(claimed)
                finger = await self.look_up(claimed, budget=budget, scheme=scheme)
                subject_name, subject_host = split_handle(finger.subject)
                if finger.actor != actor.id or subject_name.lower() != actor.username.lower():
                    return None
                if (name.lower(), host) == (subject_name.lower(), subject_host):
                    return f"{actor.username}@{host}"
                # The handle lives on another domain than the actor: that domain must say so too.
                claimed = finger.subject
        except (FetchError, InvalidDocument):
            return None
        return None


def _finger(found: dict[str, object]) -> Finger:
    subject = found.get("subject")
    if not isinstance(subject, str) or len(subject) > 400:
        raise InvalidDocument("WebFinger names no subject.")
    for link in dicts_of(found.get("links"), limit=50):
        href, kind = link.get("href"), link.get("type")
        if link.get("rel") == "self" and isinstance(kind, str) and is_activitypub_type(kind) and is_web_uri(href):
            return Finger(subject=subject, actor=str(href))
    raise InvalidDocument("WebFinger names no actor.")
