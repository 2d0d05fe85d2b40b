"""Posts as statuses: complete, readable and never shown wider than they are."""

import asyncio
import json
from collections.abc import Sequence
from html import escape

import msgspec
from msgspec import UNSET

from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.mastodon.accounts import emojis_of, moment, moment_or_none
from server.mastodon.entities import (
    FilterResult,
    Focus,
    MediaAttachment,
    Mention,
    Meta,
    Ours,
    Poll,
    PollOption,
    PreviewCard,
    Size,
    Status,
    StatusTag,
    Visibility,
)
from server.mastodon.filtering import results, said, shown_in
from server.mastodon.gathering import Gathered, Named, gather
from server.mastodon.ids import number_of
from server.mastodon.keeping import COLUMNS, OF_THE_MOMENT, Kept, Page
from server.mastodon.wording import body, heading, in_paragraphs
from server.peers.queries import grades, shows_media
from server.posts.addresses import page_path
from server.posts.policy import OPEN
from server.sessions.words import when_and_where, when_words, where_words
from server.text import clean_text, excerpt
from server.text.markdown import hashtag_url

STATUS_COLUMNS = (
    ", ".join(f"post.{name}" for name in COLUMNS)
    + ", (SELECT above.author_id FROM post AS above WHERE above.id = post.parent_id) AS answered_id"
)
"""What `statuses_of` needs of the table post. `via_id`, `boost_id` and `boosted_at` may come with it."""

VISIBILITIES: dict[str, Visibility] = {"public": "public", "unlisted": "unlisted", "direct": "direct"}
"""Ours as apps know them: everything else is for some people only, and is called private (never wider, S15)."""

AT_ONCE = 8
_TYPES = {"image": "image", "video": "video", "audio": "audio"}
CACHE = "mastodon.statuses"
_encoder = msgspec.json.Encoder()
_CARDS = frozenset({"practice", "resource", "session"})


async def statuses_of(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> list[Status]:
    """Statuses of rows with STATUS_COLUMNS, in their order; two statements. A row with `boost_id` becomes a boost."""
    return await _statuses(here, viewer, rows, await gather(here, viewer, rows))


async def _statuses(here: Instance, viewer: Viewer, rows: Sequence[Row], about: Gathered) -> list[Status]:
    kept = _kept(here)
    found = []
    for number, row in enumerate(rows):
        if about.words and number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)  # many words are looked for in many texts: others get their turn
        status = kept.status(here, viewer, row, about)
        if status is None:
            continue
        boost = _boost(here, row, status, about) if row.get("boost_id") else None
        found.append(boost or status)
    return found


async def page_of(here: Instance, viewer: Viewer, rows: Sequence[Row], place: str, *, more: bool) -> Page:
    """The same as JSON, without what the reader's filters hide in a place. `more`: there may be more of the list."""
    about = await gather(here, viewer, rows)
    if about.words or about.marked:
        shown = shown_in(place, await _statuses(here, viewer, rows, about))
        return Page(_encoder.encode(shown), tuple(status.id for status in shown), more, lasts=False)
    kept = _kept(here)
    ids, texts = [], []
    for row in rows:
        if row.get("boost_id"):
            status = kept.status(here, viewer, row, about)
            made = None if status is None else _boost(here, row, status, about) or status
            number, text = ("", None) if made is None else (made.id, _encoder.encode(made))
        else:
            number, text = number_of(row["id"]), kept.encoded(here, viewer, row, about)
        if text is not None:
            ids.append(number)
            texts.append(text)
    lasts = OF_THE_MOMENT.isdisjoint(row["kind"] for row in rows)
    return Page(b"[" + b",".join(texts) + b"]", tuple(ids), more, lasts)


def _kept(here: Instance) -> Kept:
    kept: Kept | None = here.caches.get(CACHE)
    if kept is None:
        kept = here.caches[CACHE] = Kept(_status)
    kept.look_at_grades(grades(here).by_host)
    return kept


def visibility_of(audience: str) -> Visibility:
    """How apps call an audience."""
    return VISIBILITIES.get(audience, "direct" if audience == "private" else "private")


