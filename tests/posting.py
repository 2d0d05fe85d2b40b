"""Shorthands for tests of posts: writing, following, and foreign servers whose every word the test chooses."""

import json
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from federation.signatures import cavage
from federation.testing import make_signer, public_multikey, public_rsa_pem
from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors.viewer import ANONYMOUS, Viewer
from server.communities import actions as communities
from server.communities import members
from server.communities.form import CommunityForm
from server.fediverse.models import InboxReceipt
from server.posts import actions, queries
from server.posts.models import Post

ACTIVITY = "application/activity+json"
AS2 = "https://www.w3.org/ns/activitystreams"
SEEN_BY_NOBODY = ANONYMOUS


async def write(
    person: Any, text: str = "Hello", *, kind: str = "discussion", title: str | None = None, **more: Any
) -> Post:
    """A post of somebody here."""
    heading = ("A title" if kind not in {"reply", "note"} else "") if title is None else title
    new = actions.NewPost(kind=kind, title=heading, source_md=text, **more)
    return await person.here.run(actions.create_post, person.here, person.id, new)


async def reply(person: Any, parent: Post | str, text: str = "I agree", **more: Any) -> Post:
    """An answer; `parent` is a row of the same instance, or its id there."""
    return await write(person, text, kind="reply", parent_id=parent if isinstance(parent, str) else parent.id, **more)


async def follow(follower: Any, target: Any) -> None:
    """Ask to follow somebody anywhere; settle afterwards."""
    here = follower.here
    found = await here.run(actors.resolve, here, target.uri)
    await here.run(actors.request_follow, here, follower.id, found.id)


async def found(here: Any, uri: str) -> Post | None:
    """An instance's row of a post."""
    return await here.run(Post.get_or_none, uri=uri)


async def sees(person: Any, uri: str) -> Any:
    """How somebody (or, given an instance, nobody) sees a post."""
    here = getattr(person, "here", person)
    viewer: Viewer = getattr(person, "viewer", ANONYMOUS)
    post = await found(here, uri)
    return None if post is None else await here.run(queries.show, here, viewer, post.id)


async def community(owner: Any, slug: str = "science", **facts: Any) -> Any:
    """A community of somebody's."""
    form = CommunityForm(name=slug.title(), purpose="To learn together.", slug=slug, **facts)
    return await owner.do(communities.create_community, form)


async def join(person: Any, group: Any) -> None:
    """Join a community anywhere; settle afterwards."""
    here = person.here
    there = await here.run(actors.resolve, here, group.uri)
    await person.do(members.join, there.id)


