"""What co-authors change: at once where the practice lives here, else by an Offer that its home takes or refuses.

Nothing is overwritten in silence: a change names the version it was made from by a digest, and is taken only while that
is still what the practice says. What is refused is kept where it was written.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.coauthors import actions
from server.coauthors.actions import ACTIVE
from server.coauthors.events import CoauthorEdited, EditAnswered, EditSent
from server.coauthors.models import Coauthor, CoauthorEdit
from server.coauthors.wire import changed, digest, values_of
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.posts import queries as posts
from server.posts import sending
from server.posts.composing import Detail, readable_post
from server.posts.holding import hold
from server.posts.models import Post
from server.posts.queries import PostView
from server.practices import actions as practices
from server.practices import queries as practice_queries
from server.practices.bonds import bond_of
from server.practices.form import PracticeForm, check, tidy

APPLY = "coauthors.apply"
NOTE_CHARACTERS = 300
REASON_CHARACTERS = 500
WAITS = timedelta(days=1)
"""So long no second change is sent while one is on its way."""
MOST_WAITING = 20
WAITING, TAKEN, REFUSED = "waiting", "taken", "refused"

CROSSED = "Somebody changed the practice meanwhile. Look at what it says now, and put your change into that."
_NOT_THEIRS = "Only its author and co-authors change this practice."
_ON_ITS_WAY = "Your last change is still on its way to the home of the practice. Wait for its answer."


async def begin(here: Instance, viewer: Viewer, short: str, kept_id: str = "") -> tuple[PostView, PracticeForm, str]:
    """A practice that the viewer writes with others as a form, and the digest of what it says now.

    `kept_id` is a change of theirs that was refused: the form has its words. NotAllowed for everybody else.
    """
    post = await posts.show(here, viewer, short)
    if post is None or post.kind != "practice" or post.state != "visible":
        raise NotFound
    await check_coauthor(here, await Post.get(id=post.id), viewer.actor_id)
    found = await practice_queries.practice(here, viewer, post)
    if found is None or found.form.entry == "tip":
        raise NotFound
    form = replace(found.form, nobody_identifiable=False)
    base = digest(form)
    if kept_id:
        kept = await CoauthorEdit.get_or_none(id=kept_id, post_id=post.id, person_id=viewer.actor_id)
        if kept is None or not isinstance(kept.form, dict):
            raise NotFound
        form = changed(form, kept.form)
    return post, form, base


async def submit(
    here: Instance, acting: Viewer, post_id: str, form: PracticeForm, base: str, note: str = ""
) -> CoauthorEdit | Post:
    """Change a practice that one writes with others: at once here, else the change is on its way afterwards."""
    post = await readable_post(here, acting, post_id)
    await check_coauthor(here, post, acting.actor_id)
    form = replace(tidy(form, here.site.default_licence), media_ids=(), licence=here.site.default_licence)
    check(form, [])
    note = " ".join(note.split())[:NOTE_CHARACTERS]
    values = values_of(form)
    if post.is_local:
        return await _revise(here, post, str(acting.actor_id), values, base, note)
    now = here.clock.now()
    async with here.db.transaction():
        if not await hold(here, post, "visible"):
            raise NotFound
        await check_coauthor(here, post, acting.actor_id)
        if await CoauthorEdit.exists(
            post_id=post.id, person_id=acting.actor_id, state=WAITING, created_at__gt=now - WAITS
        ):
            raise Invalid(_ON_ITS_WAY)
        made_id = new_id(now)
        row = await CoauthorEdit.create(
            id=made_id,
            uri=sending.activity_id(here, "offer", made_id),
            post_id=post.id,
            person_id=str(acting.actor_id),
            base=base[:64],
            form=values,
            note=note,
            created_at=now,
        )
        await here.events.emit(EditSent(row.id))
    return row


async def receive(
    here: Instance, post: Post, person: Actor, uri: str, values: dict[str, object], base: str, note: str
) -> bool:
    """Keep a change that came from elsewhere until it was looked at; False for one that came before."""
    async with here.db.transaction():
        if not await hold(here, post, "visible") or await CoauthorEdit.exists(uri=uri):
            return False
        await check_coauthor(here, post, person.id)
        if await CoauthorEdit.filter(post_id=post.id, person_id=person.id, state=WAITING).count() >= MOST_WAITING:
            raise NotAllowed("Too many changes wait.")
        now = here.clock.now()
        row = await CoauthorEdit.create(
            id=new_id(now),
            uri=uri,
            post_id=post.id,
            person_id=person.id,
            base=base,
            form=values,
            note=note[:NOTE_CHARACTERS],
            created_at=now,
        )
        await here.jobs.enqueue(APPLY, {"edit_id": row.id}, unique=f"{APPLY}:{row.id}")
    return True


async def apply(here: Instance, payload: Any) -> None:
    """Take a change that came from elsewhere, or refuse it with a reason; the answer goes out with it."""
    row = await CoauthorEdit.get_or_none(id=str(payload["edit_id"]), state=WAITING)
    post = None if row is None else await Post.get_or_none(id=row.post_id, is_local=True)
    if row is None or post is None or not isinstance(row.form, dict):
        return

    async def answered(_: Post) -> None:
        await settle(here, row, taken=True)

    try:
        await _revise(here, post, row.person_id, row.form, row.base, row.note, also=answered)
    except Refused as error:
        async with here.db.transaction():
            await settle(here, row, taken=False, reason=error.message)


async def settle(here: Instance, row: CoauthorEdit, *, taken: bool, reason: str = "") -> None:
    """Write down what became of a change, in the caller's transaction; only the first answer counts."""
    # At home nothing is kept of it; where it was written, what was refused is.
    keeps = not taken and not (await Post.get(id=row.post_id)).is_local
    values: dict[str, Any] = {} if keeps else {"form": None}
    changed_rows = await CoauthorEdit.filter(id=row.id, state=WAITING).update(
        state=TAKEN if taken else REFUSED, reason=reason[:REASON_CHARACTERS], answered_at=here.clock.now(), **values
    )
    if changed_rows:
        await here.events.emit(EditAnswered(row.id, taken))


