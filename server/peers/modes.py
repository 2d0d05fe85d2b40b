"""What another choice of whom this server talks with would change, before it is made: a dry run in one query."""

from collections import defaultdict
from dataclasses import dataclass

from server.instance import Instance
from server.peers import policy, queries

NAMED = 20
MOST_TIES = 60_000

_TIES = """
SELECT actor.host, tie.kind, count(*) AS n FROM (
 SELECT target_id AS far, 'followed' AS kind FROM follow WHERE state = 'accepted'
 UNION ALL SELECT follower_id, 'followers' FROM follow WHERE state = 'accepted'
 UNION ALL SELECT person_id, 'members' FROM membership WHERE state = 'active'
 UNION ALL SELECT community_id, 'our_members' FROM membership WHERE state = 'active'
) AS tie JOIN actor ON actor.id = tie.far WHERE NOT actor.is_local AND actor.deleted_at IS NULL
 GROUP BY actor.host, tie.kind
UNION ALL SELECT host, 'known', 1 FROM peer ORDER BY 1, 2 LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """Servers to which the same would happen, with what ties people here to them. At most `NAMED` are named."""

    servers: int = 0
    hosts: tuple[str, ...] = ()
    followed: int = 0
    followers: int = 0
    members: int = 0
    our_members: int = 0


@dataclass(frozen=True, slots=True)
class ModeConsequences:
    """What a mode would change. `cut_off`: nothing would pass any more; `looking`: they would only look on.

    `restored`: things would pass that do not now. `first_posts_wait` and `letters`: None where that stays as it is.
    """

    mode: str
    window: str
    cut_off: Turn
    looking: Turn
    restored: Turn
    first_posts_wait: bool | None
    letters: bool | None

    @property
    def hurts(self) -> bool:
        """Whether somebody here would lose something, so that it is worth a second look."""
        return any(
            turn.followed or turn.followers or turn.members or turn.our_members for turn in (self.cut_off, self.looking)
        )

    @property
    def is_nothing(self) -> bool:
        """Whether nobody would notice."""
        turns = self.cut_off.servers or self.looking.servers or self.restored.servers
        return not turns and self.first_posts_wait is None and self.letters is None


async def consequences(here: Instance, mode: str, window: str) -> ModeConsequences:
    """What would change if this server were in this mode: in one query."""
    ties = await all_ties(here)
    known = queries.grades(here)
    turns: defaultdict[str, list[str]] = defaultdict(list)
    for host in ties:
        grade, chosen = queries.grade_of(here, host), policy.canonical(host) in known.by_host
        before = queries.effects_for(here, host)
        after = policy.effects(mode, grade, chosen=chosen, vouch=known.vouch_for(host), window=window)
        turns[_turn(before, after)].append(host)
    before, after = (policy.effects(each, policy.NORMAL, chosen=True) for each in (queries.mode(here), mode))
    talks = mode != policy.CLOSED
    return ModeConsequences(
        mode=mode,
        window=window,
        cut_off=_together(turns["cut_off"], ties),
        looking=_together(turns["looking"], ties),
        restored=_together(turns["restored"], ties),
        first_posts_wait=after.holds == "first" if talks and before.holds != after.holds else None,
        letters=after.letters if talks and before.letters != after.letters else None,
    )


async def all_ties(here: Instance) -> dict[str, dict[str, int]]:
    """What ties people here to other servers, by host: follows both ways and memberships both ways; one query."""
    ties: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in await here.db.rows(_TIES, limit=MOST_TIES):
        ties[row["host"]][row["kind"]] = row["n"]
    return ties


def _turn(before: policy.Effects, after: policy.Effects) -> str:
    if before.receives and not after.receives:
        return "cut_off"
    if after.window and before.receives and not before.window:
        return "looking"
    if after.receives and (not before.receives or (before.window and not after.window)):
        return "restored"
    return "same"


def _together(hosts: list[str], ties: dict[str, dict[str, int]]) -> Turn:
    sums = {
        kind: sum(ties[host].get(kind, 0) for host in hosts)
        for kind in ("followed", "followers", "members", "our_members")
    }
    # First those where somebody here would notice.
    hosts = sorted(hosts, key=lambda host: (-sum(ties[host].values()), host))
    return Turn(servers=len(hosts), hosts=tuple(hosts[:NAMED]), **sums)
