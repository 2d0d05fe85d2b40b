"""Making a remix: licence gate, audience, and the words about where it comes from hold in every way to share."""

from dataclasses import dataclass

from server.actors.models import Actor
from server.actors.relations import blocked_among
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.posts import bylines
from server.posts.composing import readable_post
from server.posts.models import Post, PostMention
from server.practices import actions as practices
from server.practices.bonds import Bond
from server.practices.form import PracticeForm, check_draft, tidy
from server.practices.models import Practice
from server.remixes import ties
from server.remixes.attribution import attribution, thanks_to
from server.remixes.detail import basis_of
from server.remixes.models import Remix, RemixCredit
from server.remixes.policy import Denied, fits, is_open, licence_gate
from server.remixes.wire import CHANGE_CHARACTERS, MAX_ANCESTORS, Ancestor, Basis, ancestors_of
from server.text import clean_text

_GONE = "What it is based on is not there any more, or not shared with you. Keep yours as a draft for yourself."
_WIDER = "A remix is for no more people than what it is based on. Choose another audience, or keep it as a draft."


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """What a remixer says of the difference."""

    what: str = ""
    why: str = ""

    def tidy(self) -> "ChangeNote":
        """Without spaces around it."""
        return ChangeNote(clean_text(self.what).strip(), clean_text(self.why).strip())


async def share(
    here: Instance,
    acting: Viewer,
    source_id: str,
    form: PracticeForm,
    note: ChangeNote,
    *,
    draft_id: str | None = None,
) -> Post:
    """Share a remix. Raises NotFound for a source that they may not read, Invalid for everything else that is wrong."""
    if draft_id is not None:
        await _check_draft(acting, draft_id, source_id)
    source = await remixable(here, acting, source_id)
    form = tidy(form, here.site.default_licence)
    errors = [*_note_errors(note.tidy()), *await _refusals(acting, source, form, form.community_id)]
    try:
        await practices.check_shareable(here, acting, form)
    except Invalid as error:
        errors += [error, *error.others]
    _raise(errors)
    return await practices.share(here, acting, form, draft_id=draft_id, bond=await _bond(here, acting, source, note))


async def save_draft(
    here: Instance,
    acting: Viewer,
    source_id: str,
    form: PracticeForm,
    note: ChangeNote,
    *,
    draft_id: str | None = None,
) -> Post:
    """Keep a remix for oneself: whatever the licence of the source is, nobody else reads it."""
    if draft_id is not None:
        await _check_draft(acting, draft_id, source_id)
    source = await remixable(here, acting, source_id)
    check_draft(tidy(form, here.site.default_licence))
    _raise(_too_long(note))
    return await practices.save_draft(
        here, acting, form, draft_id=draft_id, bond=await _bond(here, acting, source, note)
    )


async def remixable(here: Instance, acting: Viewer, source_id: str) -> Post:
    """A practice that the viewer may read, and that has steps to change; NotFound for everything else."""
    post = await readable_post(here, acting, source_id)
    practice = await Practice.get_or_none(id=post.id)
    if post.kind != "practice" or practice is None or practice.entry == "tip":
        raise NotFound
    return post


async def bind(here: Instance, acting: Viewer, post: Post, form: PracticeForm, shared: bool) -> Bond:
    """What has to stand under a practice that is there: where it comes from, and whom it thanks.

    For `practices.bonds`: so that no other way to edit or share gets past the gate, or loses the words.
    """
    return await bond_with(here, acting, post, form, shared=shared)


async def bond_with(
    here: Instance,
    acting: Viewer,
    post: Post,
    form: PracticeForm,
    *,
    shared: bool = True,
    thanks: Ancestor | None = None,
) -> Bond:
    """As `bind`, where the practice takes a change back from one more remix, which it thanks."""
    credit = await RemixCredit.get_or_none(id=post.id)
    thanked = ancestors_of(credit.thanks) if credit is not None else ()
    if thanks is not None:
        thanked = tuple({item.uri: item for item in (*thanked, thanks)}.values())[-MAX_ANCESTORS:]

    async def store(post: Post) -> None:
        if thanks is not None:
            rows = [item.as_row() for item in thanked]
            await RemixCredit.update_or_create(defaults={"thanks": rows}, id=post.id)

    remix = await Remix.get_or_none(id=post.id)
    if remix is None:
        return Bond(thanks_to(thanked), store)
    basis = basis_of(remix)
    if form.entry == "tip":
        raise Invalid("A remix stays a practice.", field="speed")
    if shared and post.state == "draft":
        found = await Post.get_or_none(uri=basis.source.uri)
        try:
            source = await remixable(here, acting, found.id if found is not None else "")
        except NotFound:
            raise Invalid(_GONE) from None
        note = ChangeNote(basis.what_changed, basis.why)
        _raise([*_note_errors(note), *await _refusals(acting, source, form, post.community_id)])
        return await _bond(here, acting, source, note)
    if shared:
        own = await is_own(here, acting, basis.source)
        verdict = licence_gate(basis.source.licence, form.licence, "publish", is_own=own)
        if isinstance(verdict, Denied):
            raise Invalid(verdict.reason, field="licence")
    return Bond("\n\n".join(part for part in (attribution(basis), thanks_to(thanked)) if part), store)


