"""The component page: every part of the interface in all its states, with invented people."""

from starlette.requests import Request
from starlette.responses import Response

from web.components import examples
from web.components.drawing import ICONS
from web.render import render


async def components_page(request: Request) -> Response:
    """Show every macro of `web/components`, so that a change to one can be seen."""
    return render(request, "components/page.html", icons=sorted(ICONS), **examples.everything())
