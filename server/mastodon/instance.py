"""What this server says of itself to apps: name, limits, and what it can do. Only what is true is claimed."""

from datetime import datetime, timedelta

from starlette.responses import Response
from starlette.routing import Route

from server.fediverse.adapters import ServerObjects
from server.instance import Instance
from server.mastodon.accounts import accounts_by_id
from server.mastodon.entities import Account
from server.mastodon.serving import Call, answer, route
from server.media.actions import ALT_LIMIT
from server.media.images import FORMATS, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS
from server.notes.form import MAX_FILES, MAX_POLL_SECONDS, MIN_POLL_SECONDS
from server.polls.form import MAX_OPTION, MAX_OPTIONS
from server.posts.form import MAX_SOURCE
from server.posts.marks import MAX_PINNED
from server.text import LANGUAGES, plain
from server.vapid import public_key
from server.version import VERSION

COMPATIBLE = "4.3.0"
"""The Mastodon whose features apps may expect; they compare this and `API_VERSION`."""
API_VERSION = 2
RESERVED_PER_LINK = 23
CACHE = "mastodon.figures"
COUNTED_FOR = timedelta(minutes=10)


async def instance_v2(call: Call) -> Response:
    """GET /api/v2/instance."""
    here, site = call.here, call.here.site
    figures = await _figures(here)
    return answer(
        {
            "domain": here.settings.domain,
            "title": site.name,
            "version": f"{COMPATIBLE} (compatible; Peerhall {VERSION})",
            "source_url": "",
            "description": plain(site.description),
            "usage": {"users": {"active_month": figures["month"]}},
            "thumbnail": {"url": here.url("/static/header.png"), "blurhash": None, "versions": {}},
            "icon": [{"src": here.url("/static/avatar.png"), "size": "400x400"}],
            "languages": _languages(),
            "configuration": {
                "urls": {"streaming": _streaming(here), "status": None, "about": here.url("/about")},
                "vapid": {"public_key": public_key(here.signatures)},
                **_limits(),
                "translation": {"enabled": False},
            },
            "registrations": {
                "enabled": site.registration in {"open", "approval"},
                "approval_required": site.registration == "approval",
                "message": None,
                "url": here.url("/join") if site.registration in {"open", "approval"} else None,
            },
            "api_versions": {"mastodon": API_VERSION},
            "contact": {"email": site.contact if "@" in site.contact else "", "account": await _contact(here)},
            "rules": rules_of(here),
        }
    )


async def instance_v1(call: Call) -> Response:
    """GET /api/v1/instance, for older apps."""
    here, site = call.here, call.here.site
    figures = await _figures(here)
    return answer(
        {
            "uri": here.settings.domain,
            "title": site.name,
            "short_description": plain(site.description),
            "description": plain(site.description),
            "email": site.contact if "@" in site.contact else "",
            "version": f"{COMPATIBLE} (compatible; Peerhall {VERSION})",
            "urls": {"streaming_api": _streaming(here)},
            "stats": {
                "user_count": figures["users"],
                "status_count": figures["posts"],
                "domain_count": figures["domains"],
            },
            "thumbnail": here.url("/static/header.png"),
            "languages": _languages(),
            "registrations": site.registration in {"open", "approval"},
            "approval_required": site.registration == "approval",
            "invites_enabled": site.registration != "closed",
            "configuration": _limits(),
            "contact_account": await _contact(here),
            "rules": rules_of(here),
        }
    )


async def rules(call: Call) -> Response:
    """GET /api/v1/instance/rules."""
    return answer(rules_of(call.here))


async def extended_description(call: Call) -> Response:
    """GET /api/v1/instance/extended_description: the guidelines."""
    return answer({"updated_at": None, "content": call.here.site.guidelines_html})


async def languages(call: Call) -> Response:
    """GET /api/v1/instance/languages."""
    return answer([{"code": code, "name": name} for code, name in LANGUAGES.items()])


async def translation_languages(call: Call) -> Response:
    """GET /api/v1/instance/translation_languages: nothing here translates."""
    return answer({})


def rules_of(here: Instance) -> list[dict[str, str]]:
    """The guidelines as numbered rules: one for each line of a list in them, or all of them as one."""
    lines = [line.strip() for line in here.site.guidelines_source.splitlines()]
    points = [line.lstrip("-*0123456789. ").strip() for line in lines if line[:1] in {"-", "*"} or line[:1].isdigit()]
    said = points or ([plain(here.site.guidelines_html)] if here.site.guidelines_html else [])
    return [{"id": str(number), "text": text, "hint": ""} for number, text in enumerate(said, start=1) if text]


def _limits() -> dict[str, object]:
    return {
        "accounts": {"max_featured_tags": 10, "max_pinned_statuses": MAX_PINNED, "max_profile_fields": 4},
        "statuses": {
            "max_characters": MAX_SOURCE,
            "max_media_attachments": MAX_FILES,
            "characters_reserved_per_url": RESERVED_PER_LINK,
        },
        "media_attachments": {
            "supported_mime_types": [f"image/{name.lower()}" for name in FORMATS],
            "image_size_limit": MAX_IMAGE_BYTES,
            "image_matrix_limit": MAX_IMAGE_PIXELS,
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
            "description_limit": ALT_LIMIT,
        },
        "polls": {
            "max_options": MAX_OPTIONS,
            "max_characters_per_option": MAX_OPTION,
            "min_expiration": MIN_POLL_SECONDS,
            "max_expiration": MAX_POLL_SECONDS,
        },
    }


def _streaming(here: Instance) -> str:
    return here.settings.origin.replace("http", "ws", 1)


def _languages() -> list[str]:
    return [code for code in LANGUAGES if len(code) == 2]


async def _contact(here: Instance) -> Account | None:
    admin = await here.db.value(
        "SELECT actor_id FROM account WHERE role = 'admin' AND state = 'active' ORDER BY id LIMIT 1"
    )
    return None if admin is None else (await accounts_by_id(here, [admin])).get(admin)


async def _figures(here: Instance) -> dict[str, int]:
    kept: tuple[datetime, dict[str, int]] | None = here.caches.get(CACHE)
    now = here.clock.now()
    if kept is not None and now - kept[0] < COUNTED_FOR:
        return kept[1]
    facts = await ServerObjects(here).nodeinfo()
    found = {
        "users": facts.users_total,
        "month": facts.users_active_month,
        "posts": facts.local_posts + facts.local_comments,
        "domains": int(await here.db.value("SELECT count(*) AS n FROM peer") or 0),
    }
    here.caches[CACHE] = (now, found)
    return found


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v2/instance", instance_v2),
        route("/api/v1/instance", instance_v1),
        route("/api/v1/instance/rules", rules),
        route("/api/v1/instance/extended_description", extended_description),
        route("/api/v1/instance/languages", languages),
        route("/api/v1/instance/translation_languages", translation_languages),
    ]
