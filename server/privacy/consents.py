"""What people agreed to: one thing at a time, each of which switches something here, and each to be taken back.

What has no feature yet is asked of nobody: photographs, recordings, evaluation, and being written to by strangers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from server.actors import actions as actors
from server.actors.actions import ProfileChange
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotAllowed
from server.ids import new_id
from server.instance import Instance
from server.needs.actions import set_may_be_asked
from server.privacy.models import Consent
from server.thanks.actions import set_named

INDEXED, DIRECTORY, NAMED, ASKED, COUNTED = KINDS = ("indexed", "directory", "named", "asked", "counted")
VERSIONS = dict.fromkeys(KINDS, 1)
"""The version of the words on the page. Whoever changes what a consent means gives it the next one."""
AT_FIRST = {INDEXED: False, DIRECTORY: True, NAMED: True, ASKED: False, COUNTED: True}
"""How it is for an account that chose nothing."""

_SWITCHES = (
    "SELECT actor.indexable, actor.discoverable, account.uncounted, account.ask_me_about, card.may_be_asked,"
    " EXISTS (SELECT 1 FROM unnamed WHERE unnamed.id = actor.id) AS is_unnamed FROM account"
    " JOIN actor ON actor.id = account.actor_id LEFT JOIN needs_card AS card ON card.id = actor.id"
    " WHERE account.id = :account"
)


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One consent as it stands. Without `at` nothing was ever chosen; `version` is that of the words then."""

    kind: str
    given: bool
    at: datetime | None = None
    version: int = 0


async def consents(here: Instance, acting: Viewer) -> list[ConsentLine]:
    """All of them, as things really are switched. Two queries."""
    given = await _switched(here, acting)
    latest = await _latest(here, acting)
    return [
        ConsentLine(kind, given[kind], *((at, version) if was == given[kind] else (None, 0)))
        for kind in KINDS
        for was, at, version in (latest.get(kind, (None, None, 0)),)
    ]


async def choose(here: Instance, acting: Viewer, wanted: Collection[str]) -> None:
    """Agree to these, and take all others back. Raises Invalid with the field where one of them cannot be yet."""
    given = await _switched(here, acting)
    changed = {kind: kind in wanted for kind in KINDS if (kind in wanted) != given[kind]}
    if ASKED in changed:  # it may be refused, so it comes first
        await set_may_be_asked(here, acting, wanted=changed[ASKED])
    if INDEXED in changed or DIRECTORY in changed:
        change = ProfileChange(indexable=changed.get(INDEXED), discoverable=changed.get(DIRECTORY))
        await actors.update_profile(here, str(acting.actor_id), change)
    if NAMED in changed:
        await set_named(here, acting, wanted=changed[NAMED])
    if COUNTED in changed:
        await here.db.execute(
            "UPDATE account SET uncounted = :left_out WHERE id = :account",
            left_out=not changed[COUNTED],
            account=acting.account_id,
        )
    await note(here, acting, "consents")


async def note(here: Instance, acting: Viewer, place: str = "settings") -> None:
    """Write down what changed since it was written down last, wherever that was done."""
    async with here.db.transaction():
        given, latest, now = await _switched(here, acting), await _latest(here, acting), here.clock.now()
        for kind in KINDS:
            if given[kind] != (latest[kind][0] if kind in latest else AT_FIRST[kind]):
                await Consent.create(
                    id=new_id(now),
                    account_id=acting.account_id,
                    kind=kind,
                    given=given[kind],
                    version=VERSIONS[kind],
                    place=place,
                    at=now,
                )


async def _switched(here: Instance, acting: Viewer) -> dict[str, bool]:
    row = await here.db.row(_SWITCHES, account=acting.account_id)
    if row is None:
        raise NotAllowed("Sign in first.")
    return {
        INDEXED: bool(row["indexable"]),
        DIRECTORY: bool(row["discoverable"]),
        NAMED: not row["is_unnamed"],
        ASKED: bool(row["may_be_asked"]),
        COUNTED: not row["uncounted"],
    }


async def _latest(here: Instance, acting: Viewer) -> dict[str, tuple[bool, datetime | None, int]]:
    rows = await here.db.rows(
        "SELECT kind, given, version, at FROM consent WHERE account_id = :account AND id IN"
        " (SELECT max(id) FROM consent WHERE account_id = :account GROUP BY kind) ORDER BY id LIMIT 50",
        account=acting.account_id,
    )
    return {row["kind"]: (bool(row["given"]), from_milliseconds(row["at"]), row["version"]) for row in rows}
