"""What people and services do with actors of this server; what is fetched of others is in `remote`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.exceptions import IntegrityError

from server.actors.blocking import block, unblock
from server.actors.events import ActorChanged, PicturesChanged
from server.actors.following import (
    accept_follow,
    reject_follow,
    remove_follower,
    request_follow,
    tune_follow,
    unfollow,
)
from server.actors.keys import NewKeys, new_keys
from server.actors.models import Actor, ActorKey
from server.actors.moving import add_alias, move_away, remove_alias, undo_move
from server.actors.policy import REPORTS, check_display_name, check_username, clean_name
from server.actors.remote import ensure_remote, resolve, store_remote
from server.actors.removal import delete_local_actor, forget_remote, limit, suspend, unsuspend
from server.actors.sending import send, send_update
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.text import render_markdown

__all__ = [
    "ProfileChange",
    "accept_follow",
    "add_alias",
    "block",
    "create_local",
    "delete_local_actor",
    "discard_hidden",
    "ensure_remote",
    "ensure_service_actors",
    "forget_remote",
    "limit",
    "move_away",
    "new_keys",
    "reject_follow",
    "remove_alias",
    "remove_follower",
    "request_follow",
    "resolve",
    "send",
    "send_update",
    "show",
    "store_remote",
    "suspend",
    "tune_follow",
    "unblock",
    "undo_move",
    "unfollow",
    "unsuspend",
    "update_profile",
]

MAX_SUMMARY = 5000
MAX_FIELDS = 4


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What a person says of itself; None leaves a part as it is. Pictures are addresses of ours, empty for none."""

    name: str | None = None
    summary_source: str | None = None
    fields: Sequence[tuple[str, str]] | None = None
    is_locked: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    avatar_url: str | None = None
    header_url: str | None = None


async def create_local(
    here: Instance,
    *,
    kind: str,
    username: str,
    name: str,
    summary_source: str = "",
    discoverable: bool = True,
    is_locked: bool = False,
    hidden: bool = False,
    keys: NewKeys | None = None,
) -> Actor:
    """Make a person, community or service. Pass `keys` from `new_keys()` when calling from inside a transaction.

    Raises Invalid with `field` ``username`` or ``name``. A taken name is one that anybody here has or had.
    """
    username = check_username(username, reserved_allowed=kind == "Service")
    name = check_display_name(name)
    if len(summary_source) > MAX_SUMMARY:
        raise Invalid(f"Use at most {MAX_SUMMARY} characters.", field="summary")
    keys = keys or await new_keys()
    return await _create(
        here,
        kind=kind,
        username=username,
        name=name,
        summary_source=summary_source,
        discoverable=discoverable,
        is_locked=is_locked,
        hidden=hidden,
        keys=keys,
    )


async def ensure_service_actors(here: Instance) -> None:
    """Make the instance actor and the sender of reports at the first start."""
    instance_uri = here.url("/ap/actor")
    for username, kind in ((here.settings.domain.partition(":")[0], "Application"), (REPORTS, "Service")):
        if kind == "Application":
            exists = await Actor.exists(uri=instance_uri)
        else:
            exists = await Actor.exists(handle_key=f"{username}@{here.settings.domain}")
        if exists:
            continue
        name = here.site.name if kind == "Application" else f"{here.site.name} reports"
        try:
            await _create(
                here,
                kind=kind,
                username=username,
                name=clean_name(name) or here.settings.domain,
                summary_source="",
                discoverable=False,
                is_locked=False,
                hidden=False,
                keys=await new_keys(),
            )
        except Invalid:
            here.log.info("another process made the %s actor", kind)


async def update_profile(here: Instance, actor_id: str, change: ProfileChange) -> None:
    """Change what people see of a local actor; every follower's server is told. No change sends nothing."""
    actor = await Actor.get_or_none(id=actor_id, is_local=True, deleted_at=None)
    if actor is None:
        raise NotFound
    values = await _checked(here, change)
    changed = [name for name, value in values.items() if getattr(actor, name) != value]
    if not changed:
        return
    pictures = [name for name in changed if name in {"avatar_url", "header_url"}]
    gone = tuple(str(getattr(actor, name)) for name in pictures if getattr(actor, name))
    new = tuple(str(values[name]) for name in pictures if values[name])
    async with here.db.transaction():
        for name in changed:
            setattr(actor, name, values[name])
        actor.updated_at = here.clock.now()
        await actor.save(update_fields=[*changed, "updated_at"])
        if pictures:
            await here.events.emit(PicturesChanged(actor.id, gone, new))
        await here.events.emit(ActorChanged(actor.id))
        if not actor.hidden and actor.suspended_at is None:
            await send_update(here, actor)


