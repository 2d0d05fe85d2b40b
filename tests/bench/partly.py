"""Runs part of an instance by itself, for `make bench`: `python -m tests.bench.partly accept|bare PORT`.

`accept` is our inbox without the worker that processes what it took. `bare` is the least that any inbox on this stack
does before it stores something: Starlette, a digest, JSON, and one RSA signature verified with a key it has.
"""

import asyncio
import base64
import functools
import hashlib
import sys

import httpx
import msgspec
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from federation.signatures.keys import PublicKeyObject, public_key, verifies
from server.asgi import create_app
from server.build import build, close
from server.commands.serve import settle_memory
from server.serving import Listener, serve, set_up_logging
from server.settings import Settings, load


def bare() -> Starlette:
    """An application that verifies and parses, and forgets."""

    @functools.cache
    def key_of(key_id: str) -> PublicKeyObject:
        actor = httpx.get(key_id.partition("#")[0], headers={"accept": "application/activity+json"}).json()
        return public_key(actor["publicKey"]["publicKeyPem"])

    async def inbox(request: Request) -> Response:
        body, headers = await request.body(), request.headers
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if headers["digest"] != f"SHA-256={digest}":
            return Response(status_code=401)
        parts = dict(part.split("=", 1) for part in headers["signature"].split(","))
        lines = [
            f"{name}: " + ("post /ap/inbox" if name == "(request-target)" else headers[name])
            for name in parts["headers"].strip('"').split()
        ]
        signature = base64.b64decode(parts["signature"].strip('"'))
        if not verifies(key_of(parts["keyId"].strip('"')), "\n".join(lines).encode(), signature):
            return Response(status_code=401)
        msgspec.json.decode(body)
        return Response(status_code=202)

    async def health(_request: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/ap/inbox", inbox, methods=["POST"]), Route("/health", health)])


async def _run(settings: Settings, part: str, port: int) -> None:
    here = await build(settings)
    try:
        app = create_app(here, work=False) if part == "accept" else bare()
        settle_memory()
        await serve(settings, [Listener(app, "127.0.0.1", port, settings.origin, here.leave)])
    finally:
        await close(here)


if __name__ == "__main__":
    loaded = load()
    set_up_logging(loaded)
    uvloop.install()
    asyncio.run(_run(loaded, sys.argv[1], int(sys.argv[2])))
