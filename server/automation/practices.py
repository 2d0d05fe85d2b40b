"""Practices and tips: find, read, share, revise, withdraw."""

from dataclasses import replace
from typing import Any

import msgspec
from starlette.responses import Response

from server.api import text_of
from server.automation.calls import Call, answer, community_id_of, converted, missing
from server.automation.shapes import NewPractice, Person, Practice, Practices, Tried, form_of, said
from server.errors import Invalid
from server.ids import is_id
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices import actions, queries
from server.practices.queries import Facets
from server.tries.queries import where_it_worked

SORTS = {"": "", "newest": "", "useful": queries.USEFUL}


async def find(call: Call) -> Response:
    """The practices and tips that the token may read, the newest first, or with `sort` what was tried and worked."""
    slug, sort = text_of(call.found, "community", 200), text_of(call.found, "sort", 20)
    if sort not in SORTS:
        raise Invalid("Sort by `newest` or `useful`.", field="sort")
    facets = Facets(
        subject=text_of(call.found, "subject", 120),
        level=text_of(call.found, "level", 120),
        language=text_of(call.found, "language", 16),
        community_id=await community_id_of(call, slug) if slug else "",
        sort=SORTS[sort],
    )
    found = await queries.find(call.here, call.viewer, facets, text_of(call.found, "before", 100) or None)
    return answer(Practices([_shown(call, post) for post in found.page.items], found.page.next))


async def read(call: Call) -> Response:
    """One practice or tip."""
    post = await _post(call)
    return answer(await _whole(call, post))


async def share(call: Call) -> Response:
    """Share a practice or tip."""
    new = converted(call.found, NewPractice)
    community_id = await community_id_of(call, new.community) if new.community else None
    post = await actions.share(call.here, call.viewer, form_of(new, community_id))
    return await _answer(call, post.id, 201)


async def revise(call: Call) -> Response:
    """Change a practice or tip of one's own: what is not sent stays as it is."""
    post = await _post(call)
    kept = await queries.draft(call.here, call.viewer, post.short)
    if kept is None:
        raise missing()
    new = converted({**_envelope(kept[0]), **msgspec.structs.asdict(said(kept[1])), **call.found}, NewPractice)
    form = replace(form_of(new, kept[1].community_id), media_ids=kept[1].media_ids)
    await actions.revise(call.here, call.viewer, post.id, form, new.change_note)
    return await _answer(call, post.id)


async def withdraw(call: Call) -> Response:
    """Delete a practice or tip of one's own for good."""
    post = await _post(call)
    await actions.withdraw(call.here, call.viewer, post.id)
    return answer({})


async def _post(call: Call) -> PostView:
    wanted = call.path()
    post = await posts.show(call.here, call.viewer, wanted) if is_id(wanted) or len(wanted) == 8 else None
    if post is None or post.kind not in queries.KINDS or post.state not in {"visible", "held"}:
        raise missing()
    return post


async def _answer(call: Call, post_id: str, status: int = 200) -> Response:
    post = await posts.show(call.here, call.viewer, post_id)
    if post is None:
        raise missing()
    return answer(await _whole(call, post), status=status)


async def _whole(call: Call, post: PostView) -> Practice:
    shown = _shown(call, post)
    page = await queries.practice(call.here, call.viewer, post)
    if page is not None:
        shown.fields = said(page.form)
    if page is not None or post.kind == "tip":
        counts = (await where_it_worked(call.here, call.viewer, post)).counts
        shown.tried = Tried(total=counts.total, organisations=counts.organisations, outcomes=counts.by_outcome())
    return shown


def _shown(call: Call, post: PostView) -> Practice:
    here = call.here
    return Practice(
        id=post.id,
        uri=post.uri,
        url=here.url(post.url),
        kind=post.kind,
        title=post.title,
        author=Person(post.author.handle, post.author.display_name, here.url(post.author.url)),
        community=post.community.handle.lstrip("@") if post.community is not None else None,
        visibility=post.visibility,
        language=post.language,
        licence=post.licence or None,
        version=post.version,
        published_at=post.published_at,
        edited_at=post.edited_at,
        content_html=post.content_html,
        likes=post.likes_count,
        replies=post.replies_count,
    )


def _envelope(post: PostView) -> dict[str, Any]:
    """What a practice says besides its fields."""
    return {
        "title": post.title,
        "text": post.source_md if post.kind == "tip" else "",
        "licence": post.licence,
        "language": post.language,
        "content_warning": post.content_warning,
        "nobody_identifiable": True,
    }
