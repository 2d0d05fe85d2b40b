"""The interface itself: contrast, size, valid HTML, headers, toasts and languages."""

import asyncio
import colorsys
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import html5lib
import httpx
import pytest
from babel.messages.pofile import read_po
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.clock import SystemClock
from server.secrets import Signatures
from web import accent, i18n
from web.assets import STATIC, asset, style_sheet
from web.components.drawing import initials
from web.components.pages import components_page
from web.components.when import describe_moment
from web.render import redirect, render, shell_routes

SITE = SimpleNamespace(
    name="Northfield School",
    description="",
    accent="#2f6f5e",
    domain="northfield.example",
    origin="https://northfield.example",
    registration="open",
)
HERE = SimpleNamespace(site=SITE, signatures=Signatures(b"k" * 32), clock=SystemClock())
MAYA = SimpleNamespace(
    account_id=1,
    actor_id=1,
    handle="@maya",
    full_handle="@maya@northfield.example",
    display_name="Maya <b>Lindqvist",
    avatar_url=None,
    role="admin",
    is_admin=True,
    unread_count=2,
    language=None,
    communities=[],
)
ACCENTS = ["2f6f5e", "000000", "ffffff", "ffe600", "00ff00", "ff0000", "0000ff", "808080", "f9f6f0", "1a1815"] + [
    "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue / 24, 0.5, 0.8)) for hue in range(24)
]


def app(viewer: Any = MAYA) -> ASGIApp:
    """The component page and a few plain ones, with an invented site and viewer."""

    async def leave(request: Request) -> Response:
        return redirect(request, "/week", toast="Practice shared", undo="/undo")

    async def week(request: Request) -> Response:
        return render(request, "layout/error.html", title="Hello", message="World", nav="week")

    routes = [
        *shell_routes(),
        Route("/components", components_page),
        Route("/leave", leave),
        Route("/week", week),
    ]
    inner = Starlette(routes=routes)

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {"here": HERE, "viewer": viewer}
        await inner(scope, receive, send)

    return with_state


def get(path: str, *, viewer: Any = MAYA, **headers: str) -> httpx.Response:
    """Fetch one page."""

    async def fetch() -> httpx.Response:
        transport = httpx.ASGITransport(app(viewer))
        async with httpx.AsyncClient(transport=transport, base_url="https://northfield.example") as client:
            return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(fetch())


def blocks(css: str) -> list[dict[str, str]]:
    """The custom colours of every rule in tokens.css that sets the paper: light, dark by system, dark by choice."""
    rules = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", body)) for body in re.findall(r"\{([^{}]*)\}", css)]
    return [rule for rule in rules if "paper" in rule]


def places(words: str) -> set[str]:
    """What a translation has to keep: placeholders and links."""
    return set(re.findall(r"%\(\w+\)s|<a [^>]+>", words))


@pytest.mark.parametrize("colour", ACCENTS)
def test_every_accent_can_be_read_by_day_and_by_night(colour: str) -> None:
    for ground, tints in ((accent.LIGHT, accent.light_tints(colour)), (accent.DARK, accent.dark_tints(colour))):
        for behind in (ground.paper, ground.surface, tints.wash):
            assert accent.contrast(tints.accent, behind) >= accent.TEXT_CONTRAST
        assert accent.contrast(tints.on_accent, tints.accent) >= accent.TEXT_CONTRAST
        assert accent.contrast(tints.on_accent, tints.strong) >= accent.TEXT_CONTRAST
        assert accent.contrast(ground.ink, tints.wash) >= accent.TEXT_CONTRAST


def test_both_dark_themes_are_the_same_and_every_token_can_be_read() -> None:
    light, dark_by_system, dark_by_choice = blocks((STATIC / "css" / "tokens.css").read_text())
    assert dark_by_system == dark_by_choice
    assert light.keys() == dark_by_choice.keys()
    for theme in (light, dark_by_choice):
        colours = {name: value.lstrip("#") for name, value in theme.items()}
        for text in ("ink", "ink-soft", "danger", "caution", "good", "accent"):
            for ground in ("paper", "surface", "sunk"):
                assert accent.contrast(colours[text], colours[ground]) >= accent.TEXT_CONTRAST, (text, ground)
        for kind in ("danger", "caution", "good"):
            assert accent.contrast(colours[kind], colours[f"{kind}-wash"]) >= accent.TEXT_CONTRAST
            assert accent.contrast(colours["ink"], colours[f"{kind}-wash"]) >= accent.TEXT_CONTRAST
        for ground in ("paper", "surface"):
            assert accent.contrast(colours["edge"], colours[ground]) >= accent.CONTROL_CONTRAST


def test_accents_are_bent_against_the_colours_the_page_really_has() -> None:
    light, dark, _ = blocks((STATIC / "css" / "tokens.css").read_text())
    for ground, theme in ((accent.LIGHT, light), (accent.DARK, dark)):
        assert (f"#{ground.paper}", f"#{ground.surface}", f"#{ground.ink}") == (
            theme["paper"],
            theme["surface"],
            theme["ink"],
        )


def test_styles_and_script_stay_small() -> None:
    assert len(style_sheet().encode()) < 60_000
    assert len((STATIC / "js" / "peerhall.js").read_bytes()) < 15_000


def test_the_component_page_is_valid_html_with_unique_ids() -> None:
    answer = get("/components")
    assert answer.status_code == 200
    html5lib.HTMLParser(strict=True).parse(answer.text)
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert sorted(ids) == sorted(set(ids))
    for target in re.findall(r'(?:for|aria-labelledby|aria-describedby)="([^"]+)"', answer.text):
        assert set(target.split()) <= set(ids), target


