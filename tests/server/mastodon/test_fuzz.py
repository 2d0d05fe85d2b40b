"""Every endpoint with every parameter that it reads, and values that nobody means: no answer is a 500, all are JSON.

Which parameters there are is read off the code that asks for them, so that a new one is tried by itself.
PEERHALL_FUZZ says how many calls each endpoint gets (6 by default), and PEERHALL_FUZZ_SEED which.
"""

import json
import os
import re
from pathlib import Path
from random import Random
from typing import Any

from starlette.routing import Route

from server.automation.routes import routes as own_routes
from server.mastodon.ids import number_of
from server.mastodon.routes import routes
from tests.apps import App, app_of
from tests.conftest import Fediverse
from tests.posting import community, reply, write

CALLS = int(os.environ.get("PEERHALL_FUZZ", "6"))
SEED = int(os.environ.get("PEERHALL_FUZZ_SEED", "1"))
ROOT = Path(__file__).resolve().parents[3]
_QUOTED = re.compile(r"\"([a-z_]{2,40})\"")

NASTY: tuple[Any, ...] = (
    "", " ", "0", "-1", "1", "true", "null", "a" * 3000, "\x00", "\ud800", "\U0001d54f \u202e \uffff", "%", "_",
    "'; DROP TABLE post; --", "<script>alert(1)</script>", "https://alder.example/", "@amara", "@a@b@c", "!science",
    "https://alder.example/p/nothing-00000000", "amara@alder.example", "9" * 18, "9" * 40, "2026-11-27T05:00:00Z",
    "2026-02-30", "99999-01-01T00:00:00Z", "1e400", "NaN", "home", "public", "direct", "warn", "{}", "[]", "\n",
    None, True, False, 0, -1, 2**31, 2**63, 2**70, 1.5, 1e308, [], {}, [[]], [None], ["a"] * 300,
    {"a": {"b": {"c": {}}}}, [{"keyword": None}], {"options": []}, {"options": ["a", "a"], "expires_in": -1},
    {"0": "x", "1": {"name": 1}},
)  # fmt: skip


def _parameters(route: Route) -> list[str]:
    """The words of the module that answers a route."""
    served = route.endpoint
    for cell in _cells(served):
        module = getattr(cell, "__module__", "")
        if callable(cell) and module.startswith(("server.mastodon.", "server.automation.")) and "serving" not in module:
            text = (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
            return sorted(set(_QUOTED.findall(text)))
    return []


def _cells(function: Any, depth: int = 4) -> list[Any]:
    found = []
    for cell in getattr(function, "__closure__", None) or ():
        found.append(cell.cell_contents)
        if depth and callable(cell.cell_contents):
            found += _cells(cell.cell_contents, depth - 1)
    return found


def _request(random: Random, names: list[str], known: list[str]) -> dict[str, Any]:
    """Some parameters in one of the forms that apps send."""

    def value() -> Any:
        return random.choice(known) if random.random() < 0.3 else random.choice(NASTY)

    sent = {random.choice(names): value() for _ in range(random.randint(0, 6))} if names else {}
    form = random.choice(("json", "form", "query", "brackets", "raw"))
    if form == "json":
        body = json.dumps(sent, allow_nan=True).encode("utf-8", "surrogatepass")
        return {"content": body, "headers": {"content-type": "application/json"}}
    if form == "raw":
        kind = random.choice(("application/json", "multipart/form-data; boundary=x", "text/plain", "application/xml"))
        body = random.choice((b"", b"{", b"[]", b"\xff\xfe", b"--x\r\n\r\n"))
        return {"content": body, "headers": {"content-type": kind}}
    plain = {name: _printable(item) for name, item in sent.items()}
    if form == "brackets":
        ends = ("[]", "[0]", "[a][b]", "[", "]", "[][keyword]")
        plain = {name + random.choice(ends): item for name, item in plain.items()}
    return {"params": plain} if form == "query" else {"data": plain}


def _printable(item: Any) -> str:
    return str(item).encode("utf-8", "replace").decode()[:3000]


async def _scene(fediverse: Fediverse) -> tuple[list[App], list[str]]:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(amara, "science")
    first = await write(amara, "First #words", community_id=group.id)
    second = await reply(bruno, first, "Second")
    known = [number_of(id_) for id_ in (amara.id, bruno.id, group.id, first.id, second.id)] + [first.id, "words"]
    return [await app_of(fediverse, here, amara), await app_of(fediverse, here)], known


async def test_no_answer_is_a_500_and_all_are_json(fediverse: Fediverse) -> None:
    random = Random(SEED)
    apps, known = await _scene(fediverse)
    tried = 0
    for route in (*routes(), *own_routes()):
        if not isinstance(route, Route) or "/streaming" in route.path:
            continue
        names = _parameters(route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for _ in range(CALLS):
                path = re.sub(
                    r"{.*?}",
                    lambda _: random.choice((*known, "0", "x", "-1", "9" * 25, "%00", "%F0%9F%98%80")),
                    route.path,
                )
                request = _request(random, names, known)
                app = apps[random.random() < 0.1]
                fediverse.clock.advance(1)
                answer = await app.http.request(method, path, **request)
                told = f"{method} {path} {request} -> {answer.status_code} {answer.text[:300]}"
                assert answer.status_code < 500, told
                assert answer.headers["content-type"].startswith("application/json"), told
                answer.json()
                tried += 1
    assert tried >= 20 * CALLS
    with_names = [route for route in routes() if isinstance(route, Route) and _parameters(route)]
    assert len(with_names) > 0.7 * len(routes()), "the names of parameters are not found any more"
