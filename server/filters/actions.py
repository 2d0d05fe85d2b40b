"""Making, changing and ending filters. Each action is one transaction, and tells that filters changed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.viewer import Viewer
from server.errors import Invalid, NotAllowed, NotFound
from server.filters.events import FiltersChanged
from server.filters.models import Filter, FilterKeyword, FilterPost
from server.ids import new_id
from server.instance import Instance
from server.posts.readable import readable
from server.text import clean_text

PLACES = ("home", "notifications", "public", "thread", "account")
ACTIONS = WARN, HIDE, BLUR = ("warn", "hide", "blur")
MAX_TITLE = MAX_KEYWORD = 200
MAX_FILTERS = 100
MAX_KEYWORDS = 300
"""Of all filters of one person: each page they read is searched for all of them."""
MAX_POSTS = 300


@dataclass(frozen=True, slots=True)
class Wording:
    """A keyword as it is wanted: a new one without `id`, an existing one changed or, with `ends`, ended."""

    keyword: str | None = None
    whole_word: bool | None = None
    id: str | None = None
    ends: bool = False


@dataclass(frozen=True, slots=True)
class FilterForm:
    """What a filter is to be; None leaves as it is. `has_end`: `expires_at` counts, where None means never."""

    title: str | None = None
    places: tuple[str, ...] | None = None
    action: str | None = None
    has_end: bool = False
    expires_at: datetime | None = None
    wordings: tuple[Wording, ...] = ()


async def create(here: Instance, acting: Viewer, form: FilterForm) -> str:
    """Make a filter; returns its id. Raises Invalid."""
    owner, now = _owner(acting), here.clock.now()
    _check(form, is_new=True)
    async with _changing(here, owner):
        if await Filter.filter(owner_id=owner).count() >= MAX_FILTERS:
            raise Invalid(f"You have {MAX_FILTERS} filters already, and more are not kept.", field="title")
        made = await Filter.create(
            id=new_id(now),
            owner_id=owner,
            title=_title(form.title or ""),
            places=" ".join(form.places or ()),
            action=form.action or WARN,
            created_at=now,
            expires_at=form.expires_at,
        )
        await _word(here, owner, made.id, form.wordings)
    return str(made.id)


async def update(here: Instance, acting: Viewer, filter_id: str, form: FilterForm) -> None:
    """Change a filter of one's own, and its keywords. Raises NotFound and Invalid."""
    owner = _owner(acting)
    _check(form, is_new=False)
    async with _changing(here, owner):
        found = await _own(owner, filter_id)
        if form.title is not None:
            found.title = _title(form.title)
        if form.places is not None:
            found.places = " ".join(form.places)
        found.action = form.action or found.action
        if form.has_end:
            found.expires_at = form.expires_at
        await found.save()
        await _word(here, owner, found.id, form.wordings)


async def delete(here: Instance, acting: Viewer, filter_id: str) -> None:
    """End a filter of one's own."""
    owner = _owner(acting)
    async with _changing(here, owner):
        await (await _own(owner, filter_id)).delete()


async def add_keyword(here: Instance, acting: Viewer, filter_id: str, keyword: str, *, whole_word: bool) -> str:
    """Look for one more word; returns its id."""
    owner = _owner(acting)
    async with _changing(here, owner):
        await _own(owner, filter_id)
        (made,) = await _word(here, owner, filter_id, [Wording(keyword, whole_word)])
    return made


async def change_keyword(
    here: Instance, acting: Viewer, keyword_id: str, *, keyword: str | None, whole_word: bool | None
) -> None:
    """Look for another word instead."""
    owner = _owner(acting)
    async with _changing(here, owner):
        found = await _own_keyword(owner, keyword_id)
        await _word(here, owner, found.within_id, [Wording(keyword, whole_word, id=found.id)])


async def remove_keyword(here: Instance, acting: Viewer, keyword_id: str, *, with_empty: bool = False) -> None:
    """Look for a word no more; `with_empty`: a filter without any other ends as well."""
    owner = _owner(acting)
    async with _changing(here, owner):
        found = await _own_keyword(owner, keyword_id)
        await found.delete()
        if with_empty and not await FilterKeyword.exists(within_id=found.within_id):
            await Filter.filter(id=found.within_id, owner_id=owner).delete()


