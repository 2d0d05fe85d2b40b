"""Somebody with an app, and the server that it talks to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from server.accounts.models import Account
from server.instance import Instance
from server.oauth import actions as oauth
from tests.conftest import Fediverse, Person
from tests.contract import faults_of

EVERYTHING = "read write follow push"


@dataclass
class App:
    """An app of one person, or of nobody: calls that succeed, and calls that are refused."""

    here: Instance
    http: httpx.AsyncClient
    person: Person | None = None

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One call; whatever the answer, it is JSON, and of what is documented for it."""
        answer = await self.http.request(method, path, **request)
        assert answer.headers["content-type"].startswith("application/json"), (answer.status_code, answer.text[:200])
        assert answer.status_code < 500, answer.text
        if answer.status_code == 200:
            faults = faults_of(method, path.partition("?")[0].rstrip("/"), answer.json())
            assert not faults, faults
        return answer

    async def get(self, path: str, **query: Any) -> Any:
        """What a GET finds."""
        answer = await self.call("GET", path, params=query)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    async def post(self, path: str, body: Any = None, **request: Any) -> Any:
        """What a POST with JSON, or with none, answers."""
        answer = await self.call("POST", path, **({"json": body} if body is not None else {}), **request)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    async def refused(self, method: str, path: str, **request: Any) -> int:
        """The status of a call that is refused, with words."""
        answer = await self.call(method, path, **request)
        assert answer.status_code >= 400, answer.text
        assert answer.json()["error"]
        return answer.status_code


async def app_of(
    fediverse: Fediverse,
    here: Instance,
    person: Person | None = None,
    *,
    scopes: str = EVERYTHING,
    onboarded: bool = True,
) -> App:
    """An app that a person let in, with these scopes, after their first visit; of nobody, one without a token."""
    headers = {"user-agent": "test app"}
    if person is not None:
        if onboarded:
            await here.run(_finish_first_visit, here, person)
        token = await token_for(here, person, scopes)
        headers["authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(fediverse.network.apps[here.settings.domain])
    return App(here, httpx.AsyncClient(transport=transport, base_url=here.settings.origin, headers=headers), person)


async def _finish_first_visit(here: Instance, person: Person) -> None:
    await Account.filter(id=person.viewer.account_id).update(onboarded_at=here.clock.now())


async def token_for(here: Instance, person: Person, scopes: str = EVERYTHING) -> str:
    """A token of this person with these scopes."""
    account_id = str(person.viewer.account_id)
    return await here.run(oauth.create_token, here, account_id, scopes_text=scopes, app_name="test app")


def ids(found: Sequence[dict[str, Any]]) -> list[str]:
    """The ids of some entities."""
    return [item["id"] for item in found]
