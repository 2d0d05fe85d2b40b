"""Making sure that it is really them before their archive goes out or their account ends: the one place for it."""

from starlette.datastructures import FormData
from starlette.requests import Request

from server.accounts import actions as accounts
from server.accounts import throttle
from web.request import here_of, signed_in

TRIES_PER_QUARTER = 20


async def really_them(request: Request, form: FormData) -> None:
    """Raises Invalid with the field `password` where it is not theirs, and TooMany after many tries."""
    here, viewer = here_of(request), signed_in(request)
    throttle.limit(here, f"proof {viewer.account_id}", "", TRIES_PER_QUARTER)
    password = form.get("password")
    await accounts.prove(here, viewer, password[:1000] if isinstance(password, str) else "")
