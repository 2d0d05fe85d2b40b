"""Answering the five questions, and saying what is not for oneself."""

from dataclasses import dataclass

from server.accounts.actions import finish_first_visit
from server.actors.events import ActorDeleted
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.needs.models import AskedToday, NeedOffer, NeedsCard, NeedToday, PassedPick
from server.posts.composing import readable_post
from server.posts.events import PostDeleted
from server.search.actions import index_actor

LONGEST = 500
PASSED = 300
"""So many are kept that somebody does not want suggested; older ones have gone out of sight by themselves."""


@dataclass(frozen=True, slots=True)
class CardForm:
    """The five answers, each of which may stay empty, and two choices."""

    teaches: str = ""
    works_with: str = ""
    stuck_with: str = ""
    would_learn: str = ""
    ask_me_about: str = ""
    may_be_asked: bool = False
    wants_picks: bool = True


async def answer(here: Instance, acting: Viewer, form: CardForm, *, accepts_guidelines: bool | None = None) -> None:
    """Keep the answers; on the first visit with the acceptance of the guidelines. Raises Invalid with the field."""
    for field in ("works_with", "would_learn"):
        if len(getattr(form, field)) > LONGEST:
            raise Invalid(f"Use at most {LONGEST} characters.", field=field)
    if form.may_be_asked and not form.ask_me_about.strip():
        raise Invalid("Say in a few words what you may be asked about.", field="ask_me_about")
    async with here.db.transaction():
        await finish_first_visit(
            here,
            acting,
            teaches=form.teaches,
            stuck_with=form.stuck_with,
            ask_me_about=form.ask_me_about,
            accepts_guidelines=accepts_guidelines,
        )
        await NeedsCard.update_or_create(
            defaults={
                "would_learn": form.would_learn.strip(),
                "works_with": form.works_with.strip(),
                "answered_at": here.clock.now(),
                "may_be_asked": form.may_be_asked,
                "no_picks": not form.wants_picks,
            },
            id=str(acting.actor_id),
        )
        await index_actor(here, str(acting.actor_id))


async def set_may_be_asked(here: Instance, acting: Viewer, *, wanted: bool) -> None:
    """Choose whether others may ask today. Raises Invalid where nothing says what about."""
    about = await here.db.value("SELECT ask_me_about FROM account WHERE id = :account", account=acting.account_id)
    if wanted and not about:
        raise Invalid("First say in “What I need” what you may be asked about.", field="asked")
    async with here.db.transaction():
        await NeedsCard.update_or_create(defaults={"may_be_asked": wanted}, id=str(acting.actor_id))


async def pass_by(here: Instance, acting: Viewer, post_id: str) -> None:
    """Have a practice never suggested to oneself again."""
    post = await readable_post(here, acting, post_id)
    me = str(acting.actor_id)
    async with here.db.transaction():
        now = here.clock.now()
        await here.db.execute(
            "INSERT INTO passed_pick (id, person_id, post_id, at) VALUES (:id, :me, :post, :now)"
            " ON CONFLICT (person_id, post_id) DO NOTHING",
            id=new_id(now),
            me=me,
            post=post.id,
            now=now,
        )
        await here.db.execute(
            "DELETE FROM passed_pick WHERE person_id = :me AND id NOT IN (SELECT id FROM passed_pick"
            " WHERE person_id = :me ORDER BY id DESC LIMIT :most)",
            me=me,
            most=PASSED,
        )


async def take_back(here: Instance, acting: Viewer, post_id: str) -> None:
    """Have it suggested again, perhaps. Raises NotFound where it was not passed by."""
    async with here.db.transaction():
        if not await PassedPick.filter(person_id=str(acting.actor_id), post_id=post_id).delete():
            raise NotFound


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Forget what somebody said who is gone."""
    await NeedsCard.filter(id=event.actor_id).delete()
    await here.db.execute(
        "DELETE FROM need_offer WHERE ask_id IN (SELECT id FROM need_today WHERE author_id = :id)", id=event.actor_id
    )
    await NeedToday.filter(author_id=event.actor_id).delete()
    await AskedToday.filter(person_id=event.actor_id).delete()
    await PassedPick.filter(person_id=event.actor_id).delete()


async def on_post_deleted(here: Instance, event: PostDeleted) -> None:
    """Forget that it was needed."""
    await NeedToday.filter(id=event.post_id).delete()
    await NeedOffer.filter(ask_id=event.post_id).delete()
