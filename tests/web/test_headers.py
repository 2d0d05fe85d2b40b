"""Every page carries strict headers, whoever asks and whatever comes of it (S26).

The walk over all routes looks at the headers of each answer, too (`tests.permissions`).
"""

from typing import Any

import pytest

from tests.permissions.headers import header_faults
from tests.posting import write

PATHS = ("/", "/login", "/people", "/search", "/help", "/c", "/nowhere", "/@nobody", "/admin", "/settings", "/week")


@pytest.fixture
async def maya(fediverse: Any) -> Any:
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


def policy(text: str) -> dict[str, list[str]]:
    found = (part.split() for part in text.split(";") if part.strip())
    return {name: values for name, *values in found}


async def test_s26_no_page_may_run_or_load_what_is_not_ours(fediverse: Any, maya: Any) -> None:
    post = await write(maya)
    for who in (None, maya):
        async with fediverse.client(maya.here, as_=who) as client:
            for path in (*PATHS, f"/p/{post.short}"):
                response = await client.get(path, follow_redirects=False)
                headers = response.headers
                if response.is_redirect:
                    assert response.content == b"", path
                    continue
                allowed = policy(headers["content-security-policy"])
                assert "'unsafe-inline'" not in str(allowed), path
                assert "'unsafe-eval'" not in str(allowed), path
                assert "*" not in str(allowed), path
                assert allowed["default-src"] in (["'self'"], ["'none'"]), path
                assert allowed["frame-ancestors"] == ["'none'"], path
                assert allowed["base-uri"] in (["'none'"], ["'self'"]), path
                assert "form-action" in allowed, path
                assert "object-src" in allowed or allowed["default-src"] == ["'none'"], path
                assert headers["x-content-type-options"] == "nosniff", path
                assert headers["referrer-policy"] in ("no-referrer", "same-origin", "strict-origin-when-cross-origin")
                assert headers["cross-origin-opener-policy"] == "same-origin", path
                assert "camera=()" in headers["permissions-policy"], path
                assert "access-control-allow-origin" not in headers, path


async def test_s26_an_https_address_is_kept_to_https(fediverse: Any, maya: Any) -> None:
    async with fediverse.client(maya.here) as client:
        assert "max-age=" in (await client.get("/")).headers["strict-transport-security"]


@pytest.mark.parametrize(
    "path",
    ["/settings", "/@nobody/feed.atom", "/communities/x", "/c/garden/feed.atom", "/p/nothing-0000000a/event.ics",
     "/static/nothing.css", "/service-worker.js", "/media/ab/nothing.webp", "/api/v1/instance", "/api/v1/nothing",
     "/api/peerhall/v1/openapi.json", "/oauth/authorize", "/.well-known/oauth-authorization-server",
     "/.well-known/webfinger", "/nodeinfo/2.1", "/ap/actor", "/ap/nothing", "/health", "/live"],
)  # fmt: skip
async def test_s26_whatever_is_answered_runs_and_frames_nothing(fediverse: Any, maya: Any, path: str) -> None:
    async with fediverse.client(maya.here) as client:
        headers = (await client.get(path)).headers
    assert list(header_faults(path, headers)) == []
