"""Announce by communities, in both dialects (FEP-1b12; FEDERATION.md section 2.4). Receiving is up to the posts.

Threadiverse servers get ``Announce{activity}``, the activity exactly as it was received or made. Microblog servers get
``Announce{id}`` of new top-level posts alone, and ``Undo{Announce}`` when one is gone. What members share is announced
to servers of members only, without the Public, and never to microblogs; what stays here is never announced.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from federation.vocab import activities
from federation.vocab.base import PUBLIC, ids_of, parse_json, types_of
from server.actors import keys
from server.communities import policy
from server.db import Row
from server.ids import new_id
from server.instance import Instance

THREADIVERSE, MICROBLOG, UNKNOWN = "threadiverse", "microblog", "unknown"
CHANGES = frozenset({"Update", "Delete"})
OPEN = frozenset({"public", "unlisted"})
MEMBERS = "members"

_DELETING = {("Announce", "Delete"), ("Undo", "Announce")}
_MARK = "\ue000the announced activity\ue000"


async def announce(
    here: Instance,
    community_id: str,
    *,
    activity: Mapping[str, Any] | str | bytes,
    post_uri: str | None = None,
    post_id: str | None = None,
    top_level: bool = False,
    visibility: str | None = None,
    only: Collection[str] | None = None,
) -> list[str]:
    """Pass an activity on to everybody who follows or is in a community; in the caller's transaction.

    Give text or bytes as received to have them passed on letter by letter. `post_uri` is the post it is about, and
    `post_id` our id of it; `top_level` says that it starts a conversation. `visibility` is that of the post: without it
    the addresses in the activity decide. Returns the ids of the Announces, to be remembered for `undo_announces`.
    `only` limits it to these inboxes.
    """
    group = await _group(here, community_id)
    if group is None:
        return []
    document = dict(activity) if isinstance(activity, Mapping) else parse_json(_bytes(activity))
    audience = _audience(group, document, visibility)
    if audience is None:
        return []
    if post_id is None and post_uri is not None:
        # What is announced of a post is found by it again, to be taken back.
        post_id = await here.db.value("SELECT id FROM post WHERE uri = :uri", uri=post_uri)
    verb = next(iter(types_of(document)), "")
    is_start = verb == "Create" and top_level
    sent: list[str] = []
    if is_start and post_uri and audience == policy.PUBLIC:
        sent.append(
            await _send(
                here,
                group,
                post_uri,
                audience,
                dialects={MICROBLOG, UNKNOWN},
                post_id=post_id,
                received=None,
                only=only,
            )
        )
    dialects = (
        {THREADIVERSE, UNKNOWN} if audience == policy.PUBLIC and (is_start or verb in CHANGES) else {THREADIVERSE}
    )
    received = None if isinstance(activity, Mapping) else _bytes(activity)
    sent.append(
        await _send(here, group, document, audience, dialects=dialects, post_id=post_id, received=received, only=only)
    )
    return sent


async def undo_announces(
    here: Instance,
    community_id: str,
    post_id: str | None = None,
    *,
    announce_ids: Sequence[str] = (),
    only: Collection[str] | None = None,
) -> None:
    """Take back every Announce of a post on microblog servers, one Undo for each; in the caller's transaction.

    The Announces are those with these ids, and all that were sent with this `post_id`; `only` limits it to inboxes.
    """
    group = await _group(here, community_id)
    if group is None:
        return
    for announced in await _announced(here, group, post_id, announce_ids):
        now = here.clock.now()
        taken_back = {key: announced[key] for key in ("id", "type", "actor", "to", "cc") if key in announced} | {
            "object": _id(announced.get("object"))
        }
        document = activities.undo(
            id=here.url(f"/ap/a/undo/{new_id(now)}"),
            actor=group["uri"],
            object=taken_back,
            to=_texts(announced.get("to")),
            cc=_texts(announced.get("cc")),
        )
        await _enqueue(
            here,
            group,
            document,
            policy.PUBLIC,
            dialects={MICROBLOG, UNKNOWN},
            post_id=None,
            received=None,
            only=only,
        )


async def say(here: Instance, community_id: str, activity: Mapping[str, Any], *, signed_by: str) -> None:
    """Announce what one of our people (`signed_by`) did, a moderator for example. It gets a proof first."""
    signer = await keys.signer(here, signed_by)
    if signer is None:
        return
    document = here.engine.proof(signer, activity)
    group = await _group(here, community_id)
    await here.keep_sent(str(document["id"]), document, is_public=group is not None and _is_public(group))
    await announce(here, community_id, activity=document, visibility=group["visibility"] if group else None)


async def _group(here: Instance, community_id: str) -> Row | None:
    """The community, unless nothing of it may leave."""
    row = await here.db.row(
        "SELECT actor.id, actor.uri, actor.followers_url, community.kind, community.visibility FROM actor"
        " JOIN community ON community.id = actor.id WHERE actor.id = :id AND actor.is_local AND NOT actor.hidden"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL",
        id=community_id,
    )
    return row if row is not None and policy.federates(row["kind"], row["visibility"]) else None


def _is_public(group: Row) -> bool:
    return bool(group["visibility"] == policy.PUBLIC)


def _audience(group: Row, activity: Mapping[str, Any], visibility: str | None) -> str | None:
    """``public``, ``members``, or None where it is neither for everybody nor for the members."""
    if visibility is None:
        inner = activity.get("object")
        documents = [activity, inner] if isinstance(inner, Mapping) else [activity]
        addressed = {uri for document in documents for key in ("to", "cc") for uri in ids_of(document.get(key))}
        if PUBLIC in addressed:
            visibility = policy.PUBLIC
        elif group["uri"] in addressed or group["followers_url"] in addressed:
            visibility = MEMBERS
    if visibility in OPEN:
        return policy.PUBLIC if _is_public(group) else MEMBERS
    return MEMBERS if visibility == MEMBERS else None


async def _send(
    here: Instance,
    group: Row,
    announced: dict[str, Any] | str,
    audience: str,
    *,
    dialects: set[str],
    post_id: str | None,
    received: bytes | None,
    only: Collection[str] | None = None,
) -> str:
    now = here.clock.now()
    followers = f"{group['uri']}/followers"
    document = activities.announce(
        id=here.url(f"/ap/a/announce/{new_id(now)}"),
        actor=group["uri"],
        object=announced,
        to=[PUBLIC] if audience == policy.PUBLIC else [followers],
        cc=[followers] if audience == policy.PUBLIC else [],
        audience=group["uri"],
        published=now,
    )
    return await _enqueue(
        here, group, document, audience, dialects=dialects, post_id=post_id, received=received, only=only
    )


async def _enqueue(
    here: Instance,
    group: Row,
    activity: dict[str, Any],
    audience: str,
    *,
    dialects: set[str],
    post_id: str | None,
    received: bytes | None,
    only: Collection[str] | None = None,
) -> str:
    signer = await keys.signer(here, group["uri"])
    if signer is None:
        raise LookupError(f"{group['uri']} has no keys here")
    document = here.engine.proof(signer, activity)
    uri = str(document["id"])
    is_public = audience == policy.PUBLIC
    await here.keep_sent(uri, document, post_id=post_id, is_public=is_public)
    await here.deliveries.enqueue(
        activity_id=uri,
        sender=group["uri"],
        body=_serialised(document, received),
        inboxes=await _inboxes_of_members(here, group["id"]) if only is None else sorted(only),
        followers_of=group["uri"] if is_public and only is None else None,
        dialects=frozenset(dialects),
        deletion_of=_deletion_of(document),
    )
    return uri


def _deletion_of(activity: dict[str, Any]) -> str | None:
    """What others are asked to delete: by an announced Delete, or by taking the Announce of a post back."""
    inner = activity.get("object")
    if not isinstance(inner, dict) or (activity["type"], inner.get("type")) not in _DELETING:
        return None
    return _id(inner.get("object")) or None


def _serialised(document: dict[str, Any], received: bytes | None) -> bytes:
    """JSON in which what was received stands letter by letter (rule E12)."""
    if received is None:
        return _compact(document).encode()
    around = _compact({**document, "object": _MARK}).encode()
    before, _, after = around.partition(_compact(_MARK).encode())
    return before + received.strip() + after


async def _inboxes_of_members(here: Instance, community_id: str) -> list[str]:
    rows = await here.db.rows(
        "SELECT DISTINCT COALESCE(actor.shared_inbox_url, actor.inbox_url) AS inbox FROM membership"
        " JOIN actor ON actor.id = membership.person_id WHERE membership.community_id = :id"
        " AND membership.state = 'active' AND NOT actor.is_local AND actor.deleted_at IS NULL"
        " AND actor.suspended_at IS NULL ORDER BY 1 LIMIT 20000",
        id=community_id,
    )
    return [row["inbox"] for row in rows]


async def _announced(
    here: Instance, group: Row, post_id: str | None, announce_ids: Sequence[str]
) -> list[dict[str, Any]]:
    named = {f"uri{number}": uri for number, uri in enumerate(dict.fromkeys(announce_ids))}
    listed = f" OR uri IN ({', '.join(':' + name for name in named)})" if named else ""
    rows = await here.db.rows(
        f"SELECT uri, body FROM sent_activity WHERE uri LIKE :ours AND (post_id = :post_id{listed})"
        " ORDER BY uri LIMIT 500",
        ours=here.url("/ap/a/announce/%"),
        post_id=post_id or "",
        **named,
    )
    found = [json.loads(row["body"]) for row in rows]
    return [document for document in found if document.get("actor") == group["uri"] and _is_first(document)]


def _is_first(announced: dict[str, Any]) -> bool:
    """Whether it brought a post: announced changes of it are kept with it too, and need no taking back."""
    inner = announced.get("object")
    return not isinstance(inner, dict) or inner.get("type") == "Create"


def _id(value: Any) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
