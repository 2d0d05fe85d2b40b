"""What one says of oneself, and how one's posts usually are."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts.queries import post_defaults
from server.actors import actions as actors
from server.actors.actions import ProfileChange
from server.api import ApiError, Parameters, flag_of, text_of
from server.mastodon.people import own_account
from server.mastodon.serving import Call, answer, route
from server.media import actions as media
from server.media.images import MAX_IMAGE_BYTES
from server.privacy import consents

ACCOUNTS = "write:accounts"
MAX_LINES = 4
MAX_TEXT = 6_000


async def update_credentials(call: Call) -> Response:
    """PATCH /api/v1/accounts/update_credentials: what is not sent stays as it is."""
    here, found = call.here, call.found
    usual = found.get("source")
    source: Parameters = usual if isinstance(usual, dict) else {}
    avatar, header = await _picture_of(call, "avatar"), await _picture_of(call, "header")
    change = ProfileChange(
        name=_name_of(call),
        summary_source=_text_or_none(found, "note"),
        fields=_lines_of(found),
        is_locked=_flag_or_none(found, "locked"),
        discoverable=_flag_or_none(found, "discoverable"),
        indexable=_flag_or_none(found, "indexable"),
        avatar_url=None if avatar is None else (await media.upload_avatar(here, call.me, avatar)).url,
        header_url=None if header is None else (await media.upload_header(here, call.me, header)).url,
    )
    defaults: dict[str, Any] = {
        "visibility": _text_or_none(source, "privacy"),
        "is_sensitive": _flag_or_none(source, "sensitive"),
        "language": _text_or_none(source, "language"),
    }
    async with here.db.transaction():
        await actors.update_profile(here, call.me, change)
        if any(value is not None for value in defaults.values()):
            await accounts.set_post_defaults(here, call.viewer, **defaults)
        if change.discoverable is not None or change.indexable is not None:
            await consents.note(here, call.viewer)
    return answer(await own_account(call))


async def delete_avatar(call: Call) -> Response:
    """DELETE /api/v1/profile/avatar."""
    await actors.update_profile(call.here, call.me, ProfileChange(avatar_url=""))
    return answer(await own_account(call))


async def delete_header(call: Call) -> Response:
    """DELETE /api/v1/profile/header."""
    await actors.update_profile(call.here, call.me, ProfileChange(header_url=""))
    return answer(await own_account(call))


async def preferences(call: Call) -> Response:
    """GET /api/v1/preferences."""
    usual = await post_defaults(call.here, call.viewer)
    return answer(
        {
            "posting:default:visibility": usual.visibility,
            "posting:default:sensitive": usual.is_sensitive,
            "posting:default:language": usual.language,
            "posting:default:quote_policy": "public",
            "reading:expand:media": "default",
            "reading:expand:spoilers": False,
            "reading:autoplay:gifs": False,
        }
    )


def _name_of(call: Call) -> str | None:
    """Whoever takes their name away is called by their handle."""
    name = _text_or_none(call.found, "display_name")
    return name if name is None or name.strip() else call.viewer.handle.lstrip("@")


def _text_or_none(found: Parameters, name: str) -> str | None:
    return text_of(found, name, MAX_TEXT) if name in found and found[name] is not None else None


def _flag_or_none(found: Parameters, name: str) -> bool | None:
    return flag_of(found, name) if name in found and found[name] is not None else None


def _lines_of(found: Parameters) -> list[tuple[str, str]] | None:
    """The lines of a profile, from a list or from an object whose names are positions. Raises ApiError 422."""
    sent = found.get("fields_attributes")
    if isinstance(sent, dict):
        sent = [sent[key] for key in sorted(sent, key=lambda key: (len(key), key))]
    if not isinstance(sent, list):
        return None
    lines = [(text_of(line, "name", 300), text_of(line, "value", 2_000)) for line in sent if isinstance(line, dict)]
    lines = [(name, value) for name, value in lines if name.strip() and value.strip()]
    if len(lines) > MAX_LINES:
        raise ApiError(422, f"Validation failed: a profile has at most {MAX_LINES} lines")
    return lines


async def _picture_of(call: Call, name: str) -> bytes | None:
    sent = call.found.get(name)
    if not isinstance(sent, UploadFile):
        return None
    data = await sent.read(MAX_IMAGE_BYTES + 1)
    await sent.close()
    if len(data) > MAX_IMAGE_BYTES:
        raise ApiError(422, f"Validation failed: {name} has more than {MAX_IMAGE_BYTES // 1024 // 1024} MB")
    return data or None


def routes() -> list[Route]:
    """All of them."""
    return [
        route(
            "/api/v1/accounts/update_credentials",
            update_credentials,
            "PATCH",
            scope=ACCOUNTS,
            max_bytes=2 * MAX_IMAGE_BYTES + 1024 * 1024,
            max_files=2,
        ),
        route("/api/v1/profile/avatar", delete_avatar, "DELETE", scope=ACCOUNTS),
        route("/api/v1/profile/header", delete_header, "DELETE", scope=ACCOUNTS),
        route("/api/v1/preferences", preferences, scope="read:accounts"),
    ]
