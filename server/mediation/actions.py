"""Asking for a mediation, agreeing to it, talking, and ending it. Nothing of it leaves this server."""

from server.accounts import throttle
from server.actors.models import Actor
from server.actors.relations import is_blocked
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.mediation import policy
from server.mediation.events import MediationMoved
from server.mediation.models import Mediation, MediationWord
from server.mediation.policy import Standing
from server.posts.composing import readable_post
from server.text import clean_text

MAX_WISH = 2_000
MAX_WORD = 5_000
MOST_ASKED = 5
CANNOT = "They cannot be asked. Look at the other doors, or name somebody else who helps."


async def ask(here: Instance, acting: Viewer, post_id: str, mediator: str, wish: str) -> Mediation:
    """Ask for help with whoever wrote a post that one can read. `mediator` is the name of somebody here.

    Raises Invalid that names `mediator` or `wish`.
    """
    post = await readable_post(here, acting, post_id)
    wish = clean_text(wish).strip()
    if not wish:
        raise Invalid("Say in a few words what it is about: the other person reads that.", field="wish")
    if len(wish) > MAX_WISH:
        raise Invalid(f"Use at most {MAX_WISH} characters.", field="wish")
    name = mediator.strip().lstrip("@").removesuffix(f"@{here.settings.domain}").lower()
    helper = await Actor.get_or_none(
        username=name, is_local=True, kind="Person", hidden=False, deleted_at=None, suspended_at=None
    )
    if helper is None:
        raise Invalid("Choose somebody who has an account here.", field="mediator")
    await _check(here, str(acting.actor_id), post.author_id, helper.id)
    throttle.limit(here, f"mediation {acting.account_id}", "", MOST_ASKED)
    async with here.db.transaction():
        return await begin(
            here,
            asker_id=str(acting.actor_id),
            other_id=post.author_id,
            mediator_id=helper.id,
            post_id=post.id,
            wish=wish,
            agreed=True,
        )


async def begin(
    here: Instance, *, asker_id: str, other_id: str, mediator_id: str, post_id: str | None, wish: str, agreed: bool
) -> Mediation:
    """Write a mediation down and ask whoever comes next, in the caller's transaction.

    `agreed`: the first wants it; else they are asked as well, and the other learns nothing before.
    """
    now = here.clock.now()
    made = await Mediation.create(
        id=new_id(now),
        asker_id=asker_id,
        other_id=other_id,
        mediator_id=mediator_id,
        post_id=post_id,
        wish=wish,
        asker_at=now if agreed else None,
        created_at=now,
    )
    await _tell(here, made, (other_id if agreed else asker_id,), "asked")
    return made


async def may_be(here: Instance, asker_id: str, other_id: str, mediator_id: str) -> bool:
    """Whether these three could: all here, three different people, and none of them blocks another."""
    try:
        await _check(here, asker_id, other_id, mediator_id)
    except Invalid:
        return False
    return True


async def agree(here: Instance, acting: Viewer, mediation_id: str) -> None:
    """Take part; whoever comes next is asked, and with the mediator it begins."""
    now = here.clock.now()
    async with here.db.transaction():
        found, part = await _asked(acting, mediation_id)
        setattr(found, f"{part}_at", now)
        if part == policy.MEDIATOR:
            found.state = policy.RUNNING
        await found.save()
        following = {
            policy.ASKER: (found.other_id,),
            policy.OTHER: (found.mediator_id,),
            policy.MEDIATOR: (found.asker_id, found.other_id),
        }
        await _tell(here, found, following[part], part)


async def decline(here: Instance, acting: Viewer, mediation_id: str) -> None:
    """Not take part. The first hears that it does not come about, not because of whom."""
    async with here.db.transaction():
        found, _ = await _asked(acting, mediation_id)
        found.state, found.ended_at = policy.DECLINED, here.clock.now()
        await found.save()
        told = [found.asker_id] if found.asker_at is not None else []
        told += [found.other_id] if found.other_at is not None else []
        await _tell(here, found, tuple(told), "declined")


