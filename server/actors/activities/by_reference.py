"""Activities that several features handle, such as those whose object is only an id: each is asked in turn.

Mastodon undoes by id, GoToSocial accepts by id, a Delete names an actor, a post or an activity alike, and a Block may
be a person's or a community's. The engine has one handler per pair of types, so features share this one.
"""

from collections.abc import Awaitable, Callable

from federation.errors import Ignored
from federation.inbox.dispatch import VerifiedActivity
from server.instance import Instance

Answer = Callable[[VerifiedActivity], Awaitable[bool]]

CACHE = "actors.by_reference"


def on_reference(
    here: Instance, activity_type: str, answer: Answer, *, object_type: str | None = None, last: bool = False
) -> None:
    """Ask `answer` about activities of this type; it returns whether this one was its own.

    `object_type` is that of the embedded object; None takes what has no handler of its own, and what is given by id.
    `last`: it is asked after all others, whenever these are registered.
    """
    chains: dict[tuple[str, str | None], tuple[list[Answer], list[Answer]]] = here.caches.setdefault(CACHE, {})
    key = (activity_type, object_type)
    if key in chains:
        chains[key][last].append(answer)
        return
    chain: tuple[list[Answer], list[Answer]] = ([], [])
    chains[key] = chain
    chain[last].append(answer)

    async def ask(received: VerifiedActivity) -> None:
        for asked in (*chain[0], *chain[1]):
            if await asked(received):
                return
        raise Ignored("the object is not known here")

    here.engine.on(activity_type, object_type, ask)
