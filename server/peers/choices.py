"""What admins choose in the browser about all other servers: with whom we talk at all, and what we publish of it."""

from server.audit import actions as audit
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.peers import policy, queries
from server.peers.events import ModeChanged

PUBLISH, VERSION = "publish", "version"
NOTHING, RESTRICTIONS, EVERYTHING = PUBLISHED = ("", "restrictions", "everything")
"""What the list that we publish has: there is none, whom we restrict, or also whom we trust."""


def published(here: Instance) -> str:
    """What everybody may read of our decisions about single servers: one of `PUBLISHED`."""
    return queries.grades(here).choices.get(PUBLISH, NOTHING)


def list_version(here: Instance) -> int:
    """The version of what we decided: it grows with every change."""
    return int(queries.grades(here).choices.get(VERSION, "1"))


async def set_published(here: Instance, what: str, by: str) -> None:
    """Choose what everybody may read of our decisions. Raises Invalid."""
    if what not in PUBLISHED:
        raise Invalid("Choose what everybody may read.", field="publish")
    async with here.db.transaction():
        await _write(here, {PUBLISH: what})
        await count_change(here)
        await audit.record(here, by=by, action="peer.publish", subject=here.settings.domain, detail={"after": what})


async def count_change(here: Instance) -> None:
    """Something was decided: the list has a new version, later than all before; in the caller's transaction."""
    before = await here.db.value("SELECT value FROM peer_choice WHERE name = :name", name=VERSION)
    now = int(here.clock.now().timestamp() * 1000)
    await _write(here, {VERSION: str(max(int(before or 0) + 1, now))})


async def set_mode(here: Instance, mode: str, window: str, by: str) -> None:
    """Choose in the browser with whom this server talks at all; it outweighs the settings from now on.

    `window`: what a consortium lets the servers do that it did not choose. Grades stay as they are. Raises Invalid.
    """
    if mode not in policy.MODES:
        raise Invalid("Choose with whom this server talks.", field="mode")
    if window not in policy.WINDOWS:
        raise Invalid("Choose what everybody else may do.", field="window")
    before = queries.mode(here)
    values = {
        queries.MODE: mode,
        queries.WINDOW: window if mode == policy.CONSORTIUM else policy.SHUT,
        queries.BEFORE: f"{before} {queries.window(here)}",
    }
    async with here.db.transaction():
        await _write(here, values)
        await audit.record(
            here, by=by, action="peer.mode", subject=here.settings.domain, detail={"before": before, "after": mode}
        )
        await here.events.emit(ModeChanged(before, mode))


async def undo_mode(here: Instance, by: str) -> str:
    """Go back to what was before the last choice; returns the mode."""
    before, _, window = queries.grades(here).choices.get(queries.BEFORE, "").partition(" ")
    if before not in policy.MODES:
        raise NotFound("There is nothing to go back to.")
    await set_mode(here, before, window, by)
    return before


async def _write(here: Instance, values: dict[str, str]) -> None:
    """Keep some choices, in the caller's transaction; other processes hear of it."""
    for name, value in values.items():
        await here.db.execute(
            "INSERT INTO peer_choice (name, value, changed_at) VALUES (:name, :value, :now)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
            name=name,
            value=value,
            now=here.clock.now(),
        )
    cache = queries.grades(here)
    here.db.after_commit(lambda: cache.replace(dict(cache.by_host), choices={**cache.choices, **values}))
    await here.bus.publish(queries.CACHE)
