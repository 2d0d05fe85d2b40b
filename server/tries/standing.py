"""What follows from how a practice went: how useful it is among others (C16), and in which places it was tried (L7)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from server.posts.models import Post
from server.practices.narrowing import Further
from server.tries.bands import Bands
from server.tries.models import TriedPlace
from server.tries.wire import Counts

COUNTED = 20
"""More reports than so many count as so many with the same share: a large number that somebody claims gains little."""
WELL = ("worked", "worked-with-changes")
PARTS = ("subject", "level", "size", "setting")
"""What makes a place like another one; how long it took does not."""
ALIKE = 2
"""So many parts are the same, of what somebody says of a context of theirs; where they say less, all."""
MOST_CONTEXTS = 20


def useful(tried: int, worked: int) -> int:
    """How useful it is, in thousandths: one more than it worked, of three more than it was tried.

    Untried it is a third. One person with whom it did not work weighs less than many with whom it did.
    """
    if tried > COUNTED:
        tried, worked = COUNTED, worked * COUNTED // tried
    return 1000 * (1 + worked) // (3 + tried)


async def keep(practice_id: str, counts: Counts) -> None:
    """Write down what follows from these counts of a practice, in the caller's transaction."""
    by_outcome = counts.by_outcome()
    worked = sum(by_outcome[outcome] for outcome in WELL)
    places = Counter[tuple[str, ...]]()
    for (outcome, context), number in counts.groups.items():
        places[outcome, *(str(getattr(context, name)) for name in PARTS)] += number
    await Post.filter(id=practice_id).update(useful=useful(counts.total, worked))
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