async def is_own(here: Instance, acting: Viewer, source: Ancestor) -> bool:
    """Whether somebody wrote the source of their remix themselves."""
    wrote = await here.db.value("SELECT author_id FROM post WHERE uri = :uri", uri=source.uri)
    return wrote is not None and wrote == acting.actor_id


async def words_under(here: Instance, acting: Viewer, source_id: str, note: ChangeNote) -> str:
    """What will stand under a remix of this source, as Markdown: for a preview."""
    source = await remixable(here, acting, source_id)
    return (await _bond(here, acting, source, note)).closing


async def described(post: Post) -> Ancestor:
    """A post as something that others are based on."""
    author = await Actor.get(id=post.author_id)
    return Ancestor(
        uri=post.uri,
        url=post.url,
        title=post.title,
        author=written_by(author, post)[:200],
        author_url=(author.url or author.uri)[:500],
        licence=post.licence,
    )


def written_by(author: Actor, post: Post) -> str:
    """Everybody who wrote a post, in one line."""
    names = [author.name or author.username, *(item.name for item in bylines.of(post.particulars))]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


async def _bond(here: Instance, acting: Viewer, source: Post, note: ChangeNote) -> Bond:
    note = note.tidy()
    above = await Remix.get_or_none(id=source.id)
    further = ancestors_of(above.lineage) if above is not None else ()
    basis = Basis((await described(source), *further)[:MAX_ANCESTORS], note.what, note.why)

    async def store(post: Post) -> None:
        await ties.keep(here, post.id, post.uri, basis)
        if is_open(post.visibility):
            # Named, so that their servers hear of it, whoever follows whom: the tree is whole where it began.
            first = await Post.get_or_none(uri=basis.lineage[-1].uri, state="visible")
            named = [source] if first is None or not is_open(first.visibility) else [source, first]
            authors = {each.author_id for each in named} - {post.author_id}
            for author_id in sorted(authors - await blocked_among(here, post.author_id, list(authors))):
                await PostMention.get_or_create(post_id=post.id, actor_id=author_id)

    return Bond(attribution(basis), store)


async def _refusals(acting: Viewer, source: Post, form: PracticeForm, community_id: str | None) -> list[Invalid]:
    """What keeps a remix of this source from being shared like that."""
    found = []
    is_own = source.author_id == acting.actor_id
    verdict = licence_gate(source.licence, form.licence, "publish", is_own=is_own)
    if isinstance(verdict, Denied):
        found.append(Invalid(verdict.reason, field="licence"))
    same = community_id is not None and community_id == source.community_id
    if not fits(source.visibility, form.visibility or "public", same_community=same, is_own=is_own):
        found.append(Invalid(_WIDER, field="visibility"))
    if form.entry == "tip":
        found.append(Invalid("A remix is a practice, with steps.", field="speed"))
    return found


def _note_errors(note: ChangeNote) -> list[Invalid]:
    found = _too_long(note)
    if not note.what:
        found.append(Invalid("Say what you changed.", field="what_changed"))
    if not note.why:
        found.append(Invalid("Say why you changed it: that is what others learn from.", field="why"))
    return found


def _too_long(note: ChangeNote) -> list[Invalid]:
    return [
        Invalid(f"Use at most {CHANGE_CHARACTERS} characters.", field=field)
        for field, text in (("what_changed", note.what), ("why", note.why))
        if len(text) > CHANGE_CHARACTERS
    ]


async def _check_draft(acting: Viewer, draft_id: str, source_id: str) -> None:
    """Only a draft of one's own that is a remix of this source."""
    draft = await Post.get_or_none(id=draft_id)
    remix = await Remix.get_or_none(id=draft_id)
    source = await Post.get_or_none(id=source_id)
    if draft is None or remix is None or source is None or draft.author_id != acting.actor_id:
        raise NotFound
    if remix.source_uri != source.uri:
        raise NotFound


def _raise(errors: list[Invalid]) -> None:
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
