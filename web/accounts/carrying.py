"""Whom I follow, as a file: to take elsewhere, or brought from there."""

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import carrying
from server.errors import Invalid
from web.i18n import gettext
from web.privacy.pages import show
from web.render import redirect
from web.request import form_of, here_of, signed_in


async def download_follows(request: Request) -> Response:
    """The CSV that other servers read."""
    here, viewer = here_of(request), signed_in(request)
    return Response(
        await carrying.follows_as_csv(here, str(viewer.actor_id)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="following_accounts.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def bring_follows(request: Request) -> Response:
    """Follow everybody in a file from elsewhere."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    sent = form.get("file")
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise Invalid(gettext(request, "Choose a file."), field="file")
        data = await sent.read(carrying.MAX_BYTES + 1)
        await sent.close()
        count = await carrying.take_along(here, viewer, data)
    except Invalid as error:
        return await show(request, errors=error.errors, status=422)
    words = gettext(request, "Following %(count)d accounts, a few at a time.", count=count)
    return redirect(request, "/settings/data", toast=words)


routes = [
    Route("/settings/data/following.csv", download_follows),
    Route("/settings/data/following", bring_follows, methods=["POST"]),
]