async def add_post(here: Instance, acting: Viewer, filter_id: str, post_id: str) -> str:
    """Do not meet one post, which one can read; twice is once. Returns the id of this."""
    owner = _owner(acting)
    may_read, rights = readable(acting)
    async with _changing(here, owner):
        await _own(owner, filter_id)
        found = await here.db.value(
            f"SELECT post.id FROM post WHERE post.id = :wanted AND post.state = 'visible' AND {may_read}",
            wanted=post_id,
            **rights,
        )
        if found is None:
            raise NotFound
        known = await FilterPost.get_or_none(within_id=filter_id, post_id=post_id)
        if known is None:
            if await FilterPost.filter(within__owner_id=owner).count() >= MAX_POSTS:
                raise Invalid(f"Your filters name {MAX_POSTS} posts already, and more are not kept.")
            known = await FilterPost.create(id=new_id(here.clock.now()), within_id=filter_id, post_id=post_id)
    return str(known.id)


async def remove_post(here: Instance, acting: Viewer, id_: str) -> None:
    """Meet one post again."""
    owner = _owner(acting)
    async with _changing(here, owner):
        found = await FilterPost.get_or_none(id=id_, within__owner_id=owner)
        if found is None:
            raise NotFound
        await found.delete()


async def forget_owner(here: Instance, owner_id: str) -> None:
    """Forget the filters of somebody who is gone; in the caller's transaction."""
    await Filter.filter(owner_id=owner_id).delete()


async def forget_post(here: Instance, post_id: str) -> None:
    """Forget that filters were about a post that is gone; in the caller's transaction."""
    await FilterPost.filter(post_id=post_id).delete()


@asynccontextmanager
async def _changing(here: Instance, owner: str) -> AsyncIterator[None]:
    async with here.db.transaction():
        yield
        await here.events.emit(FiltersChanged(owner))


def _owner(acting: Viewer) -> str:
    if acting.actor_id is None:
        raise NotAllowed("Sign in first.")
    return acting.actor_id


async def _own(owner: str, filter_id: str) -> Filter:
    found = await Filter.get_or_none(id=filter_id, owner_id=owner)
    if found is None:
        raise NotFound
    return found


async def _own_keyword(owner: str, keyword_id: str) -> FilterKeyword:
    found = await FilterKeyword.get_or_none(id=keyword_id, within__owner_id=owner)
    if found is None:
        raise NotFound
    return found


def _check(form: FilterForm, *, is_new: bool) -> None:
    if is_new or form.title is not None:
        _title(form.title or "")
    if (is_new or form.places is not None) and (not form.places or not set(form.places) <= set(PLACES)):
        raise Invalid(f"Say where, out of {', '.join(PLACES)}.", field="context")
    if form.action is not None and form.action not in ACTIONS:
        raise Invalid("A filter warns, hides or blurs.", field="filter_action")


def _title(text: str) -> str:
    shown = clean_text(text).strip()
    if not shown or len(shown) > MAX_TITLE:
        raise Invalid(f"Give it a name of at most {MAX_TITLE} characters.", field="title")
    return shown


async def _word(here: Instance, owner: str, filter_id: str, wordings: Sequence[Wording]) -> list[str]:
    """Change keywords of a filter as wanted; ids of new ones."""
    made = []
    for number, wording in enumerate(wordings):
        text = None if wording.keyword is None else clean_text(wording.keyword).strip()
        if text is not None and not wording.ends and not 0 < len(text) <= MAX_KEYWORD:
            raise Invalid(f"A keyword has at least one and at most {MAX_KEYWORD} characters.", field="keyword")
        if wording.id is None:
            if wording.ends:
                continue
            if text is None:
                raise Invalid("A keyword is missing.", field="keyword")
            if await FilterKeyword.filter(within__owner_id=owner).count() >= MAX_KEYWORDS:
                raise Invalid(f"Your filters have {MAX_KEYWORDS} keywords, and more are not kept.", field="keyword")
            new = await FilterKeyword.create(
                id=new_id(here.clock.now() + timedelta(milliseconds=number)),  # in the order in which they were typed
                within_id=filter_id,
                keyword=text,
                whole_word=bool(wording.whole_word),
            )
            made.append(str(new.id))
            continue
        found = await FilterKeyword.get_or_none(id=wording.id, within_id=filter_id)
        if found is None:
            raise NotFound
        if wording.ends:
            await found.delete()
            continue
        found.keyword = found.keyword if text is None else text
        found.whole_word = found.whole_word if wording.whole_word is None else wording.whole_word
        await found.save()
    return made