def test_pages_have_no_inline_style_handler_or_foreign_thing() -> None:
    page = get("/components").text
    assert not re.search(r'\sstyle="|\son[a-z]+="|<style', page)
    assert not re.search(r'(?:src|srcset)="(?:https?:)?//', page)
    assert "Maya &lt;b&gt;Lindqvist" in page


def test_pages_carry_the_security_headers_and_the_nonce_of_their_script() -> None:
    answer = get("/components")
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert re.findall(r'<script[^>]*nonce="([^"]+)"', answer.text) == [nonce[1]]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["cache-control"] == "private, no-store"
    assert get("/week", viewer=None).headers["cache-control"] == "no-cache"


def test_a_stranger_sees_sign_in_and_join_and_nothing_of_a_member() -> None:
    stranger = SimpleNamespace(account_id=None, actor_id=None)
    page = get("/components", viewer=stranger).text
    assert 'href="/sign-in"' in page
    assert 'href="/sign-up"' in page
    assert "/sign-out" not in page


def test_static_files_are_kept_for_a_year_only_under_their_hashed_name() -> None:
    hashed = get(asset("css/peerhall.css"), accept_encoding="gzip")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"].startswith("text/css")
    assert hashed.headers["content-encoding"] == "gzip"
    assert hashed.text == style_sheet()
    plain = get("/static/css/peerhall.css")
    assert plain.headers["cache-control"] == "public, max-age=300"
    assert get("/static/css/peerhall.css", if_none_match=plain.headers["etag"]).status_code == 304
    assert get("/static/js/peerhall.js").headers["content-type"].startswith("text/javascript")
    for path in ("/static/css/tokens.css", "/static/../render.py", "/static/"):
        assert get(path).status_code == 404


def test_apps_on_other_sites_may_read_pictures_and_nothing_else() -> None:
    script, picture = get("/static/js/peerhall.js").headers, get("/static/avatar.png").headers
    assert script["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in script
    assert picture["cross-origin-resource-policy"] == "cross-origin"
    assert picture["access-control-allow-origin"] == "*"


def test_the_accent_is_served_as_a_style_sheet() -> None:
    answer = get("/theme/2f6f5e.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "--accent:#" in answer.text
    assert get("/theme/red.css").status_code == 404


@pytest.mark.parametrize("broken", [None, "", "red", "#12345", "}body{", "#ABCDEG"])
def test_what_is_no_colour_becomes_the_default_accent(broken: str | None) -> None:
    assert accent.clean_hex(broken) == accent.DEFAULT_ACCENT


def test_a_toast_is_shown_once_and_cannot_be_forged() -> None:
    async def story() -> tuple[str, str, str]:
        transport = httpx.ASGITransport(app())
        async with httpx.AsyncClient(transport=transport, base_url="https://northfield.example") as client:
            left = await client.get("/leave")
            assert left.status_code == 303
            first = (await client.get("/week")).text
            second = (await client.get("/week")).text
            client.cookies.set("__Host-toast", "eyJtZXNzYWdlIjoiSGkifQ.9999999999.AAAA", domain="northfield.example")
            return first, second, (await client.get("/week")).text

    first, second, forged = asyncio.run(story())
    assert "Practice shared" in first
    assert 'action="/undo"' in first
    assert "data-toast" not in second
    assert "data-toast" not in forged


def test_a_german_browser_reads_german() -> None:
    answer = get("/components", accept_language="fr;q=0.4, de-AT,de;q=0.9,en;q=0.5")
    assert '<html lang="de"' in answer.text
    assert answer.headers["content-language"] == "de"
    assert "Diese Woche" in answer.text
    assert "gerade eben" in answer.text
    assert '<html lang="en"' in get("/components", accept_language="xx, *;q=0.1, ;;q=x").text


@pytest.mark.parametrize("language", [language for language in i18n.languages() if language != "en"])
def test_translations_are_whole_and_keep_every_placeholder(language: str) -> None:
    with (i18n.LOCALES / language / "LC_MESSAGES" / "peerhall.po").open("rb") as file:
        for message in read_po(file, locale=language):
            originals = message.id if isinstance(message.id, tuple) else (message.id,)
            translated = message.string if isinstance(message.string, tuple) else (message.string,)
            if not originals[0]:
                continue
            assert all(translated), f"there is no {language} for {message.id!r}"
            for original, words in zip((originals[0], originals[-1]), (translated[0], translated[-1]), strict=True):
                assert places(str(words)) == places(str(original)), message.id


def test_moments_are_relative_for_a_week_and_exact_after_it() -> None:
    now = datetime(2026, 5, 14, 9, 30, tzinfo=UTC)
    said = {
        distance: describe_moment(now - distance, now, "en", "Europe/Berlin")
        for distance in (timedelta(seconds=3), timedelta(hours=5), timedelta(days=6), timedelta(days=8))
    }
    assert [moment.text for moment in said.values()] == ["just now", "5 hours ago", "6 days ago", "6 May"]
    assert said[timedelta(hours=5)].full == "Thursday, 14 May 2026, 06:30 CEST"
    assert said[timedelta(hours=5)].iso == "2026-05-14T04:30:00+00:00"
    assert describe_moment(now - timedelta(days=400), now, "en", "No/Where").text == "9 April 2025"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Maya Lindqvist", "ML"), ("Sofia", "S"), ("@sam.green", "SG"), ("", "?"), ("🙂", "?"), ("Ana de la Cruz", "AC")],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters
