"""The audit log as a file: a table for people, or JSON Lines for programs; a few entries at a time."""

import csv
import io
import json
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from server.audit import queries
from server.instance import Instance
from web.request import admin, here_of

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/jsonl"}
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a table program would take for a formula."""


async def export(request: Request) -> Response:
    """All of it, for admins."""
    admin(request)
    form = request.query_params.get("form", "csv")
    if form not in TYPES:
        raise HTTPException(404)
    here = here_of(request)
    ending = "csv" if form == "csv" else "jsonl"
    headers = {"content-disposition": f'attachment; filename="log-{here.clock.now():%Y-%m-%d}.{ending}"'}
    return StreamingResponse(_lines(here, form), media_type=TYPES[form], headers=headers)


async def _lines(here: Instance, form: str) -> AsyncIterator[str]:
    if form == "csv":
        yield _row(["at", "by", "action", "subject", "detail"])
    with here.db.bind():
        async for entry in queries.every(here):
            detail = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True) if entry.detail else ""
            at = entry.at.isoformat(timespec="milliseconds")
            if form == "csv":
                yield _row([at, entry.by.lstrip("@"), entry.action, entry.subject.lstrip("@"), detail])
            else:
                fields = {"id": entry.id, "at": at, "by": entry.by, "action": entry.action, "subject": entry.subject}
                yield json.dumps(fields | {"detail": entry.detail}, ensure_ascii=False) + "\n"


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(RISKY) else cell for cell in cells])
    return out.getvalue()
