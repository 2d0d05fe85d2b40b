"""People here who are cut off, because an admin blocked a server: telling them, and showing what they have there."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.notifications.actions import CARE, MAX_READERS, News, notify
from server.peers.events import PeerGradeChanged
from server.peers.policy import BLOCKED
from server.peers.queries import THEIRS, UNDONE_WITHIN, spellings

KIND = "cut_off"
MOST = 3000

_CONCERNED = f"""
SELECT person.id FROM (
 SELECT follower_id AS id FROM follow WHERE state IN ('accepted', 'paused') AND target_id IN {THEIRS}
 UNION SELECT target_id FROM follow WHERE state IN ('accepted', 'paused') AND follower_id IN {THEIRS}
 UNION SELECT person_id FROM membership WHERE state = 'active' AND community_id IN {THEIRS}
 UNION SELECT mine.person_id FROM membership AS theirs JOIN membership AS mine
  ON mine.community_id = theirs.community_id AND mine.state = 'active' AND mine.role = 'steward'
  WHERE theirs.state = 'active' AND theirs.person_id IN {THEIRS}
) AS person JOIN actor ON actor.id = person.id WHERE actor.is_local ORDER BY person.id LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class CutOff:
    """A server that nothing passes to, and what somebody here has there. `until`: so long all of it can come back."""

    host: str
    followed: int
    followers: int
    communities: int
    members: int
    since: datetime | None
    until: datetime | None


async def on_grade(here: Instance, event: PeerGradeChanged) -> None:
    """Tell whom it concerns, if the admin said so; once for each time."""
    if not event.tells or event.after != BLOCKED:
        return
    rows = await here.db.rows(_CONCERNED, most=MOST, **spellings(event.host))
    news = News(kind=KIND, thing=CARE, key=f"{event.host[:60]}:{int(here.clock.now().timestamp())}")
    for start in range(0, len(rows), MAX_READERS):
        await notify(here, [row["id"] for row in rows[start : start + MAX_READERS]], news)


async def cut_off(here: Instance, viewer: Viewer) -> list[CutOff]:
    """The servers from which the viewer is cut off, by name, with what they have there; one query."""
    rows = await here.db.rows(
        "SELECT actor.host, sum(tie.followed) AS followed, sum(tie.followers) AS followers,"
        " sum(tie.communities) AS communities, sum(tie.members) AS members, max(peer.graded_at) AS since FROM ("
        "SELECT target_id AS far, 1 AS followed, 0 AS followers, 0 AS communities, 0 AS members FROM follow"
        " WHERE follower_id = :me AND state = 'paused'"
        " UNION ALL SELECT follower_id, 0, 1, 0, 0 FROM follow WHERE target_id = :me AND state = 'paused'"
        " UNION ALL SELECT community_id, 0, 0, 1, 0 FROM membership WHERE person_id = :me AND state = 'active'"
        " UNION ALL SELECT theirs.person_id, 0, 0, 0, 1 FROM membership AS mine JOIN membership AS theirs"
        " ON theirs.community_id = mine.community_id AND theirs.state = 'active'"
        " WHERE mine.person_id = :me AND mine.state = 'active' AND mine.role = 'steward' AND theirs.from_elsewhere"
        ") AS tie JOIN actor ON actor.id = tie.far LEFT JOIN peer ON peer.host = actor.host AND peer.grade = :blocked"
        " WHERE NOT actor.is_local AND actor.grade = :blocked GROUP BY actor.host ORDER BY actor.host LIMIT 200",
        me=viewer.actor_id or "",
        blocked=BLOCKED,
    )
    return [
        CutOff(
            host=row["host"],
            followed=int(row["followed"]),
            followers=int(row["followers"]),
            communities=int(row["communities"]),
            members=int(row["members"]),
            since=from_milliseconds(row["since"]) if row["since"] else None,
            until=from_milliseconds(row["since"]) + UNDONE_WITHIN if row["since"] else None,
        )
        for row in rows
    ]