def _boost(here: Instance, row: Row, status: Status, about: Gathered) -> Status | None:
    account = about.account(here, row["via_id"])
    if account is None:
        return None
    return Status(
        id=number_of(row["boost_id"]),
        uri=row.get("boost_uri") or status.uri,
        created_at=moment(row["boosted_at"]),
        account=account,
        content="",
        visibility=status.visibility,
        sensitive=False,
        spoiler_text="",
        media_attachments=[],
        mentions=[],
        tags=[],
        emojis=[],
        reblogs_count=0,
        favourites_count=0,
        replies_count=0,
        url=status.url,
        in_reply_to_id=None,
        in_reply_to_account_id=None,
        reblog=status,
        poll=None,
        card=None,
        language=status.language,
        edited_at=None,
        favourited=status.favourited,
        reblogged=status.reblogged,
        muted=status.muted,
        bookmarked=status.bookmarked,
        filtered=status.filtered,
    )


def _status(here: Instance, viewer: Viewer, row: Row, about: Gathered) -> Status | None:
    account = about.account(here, row["author_id"])
    if account is None:
        return None
    is_local, post_id, title = bool(row["is_local"]), row["id"], row["title"]
    shown = is_local or shows_media(here, account.uri.split("/")[2])
    place = about.named(here, row["community_id"])
    mentions, links = _mentions(here, row, place, about)
    page = here.url(page_path(row["short"], title, row["kind"]))
    signed_in = viewer.actor_id is not None
    files = about.files.get(post_id, []) if shown else []
    return Status(
        id=number_of(post_id),
        uri=row["uri"],
        created_at=moment(row["published_at"]),
        account=account,
        content=_content(here, row, place, links, about),
        visibility=visibility_of(row["visibility"]),
        sensitive=bool(row["sensitive"]) or bool(row["content_warning"]),
        spoiler_text=row["content_warning"],
        media_attachments=[attachment_of(here, file) for file in files if file["c"] != "link"],
        mentions=mentions,
        tags=[StatusTag(tag, hashtag_url(here.settings.origin, tag)) for tag in about.tags.get(post_id, [])],
        emojis=emojis_of(here, row["emoji"]) if shown else [],
        reblogs_count=row["boosts_count"],
        favourites_count=row["likes_count"],
        replies_count=row["replies_count"],
        url=page if is_local else row["url"] or row["uri"],
        in_reply_to_id=number_of(row["parent_id"]) if row["parent_id"] else None,
        in_reply_to_account_id=number_of(row["answered_id"]) if row["answered_id"] else None,
        reblog=None,
        poll=_poll(here, viewer, row, about),
        card=_card(here, row, page, files),
        language=row["language"] if row["language"] != "und" else None,
        edited_at=moment_or_none(row["edited_at"]),
        filtered=_filtered(here, viewer, row, about) if signed_in else UNSET,
        peerhall=Ours(
            kind=row["kind"],
            audience=row["visibility"],
            title=title,
            licence=row["licence"] or None,
            community=None if place is None else place.community,
            page=page,
        ),
    )


def _filtered(here: Instance, viewer: Viewer, row: Row, about: Gathered) -> list[FilterResult]:
    """What the reader's filters say of somebody else's post."""
    post_id = row["id"]
    marked = about.marked.get(post_id, [])
    if row["author_id"] == viewer.actor_id or not (about.words or marked):
        return []
    options = [option["a"] for option in about.options.get(post_id, [])]
    text = said(row, options, [file["g"] for file in about.files.get(post_id, [])])
    return results(about.words, marked, text, post_id, here.clock.now())


def _mentions(here: Instance, row: Row, place: Named | None, about: Gathered) -> tuple[list[Mention], dict[str, str]]:
    """Who is named, the community first so that an answer reaches it, and their pages here with their addresses."""
    found = [about.named(here, actor_id) for actor_id in about.mentions.get(row["id"], ())]
    who = [named for named in found if named is not None]
    if place is not None and place not in who:
        who.insert(0, place)
    there = [named for named in who if named.is_there]
    return [named.mention for named in there], {named.page: named.mention.url for named in there}


