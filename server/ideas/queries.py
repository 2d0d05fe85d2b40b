"""Reading ideas: the board of a community, what became of one, and what an event begins with."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actors.models import Actor
from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.activities.authority import looks_after
from server.ideas.models import IS_THERE, Idea
from server.ideas.policy import ENOUGH, IdeaState, why_not_hosted, why_not_scheduled
from server.instance import Instance
from server.posts import queries as posts
from server.posts.addresses import page_path
from server.posts.models import Post
from server.posts.queries import Page, PostView
from server.posts.readable import findable, readable

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Leads:
    """Something that a page leads to by its title."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class IdeaFacts:
    """`session` is the event that came of it, where the viewer may read that.

    `can_host`, `can_step_back`, `can_schedule`: what this viewer can do; `missing` counts the people who have to be
    interested until it can be scheduled.
    """

    host: PersonLabel | None
    session: Leads | None
    interested: int
    missing: int
    is_host: bool
    can_host: bool
    can_step_back: bool
    can_schedule: bool


@dataclass(frozen=True, slots=True)
class Prefill:
    """What the form of an event begins with."""

    id: str
    short: str
    title: str
    text: str
    language: str


async def board(here: Instance, viewer: Viewer, community_id: str, before: str | None = None) -> Page[PostView]:
    """The ideas of a community that the viewer may read, the newest first."""
    may_read, values = readable(viewer)
    cursor = posts.parse_cursor(before)
    older = ""
    if cursor is not None:
        older = (
            " AND (post.published_at < CAST(:at AS BIGINT)"
            " OR (post.published_at = CAST(:at AS BIGINT) AND post.id < :last))"
        )
        values |= {"at": cursor[0], "last": cursor[1]}
    rows = await here.db.rows(
        f"SELECT post.id, post.published_at FROM post{here.db.by('idx_post_idea')} WHERE post.community_id = :community"
        f" AND post.kind = 'idea' AND post.state = 'visible' AND {may_read} AND {findable(viewer, in_community=True)}"
        f"{older} ORDER BY post.published_at DESC, post.id DESC LIMIT :limit",
        community=community_id,
        limit=PAGE_SIZE + 1,
        **values,
    )
    ids = [row["id"] for row in rows[:PAGE_SIZE]]
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    found = (await posts.listing(here, viewer, ids=ids, limit=len(ids))).items if ids else []
    return Page(found, f"{last['published_at']}.{last['id']}" if last else None)


async def idea(here: Instance, viewer: Viewer, post: PostView) -> IdeaFacts:
    """What became of an idea that the viewer was shown."""
    state = await state_of(here, viewer, await Post.get(id=post.id))
    may_read, values = readable(viewer)
    row = await here.db.row(
        "SELECT host.id AS host_id, post.short, post.title, post.kind FROM idea"
        " LEFT JOIN actor AS host ON host.uri = idea.host_uri AND host.deleted_at IS NULL"
        " AND host.suspended_at IS NULL"
        f" LEFT JOIN post ON post.uri = idea.session_uri AND post.state = 'visible' AND {may_read}"
        " WHERE idea.id = :idea",
        idea=post.id,
        **values,
    )
    host = (await labels(here, [row["host_id"]])).get(row["host_id"]) if row and row["host_id"] else None
    event = Leads(row["title"], page_path(row["short"], row["title"], row["kind"])) if row and row["short"] else None
    is_in = viewer.is_signed_in and post.state == "visible"
    return IdeaFacts(
        host=host,
        session=event,
        interested=state.interested,
        missing=max(0, ENOUGH - state.interested),
        is_host=is_in and state.is_host,
        can_host=is_in and not why_not_hosted(state),
        can_step_back=is_in
        and state.is_local
        and state.has_host
        and not state.is_scheduled
        and (state.is_host or state.is_author or state.looks_after),
        can_schedule=is_in and not why_not_scheduled(state),
    )


async def state_of(here: Instance, acting: Viewer, post: Post) -> IdeaState:
    """What this person can do with an idea."""
    idea = await Idea.get_or_none(id=post.id)
    session_uri = idea.session_uri if idea is not None else None
    host_uri = idea.host_uri if idea is not None else None
    return IdeaState(
        is_local=post.is_local,
        locked=post.locked,
        interested=post.likes_count,
        is_scheduled=bool(session_uri) and await Post.filter(uri=session_uri, state="visible").exists(),
        has_host=bool(host_uri) and await Actor.filter(uri=host_uri, **IS_THERE).exists(),
        is_host=bool(host_uri) and host_uri == acting.actor_uri,
        is_author=post.author_id == acting.actor_id,
        looks_after=acting.is_steward or await looks_after(here, str(acting.actor_id), post.community_id),
    )


async def came_of(here: Instance, viewer: Viewer, event: PostView) -> Leads | None:
    """The idea that an event came of, where the viewer may read it."""
    may_read, values = readable(viewer)
    row = await here.db.row(
        "SELECT post.short, post.title, post.kind FROM idea JOIN post ON post.id = idea.id"
        f" WHERE idea.session_uri = :uri AND post.state = 'visible' AND {may_read} ORDER BY post.id LIMIT 1",
        uri=event.uri,
        **values,
    )
    return None if row is None else Leads(row["title"], page_path(row["short"], row["title"], row["kind"]))


async def prefill(here: Instance, viewer: Viewer, short: str) -> Prefill | None:
    """An idea as the beginning of an event, for whoever may read it; None for everything else."""
    post = await posts.show(here, viewer, short) if short else None
    if post is None or post.kind != "idea" or post.state != "visible":
        return None
    source = await here.db.value("SELECT source_md FROM post WHERE id = :id", id=post.id)
    return Prefill(post.id, post.short, post.title, str(source or ""), post.language)


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of ideas say: how many are interested, and how far it is."""
    named = {f"id_{number}": post_id for number, post_id in enumerate(ids)}
    rows = await here.db.rows(
        "SELECT post.id, post.likes_count, CASE WHEN gone.id IS NULL THEN idea.host_uri END AS host_uri,"
        " CASE WHEN ended.id IS NULL THEN idea.session_uri END AS session_uri FROM post"
        " LEFT JOIN idea ON idea.id = post.id LEFT JOIN actor AS gone ON gone.uri = idea.host_uri"
        " AND (gone.deleted_at IS NOT NULL OR gone.suspended_at IS NOT NULL)"
        " LEFT JOIN post AS ended ON ended.uri = idea.session_uri AND ended.state <> 'visible'"
        f" WHERE post.id IN ({', '.join(':' + name for name in named)})",
        **named,
    )
    return {
        row["id"]: [f"{row['likes_count']} interested", _how_far(row["host_uri"], row["session_uri"])] for row in rows
    }


def _how_far(host_uri: str | None, session_uri: str | None) -> str:
    return "Scheduled" if session_uri else "Somebody hosts it" if host_uri else "Nobody hosts it yet"
