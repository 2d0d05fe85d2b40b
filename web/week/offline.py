"""What makes the pages of a week open without a connection, and the whole an app that can be installed (O6).

A page of who is signed in keeps them on the device (`static/js/offline.js`); the service worker only shows what was
kept. Signing out clears all of it, and so does somebody else's first page in the same browser.
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.posts.queries import PostView
from web.assets import asset, body_of
from web.request import here_of

MOST = 12
PRACTICES = frozenset({"practice", "tip"})
WORKER_POLICY = "default-src 'none'; connect-src 'self'"
PAPER = "#f9f6f0"


def pages_to_keep(posts: Iterable[PostView], viewer_id: str | None) -> list[str]:
    """The addresses of practices and events among some posts, and of the forms to say how a practice went."""
    kept: dict[str, PostView] = {}
    for post in posts:
        if post.kind in PRACTICES or post.kind == "session":
            kept.setdefault(post.url, post)
    some = list(kept.values())[:MOST]
    forms = [f"/p/{post.short}/tried" for post in some if post.kind in PRACTICES and post.author.id != viewer_id]
    return [*(post.url for post in some), *forms]


async def manifest(request: Request) -> Response:
    """`/manifest.webmanifest`: name, colours and pictures for a home screen (W3C Web Application Manifest)."""
    site = here_of(request).site
    return JSONResponse(
        {
            "id": "/week",
            "name": site.name,
            "short_name": site.name[:20],
            "start_url": "/week",
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": site.accent,
            "icons": [
                {"src": asset(f"icons/mark-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
                for size in (192, 512)
                for use in ("any", "maskable")
            ],
        },
        media_type="application/manifest+json",
        headers={"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"},
    )


async def worker(request: Request) -> Response:
    """`/service-worker.js`: it stands at the root, for it may only look after what is below it."""
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": WORKER_POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body_of("js/service-worker.js"), media_type="text/javascript", headers=headers)


routes = [
    Route("/manifest.webmanifest", manifest, methods=["GET"]),
    Route("/service-worker.js", worker, methods=["GET"]),
]
