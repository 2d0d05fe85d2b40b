"""A peer at full speed, in a process of its own: what it costs to flood is not on the loop that measures others.

Started by `tests.chaos.flooding`, which tells it on standard input what to send, and closes that to end it.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from federation.signatures import cavage
from tests.chaos.neighbours import Line

LINES = 8


@dataclass
class Told:
    """What it was told, and how often it was answered in which way."""

    ports: list[int]
    authority: str
    key_id: str
    key: RSAPrivateKey
    activity: dict[str, Any]
    ahead: float
    sent: int = 0
    slowed: int = 0

    def next_port(self) -> int:
        """The process that takes the next connection."""
        return self.ports[self.sent % len(self.ports)]

    def next_request(self) -> tuple[dict[str, str], bytes]:
        """Another activity, signed now."""
        self.sent += 1
        made = json.dumps(self.activity).replace("NUMBER", str(self.sent)).encode()
        now = datetime.now(UTC) + timedelta(seconds=self.ahead)
        headers = cavage.headers(
            "POST", self.authority, "/ap/inbox", body=made, key_id=self.key_id, key=self.key, now=now
        )
        return headers, made


async def flood(told: Told) -> None:
    """Signed activities on several connections, as fast as they are answered, whatever the answer."""

    async def one() -> None:
        line = Line(told.next_port)
        try:
            while True:
                headers, body = told.next_request()
                try:
                    status, _, _ = await line.ask("POST", "/ap/inbox", headers, body)
                except (OSError, EOFError, TimeoutError):
                    await asyncio.sleep(0.05)
                    continue
                told.slowed += status in (429, 503)
        finally:
            line.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(LINES):
            group.create_task(one())


async def main() -> None:
    """Flood until standard input is closed; say how often, and how often that was too often."""
    order = json.loads(sys.stdin.readline())
    key = load_pem_private_key(order.pop("key").encode(), None)
    assert isinstance(key, RSAPrivateKey)
    told = Told(key=key, **order)
    flooding = asyncio.create_task(flood(told))
    await asyncio.to_thread(sys.stdin.read)
    flooding.cancel()
    await asyncio.gather(flooding, return_exceptions=True)
    print(json.dumps([told.sent, told.slowed]))


if __name__ == "__main__":
    asyncio.run(main())