def _content(here: Instance, row: Row, place: Named | None, links: dict[str, str], about: Gathered) -> str:
    """Title, text, when and where, what is quoted, and where it was said."""
    text = body(here, row["content_html"], links)
    title = row["title"]
    # A poll has its question in both places, for servers that show no titles.
    text = text.removeprefix(f"<p>{escape(title, quote=False)}</p>").lstrip() if row["kind"] == "poll" else text
    parts = [heading(title) if title else "", in_paragraphs(text)]
    event = about.events.get(row["id"])
    if event is not None and event["m"] is not None:
        parts.append(_when_and_where(event))
    quoted = row["quote_uri"]
    if quoted and escape(quoted) not in text:
        parts.append(f'<p class="quote-inline">RE: <a href="{escape(quoted)}">{escape(quoted)}</a></p>')
    if place is not None:
        said = "" if row["visibility"] in OPEN else f" · only for members of {place.name}"
        if said or place.href not in text:
            parts.append(f"<p>{place.link}{said}</p>")
    elif row["visibility"] in {"network", "instance", "private"}:
        parts.append(f"<p>{_FOR[row['visibility']].format(name=escape(here.site.name))}</p>")
    return "".join(parts)


_FOR = {
    "network": "Only for people of the network",
    "instance": "Only for people at {name}",
    "private": "Only for you",
}


def _when_and_where(event: Row) -> str:
    end = None if event["n"] is None else from_milliseconds(event["n"])
    links = json.loads(event["c"]) if event["c"] else []
    online = next((str(link.get("url", "")) for link in links if isinstance(link, dict)), "")
    how = f"sign up at {event['d']}" if event["d"] else ""
    return when_and_where(
        when_words(from_milliseconds(event["m"]), end, event["a"] or "UTC"), where_words(event["b"], online), how
    )


def attachment_of(here: Instance, file: Row) -> MediaAttachment:
    """A file of a status; pictures from elsewhere come through us (S25), other files by a link to where they are."""
    url, kind, is_ours = file["d"], file["c"], bool(file["b"])
    remote = None if is_ours else url
    if is_ours:
        url = here.url(url) if url.startswith("/") else url
    elif kind == "image":
        path = here.media_url(url)
        url, kind = (url, "file") if path is None else (here.url(path), kind)
    preview = here.url(f"/media/{file['h']}") if file["h"] else (url if kind == "image" else None)
    return MediaAttachment(
        id=number_of(file["b"] or file["a"]),
        type=_TYPES.get(kind, "unknown"),  # type: ignore[arg-type]
        url=url,
        preview_url=preview,
        remote_url=remote,
        meta=meta_of(file["m"], file["n"], file["e"]),
        description=file["g"] or (file["f"] if kind == "file" else None) or None,
        blurhash=None,
    )


def meta_of(width: int | None, height: int | None, focus: str = "") -> Meta:
    """Sizes, as far as they are known, and what of a picture matters, as it is stored."""
    size = Size(width, height, f"{width}x{height}", round(width / height, 6)) if width and height else None
    x, _, y = focus.partition(",")
    return Meta(original=size, small=size, focus=Focus(float(x), float(y)) if focus else None)


def _poll(here: Instance, viewer: Viewer, row: Row, about: Gathered) -> Poll | None:
    poll = about.polls.get(row["id"])
    if poll is None:
        return None
    options = about.options.get(row["id"], [])
    ends_at, votes = poll["m"], about.votes.get(row["id"], [])
    over = ends_at is not None and from_milliseconds(ends_at) <= here.clock.now()
    hidden = bool(poll["b"]) and not over
    return Poll(
        id=number_of(row["id"]),
        expires_at=moment_or_none(ends_at),
        expired=over,
        multiple=bool(poll["a"]),
        votes_count=sum(option["m"] for option in options),
        voters_count=poll["n"],
        options=[PollOption(clean_text(option["a"]), None if hidden else option["m"]) for option in options],
        emojis=[],
        # Whoever asks does not vote, as far as apps know.
        voted=bool(votes) or row["author_id"] == viewer.actor_id,
        own_votes=sorted(votes),
    )


def _card(here: Instance, row: Row, page: str, files: Sequence[Row]) -> PreviewCard | None:
    """The first link that was added to a post; for what has a title and a page of its own, that page."""
    link = next((file for file in files if file["c"] == "link"), None)
    if link is not None:
        host = link["d"].partition("://")[2].partition("/")[0]
        return PreviewCard(url=link["d"], title=link["f"] or link["d"], description="", provider_name=host)
    if not row["title"] or row["kind"] not in _CARDS:
        return None
    address = page if row["is_local"] else row["url"] or row["uri"]
    return PreviewCard(
        url=address,
        title=row["title"],
        description=excerpt(row["summary"] or row["content_html"], 200),
        provider_name=here.site.name if row["is_local"] else address.partition("://")[2].partition("/")[0],
        language=row["language"],
    )
