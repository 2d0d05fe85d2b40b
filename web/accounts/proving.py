"""Asking somebody who is signed in to show that it is them, before what only they may do (S28). Nothing sent is lost.

`server.accounts.proofs` decides when, and raises ProofNeeded. The page that then comes holds everything that was sent,
and sends it again to the same address with the proof; `web.sessions` has the proof looked at before anybody else
reads the form.
"""

from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from server.accounts import throttle
from server.actors.viewer import Viewer
from server.errors import Invalid
from server.factors import proving, queries
from server.factors.proving import Given
from web.i18n import gettext
from web.render import render
from web.request import DEVICE_COOKIE, SAFE_METHODS, address_of, form_of, here_of, signed_in, text

MARK = "proof"
FIELDS = ("proof_password", "proof_code", "proof_passkey")


def is_given(request: Request) -> bool:
    """Whether this comes from the page that asks for a proof."""
    return request.method == "POST" and MARK in request.query_params


async def ask(request: Request, _: Exception) -> Response:
    """The page that asks: in place of the answer to what was sent, or of a page."""
    if request.method in SAFE_METHODS:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return await _page(request, f"/prove?{MARK}=1", [("next", path)])
    return await _page(request, _same_address(request), await _kept(request))


async def take(request: Request, viewer: Viewer) -> Response | None:
    """Look at the proof, and leave the form as it was sent first; the page again where the proof does not do."""
    form = await form_of(request)
    given = Given(
        password=text(form, "proof_password", 1000),
        code=text(form, "proof_code", 40),
        passkey=text(form, "proof_passkey", 30_000),
        **origin_of(request),
    )
    try:
        await proving.prove(here_of(request), viewer, given)
    except (Invalid, throttle.TooMany) as error:
        late = isinstance(error, throttle.TooMany)
        field = "proof_code" if given.code else "proof_password"
        errors = [{"field": "" if given.passkey else field, "message": error.message}]
        response = await _page(request, _same_address(request), await _kept(request), errors, 429 if late else 422)
        if isinstance(error, throttle.TooMany):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    rest = [(name, value) for name, value in form.multi_items() if name not in FIELDS]
    request.scope["state"]["form"] = FormData(rest)
    return None


def origin_of(request: Request) -> dict[str, str]:
    """Where somebody is, and with which browser, as far as it says."""
    return {
        "address": address_of(request),
        "device": request.cookies.get(DEVICE_COOKIE, "")[:500],
        "user_agent": request.headers.get("user-agent", ""),
    }


async def _kept(request: Request) -> list[tuple[str, str]]:
    """All that was sent, but files, which a page cannot hold."""
    form = await form_of(request)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name not in FIELDS]


def _same_address(request: Request) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != MARK]
    return f"{request.url.path}?{urlencode([*query, (MARK, '1')])}"


async def _page(
    request: Request,
    action: str,
    kept: list[tuple[str, str]],
    errors: list[dict[str, str]] | None = None,
    status: int = 403,
) -> Response:
    viewer = signed_in(request)
    return render(
        request,
        "accounts/prove.html",
        status_code=status,
        action=action,
        kept=kept,
        ways=await queries.proofs(here_of(request), viewer),
        name=viewer.handle.lstrip("@"),
        errors=errors or [],
        title=gettext(request, "Is it you?"),
    )
