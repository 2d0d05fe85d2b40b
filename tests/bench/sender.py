"""Sends what was signed beforehand over a few kept connections, with as little work of its own as it can.

A client library costs more for each request than the server that is measured, and would be what the rate shows.
"""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

SENDERS = 16

Request = tuple[dict[str, str], bytes]


async def deliver_all(inbox: str, requests: list[Request], *, senders: int = SENDERS) -> None:
    """POST all of it, so many at a time; each must be accepted."""
    waiting = iter(requests)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(senders, len(requests))):
            group.create_task(_deliver(inbox, waiting))


async def _deliver(inbox: str, waiting: Iterator[Request]) -> None:
    parts = urlsplit(inbox)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        for headers, body in waiting:
            lines = [
                f"POST {parts.path} HTTP/1.1",
                "user-agent: bench",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            writer.write("\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body)
            status, answer = await _answer(reader)
            if status not in {200, 202}:
                raise RuntimeError(f"the inbox answered {status}: {answer.decode(errors='replace')}")
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one answer."""
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(status_line.split()[1]), body