async def say(here: Instance, acting: Viewer, mediation_id: str, text: str) -> None:
    """Say something to the two others."""
    found = await _running(acting, mediation_id)
    text = clean_text(text).strip()
    if not text:
        raise Invalid("Write something.", field="text")
    if len(text) > MAX_WORD:
        raise Invalid(f"Use at most {MAX_WORD} characters.", field="text")
    async with here.db.transaction():
        word = await MediationWord.create(
            mediation_id=found.id, by_id=str(acting.actor_id), text=text, at=here.clock.now()
        )
        await _tell(here, found, (found.asker_id, found.other_id, found.mediator_id), str(word.id), by=acting)


async def leave(here: Instance, acting: Viewer, mediation_id: str) -> None:
    """One of the two, or who asked, does not go on: it is over, whoever wanted it."""
    async with here.db.transaction():
        found = await Mediation.get_or_none(id=mediation_id, state__in=[policy.ASKED, policy.RUNNING])
        me = acting.actor_id
        if found is None or me is None or not (me == found.asker_id or (me == found.other_id and found.other_at)):
            raise NotFound
        found.state, found.ended_at = policy.LEFT, here.clock.now()
        await found.save()
        told = [found.other_id] if found.asker_at is not None else []
        told += [found.mediator_id] if found.other_at is not None else []
        await _tell(here, found, (found.asker_id, *told), "left", by=acting)


async def end(here: Instance, acting: Viewer, mediation_id: str, outcome: str, result: str) -> None:
    """The mediator writes down what came of it, for the two."""
    found = await _running(acting, mediation_id)
    if found.mediator_id != acting.actor_id:
        raise NotFound
    result = clean_text(result).strip()[:MAX_WORD]
    if outcome not in policy.OUTCOMES:
        raise Invalid("Say what came of it.", field="outcome")
    if outcome != policy.NONE and not result:
        raise Invalid("Write down what the two agreed on.", field="result")
    async with here.db.transaction():
        found.state, found.outcome, found.result = policy.ENDED, outcome, result
        found.ended_at = here.clock.now()
        await found.save()
        await _tell(here, found, (found.asker_id, found.other_id), "ended")


async def _check(here: Instance, asker_id: str, other_id: str, mediator_id: str) -> None:
    if other_id == asker_id:
        raise Invalid("This is your own.")
    if mediator_id in {asker_id, other_id}:
        raise Invalid("Choose somebody who is neither of you.", field="mediator")
    if not await Actor.exists(id=other_id, is_local=True, kind="Person", deleted_at=None):
        raise Invalid("Mediation is among people of this server. Look at the other doors.", field="mediator")
    for one, two in ((asker_id, other_id), (asker_id, mediator_id), (other_id, mediator_id)):
        if await is_blocked(here, one, two):
            raise Invalid(CANNOT, field="mediator")
    if await Mediation.exists(asker_id=asker_id, other_id=other_id, state__in=[policy.ASKED, policy.RUNNING]):
        raise Invalid("You have asked for this already. It stands under “Mediation”.", field="mediator")


async def _asked(acting: Viewer, mediation_id: str) -> tuple[Mediation, str]:
    """A mediation that waits for the viewer, and their part in it."""
    found = await Mediation.get_or_none(id=mediation_id)
    if found is None or acting.actor_id is None:
        raise NotFound
    part = Standing(
        found.state, found.asker_at is not None, found.other_at is not None, found.mediator_at is not None
    ).waits_for
    if not part or getattr(found, f"{part}_id") != acting.actor_id:
        raise NotFound
    return found, part


async def _running(acting: Viewer, mediation_id: str) -> Mediation:
    found = await Mediation.get_or_none(id=mediation_id, state=policy.RUNNING)
    if found is None or acting.actor_id not in {found.asker_id, found.other_id, found.mediator_id}:
        raise NotFound
    return found


async def _tell(
    here: Instance, found: Mediation, readers: tuple[str, ...], key: str, *, by: Viewer | None = None
) -> None:
    told = tuple(reader for reader in readers if by is None or reader != by.actor_id)
    await here.events.emit(MediationMoved(found.id, told, key))
