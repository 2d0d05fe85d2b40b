"""Accept, Reject, Undo and Delete whose object is only an id: each feature is asked in turn whether the id is its own.

Mastodon undoes by id, GoToSocial accepts by id, and a Delete names an actor, a post or an activity alike. The engine
has one handler per pair of types, so features share this one.
"""

from collections.abc import Awaitable, Callable

from federation.errors import Ignored
from federation.inbox.dispatch import VerifiedActivity
from server.instance import Instance

Answer = Callable[[VerifiedActivity], Awaitable[bool]]

CACHE = "actors.by_reference"


def on_reference(here: Instance, activity_type: str, answer: Answer) -> None:
    """Ask `answer` about activities of this type whose object is given by id; it returns whether the id was its own."""
    chains: dict[str, list[Answer]] = here.caches.setdefault(CACHE, {})
    if activity_type in chains:
        chains[activity_type].append(answer)
        return
    chain = chains[activity_type] = [answer]

    async def ask(received: VerifiedActivity) -> None:
        for asked in chain:
            if await asked(received):
                return
        raise Ignored("the object is not known here")

    here.engine.on(activity_type, None, ask)
