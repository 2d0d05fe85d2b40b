"""Search for apps: words, handles in every spelling, and addresses; what may be found decides `server.search`."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.actors.queries import split_handle
from server.api import ApiError, flag_of, text_of
from server.db import among
from server.errors import Refused
from server.hashtags import queries as hashtags
from server.instance import Instance
from server.mastodon.accounts import accounts_by_id
from server.mastodon.answers import Search, Tag
from server.mastodon.entities import Account, Status
from server.mastodon.hashtags import tags_of
from server.mastodon.ids import range_of
from server.mastodon.paging import cut_of, in_order, offset_of
from server.mastodon.people import SEEN, actor_ids_of
from server.mastodon.reading import page
from server.mastodon.serving import Call, answer, route
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.mastodon.timelines import MEDIA_ONLY
from server.posts.readable import readable
from server.search import lookup, queries

MOST = 200
"""So many are weighed; what is further behind is not found by paging."""
TYPES = ("accounts", "statuses", "hashtags")
_OPERATOR = re.compile(r'(?:^|\s)(from|has|is|language|before|after|during|in):("[^"]*"|\S+)')
_HANDLE = re.compile(r"[@!]?[\w][\w.\-]{0,119}(?:@[\w\-]+(?:\.[\w\-]+)*(?::\d{1,5})?)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HAS = {
    "media": MEDIA_ONLY.removeprefix(" AND "),
    "image": "EXISTS (SELECT 1 FROM post_attachment AS file WHERE file.post_id = post.id AND file.kind = 'image')",
    "poll": "EXISTS (SELECT 1 FROM poll WHERE poll.id = post.id)",
    "link": "post.content_html LIKE '%href=%'",
}
_IS = {"reply": "(post.parent_id IS NOT NULL OR post.in_reply_to_uri IS NOT NULL)", "sensitive": "post.sensitive"}


@dataclass(slots=True)
class Question:
    """What somebody looks for among posts: words, and conditions on the alias `post` with their parameters."""

    words: str
    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    author: bool = False
    impossible: bool = False


async def search_v2(call: Call) -> Response:
    """GET /api/v2/search."""
    return answer(await _search(call))


async def search_v1(call: Call) -> Response:
    """GET /api/v1/search, whose hashtags are words."""
    found = await _search(call)
    names = [tag.name for tag in found.hashtags]
    return answer({"accounts": found.accounts, "statuses": found.statuses, "hashtags": names})


async def account_search(call: Call) -> Response:
    """GET /api/v1/accounts/search: also somebody at another server, with `resolve` where they are not known yet."""
    cut, text = cut_of(call.found, usual=40, most=80), text_of(call.found, "q", 900).strip()
    found = await _accounts(call, text, resolve=flag_of(call.found, "resolve"), limit=cut.limit)
    return answer(found)


async def _search(call: Call) -> Search:
    text, kind = text_of(call.found, "q", 900).strip(), text_of(call.found, "type", 20)
    resolve, limit = flag_of(call.found, "resolve"), cut_of(call.found, most=40).limit
    if kind not in {"", *TYPES}:
        raise ApiError(400, f"Type is one of {', '.join(TYPES)}")
    if resolve and not call.viewer.is_signed_in:
        raise ApiError(401, "Search queries that resolve remote resources are not supported without authentication")
    found = Search(accounts=[], statuses=[], hashtags=[])
    if not text:
        return found
    if "://" in text:
        account, status = await _at_address(call, text, resolve=resolve)
        if account is not None and kind in {"", "accounts"}:
            found.accounts = [account]
        if status is not None and kind in {"", "statuses"}:
            found.statuses = [status]
        return found
    if kind in {"", "accounts"} and not text.startswith("#"):
        found.accounts = await _accounts(call, text, resolve=resolve, limit=limit)
    if kind in {"", "statuses"} and not (lookup.is_address(text) or text.startswith("#")):
        found.statuses = await _statuses(call, text, limit)
    if kind in {"", "hashtags"} and not text.startswith(("@", "!")):
        found.hashtags = await _hashtags(call, text, limit)
    return found


async def _accounts(call: Call, text: str, *, resolve: bool, limit: int) -> list[Account]:
    """Whoever has this handle first, then whom one follows, then everybody who lets themselves be found."""
    here, offset, only_followed = call.here, offset_of(call.found), flag_of(call.found, "following")
    wanted = min(offset + limit, MOST)
    ids: list[str] = []
    if _HANDLE.fullmatch(text):
        ids += await _by_handle(here, text)
        if not ids and resolve and call.viewer.is_signed_in and "@" in text.lstrip("@!"):
            ids += await _looked_up(call, text)
    if call.viewer.is_signed_in:
        mine = await queries.followed_like(here, call.me, text, wanted)
        ids = [each for each in ids if each in mine] + mine if only_followed else ids + mine
    if not only_followed and len(set(ids)) < wanted and not ("@" in text.lstrip("@!") and ids):
        for kind in ("Person", "Group"):
            found = await queries.search_actors(here, text.replace("@", " ").strip("! "), kind=kind, limit=wanted)
            ids += [label.id for label in found.actors]
    shown = list(dict.fromkeys(ids))[offset : offset + limit]
    by_id = await accounts_by_id(here, shown)
    return in_order(shown, by_id)


async def _by_handle(here: Instance, text: str) -> list[str]:
    """Whoever has this handle as far as they are known here, blocked or not; with `!`, the community first."""
    name, domain = split_handle(here, text)
    rows = await here.db.rows(
        f"SELECT actor.id, actor.kind FROM actor WHERE actor.handle_key IN (:plain, :banged) AND {SEEN}"
        " AND actor.deleted_at IS NULL ORDER BY actor.handle_key",
        plain=f"{name}@{domain}",
        banged=f"!{name}@{domain}",
    )
    wants_group = text.startswith("!")
    return [row["id"] for row in sorted(rows, key=lambda row: (row["kind"] == "Group") != wants_group)]


async def _looked_up(call: Call, text: str) -> list[str]:
    """Asked at their own server; what cannot be found there is no error, but nothing."""
    try:
        found = await lookup.look_up(call.here, call.viewer, text)
    except Refused:
        return []
    return [found.actor.id] if found is not None and found.actor is not None else []


async def _at_address(call: Call, address: str, *, resolve: bool) -> tuple[Account | None, Status | None]:
    """What stands at an address: what is known here, and with `resolve` what its server says."""
    here = call.here
    post_id = await here.db.value("SELECT id FROM post WHERE uri = :address OR url = :address LIMIT 1", address=address)
    if post_id is None and here.is_local_uri(address):
        short = address.partition("?")[0].partition("#")[0][-8:].lower()
        post_id = await here.db.value("SELECT id FROM post WHERE short = :short AND is_local", short=short)
        post_id = post_id or await _numbered(here, address)
    actor_id = None
    if post_id is None:
        actor_id = await here.db.value(
            f"SELECT actor.id FROM actor WHERE (actor.uri = :address OR actor.url = :address) AND {SEEN} LIMIT 1",
            address=address,
        )
    if post_id is None and actor_id is None and resolve:
        try:
            found = await lookup.look_up(here, call.viewer, address)
        except Refused:
            found = None
        if found is not None:
            post_id = found.post.id if found.post else None
            actor_id = found.actor.id if found.actor else None
    if post_id is not None:
        statuses = await _shown(call, [str(post_id)])
        return None, statuses[0] if statuses else None
    accounts = await accounts_by_id(here, [str(actor_id)] if actor_id else [])
    return next(iter(accounts.values()), None), None


async def _numbered(here: Instance, address: str) -> str | None:
    """The post of an address that ends with digits of ours, as apps make them: ``/@amara/115898…``."""
    bounds = range_of(address.partition("?")[0].rpartition("/")[2])
    if bounds is None:
        return None
    found = await here.db.value("SELECT id FROM post WHERE id BETWEEN :low AND :high", low=bounds[0], high=bounds[1])
    return None if found is None else str(found)


async def _statuses(call: Call, text: str, limit: int) -> list[Status]:
    """Posts with these words; without words, those of one author."""
    question = await _question(call, text)
    offset = offset_of(call.found)
    if question.impossible:
        return []
    condition = " AND ".join(question.conditions)
    if question.words.strip():
        wanted = min(offset + limit, MOST)
        ids = await queries.post_ids(
            call.here, call.viewer, question.words, condition=condition, limit=wanted, **question.values
        )
        return await _shown(call, ids[offset:])
    if not question.author:
        return []
    cut = cut_of(call.found, most=40)
    return await page(call.here, call.viewer, cut, condition=f" AND {condition}", **question.values)


async def _question(call: Call, text: str) -> Question:
    """Words and operators as Mastodon has them, and what came beside them."""
    question = Question(_OPERATOR.sub(" ", text))
    authors = [text_of(call.found, "account_id", 30)] if text_of(call.found, "account_id", 30) else []
    if authors:
        known = await actor_ids_of(call.here, authors)
        _by_author(question, next(iter(known.values()), None))
    for name, said in _OPERATOR.findall(text)[:8]:
        await _operator(call, question, name, said.strip('"'))
    for name, sign, which in (("max_id", "<", 0), ("min_id", ">", 1), ("since_id", ">", 1)):
        bounds = range_of(text_of(call.found, name, 30))
        if bounds is not None:
            question.conditions.append(f"post.id {sign} :search_{name}")
            question.values[f"search_{name}"] = bounds[which]
    return question


async def _operator(call: Call, question: Question, name: str, said: str) -> None:
    if name == "from":
        found = [call.viewer.actor_id] if said == "me" else await _by_handle(call.here, said)
        _by_author(question, found[0] if found else None)
    elif name in {"has", "is"}:
        condition = (_HAS if name == "has" else _IS).get(said)
        question.impossible |= condition is None
        question.conditions += [condition] if condition else []
    elif name == "language":
        question.conditions.append("lower(post.language) = :search_language")
        question.values["search_language"] = said.lower()[:16]
    elif name in {"before", "after", "during"} and _DAY.fullmatch(said):
        try:
            begins = datetime.fromisoformat(said).replace(tzinfo=UTC)
            day_after = begins + timedelta(days=1)
        except (ValueError, OverflowError):
            question.impossible = True
            return
        if name != "before":
            question.conditions.append("post.published_at >= :search_from")
            question.values["search_from"] = day_after if name == "after" else begins
        if name != "after":
            question.conditions.append("post.published_at < :search_to")
            question.values["search_to"] = day_after if name == "during" else begins


def _by_author(question: Question, actor_id: str | None) -> None:
    question.impossible |= actor_id is None
    question.author = True
    question.conditions.append("post.author_id = :search_author")
    question.values["search_author"] = actor_id


async def _shown(call: Call, ids: list[str]) -> list[Status]:
    if not ids:
        return []
    may_read, parameters = readable(call.viewer)
    named, values = among(ids, "found")
    rows = await call.here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id IN ({named}) AND post.state = 'visible' AND {may_read}",
        **values,
        **parameters,
    )
    by_id = {row["id"]: row for row in rows}
    return await statuses_of(call.here, call.viewer, in_order(ids, by_id))


async def _hashtags(call: Call, text: str, limit: int) -> list[Tag]:
    """Those that begin with a word, of public posts."""
    beginning, offset = text.lstrip("#").lower(), offset_of(call.found, 100)
    if not beginning or any(character.isspace() for character in beginning):
        return []
    names = await hashtags.beginning_with(call.here, beginning[:100], limit=offset + limit)
    return await tags_of(call.here, call.viewer.actor_id, names[offset:])


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v2/search", search_v2, scope="read:search", anybody=True),
        route("/api/v1/search", search_v1, scope="read:search", anybody=True),
        route("/api/v1/accounts/search", account_search, scope="read:accounts"),
    ]
