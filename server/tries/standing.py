"""What follows from how a practice went: how useful it is among others (C16), and in which places it was tried (L7).

Who keeps a practice for later counts a little, on the server where they do; it is told nowhere, as a number neither.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from server.instance import Instance
from server.peers.policy import in_sql
from server.posts.events import PostSaved
from server.posts.readable import apart
from server.practices.narrowing import Further
from server.tries.bands import Bands
from server.tries.models import TriedPlace
from server.tries.wire import Counts

COUNTED = 20
"""More reports than so many count as so many with the same share: a large number that somebody claims gains little."""
SAVES = 10
"""So many people who keep it count as one with whom it worked, each as a part of that; more count no more."""
WELL = ("worked", "worked-with-changes")
PARTS = ("subject", "level", "size", "setting")
"""What makes a place like another one; how long it took does not."""
ALIKE = 2
"""So many parts are the same, of what somebody says of a context of theirs; where they say less, all."""
MOST_CONTEXTS = 20


_SAVED = (
    "SELECT 1 FROM bookmark AS mark JOIN actor AS keeper ON keeper.id = mark.actor_id JOIN post AS whole"
    " ON whole.id = mark.post_id WHERE mark.post_id = :practice AND mark.actor_id <> whole.author_id"
    f" AND keeper.suspended_at IS NULL AND NOT {apart('whole.author_id', 'mark.actor_id')} LIMIT {SAVES}"
)
"""Everybody who keeps a practice, once: not its author, nobody who is suspended, nor whom it is not there for (S17)."""


def useful(tried: int, worked: int, saved: int = 0) -> int:
    """How useful it is, in thousandths: one more than it worked, of three more than it was tried.

    Whoever keeps it for later is a tenth of a report that it worked; ten are one, and so are more. Untried and kept by
    nobody it is a third. One person with whom it did not work weighs less than many with whom it did.
    """
    worked, tried = _weighed(tried, worked)
    saved = min(saved, SAVES)
    return 1000 * (worked + saved) // (tried + saved)


def _weighed(tried: int, worked: int) -> tuple[int, int]:
    """What is divided by what where nobody keeps it, in parts of a report."""
    if tried > COUNTED:
        tried, worked = COUNTED, worked * COUNTED // tried
    return SAVES * (1 + worked), SAVES * (3 + tried)


async def on_saved(here: Instance, event: PostSaved) -> None:
    """Somebody keeps something for later, or no longer: weigh it anew if people try such things."""
    row = await here.db.row(
        f"SELECT sum(number) AS tried, sum(CASE WHEN outcome IN {in_sql(WELL)} THEN number ELSE 0 END) AS worked"
        " FROM tried_place WHERE practice_id = :practice",
        practice=event.post_id,
    )
    await _weigh(here, event.post_id, int((row and row["tried"]) or 0), int((row and row["worked"]) or 0))


async def _weigh(here: Instance, practice_id: str, tried: int, worked: int) -> None:
    worked, tried = _weighed(tried, worked)
    await here.db.execute(
        "UPDATE post SET useful = (SELECT 1000 * (CAST(:worked AS INT) + saves.saved) / (CAST(:tried AS INT)"
        f" + saves.saved) FROM (SELECT count(*) AS saved FROM ({_SAVED}) AS few) AS saves)"
        " WHERE id = :practice AND kind IN ('practice', 'tip')",
        practice=practice_id,
        tried=tried,
        worked=worked,
    )


async def keep(here: Instance, practice_id: str, counts: Counts) -> None:
    """Write down what follows from these counts of a practice, in the caller's transaction."""
    by_outcome = counts.by_outcome()
    worked = sum(by_outcome[outcome] for outcome in WELL)
    places = Counter[tuple[str, ...]]()
    for (outcome, context), number in counts.groups.items():
        places[outcome, *(str(getattr(context, name)) for name in PARTS)] += number
    await _weigh(here, practice_id, counts.total, worked)
    await TriedPlace.filter(practice_id=practice_id).delete()
    await TriedPlace.bulk_create(
        [
            TriedPlace(practice_id=practice_id, outcome=outcome, number=number, **dict(zip(PARTS, place, strict=True)))
            for (outcome, *place), number in sorted(places.items())
        ]
    )


def tried_like(contexts: Sequence[Bands]) -> Further | None:
    """What narrows practices to those that were tried in a place like one of these; None where they say nothing."""
    alike, parameters = [], dict[str, Any]()
    for number, context in enumerate(contexts[:MOST_CONTEXTS]):
        said = {name: value for name in PARTS if (value := getattr(context, name))}
        if said:
            named = {f"like_{number}_{name}": value for name, value in said.items()}
            same = " + ".join(f"CASE WHEN place.{name} = :like_{number}_{name} THEN 1 ELSE 0 END" for name in said)
            alike.append(f"{same} >= {min(ALIKE, len(said))}")
            parameters |= named
    if not alike:
        return None
    return Further(
        f"EXISTS (SELECT 1 FROM tried_place AS place WHERE place.practice_id = post.id AND ({' OR '.join(alike)}))",
        parameters,
    )
