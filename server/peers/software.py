"""Which software another server runs, as its NodeInfo says."""

import json
from dataclasses import dataclass

from federation.errors import FederationError
from federation.vocab.base import same_origin
from server.instance import Instance

MAX_BYTES = 100_000
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class Software:
    """Name in lower case and version, as the other server gives them; empty where it does not."""

    name: str = ""
    version: str = ""


async def software_of(here: Instance, uri: str) -> Software:
    """The software of the server of an id; nothing where there is no NodeInfo to read."""
    origin = "/".join(uri.split("/", 3)[:3])
    try:
        index = await _json(here, f"{origin}/.well-known/nodeinfo")
        links = index.get("links")
        for link in links if isinstance(links, list) else []:
            href = link.get("href") if isinstance(link, dict) else None
            rel = link.get("rel") if isinstance(link, dict) else None
            if isinstance(href, str) and isinstance(rel, str) and "nodeinfo" in rel and same_origin(href, uri):
                software = (await _json(here, href)).get("software")
                facts = software if isinstance(software, dict) else {}
                return Software(_text(facts.get("name")).lower(), _text(facts.get("version")))
    except (FederationError, ValueError):
        return Software()
    return Software()


def _text(value: object) -> str:
    return value[:MAX_NAME] if isinstance(value, str) else ""


async def _json(here: Instance, url: str) -> dict[str, object]:
    answer = await here.engine.raw_get(url, accept="application/json", max_bytes=MAX_BYTES)
    found = json.loads(answer.body)
    return found if isinstance(found, dict) else {}