async def show(here: Instance, actor_id: str) -> None:
    """Let everybody see an actor that waited for its account's confirmation or approval."""
    async with here.db.transaction():
        if await Actor.filter(id=actor_id, hidden=True).update(hidden=False):
            await here.events.emit(ActorChanged(actor_id))


async def discard_hidden(here: Instance, actor_id: str) -> None:
    """Remove an actor that nobody has ever seen; its name is free again."""
    async with here.db.transaction():
        await Actor.filter(id=actor_id, hidden=True, is_local=True).delete()


async def _create(
    here: Instance,
    *,
    kind: str,
    username: str,
    name: str,
    summary_source: str,
    discoverable: bool,
    is_locked: bool,
    hidden: bool,
    keys: NewKeys,
) -> Actor:
    now = here.clock.now()
    actor_id = new_id(now)
    path = {"Application": "/ap/actor", "Group": f"/ap/c/{actor_id}"}.get(kind, f"/ap/u/{actor_id}")
    page = {"Application": "", "Group": f"/c/{username}"}.get(kind, f"/@{username}")
    uri = here.url(path)
    rendered = await _rendered(here, summary_source)
    try:
        async with here.db.transaction():
            actor = await Actor.create(
                id=actor_id,
                kind=kind,
                uri=uri,
                username=username,
                domain=here.settings.domain,
                host=here.settings.origin.split("://", 1)[1],
                handle_key=f"{username}@{here.settings.domain}",
                is_local=True,
                name=name,
                summary_source=summary_source,
                summary_html=rendered,
                url=here.url(page),
                inbox_url=f"{uri}/inbox",
                shared_inbox_url=here.url("/ap/inbox"),
                outbox_url=f"{uri}/outbox",
                followers_url=f"{uri}/followers",
                following_url=f"{uri}/following",
                featured_url=f"{uri}/featured",
                moderators_url=f"{uri}/moderators" if kind == "Group" else None,
                discoverable=discoverable,
                is_locked=is_locked,
                hidden=hidden,
                approved=True,
                published_at=now,
                created_at=now,
                updated_at=now,
            )
            for key_kind, private_pem, public_text in (
                ("rsa", keys.rsa_private_pem, keys.rsa_public_pem),
                ("ed25519", keys.ed25519_private_pem, keys.ed25519_multikey),
            ):
                await ActorKey.create(
                    id=new_id(now),
                    actor=actor,
                    kind=key_kind,
                    private_pem=private_pem,
                    public_text=public_text,
                    created_at=now,
                )
            await here.events.emit(ActorChanged(actor.id))
    except IntegrityError as error:
        raise Invalid("Somebody here has this name already. Choose another one.", field="username") from error
    return actor


async def _checked(here: Instance, change: ProfileChange) -> dict[str, object]:
    values: dict[str, object] = {}
    if change.name is not None:
        values["name"] = check_display_name(change.name)
    if change.summary_source is not None:
        if len(change.summary_source) > MAX_SUMMARY:
            raise Invalid(f"Use at most {MAX_SUMMARY} characters.", field="summary")
        values["summary_source"] = change.summary_source
        values["summary_html"] = await _rendered(here, change.summary_source)
    if change.fields is not None:
        kept = [(clean_name(name, 60), value.strip()[:500]) for name, value in change.fields]
        kept = [(name, value) for name, value in kept if name and value]
        if len(kept) > MAX_FIELDS:
            raise Invalid(f"Use at most {MAX_FIELDS} lines.", field="field_name")
        lines = [{"name": name, "value": await _rendered(here, value, inline=True)} for name, value in kept]
        values["fields_json"] = lines or None
    for flag in ("is_locked", "discoverable", "indexable"):
        if getattr(change, flag) is not None:
            values[flag] = getattr(change, flag)
    for picture in ("avatar_url", "header_url"):
        address = getattr(change, picture)
        if address is not None:
            values[picture] = address or None
    return values


async def _rendered(here: Instance, source: str, *, inline: bool = False) -> str:
    if not source:
        return ""
    html = (await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin)).html.strip()
    if inline and html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1:
        return html[3:-4]
    return html
