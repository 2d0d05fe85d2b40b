"""What every composer of a post needs: files that survive a refused form, choices, and the words of an audience."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any, BinaryIO

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from server.actors.viewer import Viewer
from server.communities import policy
from server.communities import queries as communities
from server.communities.queries import CommunityLabel
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.media import actions as media
from server.media.queries import MediaFile, files, most_video_bytes
from server.practices.audience import Reach, reaches
from server.text import LANGUAGES, LICENCES
from web.i18n import gettext, ngettext
from web.request import here_of, text, texts

MAX_UPLOAD_BYTES = 26 * 1024 * 1024
UNREADABLE = -1
_ICONS = {"public": "globe", "members": "communities", "followers": "people", "network": "people", "instance": "people"}


def number(form: FormData, name: str) -> int | None:
    """A whole number; None for nothing, UNREADABLE for anything else."""
    typed = text(form, name, 20)
    if not typed:
        return None
    return int(typed) if typed.isascii() and typed.isdecimal() else UNREADABLE


async def take_files(
    request: Request, viewer: Viewer, form: FormData, *, recordings: bool = False
) -> tuple[list[MediaFile], list[Invalid]]:
    """The files of a composer: those kept from before, described anew, and those just added; and what was refused."""
    here, owner = here_of(request), str(viewer.actor_id)
    errors: list[Invalid] = []
    removed = text(form, "remove_media", 40)
    kept = [media_id for media_id in texts(form, "media_id", 20) if media_id != removed]
    if removed:
        # What belongs to a post already, or is gone, is only taken off this form.
        with contextlib.suppress(NotFound):
            await media.discard_own(here, owner, removed)
    found = await files(here, kept, owner_id=owner)
    for file in found:
        if file.kind == "image":
            alt, decorative = text(form, f"alt-{file.id}", 1500), bool(text(form, f"decorative-{file.id}"))
            if (alt, decorative) != (file.alt, file.decorative):
                await media.describe(here, owner, file.id, alt, decorative=decorative)
    async with contextlib.aclosing(_uploads(here, form, recordings=recordings)) as uploads:
        async for name, data in uploads:
            try:
                alt = text(form, "alt_new", 1500)
                kept.append((await media.upload(here, owner, data, name, alt, recordings=recordings)).id)
            except Invalid as error:
                errors.append(Invalid(f"{name[:80]}: {error.message}", field="files"))
    return await files(here, kept, owner_id=owner), errors


async def _uploads(here: Instance, form: FormData, *, recordings: bool) -> AsyncGenerator[tuple[str, bytearray]]:
    """The files of a form, one in memory at a time; what is too large is read as far as it takes to see that."""
    most = max(MAX_UPLOAD_BYTES, most_video_bytes(here) + 1 if recordings else 0)
    uploads = [upload for upload in form.getlist("files") if isinstance(upload, UploadFile)]
    try:
        for upload in uploads:
            if upload.filename:
                size = most if upload.size is None else min(most, upload.size)
                yield upload.filename, await asyncio.to_thread(_read, upload.file, size)
    finally:
        for upload in uploads:
            await upload.close()


def _read(file: BinaryIO, most: int) -> bytearray:
    """So many bytes into one place: videos are large, and are cleaned where they are."""
    room, known = bytearray(most), 0
    file.seek(0)
    while known < most and (got := file.read(min(1024 * 1024, most - known))):
        room[known : known + len(got)] = got
        known += len(got)
    del room[known:]
    return room


async def community_of(request: Request, viewer: Viewer, slug: str, *, to_write: bool = True) -> CommunityLabel | None:
    """The community with this name, None for no name. Raises NotFound for one that they cannot see into.

    `to_write` asks for more: NotAllowed, with what to do, where they cannot start anything.
    """
    if not slug:
        return None
    page = await communities.community_by_slug(here_of(request), slug.removeprefix("@"), viewer)
    if page is None or not policy.may_see(page.facts):
        raise NotFound
    verdict = policy.may_post(page.facts)
    if to_write and isinstance(verdict, policy.Denied):
        raise NotAllowed(verdict.reason)
    return page.label


async def audiences(request: Request, viewer: Viewer, community: CommunityLabel | None) -> list[dict[str, Any]]:
    """The audiences to choose from, in words, for `forms.audience_picker`."""
    return [_option(request, reach, community) for reach in await reaches(here_of(request), viewer, community)]


def chosen(options: Sequence[dict[str, Any]], value: str) -> dict[str, Any]:
    """The option with this value, else the first one."""
    return next((option for option in options if option["value"] == value), options[0])


def licence_options() -> list[dict[str, str]]:
    """The licences for a select."""
    return [{"value": licence.id, "label": licence.label} for licence in LICENCES.values()]


def language_options() -> list[dict[str, str]]:
    """The languages for a select."""
    return [{"value": code, "label": name} for code, name in LANGUAGES.items()]


def with_errors(error: Invalid | None, more: Sequence[Invalid] = ()) -> list[dict[str, str]]:
    """All errors of a refused form, for its summary."""
    return [*(item for extra in more for item in extra.errors), *(error.errors if error else [])]


def _option(request: Request, reach: Reach, community: CommunityLabel | None) -> dict[str, Any]:
    people = ngettext(request, "%(count)s person", "%(count)s people", reach.people)
    servers = ngettext(request, "%(count)s server", "%(count)s servers", reach.servers_count)
    where = gettext(request, "%(people)s on %(servers)s", people=people, servers=servers)
    organisation = here_of(request).site.name
    label, summary, detail = {
        "public": (
            gettext(request, "Everyone"),
            gettext(request, "Everyone on the web"),
            ngettext(request, "%(where)s gets it at once.", "%(where)s get it at once.", reach.people, where=where)
            if reach.people
            else "",
        ),
        "members": (
            gettext(request, "Members of %(name)s", name=community.name if community else ""),
            gettext(request, "Members of %(name)s — %(where)s", name=community.name if community else "", where=where),
            gettext(request, "People who only follow the community do not see it."),
        ),
        "followers": (
            gettext(request, "My followers"),
            gettext(request, "My followers — %(where)s", where=where)
            if reach.people
            else gettext(request, "My followers; nobody yet"),
            "",
        ),
        "network": (
            gettext(request, "People of the network"),
            gettext(request, "People of the network — %(people)s here", people=people),
            "",
        ),
        "instance": (
            gettext(request, "People at %(name)s", name=organisation),
            gettext(request, "People at %(name)s — %(people)s", name=organisation, people=people),
            gettext(request, "It never leaves this server."),
        ),
    }[reach.visibility]
    names = list(reach.servers) if reach.people else []
    if community is not None and not community.is_local and reach.visibility in {"public", "members"}:
        # Only the server of a community knows all who are in it.
        names, server = [], community.organisation
        passed_on = gettext(request, "It goes to %(server)s, which passes it on.", server=server)
        if reach.visibility == "members":
            summary = gettext(request, "Members of %(name)s, wherever they are", name=community.name)
        detail = f"{passed_on} {detail}" if reach.visibility == "members" else passed_on
    if names and reach.servers_count > len(reach.servers):
        names.append(gettext(request, "and %(count)s more", count=reach.servers_count - len(reach.servers)))
    return {
        "value": reach.visibility,
        "label": label,
        "summary": summary,
        "servers": names,
        "level": _ICONS[reach.visibility],
        "detail": detail,
    }
