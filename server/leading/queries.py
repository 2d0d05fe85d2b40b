"""Sums of this server, none of which stands for fewer than five people."""

from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.consortium.numbers import NAMES, Quarter, counted, quarter_before, suppressed
from server.instance import Instance
from server.leading.actions import MOST
from server.leading.models import Leader


@dataclass(frozen=True, slots=True)
class Sums:
    """A quarter with its numbers by name; what may not be said is missing, or None.

    `communities` are those with five members or more, `organisations` how many other servers took part: these are no
    people. `tried` are public practices of here that were tried most, as title, address and how often.
    """

    quarter: str
    numbers: list[int | None]
    communities: int
    organisations: int
    tried: list[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class LeaderView:
    """Somebody who was named."""

    account_id: str
    handle: str


async def may_read(here: Instance, viewer: Viewer) -> bool:
    """Whether somebody reads the sums: admins, and those whom they named."""
    if viewer.is_admin:
        return True
    return viewer.account_id is not None and await Leader.exists(account_id=viewer.account_id)


async def leaders(here: Instance) -> list[LeaderView]:
    """Everybody who was named, by handle."""
    rows = await here.db.rows(
        "SELECT leader.account_id, actor.username FROM leader JOIN account ON account.id = leader.account_id"
        " JOIN actor ON actor.id = account.actor_id ORDER BY actor.username LIMIT :most",
        most=MOST,
    )
    return [LeaderView(row["account_id"], f"@{row['username']}") for row in rows]


async def sums(here: Instance, quarter: Quarter | None = None) -> Sums:
    """One quarter that is over (the latest, unless another is asked for), and what is so at present: six statements."""
    wanted = quarter or quarter_before(here.clock.now())
    told = await counted(here, wanted)
    row = await here.db.row(
        "SELECT (SELECT count(*) FROM (SELECT community_id FROM membership WHERE state = 'active'"
        " GROUP BY community_id HAVING count(*) >= 5) AS alive) AS communities,"
        " (SELECT count(DISTINCT actor.host) FROM tried_report JOIN post ON post.id = tried_report.id"
        " JOIN actor ON actor.id = post.author_id JOIN post AS practice ON practice.id = tried_report.practice_id"
        " WHERE practice.is_local AND NOT actor.is_local AND post.state = 'visible') AS organisations"
    )
    tried = await here.db.rows(
        "SELECT post.title, post.url, count(*) AS tries, count(DISTINCT said.author_id) AS people FROM tried_report"
        " JOIN post AS said ON said.id = tried_report.id AND said.state = 'visible'"
        " JOIN post ON post.id = tried_report.practice_id"
        " WHERE post.is_local AND post.state = 'visible' AND post.visibility = 'public'"
        " GROUP BY post.id, post.title, post.url HAVING count(DISTINCT said.author_id) >= 5"
        " ORDER BY count(*) DESC, post.id LIMIT 3"
    )
    return Sums(
        quarter=str(wanted),
        numbers=[told.get(name) for name in NAMES],
        communities=row["communities"] if row else 0,
        organisations=row["organisations"] if row else 0,
        tried=[(item["title"], item["url"], suppressed(item["tries"], item["people"]) or 0) for item in tried],
    )
