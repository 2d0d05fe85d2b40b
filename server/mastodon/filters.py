"""Filters: of version 2, with keywords and statuses; and of version 1, where each keyword is a filter of its own."""

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters, flag_of, text_of, texts_of
from server.db import to_milliseconds
from server.filters import actions, queries
from server.filters.actions import HIDE, WARN, FilterForm, Wording
from server.filters.queries import FilteredPost, FilterView, Keyword
from server.instance import Instance
from server.mastodon.accounts import moment_or_none
from server.mastodon.entities import FilterKeyword, FilterStatus
from server.mastodon.filtering import filter_of
from server.mastodon.ids import number_of, range_of
from server.mastodon.reading import post_id_of
from server.mastodon.serving import Call, answer, missing, route

MAX_SECONDS = 10 * 366 * 86_400


async def filters(call: Call) -> Response:
    """GET /api/v2/filters."""
    return answer([filter_of(view) for view in await queries.filters_of(call.here, call.viewer)])


async def create(call: Call) -> Response:
    """POST /api/v2/filters."""
    form = _form(call.here, call.found, _wordings(call.found, {}))
    made = await actions.create(call.here, call.viewer, form)
    return answer(filter_of(await _view(call, made)))


async def show(call: Call) -> Response:
    """GET /api/v2/filters/ID."""
    return answer(filter_of(await _own(call)))


async def update(call: Call) -> Response:
    """PUT /api/v2/filters/ID."""
    view = await _own(call)
    known = {number_of(word.id): word.id for word in view.keywords}
    await actions.update(call.here, call.viewer, view.id, _form(call.here, call.found, _wordings(call.found, known)))
    return answer(filter_of(await _view(call, view.id)))


async def delete(call: Call) -> Response:
    """DELETE /api/v2/filters/ID."""
    await actions.delete(call.here, call.viewer, (await _own(call)).id)
    return answer({})


async def keywords(call: Call) -> Response:
    """GET /api/v2/filters/ID/keywords."""
    return answer([_keyword(word) for word in (await _own(call)).keywords])


async def add_keyword(call: Call) -> Response:
    """POST /api/v2/filters/ID/keywords."""
    view, text = await _own(call), text_of(call.found, "keyword")
    made = await actions.add_keyword(
        call.here, call.viewer, view.id, text, whole_word=flag_of(call.found, "whole_word")
    )
    return answer(FilterKeyword(number_of(made), text.strip(), flag_of(call.found, "whole_word")))


async def keyword(call: Call) -> Response:
    """GET /api/v2/filters/keywords/ID."""
    return answer(_keyword(await _own_keyword(call)))


async def change_keyword(call: Call) -> Response:
    """PUT /api/v2/filters/keywords/ID."""
    word = await _own_keyword(call)
    text = text_of(call.found, "keyword") if "keyword" in call.found else None
    whole = flag_of(call.found, "whole_word") if call.found.get("whole_word") is not None else None
    await actions.change_keyword(call.here, call.viewer, word.id, keyword=text, whole_word=whole)
    return answer(_keyword(await _own_keyword(call)))


async def delete_keyword(call: Call) -> Response:
    """DELETE /api/v2/filters/keywords/ID."""
    await actions.remove_keyword(call.here, call.viewer, (await _own_keyword(call)).id)
    return answer({})


async def statuses(call: Call) -> Response:
    """GET /api/v2/filters/ID/statuses."""
    return answer([_status(post) for post in (await _own(call)).posts])


async def add_status(call: Call) -> Response:
    """POST /api/v2/filters/ID/statuses."""
    view = await _own(call)
    post_id = await post_id_of(call.here, text_of(call.found, "status_id", 30))
    if post_id is None:
        raise missing()
    made = await actions.add_post(call.here, call.viewer, view.id, post_id)
    return answer(FilterStatus(number_of(made), number_of(post_id)))


async def status(call: Call) -> Response:
    """GET /api/v2/filters/statuses/ID."""
    return answer(_status(await _own_post(call)))


async def delete_status(call: Call) -> Response:
    """DELETE /api/v2/filters/statuses/ID."""
    await actions.remove_post(call.here, call.viewer, (await _own_post(call)).id)
    return answer({})


async def old_filters(call: Call) -> Response:
    """GET /api/v1/filters."""
    views = await queries.filters_of(call.here, call.viewer)
    return answer([_old(view, word) for view in views for word in view.keywords])


async def old_filter(call: Call) -> Response:
    """GET /api/v1/filters/ID."""
    return answer(await _own_old(call))


async def create_old(call: Call) -> Response:
    """POST /api/v1/filters."""
    phrase = text_of(call.found, "phrase")
    form = FilterForm(
        title=phrase[:200],
        places=tuple(texts_of(call.found, "context")),
        action=HIDE if flag_of(call.found, "irreversible") else WARN,
        wordings=(Wording(phrase, flag_of(call.found, "whole_word")),),
        **_end(call.here, call.found),
    )
    view = await _view(call, await actions.create(call.here, call.viewer, form))
    return answer(_old(view, view.keywords[0]))


async def update_old(call: Call) -> Response:
    """PUT /api/v1/filters/ID."""
    word = await _own_keyword(call)
    phrase = text_of(call.found, "phrase") if "phrase" in call.found else None
    whole = flag_of(call.found, "whole_word") if call.found.get("whole_word") is not None else None
    form = FilterForm(
        title=phrase[:200] if phrase is not None else None,
        places=tuple(texts_of(call.found, "context")) if "context" in call.found else None,
        action=(HIDE if flag_of(call.found, "irreversible") else WARN) if "irreversible" in call.found else None,
        wordings=(Wording(phrase, whole, id=word.id),),
        **_end(call.here, call.found),
    )
    await actions.update(call.here, call.viewer, word.filter_id, form)
    return answer(await _own_old(call))


