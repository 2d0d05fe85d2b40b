"""Announce by communities, in both dialects (FEP-1b12; FEDERATION.md section 2.4). Receiving is up to the posts.

Threadiverse servers get ``Announce{activity}``, the activity exactly as it was received or made. Microblog servers get
``Announce{id}`` of new top-level posts alone, and ``Undo{Announce}`` when one is gone. What members share is announced
to servers of members only, without the Public, and never to microblogs; what stays here is never announced.

Where something came from hears of it again only if it is new: Lemmy 1.0 shows a post to others than its author once the
community has announced it back, and a microblog may have other followers of the community than the author.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from federation.vocab import activities
from federation.vocab.base import PUBLIC, host_of, ids_of, is_web_uri, parse_json, types_of
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


@dataclass(frozen=True, slots=True)
class Circle:
    """To whom a community passes things on, looked up once for several that it passes on in one transaction."""

    group: Row | None
    inboxes: list[str]


async def circle_of(here: Instance, community_id: str) -> Circle:
    """The circle of a community now."""
    group = await _group(here, community_id)
    return Circle(group, [] if group is None else await inboxes_of_members(here, group["id"]))


async def announce(
    here: Instance,
    community_id: str,
    *,
    circle: Circle | None = None,
    activity: Mapping[str, Any] | str | bytes,
    post_uri: str | None = None,
    post_id: str | None = None,
    top_level: bool = False,
    is_new: bool = False,
    visibility: str | None = None,
    only: Collection[str] | None = None,
) -> list[str]:
    """Pass an activity on to everybody who follows or is in a community; in the caller's transaction.

    Give text or bytes as received to have them passed on letter by letter. `post_uri` is the post it is about, and
    `post_id` our id of it; `top_level` says that it starts a conversation; `is_new` that the post is new although the
    activity is no Create, because an Update came first. `visibility` is that of the post: without it the addresses in
    the activity decide. `only` limits it to these inboxes; `circle` is what is known of the community already. Returns
    the ids of the Announces.
    """
    circle = circle or await circle_of(here, community_id)
    group = circle.group
    if group is None:
        return []
    inboxes = circle.inboxes if only is None else sorted(only)
    document = dict(activity) if isinstance(activity, Mapping) else parse_json(_bytes(activity))
    audience = _audience(group, document, visibility)
    if audience is None:
        return []
    if post_id is None and post_uri is not None:
        # What is announced of a post is found by it again, to be taken back.
        post_id = await here.db.value("SELECT id FROM post WHERE uri = :uri", uri=post_uri)
    verb = next(iter(types_of(document)), "")
    is_new = is_new or verb == "Create"
    is_start = is_new and top_level
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
                inboxes=inboxes,
                is_for_all=only is None,
            )
        )
    dialects = (
        {THREADIVERSE, UNKNOWN} if audience == policy.PUBLIC and (is_start or verb in CHANGES) else {THREADIVERSE}
    )
    received = None if isinstance(activity, Mapping) else _bytes(activity)
    skip = None if is_new else _origin(here, document)
    sent.append(
        await _send(
            here,
            group,
            document,
            audience,
            dialects=dialects,
            post_id=post_id,
            received=received,
            inboxes=inboxes,
            is_for_all=only is None,
            skip=skip,
        )
    )
    return sent


async def undo_announces(here: Instance, post_id: str, *, only: Collection[str] | None = None) -> None:
    """Take back every Announce of a post ever sent, on microblog servers; in the caller's transaction.

    One Undo for each, by the community that sent it: also where the post is not in that community any more, or the
    community is archived, for members only by now, or gone. `only` limits it to inboxes; then it is taken back again
    from the others when the post ends.
    """
    for announced in await _announced(here, post_id):
        group = await here.db.row(
            "SELECT id, uri FROM actor WHERE uri = :uri AND is_local AND kind = 'Group'", uri=announced["actor"]
        )
        if group is None:
            continue
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
            inboxes=await inboxes_of_members(here, group["id"]) if only is None else sorted(only),
            is_for_all=only is None,
        )
        if only is None:
            # What was taken back is not served any more, and not taken back again.
            await here.db.execute("DELETE FROM sent_activity WHERE uri = :uri", uri=announced["id"])


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
    inboxes: Sequence[str],
    is_for_all: bool,
    skip: str | None = None,
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
        here,
        group,
        document,
        audience,
        dialects=dialects,
        post_id=post_id,
        received=received,
        inboxes=inboxes,
        is_for_all=is_for_all,
        skip=skip,
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
    inboxes: Sequence[str],
    is_for_all: bool,
    skip: str | None = None,
) -> str:
    signer = await keys.signer(here, group["uri"])
    if signer is None:
        raise LookupError(f"{group['uri']} has no keys here")
    document = here.engine.proof(signer, activity)
    uri = str(document["id"])
    is_public = audience == policy.PUBLIC
    body = _serialised(document, received)
    await here.keep_sent(uri, document, letters=body, post_id=post_id, is_public=is_public)
    await here.deliveries.enqueue(
        activity_id=uri,
        sender=group["uri"],
        body=body,
        inboxes=inboxes,
        followers_of=group["uri"] if is_public and is_for_all else None,
        dialects=frozenset(dialects),
        deletion_of=_deletion_of(document),
        skip_host=skip,
    )
    return uri


def _origin(here: Instance, activity: Mapping[str, Any]) -> str | None:
    """The server that what is announced came from; None for our own."""
    actor = _id(activity.get("actor"))
    return None if not is_web_uri(actor) or here.is_local_uri(actor) else host_of(actor)


def _deletion_of(activity: dict[str, Any]) -> str | None:
    """What others are asked to delete: by an announced Delete, or by taking the Announce of a post back.

    Of an announced ban it is the Block itself: whoever does not hear of it lets somebody in whom it is to keep out.
    """
    inner = activity.get("object")
    if not isinstance(inner, dict):
        return None
    if (activity["type"], inner.get("type")) == ("Announce", "Block"):
        return _id(inner) or None
    if (activity["type"], inner.get("type")) not in _DELETING:
        return None
    return _id(inner.get("object")) or None


def _serialised(document: dict[str, Any], received: bytes | None) -> bytes:
    """JSON in which what was received stands letter by letter (rule E12)."""
    if received is None:
        return _compact(document).encode()
    around = _compact({**document, "object": _MARK}).encode()
    before, _, after = around.partition(_compact(_MARK).encode())
    return before + received.strip() + after


async def inboxes_of_members(here: Instance, community_id: str) -> list[str]:
    """Where the members of a community elsewhere read, each server once where it has one inbox for all."""
    rows = await here.db.rows(
        "SELECT DISTINCT COALESCE(actor.shared_inbox_url, actor.inbox_url) AS inbox FROM membership"
        " JOIN actor ON actor.id = membership.person_id WHERE membership.community_id = :id"
        " AND membership.state = 'active' AND NOT actor.is_local AND actor.deleted_at IS NULL"
        " AND actor.suspended_at IS NULL ORDER BY 1 LIMIT 20000",
        id=community_id,
    )
    return [row["inbox"] for row in rows]


async def _announced(here: Instance, post_id: str) -> list[dict[str, Any]]:
    rows = await here.db.rows(
        "SELECT uri, body FROM sent_activity WHERE post_id = :post_id AND uri LIKE :ours ORDER BY uri LIMIT 500",
        ours=here.url("/ap/a/announce/%"),
        post_id=post_id,
    )
    found = [json.loads(row["body"]) for row in rows]
    return [document for document in found if _is_first(document)]


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