async def check_coauthor(here: Instance, post: Post, person_id: str | None) -> None:
    """Raise NotAllowed for everybody who is no co-author now, or between whom and the author something stands."""
    active = person_id is not None and await Coauthor.exists(post_id=post.id, person_id=person_id, state=ACTIVE)
    if not active or not await actions.may_be(here, post, await Actor.get(id=person_id)):
        raise NotAllowed(_NOT_THEIRS)


async def _revise(
    here: Instance,
    post: Post,
    person_id: str,
    values: dict[str, object],
    base: str,
    note: str,
    *,
    also: Detail | None = None,
) -> Post:
    """Change a practice of this server for a co-author, in the name of its author."""
    await check_coauthor(here, post, person_id)
    author, person = Viewer(actor_id=post.author_id), await Actor.get(id=person_id)
    kept = await practice_queries.draft(here, author, post.id)
    if kept is None or kept[0].state != "visible":
        raise NotFound
    seen, form = kept
    if digest(form) != base:
        raise Invalid(CROSSED, field="base")
    form = changed(form, values)
    bond = await bond_of(here, author, post, form, shared=True)

    async def store(now: Post) -> None:
        if now.version != seen.version + 1:
            raise Invalid(CROSSED, field="base")
        # A block or a farewell may have come since.
        await check_coauthor(here, now, person_id)
        await bond.keep(now)
        await Coauthor.filter(post_id=now.id, person_id=person_id).update(wrote=True)
        await here.events.emit(CoauthorEdited(now.id, person_id))
        if also is not None:
            await also(now)

    name = person.name or person.username
    said = f"{note} ({name})" if note else f"Changed by {name}"
    return await practices.revise(here, author, post.id, form, said, bond=replace(bond, store=store))
