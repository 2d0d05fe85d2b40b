"""Subscribing an app, and sending it what it wants to hear: by jobs, through the guarded way out, sealed."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from federation.errors import AddressRefused, FetchError
from federation.transport.guard import check_url
from server.accounts.sessions import VIEWER_COLUMNS, viewer_of_row
from server.db import Row, among, from_milliseconds
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.mastodon.happened import COLUMNS, TYPES, Happened, notification_of, shown
from server.mastodon.ids import number_of
from server.notifications.events import Told
from server.oauth.scopes import covers
from server.push.models import PushSubscription
from server.push.sealing import MAX_PLAIN, SECRET_BYTES, is_point, seal
from server.text import excerpt
from server.vapid import authorization, decoded

JOB = "push.send"
POLICIES = ("all", "followed", "follower", "none")
MAX_ENDPOINT = 2_000
MAX_BODY = 300
MAX_AT_ONCE = 500
MAX_OF_ONE = 20
"""So many apps of one person are woken: those that asked last."""
TOO_LATE = timedelta(days=2)
TTL_SECONDS = 2 * 86_400
GONE = frozenset({404, 410})
LATER = frozenset({408, 425, 429})


class ServiceBusy(Exception):
    """The push service did not take it now: the job is tried again."""


async def subscribe(
    here: Instance,
    owner_id: str,
    token_id: str,
    *,
    endpoint: str,
    p256dh: str,
    secret: str,
    alerts: Sequence[str],
    policy: str,
) -> PushSubscription:
    """Wake the app with this token; what it had before is replaced. Raises Invalid, also for where we do not go."""
    try:
        if len(endpoint) > MAX_ENDPOINT or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            raise AddressRefused("This is no address.")
        check_url(endpoint, any_scheme_and_port=False)
    except AddressRefused as error:
        raise Invalid(str(error), field="endpoint") from None
    if here.is_local_uri(endpoint):
        raise Invalid("This is our own address.", field="endpoint")
    try:
        fits = is_point(decoded(p256dh)) and len(decoded(secret)) == SECRET_BYTES
    except ValueError:
        fits = False
    if not fits:
        raise Invalid("The keys of the subscription are none.", field="keys")
    async with here.db.transaction():
        await PushSubscription.filter(token_id=token_id).delete()
        # An app that is let in again and again would multiply what one notification sends to an address of its choice.
        kept = await PushSubscription.filter(owner_id=owner_id).order_by("-created_at", "-id").limit(MAX_OF_ONE)
        if len(kept) == MAX_OF_ONE:
            oldest = kept[-1]
            await (
                PushSubscription.filter(owner_id=owner_id, created_at__lte=oldest.created_at)
                .exclude(id__in=[each.id for each in kept[:-1]])
                .delete()
            )
        now = here.clock.now()
        return await PushSubscription.create(
            id=new_id(now),
            token_id=token_id,
            owner_id=owner_id,
            endpoint=endpoint,
            p256dh=p256dh.strip(),
            secret=secret.strip(),
            alerts=" ".join(alerts),
            policy=_policy(policy),
            created_at=now,
        )


async def change(here: Instance, token_id: str, *, alerts: Sequence[str] | None, policy: str) -> PushSubscription:
    """Hear of something else. Raises NotFound."""
    async with here.db.transaction():
        found = await PushSubscription.get_or_none(token_id=token_id)
        if found is None:
            raise NotFound
        if alerts is not None:
            found.alerts = " ".join(alerts)
        found.policy = _policy(policy or found.policy)
        await found.save()
    return found


async def unsubscribe(here: Instance, token_id: str) -> None:
    """Wake this app no more."""
    async with here.db.transaction():
        await PushSubscription.filter(token_id=token_id).delete()


async def on_told(here: Instance, event: Told) -> None:
    """Put a job into the queue for each app of whom was told something; joins the transaction."""
    named, which = among([reader_id for reader_id, _ in event.told], "reader")
    rows = await here.db.rows(
        f"SELECT id, owner_id FROM push_subscription WHERE owner_id IN ({named}) ORDER BY id LIMIT :limit",
        limit=MAX_AT_ONCE,
        **which,
    )
    if rows:
        news = [(reader_id, id_) for reader_id, id_ in event.told]
        payloads = [[row["id"], id_] for row in rows for reader_id, id_ in news if reader_id == row["owner_id"]]
        await here.jobs.enqueue_all(
            JOB, payloads, run_at=here.clock.now(), unique=lambda each: f"{JOB}:{each[0]}:{each[1]}"
        )


async def send(here: Instance, payload: Any) -> None:
    """Wake one app for one notification, if it may still know of it (S15). Bears being run twice."""
    subscription_id, notification_id = payload
    row = await here.db.row(
        "SELECT push.id AS push_id, push.endpoint, push.p256dh, push.secret, push.alerts, push.policy,"
        f" oauth_token.scopes, {VIEWER_COLUMNS} FROM push_subscription AS push"
        " JOIN oauth_token ON oauth_token.id = push.token_id"
        " JOIN account ON account.id = oauth_token.account_id AND account.state = 'active'"
        " JOIN actor ON actor.id = account.actor_id AND actor.id = push.owner_id"
        " AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL WHERE push.id = :id",
        id=subscription_id,
    )
    if row is None or not covers(row["scopes"].split(), "push"):
        return
    message = await _message(here, row, notification_id)
    if message is None:
        return
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(TTL_SECONDS),
        "Urgency": "normal",
        "Authorization": authorization(
            here.signatures, row["endpoint"], subject=here.url("/about"), now=here.clock.now()
        ),
    }
    body = seal(message, decoded(row["p256dh"]), decoded(row["secret"]))
    try:
        status = await here.engine.raw_post(row["endpoint"], body, headers)
    except AddressRefused:
        status = 410  # it leads where nobody outside may send us
    except FetchError as error:
        raise ServiceBusy(str(error)) from error
    if status in GONE:
        async with here.db.transaction():
            await PushSubscription.filter(id=row["push_id"]).delete()
    elif status >= 500 or status in LATER:
        raise ServiceBusy(f"the push service answers {status}")


async def _message(here: Instance, row: Row, notification_id: str) -> bytes | None:
    viewer = viewer_of_row(here, row)
    news = await here.db.row(
        f"SELECT {COLUMNS} FROM notification WHERE id = :id AND reader_id = :reader AND read_at IS NULL",
        id=notification_id,
        reader=viewer.actor_id,
    )
    if news is None or TYPES.get(news["kind"], "") not in row["alerts"].split():
        return None
    if here.clock.now() - from_milliseconds(news["at"]) > TOO_LATE:
        return None
    if not await _is_wanted(here, row["policy"], str(viewer.actor_id), news["actor_id"]):
        return None
    found = await shown(here, viewer, [news])
    if not found.rows:
        return None
    is_confidential = await here.db.value("SELECT confidential FROM post WHERE id = :id", id=news["post_id"] or "")
    return _words(found, news, viewer.language, says_nothing=bool(is_confidential))


def _words(found: Happened, news: Row, language: str, *, says_nothing: bool) -> bytes:
    """What an app is woken with. Of what is confidential it says nothing: screens and services read along."""
    made = notification_of(found, news)
    name = made.account.display_name or made.account.username
    text = excerpt(made.status.content, MAX_BODY) if made.status and not made.status.spoiler_text else ""
    message = {
        "access_token": "",  # we keep no tokens that could be read
        "preferred_locale": language,
        "notification_id": number_of(news["id"]),
        "notification_type": made.type,
        "icon": made.account.avatar,
        "title": _TITLES[made.type].format(name=name)[:200],
        "body": text,
    }
    if says_nothing:
        message |= {"icon": "", "title": "There is something new in a confidential space", "body": ""}
    letters = json.dumps(message, ensure_ascii=False).encode()
    return letters if len(letters) <= MAX_PLAIN else json.dumps(message | {"body": ""}).encode()[:MAX_PLAIN]


_TITLES = {
    "mention": "{name} mentioned you",
    "status": "{name} wrote something new",
    "favourite": "{name} found your post useful",
    "reblog": "{name} passed your post on",
    "follow": "{name} follows you now",
    "follow_request": "{name} asks to follow you",
    "poll": "A poll has ended",
    "quote": "{name} quotes you",
    "admin.report": "Somebody reported something",
}


async def _is_wanted(here: Instance, policy: str, owner_id: str, causer_id: str | None) -> bool:
    if policy == "all" or causer_id is None:
        return policy != "none"
    if policy == "none":
        return False
    follower, target = (owner_id, causer_id) if policy == "followed" else (causer_id, owner_id)
    return bool(
        await here.db.value(
            "SELECT id FROM follow WHERE follower_id = :follower AND target_id = :target AND state = 'accepted'"
            " ORDER BY id LIMIT 1",
            follower=follower,
            target=target,
        )
    )


def _policy(text: str) -> str:
    if text not in POLICIES:
        raise Invalid(f"The policy is one of {', '.join(POLICIES)}.", field="policy")
    return text
