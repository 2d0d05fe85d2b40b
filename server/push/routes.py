"""Endpoints of push subscriptions: one for each token."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters, flag_of, text_of
from server.instance import Instance
from server.mastodon.happened import KINDS
from server.mastodon.ids import number_of
from server.mastodon.serving import Call, answer, missing, route
from server.push import actions
from server.push.models import PushSubscription
from server.vapid import public_key

PATH = "/api/v1/push/subscription"
NEVER = ("update", "admin.sign_up")
"""Alerts that apps may ask for and we have nothing to say of."""


async def show(call: Call) -> Response:
    """GET: the one of this token."""
    found = await PushSubscription.get_or_none(token_id=_token(call))
    if found is None:
        raise missing()
    return answer(_entity(call.here, found))


async def create(call: Call) -> Response:
    """POST: a new one, in the place of the one before."""
    given, data = _part(call.found, "subscription"), _part(call.found, "data")
    keys = _part(given, "keys")
    made = await actions.subscribe(
        call.here,
        call.me,
        _token(call),
        endpoint=text_of(given, "endpoint", 4000),
        p256dh=text_of(keys, "p256dh", 200),
        secret=text_of(keys, "auth", 100),
        alerts=_alerts(data),
        policy=_policy(call.found, data) or "all",
    )
    return answer(_entity(call.here, made))


async def change(call: Call) -> Response:
    """PUT: other alerts."""
    data = _part(call.found, "data")
    alerts = _alerts(data) if "alerts" in data else None
    made = await actions.change(call.here, _token(call), alerts=alerts, policy=_policy(call.found, data))
    return answer(_entity(call.here, made))


async def delete(call: Call) -> Response:
    """DELETE."""
    await actions.unsubscribe(call.here, _token(call))
    return answer({})


def _token(call: Call) -> str:
    if call.access is None:
        raise missing()
    return call.access.token_id


def _part(found: Parameters, name: str) -> Parameters:
    inner = found.get(name) or {}
    if not isinstance(inner, dict):
        raise ApiError(422, f"Validation failed: {name} is no object")
    return inner


def _alerts(data: Parameters) -> list[str]:
    wanted = _part(data, "alerts")
    return [type_ for type_ in KINDS if flag_of(wanted, type_)]


def _policy(found: Parameters, data: Parameters) -> str:
    return text_of(data, "policy", 20) or text_of(found, "policy", 20)


def _entity(here: Instance, found: PushSubscription) -> dict[str, Any]:
    wanted = set(found.alerts.split())
    return {
        "id": number_of(found.id),
        "endpoint": found.endpoint,
        "standard": True,
        "alerts": {name: name in wanted for name in (*KINDS, *NEVER)},
        "policy": found.policy,
        "server_key": public_key(here.signatures),
    }


def routes() -> list[Route]:
    """All of them."""
    return [
        route(PATH, show, scope="push"),
        route(PATH, create, "POST", scope="push"),
        route(PATH, change, "PUT", scope="push"),
        route(PATH, delete, "DELETE", scope="push"),
    ]
