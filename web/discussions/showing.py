"""The page of a post, whatever it is: practice, tip, question, thread, resource, or a post from elsewhere."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.actors.viewer import Viewer
from server.challenges import queries as challenges
from server.collections import queries as collections
from server.discussions import queries as discussions
from server.discussions.seats import OUTSIDE, seats_of
from server.errors import NotFound
from server.fediverse.queries import DeliveryState, delivery_state
from server.ideas import queries as ideas
from server.instance import Instance
from server.needs import asking
from server.polls import queries as polls
from server.posts import gathering
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices import messages as signed
from server.practices import queries as practices
from server.practices.content import CERTAINTY_WORDS
from server.practices.evidence import pieces
from server.practices.remarks import place, steps_of
from server.practices.versions import history
from server.practices.writing import rendered
from server.proposals import queries as proposals
from server.remixes import queries as remixes
from server.resources import queries as resources
from server.resources import uses
from server.resources.chapters import begins_at, chapters
from server.resources.embeds import embed_of
from server.resources.events import around, beside
from server.resources.files import earlier_files
from server.resources.parts import parts_of, to_remark_on
from server.rounds import queries as rounds
from server.sessions import queries as sessions
from server.sessions import seminar
from server.text import plain
from server.thanks import form as thanks
from server.thanks import queries as thanked
from server.together import queries as together
from web.communities.charter import part_names
from web.communities.common import way_in
from web.hosting.words import roles
from web.live.line import line
from web.render import render
from web.request import here_of, viewer_of
from web.together.showing import trying_facts
from web.tries.pages import tried_facts

PRACTICE = "practices/show.html"
SENT = frozenset({"public", "unlisted", "network", "members", "followers", "direct"})


async def post_of(request: Request) -> PostView:
    """The post in the address, or the refusal that does not tell absent and private apart."""
    post = await posts.show(here_of(request), viewer_of(request), request.path_params["name"])
    if post is None:
        raise NotFound
    return post


async def show(request: Request) -> Response:
    """The page of a post. A reply is shown in its conversation, an old address leads to the present one."""
    here, viewer = here_of(request), viewer_of(request)
    found = await posts.conversation(here, viewer, request.path_params["name"])
    if found is None:
        raise NotFound
    post, replies = found
    if post.state == "draft" and post.kind in practices.KINDS:
        return RedirectResponse(f"/practices/new?draft={post.short}", status_code=303)
    if post.root_id != post.id:
        root = await posts.show(here, viewer, post.root_id)
        if root is not None:
            return RedirectResponse(f"{root.url}#reply-{post.id}", status_code=303)
    if request.url.path != post.url:
        return RedirectResponse(post.url, status_code=301 if viewer.actor_id is None else 303)
    return await page(request, post, replies=replies)


async def page(
    request: Request, post: PostView, status: int = 200, *, replies: list[PostView] | None = None, **more: Any
) -> Response:
    """Render the page of the root of a conversation; `more` is what a refused reply brings along."""
    here, viewer = here_of(request), viewer_of(request)
    is_root = post.root_id == post.id
    live = line(here, f"p/{post.root_id}", "#answers > .thread") if is_root else None
    template, facts = await _facts(request, here, viewer, post)
    if replies is None:
        replies = await posts.thread(here, viewer, post.root_id) if is_root else []
    if template == PRACTICE or post.kind == "tip":
        tried, replies = await tried_facts(request, post, replies)
        if template == PRACTICE:
            tried["remarks"] = await place(here, viewer, post, steps_of(here, facts["steps"]), replies)
        facts, live = {**facts, **tried}, replace(live, list="#practice-said") if live else None
    elif facts.get("parts"):
        facts["remarks"] = await place(here, viewer, post, to_remark_on(here, facts["parts"]), replies)
    if is_root and post.kind == "discussion" and post.formed.seats:
        facts["seats"] = await seats_of(here, post.id, post.formed.seats)
        replies = [_stands(node) if node.id in facts["seats"].standing else node for node in replies]
    more_to_come = is_root and not post.is_local and await gathering.opened(here, viewer, post.id)
    if facts.get("event") is not None and "trying" not in facts and post.kind == "session":
        facts["questions"] = seminar.questions(replies, facts["event"].starts_at, facts["event"].agenda)
    values = {"errors": [], "reply_text": "", "uploaded": [], "reply_form": None, "answers_to": [], **facts, **more}
    return render(
        request,
        template,
        status,
        nav="practices" if post.kind in practices.KINDS else "communities",
        post=post,
        replies=replies,
        more_to_come=more_to_come,
        delivery=await _delivery(here, post),
        address=here.url(post.url),
        live=live,
        **values,
    )


def _stands(answer: PostView) -> PostView:
    """An answer from the middle of somebody who had no seat: it stands outside."""
    return replace(answer, formed=replace(answer.formed, part=OUTSIDE))


async def versions_page(request: Request) -> Response:
    """How a post changed."""
    post = await post_of(request)
    changes = await history(here_of(request), viewer_of(request), post)
    return render(request, "discussions/versions.html", post=post, changes=changes)


async def sheet_page(request: Request) -> Response:
    """A practice as it is printed, on one sheet."""
    here, viewer, post = here_of(request), viewer_of(request), await post_of(request)
    template, facts = await _facts(request, here, viewer, post)
    if template != PRACTICE or post.state != "visible":
        raise NotFound
    address = post.original_url or here.url(post.url)
    return render(request, "practices/sheet.html", nav="practices", post=post, address=address, **facts)


async def message_page(request: Request) -> Response:
    """The signed message behind a post, for those who may read the post."""
    here, post = here_of(request), await post_of(request)
    if post.state != "visible":
        raise NotFound
    return render(
        request,
        "discussions/message.html",
        post=post,
        messages=await signed.messages(here, post),
        seen=await signed.on_mastodon(here, post),
        elsewhere=await signed.on_other_software(here, post),
        delivery=await _delivery(here, post),
    )


async def _facts(request: Request, here: Instance, viewer: Viewer, post: PostView) -> tuple[str, dict[str, Any]]:
    if post.kind in practices.KINDS:
        found = await practices.practice(here, viewer, post)
        if found is not None and found.form.entry != "tip":
            answers_to, tries = await together.beside(here, viewer, post)
            ties = await remixes.ties(here, viewer, post)
            said = {"practice": found, "answers_to": answers_to, "ties": ties, "tries": tries}
            return PRACTICE, {**said, **_rendered(here, found, ties)}
        return "practices/tip.html", {"practice": found}
    if post.kind == "resource":
        kept = await resources.resource(here, post)
        parts = parts_of(here, kept) if kept is not None else []
        prose = {
            name: [part for part in parts if part.field == name] for name in ("text", "how_i_use_it", "transcript")
        }
        answers_to = await challenges.answers_to(here, viewer, post.id)
        facts: dict[str, Any] = {"resource": kept, "prose": prose, "parts": parts, "remarks": {}}
        facts["answers_to"] = answers_to
        if kept is not None and kept.event_uri:
            around_it = await beside(here, viewer, post, kept.event_uri)
            facts["event"], facts["of_event"], facts["used_in"] = around_it
        else:
            facts["used_in"] = await uses.used_in(here, viewer, post)
        if kept is not None and kept.chapters:
            sound = next((file.url for file in post.attachments if file.kind in {"audio", "video"}), kept.link)
            numbers = [part.number for part in parts if part.field == "chapters"]
            facts["chapters"] = [
                (one, begins_at(sound, one.seconds) if sound else "", number)
                for one, number in zip(chapters(kept.chapters), numbers, strict=True)
            ]
        facts["embed"] = embed_of(kept.link) if kept is not None else None
        if facts["embed"] and request.query_params.get("show") == "link":
            facts["csp_frame"] = facts["embed"].origin
        return "resources/show.html", facts | {"earlier": await earlier_files(here, post)}
    if post.kind == "session":
        says_more = plain(post.content_html).strip() != post.title
        event = await sessions.event(here, viewer, post)
        trying = await trying_facts(request, viewer, post, event)
        if trying is not None:
            return trying
        came_of, of_event = await around(here, viewer, post.uri)
        facts = {"event": event, "repeats_title": not says_more, "zone": viewer.time_zone, "came_of": came_of}
        return "events/show.html", facts | {"of_event": of_event, "role_cards": roles(request)}
    if post.kind == "poll":
        says_more = plain(post.content_html).strip() != post.title
        return "polls/show.html", {"poll": await polls.poll(here, viewer, post), "repeats_title": not says_more}
    if post.kind == "round":
        says_more = plain(post.content_html).strip() != post.title
        return "rounds/show.html", {"round": await rounds.round_of(here, viewer, post), "repeats_title": not says_more}
    if post.kind == "collection":
        held = await collections.collection(here, viewer, post)
        return "collections/show.html", {"collection": held, "intro": rendered(held.intro, here.settings.origin)}
    if post.kind == "proposal":
        wanted = await proposals.proposal(here, viewer, post)
        return "proposals/show.html", {"proposal": wanted, "part_names": part_names(request), "typed": {}}
    if post.kind == "challenge":
        named = await challenges.challenge(here, viewer, post)
        return "challenges/show.html", {"challenge": named, "way_in": await way_in(request, post.community)}
    if post.kind == "idea":
        had = await ideas.idea(here, viewer, post)
        way = await way_in(request, post.community) if had.can_schedule else ""
        return "ideas/show.html", {"idea": had, "way_in": way}
    if post.kind == "ask":
        needed = await asking.asked(here, viewer, post.id) if post.is_mine else None
        asked = {"ask": await discussions.ask(here, viewer, post), "needed": needed}
        return "discussions/show.html", asked | await _meets(request, post)
    if post.kind in thanks.KINDS:
        return "discussions/show.html", {"ask": None, "act": await thanked.act_of(here, viewer, post)}
    if post.kind == "win":
        return "discussions/show.html", {"ask": None, "grown_into": await practices.grown_into(here, viewer, post.id)}
    return "discussions/show.html", {"ask": None, **await _meets(request, post)}


async def _meets(request: Request, post: PostView) -> dict[str, Any]:
    """Whether whoever looks may make an event of a conversation, where it is one of a community here (A3)."""
    talk = post.kind in {"discussion", "ask"} and post.state == "visible" and post.root_id == post.id
    place = post.community if talk and post.community is not None and post.community.is_local else None
    return {"may_meet": place is not None and await way_in(request, place) == "add"}


def _rendered(here: Instance, found: practices.PracticePage, ties: remixes.Ties) -> dict[str, Any]:
    """The fields as HTML, from a cache: the sum of a page is a few milliseconds the first time."""
    form, origin = found.form, here.settings.origin
    prose = {
        name: rendered(getattr(form, name), origin)
        for name in ("constraints", "problem", "would_change")
        if getattr(form, name)
    }
    return {
        "prose": prose,
        "steps": [rendered(step, origin) for step in form.steps],
        "evidence": [(piece.kind, rendered(piece.text, origin)) for piece in pieces(form.evidence)],
        "certainty": CERTAINTY_WORDS.get(form.certainty, ""),
        "remix_prose": {name: rendered(getattr(ties.basis, name), origin) for name in ("what_changed", "why")}
        if ties.basis
        else {},
    }


async def _delivery(here: Instance, post: PostView) -> DeliveryState | None:
    """How far a post of one's own has got; nobody else is told on which servers its readers are."""
    if not (post.is_mine and post.is_local and post.state == "visible" and post.visibility in SENT):
        return None
    state = await delivery_state(here, post.id)
    return state if state.total else None
