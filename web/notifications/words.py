"""Days of the week, for forms."""

from typing import Any

from starlette.requests import Request

from web.i18n import gettext


def weekdays(request: Request) -> list[dict[str, Any]]:
    """Monday to Sunday as choices; Monday is 0."""
    names = [
        gettext(request, "Monday"),
        gettext(request, "Tuesday"),
        gettext(request, "Wednesday"),
        gettext(request, "Thursday"),
        gettext(request, "Friday"),
        gettext(request, "Saturday"),
        gettext(request, "Sunday"),
    ]
    return [{"value": number, "label": name} for number, name in enumerate(names)]
