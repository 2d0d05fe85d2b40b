"""What Sofia did before the demo began: whom she follows, and an answer of hers that a steward let through."""

from collections.abc import Awaitable, Callable

from server.demo import deeds
from server.demo.sofia import Sofia
from server.instance import Instance

FOLLOWS = ("science", "maya")
ANSWERED = "Silent mixing: a demonstration without a word"
ANSWER = "I do this with dry ice and a watch glass. Somebody always begins to whisper, and then the whisper is right."
LIKED = "One circuit, seven faults: practical work for 32"
STEWARD = "joel"


async def follow(sofia: Sofia, home: Instance) -> None:
    """She follows a community and a person of the first organisation."""
    for name in FOLLOWS:
        await sofia.follow(f"{name}@{home.settings.domain}")


async def speak(sofia: Sofia, home: Instance, settle: Callable[[], Awaitable[None]]) -> None:
    """She answers, like any stranger waits for a steward, is let in, and likes something."""
    ids = {str(kept.document.get("name")): uri for uri, kept in sofia.memory.posts.items()}
    if ANSWERED in ids:
        await sofia.reply(ids[ANSWERED], ANSWER)
        await settle()
        await home.run(deeds.let_in, home, STEWARD, next(reversed(sofia.memory.mine)))
    if LIKED in ids:
        await sofia.favourite(ids[LIKED])