async def delete_old(call: Call) -> Response:
    """DELETE /api/v1/filters/ID: a filter that looks for nothing else ends with it."""
    await actions.remove_keyword(call.here, call.viewer, (await _own_keyword(call)).id, with_empty=True)
    return answer({})


def _form(here: Instance, found: Parameters, wordings: tuple[Wording, ...]) -> FilterForm:
    return FilterForm(
        title=text_of(found, "title", 1000) if "title" in found else None,
        places=tuple(dict.fromkeys(texts_of(found, "context"))) if "context" in found else None,
        action=text_of(found, "filter_action", 20) or None,
        wordings=wordings,
        **_end(here, found),
    )


def _end(here: Instance, found: Parameters) -> dict[str, Any]:
    """When it ends: in so many seconds, or, said so, never."""
    if "expires_in" not in found:
        return {}
    text = text_of(found, "expires_in", 20).strip()
    if not text:
        return {"has_end": True, "expires_at": None}
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= MAX_SECONDS:
        raise ApiError(422, "Validation failed: expires_in is no number of seconds")
    ends: datetime = here.clock.now() + timedelta(seconds=int(text))
    return {"has_end": True, "expires_at": ends}


def _wordings(found: Parameters, known: dict[str, str]) -> tuple[Wording, ...]:
    """Keywords as apps send them with a filter; an existing one is named by its digits."""
    items = found.get("keywords_attributes")
    if items is None:
        return ()
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ApiError(422, "Validation failed: keywords_attributes is no list of keywords")
    made = []
    for item in items:
        number = text_of(item, "id", 30)
        if number and number not in known:
            raise missing()
        made.append(
            Wording(
                keyword=text_of(item, "keyword") if "keyword" in item else None,
                whole_word=flag_of(item, "whole_word") if item.get("whole_word") is not None else None,
                id=known[number] if number else None,
                ends=flag_of(item, "_destroy"),
            )
        )
    return tuple(made)


async def _id(call: Call, table: str) -> str:
    bounds = range_of(call.path())
    found = bounds and await call.here.db.value(
        f"SELECT id FROM {table} WHERE id BETWEEN :low AND :high ORDER BY id LIMIT 1", low=bounds[0], high=bounds[1]
    )
    if not found:
        raise missing()
    return str(found)


async def _view(call: Call, filter_id: str) -> FilterView:
    views = await queries.filters_of(call.here, call.viewer, filter_id)
    if not views:
        raise missing()
    return views[0]


async def _own(call: Call) -> FilterView:
    return await _view(call, await _id(call, "content_filter"))


async def _own_keyword(call: Call) -> Keyword:
    found = await queries.keyword_of(call.here, call.viewer, await _id(call, "filter_keyword"))
    if found is None:
        raise missing()
    return found


async def _own_post(call: Call) -> FilteredPost:
    found = await queries.post_of(call.here, call.viewer, await _id(call, "filter_post"))
    if found is None:
        raise missing()
    return found


async def _own_old(call: Call) -> dict[str, Any]:
    word = await _own_keyword(call)
    return _old(await _view(call, word.filter_id), word)


def _keyword(word: Keyword) -> FilterKeyword:
    return FilterKeyword(number_of(word.id), word.keyword, word.whole_word)


def _status(post: FilteredPost) -> FilterStatus:
    return FilterStatus(number_of(post.id), number_of(post.post_id))


def _old(view: FilterView, word: Keyword) -> dict[str, Any]:
    return {
        "id": number_of(word.id),
        "phrase": word.keyword,
        "context": list(view.places),
        "whole_word": word.whole_word,
        "expires_at": None if view.expires_at is None else moment_or_none(to_milliseconds(view.expires_at)),
        "irreversible": view.action == HIDE,
    }


def routes() -> list[Route]:
    """All of them."""
    read, write = "read:filters", "write:filters"
    new, old = "/api/v2/filters", "/api/v1/filters"
    return [
        route(new, filters, scope=read),
        route(new, create, "POST", scope=write),
        route(f"{new}/keywords/{{id}}", keyword, scope=read),
        route(f"{new}/keywords/{{id}}", change_keyword, "PUT", scope=write),
        route(f"{new}/keywords/{{id}}", delete_keyword, "DELETE", scope=write),
        route(f"{new}/statuses/{{id}}", status, scope=read),
        route(f"{new}/statuses/{{id}}", delete_status, "DELETE", scope=write),
        route(f"{new}/{{id}}", show, scope=read),
        route(f"{new}/{{id}}", update, "PUT", scope=write),
        route(f"{new}/{{id}}", delete, "DELETE", scope=write),
        route(f"{new}/{{id}}/keywords", keywords, scope=read),
        route(f"{new}/{{id}}/keywords", add_keyword, "POST", scope=write),
        route(f"{new}/{{id}}/statuses", statuses, scope=read),
        route(f"{new}/{{id}}/statuses", add_status, "POST", scope=write),
        route(old, old_filters, scope=read),
        route(old, create_old, "POST", scope=write),
        route(f"{old}/{{id}}", old_filter, scope=read),
        route(f"{old}/{{id}}", update_old, "PUT", scope=write),
        route(f"{old}/{{id}}", delete_old, "DELETE", scope=write),
    ]
