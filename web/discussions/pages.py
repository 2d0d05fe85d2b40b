"""Addresses of posts and conversations."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.posts import actions as posts
from web.discussions import acts, agreeing, narrowing, quoting, showing, writing
from web.events import pages as events
from web.polls import pages as polls
from web.request import form_of, text
from web.resources import pages as resources
from web.rounds import pages as rounds


async def compose(request: Request) -> Response:
    """Ask, start a conversation, ask with a poll, announce an event, or add to the library of a community."""
    if request.query_params.get("kind") == "poll":
        return await polls.compose(request)
    if request.query_params.get("kind") == "session":
        return await events.compose(request)
    if request.query_params.get("kind") == "round":
        return await rounds.compose(request)
    if request.query_params.get("kind") == "resource":
        return await resources.compose(request)
    return await writing.compose(request)


async def send(request: Request) -> Response:
    """What was asked, started or added."""
    kind = text(await form_of(request), "kind", 20)
    if kind == "poll":
        return await polls.send(request)
    if kind == "session":
        return await events.send(request)
    if kind == "round":
        return await rounds.send(request)
    if kind == "resource":
        return await resources.send(request)
    return await writing.send(request)


routes = [
    Route("/c/{slug}/new", compose),
    Route("/c/{slug}/new", send, methods=["POST"]),
    Route("/p/{name}", showing.show, name="post"),
    Route("/p/{name}/versions", showing.versions_page),
    Route("/p/{name}/sheet", showing.sheet_page),
    Route("/p/{name}/message", showing.message_page),
    Route("/p/{name}/audience", narrowing.audience_page),
    Route("/p/{name}/audience", narrowing.narrow, methods=["POST"]),
    Route("/p/{name}/widen", narrowing.widen, methods=["POST"]),
    Route("/p/{name}/quotes", agreeing.quotes_page),
    Route("/p/{name}/quotes", agreeing.quotes, methods=["POST"]),
    Route("/p/{name}/quote", quoting.quote_page),
    Route("/p/{name}/quote", quoting.quote, methods=["POST"]),
    Route("/p/{name}/refuse", agreeing.refuse, methods=["POST"]),
    Route("/p/{name}/reply", acts.reply_page),
    Route("/p/{name}/reply", acts.reply, methods=["POST"]),
    Route("/p/{name}/show-now", acts.show_now, methods=["POST"]),
    Route("/p/{name}/edit", acts.edit_page),
    Route("/p/{name}/edit", acts.save_edit, methods=["POST"]),
    Route("/p/{name}/delete", acts.delete_page),
    Route("/p/{name}/delete", acts.delete, methods=["POST"]),
    Route("/p/{name}/useful", acts.useful, methods=["POST"]),
    Route("/p/{name}/share", acts.share, methods=["POST"]),
    Route("/p/{name}/like", acts.does(posts.like_post), methods=["POST"]),
    Route("/p/{name}/unlike", acts.does(posts.unlike_post), methods=["POST"]),
    Route("/p/{name}/echo", acts.does(posts.echo_post), methods=["POST"]),
    Route("/p/{name}/unecho", acts.does(posts.unecho_post), methods=["POST"]),
    Route("/p/{name}/boost", acts.does(posts.boost_post), methods=["POST"]),
    Route("/p/{name}/unboost", acts.does(posts.unboost_post), methods=["POST"]),
    Route("/p/{name}/helped", acts.does(posts.mark_helped), methods=["POST"]),
    Route("/p/{name}/unhelped", acts.does(posts.unmark_helped), methods=["POST"]),
    Route("/p/{name}/stand-up", acts.stand_up, methods=["POST"]),
    Route("/p/{name}/close", acts.close, methods=["POST"]),
    Route("/p/{name}/reopen", acts.reopen, methods=["POST"]),
]
