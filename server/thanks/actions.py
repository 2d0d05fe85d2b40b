"""Thanking, celebrating, and not wanting to be named."""

from collections.abc import Sequence

from server.actors.events import ActorDeleted
from server.actors.models import Actor
from server.actors.relations import blocked_among
from server.actors.remote import resolve
from server.actors.viewer import Viewer
from server.collections.policy import may_be_named
from server.errors import Invalid, NotFound, Refused
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost, PostChange
from server.posts.composing import own, readable_post
from server.posts.models import Post, PostMention
from server.practices.writing import link
from server.thanks.form import CELEBRATION, KINDS, THANKS, ThanksForm, check, handles, tidy
from server.thanks.models import Thanks, Unnamed


async def say(here: Instance, acting: Viewer, form: ThanksForm) -> Post:
    """Thank somebody for something they did, or celebrate. Raises Invalid with every error.

    May use the network to find who is named, before anything is written.
    """
    form = tidy(form)
    check(form)
    act = await _act(here, acting, form.act_id) if form.act_id else None
    people = await _people(here, acting, handles(form))

    async def store(post: Post) -> None:
        await _check_named(post)
        if act is not None and not may_be_named(
            (act.visibility, act.community_id), (post.visibility, post.community_id)
        ):
            raise Invalid("Not everybody who reads this can read what it is about. Say it to fewer.", field="act")
        await Thanks.create(id=post.id, act_uri=act.uri if act else None, words=form.text, people=form.people)

    new = NewPost(
        kind=form.kind,
        title=form.title,
        source_md=written(here, form.kind, form.text, people, act),
        language=form.language,
        visibility=form.visibility or "public",
        community_id=form.community_id,
    )
    return await posts.create_post(here, str(acting.actor_id), new, detail=store)


async def change(here: Instance, acting: Viewer, post_id: str, form: ThanksForm, note: str = "") -> Post:
    """Change the words of thanks or a celebration of one's own, and who is named; what it is for stays."""
    post = await own(acting, post_id)
    kept = await Thanks.get_or_none(id=post.id)
    if post.kind not in KINDS or kept is None:
        raise NotFound
    act = await Post.get_or_none(uri=kept.act_uri) if kept.act_uri else None
    form = tidy(form)
    check(ThanksForm(post.kind, form.title, form.text, form.people, kept.act_uri, form.language))
    people = await _people(here, acting, handles(form))

    async def store(changed: Post) -> None:
        await _check_named(changed, among=[person.id for person in people])
        kept.words, kept.people = form.text, form.people
        await kept.save(update_fields=["words", "people"])

    said = PostChange(
        title=form.title,
        source_md=written(here, post.kind, form.text, people, act),
        language=form.language,
    )
    return await posts.edit_post(here, acting, post.id, said, note, detail=store)


async def set_named(here: Instance, acting: Viewer, *, wanted: bool) -> None:
    """Choose whether others may name oneself in thanks and celebrations."""
    async with here.db.transaction():
        if wanted:
            await Unnamed.filter(id=str(acting.actor_id)).delete()
        else:
            await Unnamed.get_or_create(id=str(acting.actor_id))


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Forget what somebody chose who is gone."""
    await Unnamed.filter(id=event.actor_id).delete()


def written(here: Instance, kind: str, text: str, people: Sequence[Actor], act: Post | None) -> str:
    """The text of a post as Markdown: whole for everybody, with who is named and a link to what was done.

    What was done is not called by its name: that stays with those who may read it, whatever becomes of it (S15).
    """
    names = ", ".join(f"@{person.username}{'' if person.is_local else '@' + person.domain}" for person in people)
    parts = []
    if names:
        parts.append(f"{'Thanks to' if kind == THANKS else 'With'} {names}.")
    if act is not None:
        address = here.url(f"/p/{act.short}") if act.is_local else act.url or act.uri
        parts.append(link(address, "For this" if kind == THANKS else "See this"))
    return "\n\n".join([text, " ".join(parts)]).strip()


async def _act(here: Instance, acting: Viewer, act_id: str) -> Post:
    act = await readable_post(here, acting, act_id)
    if act.kind in KINDS:
        raise Invalid("Link what they did, not the thanks for it.", field="act")
    return act


async def _people(here: Instance, acting: Viewer, named: Sequence[str]) -> list[Actor]:
    found: dict[str, Actor] = {}
    for handle in named:
        try:
            person = await resolve(here, handle)
        except Refused as refusal:
            raise Invalid(f"{handle}: {refusal.message}", field="people") from refusal
        if person.kind == "Group" or person.deleted_at is not None:
            raise Invalid(f"{handle} is nobody who can be thanked. Name people.", field="people")
        if person.id == acting.actor_id:
            raise Invalid("Leave yourself out: others know who writes this.", field="people")
        found[person.id] = person
    if await blocked_among(here, str(acting.actor_id), list(found)):
        raise Invalid("Somebody among them cannot be named by you.", field="people")
    return list(found.values())


async def _check_named(post: Post, among: Sequence[str] = ()) -> None:
    """Nobody is named who does not want to be, in the text neither."""
    named = await PostMention.filter(post_id=post.id).values_list("actor_id", flat=True)
    refused = await Unnamed.filter(id__in=[*(str(one) for one in named), *among]).first()
    if refused is not None:
        person = await Actor.get(id=refused.id)
        word = "celebrations" if post.kind == CELEBRATION else "thanks"
        raise Invalid(
            f"{person.name or person.username} does not want to be named in {word}. Leave out the name, or write to"
            " them alone.",
            field="people",
        )