class Stranger:
    """A server that is not ours: serves the documents it was given, and signs what it sends."""

    def __init__(self, fediverse: Any, domain: str) -> None:
        self.domain = domain
        self.network = fediverse.network
        self.clock = fediverse.clock
        self.documents: dict[str, dict[str, Any]] = {}
        self.gone: set[str] = set()
        self.received: list[dict[str, Any]] = []
        self.network.apps[domain] = Starlette(
            routes=[
                Route("/.well-known/webfinger", self._finger),
                Route("/{path:path}", self._answer, methods=["GET", "POST"]),
            ]
        )

    async def _finger(self, request: Request) -> Response:
        name = request.query_params["resource"].removeprefix("acct:").partition("@")[0]
        for uri, document in self.documents.items():
            if document.get("preferredUsername") == name:
                links = [{"rel": "self", "type": ACTIVITY, "href": uri}]
                return JSONResponse({"subject": f"acct:{name}@{self.domain}", "links": links})
        return Response(status_code=404)

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            self.received.append(json.loads(await request.body()))
            return Response(status_code=202)
        uri = f"https://{self.domain}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        if uri in self.gone:
            return Response(status_code=410)
        document = self.documents.get(uri)
        return Response(status_code=404) if document is None else JSONResponse(document, media_type=ACTIVITY)

    def uri(self, path: str) -> str:
        """An address of this server."""
        return f"https://{self.domain}/{path}"

    def actor(self, name: str, kind: str = "Person", /, **more: Any) -> str:
        """Make an actor; returns its id."""
        uri = self.uri(f"u/{name}")
        self.documents[uri] = actor_document(uri, name, kind, **more)
        return uri

    def note(self, author: str, path: str, content: str = "<p>Hello</p>", **more: Any) -> dict[str, Any]:
        """Make a public Note that can be fetched."""
        uri = self.uri(path)
        document = {
            "@context": AS2,
            "id": uri,
            "type": "Note",
            "attributedTo": author,
            "to": [PUBLIC],
            "cc": [f"{author}/followers"],
            "content": content,
            "published": "2026-01-15T09:00:00Z",
        } | more
        self.documents[uri] = document
        return document

    def activity(
        self, kind: str, actor: str, target: Any, /, *, path: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """An activity; without `path` its id follows from what it is about."""
        about = target["id"] if isinstance(target, dict) else target
        document = {
            "@context": AS2,
            "id": self.uri(path or f"a/{kind.lower()}/{abs(hash((actor, about))) % 10**12}"),
            "type": kind,
            "actor": actor,
            "object": target,
        }
        if isinstance(target, dict):
            document |= {key: target[key] for key in ("to", "cc", "audience") if key in target}
        document |= more
        self.documents[document["id"]] = document
        return document

    async def send(self, here: Any, activity: dict[str, Any], *, signer: str | None = None) -> int:
        """Deliver an activity to an instance's shared inbox, properly signed by its actor; returns the status."""
        key = make_signer(signer or activity["actor"])
        body = json.dumps(activity).encode()
        headers = cavage.headers(
            "POST",
            here.settings.domain,
            "/ap/inbox",
            body=body,
            key_id=key.rsa_key_id,
            key=key.rsa_key,
            now=self.clock.now(),
        )
        async with _client(self.network, here) as client:
            response = await client.post("/ap/inbox", content=body, headers=headers)
        return int(response.status_code)

    async def create(
        self, fediverse: Any, here: Any, author: str, path: str, content: str = "<p>Hello</p>", **more: Any
    ) -> str:
        """Write a Note and deliver it; returns its id."""
        document = self.note(author, path, content, **more)
        await self.send(here, self.activity("Create", author, document))
        await fediverse.settle()
        return str(document["id"])


def actor_document(uri: str, name: str, kind: str = "Person", /, **more: Any) -> dict[str, Any]:
    """An actor as most software writes one, with the keys that `make_signer` gives it."""
    signer = make_signer(uri)
    return {
        "@context": [AS2, "https://w3id.org/security/v1"],
        "id": uri,
        "type": kind,
        "preferredUsername": name,
        "name": name.title(),
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "publicKey": {"id": signer.rsa_key_id, "owner": uri, "publicKeyPem": public_rsa_pem(signer)},
        "assertionMethod": [
            {
                "id": signer.ed25519_key_id,
                "type": "Multikey",
                "controller": uri,
                "publicKeyMultibase": public_multikey(signer),
            }
        ],
    } | more


async def outcome(here: Any, activity_id: str) -> tuple[str | None, str | None]:
    """What became of something received: outcome and reason."""
    receipt = await here.run(InboxReceipt.get_or_none, activity_id=activity_id)
    return (None, None) if receipt is None else (receipt.outcome, receipt.reason)


async def document(
    fediverse: Any, here: Any, uri: str, *, headers: dict[str, str] | None = None
) -> tuple[int, Any, Any]:
    """Status, JSON and headers of an ActivityPub document, as anybody gets it."""
    async with _client(fediverse.network, here) as client:
        response = await client.get(uri, headers={"accept": ACTIVITY, **(headers or {})})
    is_json = response.headers.get("content-type", "").startswith(ACTIVITY)
    return response.status_code, response.json() if is_json and response.content else None, response.headers


def _client(network: Any, here: Any) -> Any:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(network.apps[here.settings.domain]), base_url=here.settings.origin
    )
