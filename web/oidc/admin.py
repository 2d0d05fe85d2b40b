"""For admins: how people sign in with the provider, whom it does not let in any more, and whether it can be reached."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import throttle
from server.oidc import queries
from server.oidc.queries import Step
from web.i18n import gettext
from web.render import render
from web.request import admin, here_of

TESTS_PER_QUARTER = 30


async def page(request: Request) -> Response:
    """What is set."""
    admin(request)
    return await _page(request)


async def test(request: Request) -> Response:
    """Try everything but signing in."""
    by, here = admin(request), here_of(request)
    throttle.limit(here, f"oidc-test {by.account_id}", "", TESTS_PER_QUARTER)
    steps = await queries.test_connection(here) if here.settings.oidc_issuer else []
    return await _page(request, steps)


async def _page(request: Request, steps: list[Step] | None = None) -> Response:
    here = here_of(request)
    return render(
        request,
        "oidc/admin.html",
        nav="admin",
        tab="provider",
        set=await queries.overview(here),
        steps=[(_words(request)[step.name], step) for step in steps or []],
    )


def _words(request: Request) -> dict[str, tuple[str, str]]:
    """What each part of the test is called, and what to do where it fails."""
    return {
        "discovery": (gettext(request, "It says who it is"), ""),
        "keys": (
            gettext(request, "Its keys can be used"),
            gettext(request, "It has no RSA or EC key that we trust. Ask for RS256 or ES256."),
        ),
        "pkce": (
            gettext(request, "It says that it protects codes (PKCE)"),
            gettext(request, "It does not say so. We send it all the same; that does no harm."),
        ),
        "client": (
            gettext(request, "It knows our client id and secret"),
            gettext(request, "It refuses them. Compare both, and look whether the secret has run out."),
        ),
        "sign_out": (
            gettext(request, "It has a page for signing out there"),
            gettext(request, "It has none: who signs out here stays signed in there."),
        ),
        "away": (
            gettext(request, "It can be reached"),
            gettext(request, "Compare the address of the issuer, letter by letter, and look whether it is up."),
        ),
    }


routes = [
    Route("/admin/provider", page),
    Route("/admin/provider/test", test, methods=["POST"]),
]
