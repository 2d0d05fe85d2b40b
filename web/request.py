"""What every page handler asks of its request."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server.accounts.proofs import need_proof
from server.actors.viewer import ANONYMOUS, Viewer
from server.api import limited

if TYPE_CHECKING:
    from server.instance import Instance

MAX_FORM_FIELDS = 400
MAX_FORM_FILES = 8
MAX_FORM_BYTES = 100 * 1024 * 1024
MAX_STRANGERS_FORM_BYTES = 1024 * 1024

DEVICE_COOKIE = "peerhall_device"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_LANGUAGE = re.compile(r"\s*([A-Za-z]{2,3})\b")


def here_of(request: Request) -> "Instance":
    """The instance that answers this request."""
    here: Instance = request.scope["state"]["here"]
    return here


def viewer_of(request: Request) -> Viewer:
    """Who looks: a signed-in person, or somebody of whom we know no more than what their browser prefers to read."""
    viewer: Viewer | None = request.scope["state"].get("viewer")
    if viewer is not None and viewer.is_signed_in:
        return viewer
    first = _LANGUAGE.match(request.headers.get("accept-language", "")[:20])
    return replace(ANONYMOUS, language=first[1].lower()) if first else ANONYMOUS


def signed_in(request: Request) -> Viewer:
    """Who looks, who must be signed in; raises SignInNeeded, which sends people to the sign-in page and back."""
    viewer = viewer_of(request)
    if viewer.actor_id is None:
        raise SignInNeeded
    return viewer


def proven(request: Request) -> Viewer:
    """Somebody who showed a short while ago that it is them; raises ProofNeeded, which asks and loses nothing."""
    viewer = signed_in(request)
    need_proof(here_of(request), viewer)
    return viewer


def admin(request: Request) -> Viewer:
    """An admin, or a refusal that does not tell whether the page exists. What changes something needs a fresh proof."""
    viewer = signed_in(request)
    if viewer.waiting_role == "admin":
        raise SecondStepMissing
    if not viewer.is_admin:
        raise HTTPException(404)
    return viewer if request.method in SAFE_METHODS else proven(request)


def address_of(request: Request) -> str:
    """The client's address, as the trusted proxy says it."""
    return request.client.host if request.client else ""


class SignInNeeded(Exception):
    """The page is for people who are signed in."""


class SecondStepMissing(Exception):
    """The page is for a role that waits until this person has a second step of signing in."""


async def form_of(request: Request) -> FormData:
    """The submitted form, within limits; only people who are signed in send files."""
    state = request.scope["state"]
    if "form" not in state:  # a body comes once, and helpers ask for its form again
        limit = MAX_FORM_BYTES if viewer_of(request).is_signed_in else MAX_STRANGERS_FORM_BYTES
        state["form"] = await limited(request, limit).form(max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS)
    form: FormData = state["form"]
    return form


def text(form: FormData, name: str, limit: int = 20_000) -> str:
    """One text field, trimmed, without NUL and with plain line ends; files and missing fields are empty."""
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").replace("\r\n", "\n").strip()[:limit]


def texts(form: FormData, name: str, limit: int = 50) -> list[str]:
    """A repeated text field, without empty ones."""
    found = [
        item.replace("\x00", "").replace("\r\n", "\n").strip() for item in form.getlist(name) if isinstance(item, str)
    ]
    return [item for item in found if item][:limit]
