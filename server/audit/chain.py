"""Whether the audit log is as it was written: every entry names the one before it, with a digest over both.

Whoever changes an entry, or takes one out of the middle, is found by `peerhall check`. That the latest ones are missing
shows in an export that was made before. Entries from before there were digests have none.
"""

import hashlib
import json
from dataclasses import dataclass

from server.instance import Instance

BATCH = 1_000
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries were looked at, and which are not as they were written: the first few."""

    entries: int
    wrong: tuple[str, ...]


def digest_of(
    previous: str, entry_id: str, at: int, by: str, action: str, subject: str, detail: dict[str, object] | None
) -> str:
    """The digest of an entry: over that of the one before it and all that the entry says."""
    said = json.dumps([previous, entry_id, at, by, action, subject, detail], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


async def verify(here: Instance) -> Verdict:
    """Look at every entry."""
    digests: dict[str, str] = {}
    wrong: list[str] = []
    last, has_begun = "", False
    while True:
        rows = await here.db.rows(
            "SELECT id, at, by, action, subject, detail, previous_id, digest FROM audit_entry WHERE id > :last"
            " ORDER BY id LIMIT :limit",
            last=last,
            limit=BATCH,
        )
        for row in rows:
            detail = json.loads(row["detail"]) if row["detail"] else None
            previous = digests.get(row["previous_id"] or "", "")
            is_known = row["previous_id"] is None or row["previous_id"] in digests
            expected = digest_of(previous, row["id"], row["at"], row["by"], row["action"], row["subject"], detail)
            has_begun = has_begun or bool(row["digest"])
            if has_begun and (not is_known or row["digest"] != expected):
                wrong.append(row["id"])
            digests[row["id"]] = row["digest"]
        if len(rows) < BATCH:
            return Verdict(len(digests), tuple(wrong[:MOST_TOLD]))
        last = rows[-1]["id"]
