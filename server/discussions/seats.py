"""Seats of a fishbowl (D5): counted from what was said, and given up by a tap or by answering from outside.

The first so many people who answer from the middle have a seat. Answers from the middle of who has none are kept, and
stand outside. Every server counts the answers that it has, in the order in which they came to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from federation.vocab.base import timestamp, timestamp_of
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotAllowed
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import readable_post
from server.posts.formats import formed, loaded, with_facts
from server.posts.models import Post

INSIDE, OUTSIDE = "inside", "outside"
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts of an answer to a fishbowl. `stood_up`: when its author gave up the seat that they had by it."""

    id: str
    author_id: str
    part: str
    at: datetime
    stood_up: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seats:
    """Who has a seat now, and which answers from the middle had none: they stand outside."""

    total: int
    holders: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        return len(self.holders)

    @property
    def is_full(self) -> bool:
        """Whether nobody else can speak from the middle at the moment."""
        return self.taken >= self.total


def counted(total: int, answers: Iterable[Answer], now: datetime) -> Seats:
    """The seats as they are after these answers, which stand in the order in which they came."""
    seated: dict[str, list[datetime]] = {}
    standing = set()
    for answer in answers:
        _let_go(seated, answer.at)
        if answer.part == OUTSIDE:
            seated.pop(answer.author_id, None)
        elif answer.part == INSIDE:
            if answer.author_id not in seated and len(seated) >= total:
                standing.add(answer.id)
                continue
            until = seated.setdefault(answer.author_id, [])
            if answer.stood_up is not None:
                until.append(max(answer.stood_up, answer.at))
    _let_go(seated, now)
    return Seats(total, frozenset(seated), frozenset(standing))


def _let_go(seated: dict[str, list[datetime]], now: datetime) -> None:
    for author_id in [author_id for author_id, until in seated.items() if until and until[-1] <= now]:
        del seated[author_id]


async def seats_of(here: Instance, root_id: str, total: int) -> Seats:
    """The seats of a fishbowl here or elsewhere, from all answers of it that stand here: one query."""
    rows = await here.db.rows(
        "SELECT post.id, post.author_id, post.particulars, post.created_at FROM post WHERE post.root_id = :root"
        " AND post.parent_id = :root AND post.state = 'visible' AND post.kind = 'reply'"
        " AND post.visibility <> 'direct' ORDER BY post.created_at, post.published_at, post.id"
        " LIMIT :most",
        root=root_id,
        most=MOST_COUNTED,
    )
    answers = []
    for row in rows:
        said = formed(loaded(row["particulars"]))
        at = from_milliseconds(row["created_at"])
        answers.append(Answer(row["id"], row["author_id"], said.part, at, timestamp_of(said.stood_up)))
    return counted(total, answers, here.clock.now())


async def part_for(here: Instance, acting: Viewer, root: Post, part: str) -> str:
    """The part of an answer that is about to be written: who finds no seat free speaks from outside."""
    total = formed(root.particulars).seats
    if part != INSIDE or not total:
        return part
    seats = await seats_of(here, root.id, total)
    return OUTSIDE if seats.is_full and acting.actor_id not in seats.holders else INSIDE


async def stand_up(here: Instance, acting: Viewer, root_id: str) -> None:
    """Give up one's seat; what was said from it stays. Everybody who has that answer hears of it."""
    root = await readable_post(here, acting, root_id)
    seats = await seats_of(here, root.id, formed(root.particulars).seats)
    mine = await _last_from_the_middle(root.id, str(acting.actor_id), seats.standing)
    if acting.actor_id not in seats.holders or mine is None:
        raise NotAllowed("You have no seat in the middle.")

    async def note(post: Post) -> None:
        post.particulars = with_facts(post.particulars, stood_up=timestamp(here.clock.now()))
        await post.save(update_fields=["particulars"])

    await posts.edit_post(here, acting, mine.id, PostChange(), detail=note)


async def _last_from_the_middle(root_id: str, author_id: str, standing: frozenset[str]) -> Post | None:
    found: Sequence[Post] = (
        await Post.filter(root_id=root_id, parent_id=root_id, author_id=author_id, state="visible", kind="reply")
        .order_by("-id")
        .limit(MOST_COUNTED)
    )
    return next((post for post in found if formed(post.particulars).part == INSIDE and post.id not in standing), None)
