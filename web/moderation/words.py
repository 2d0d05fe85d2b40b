"""The words for reports: what is wrong, what can be done, what became of it."""

from starlette.requests import Request

from server.moderation import policy
from web.i18n import gettext

Option = dict[str, str]


def categories(request: Request) -> list[Option]:
    """What can be wrong, as choices."""
    return [
        {"value": value, "label": label, "hint": hint}
        for value, label, hint in (
            (
                "guidelines",
                gettext(request, "It breaks the guidelines"),
                gettext(request, "Say which one, if you can."),
            ),
            (
                policy.UNSAFE,
                gettext(request, "It is unsafe for a child"),
                gettext(request, "Goes straight to the people who run this server, and never leaves it."),
            ),
            (
                "privacy",
                gettext(request, "It shows who somebody is"),
                gettext(request, "A pupil, a parent or a colleague can be recognised."),
            ),
            ("harassment", gettext(request, "It hurts or harasses somebody"), ""),
            ("spam", gettext(request, "It is spam"), ""),
            ("copyright", gettext(request, "It uses the work of others without leave"), ""),
            (policy.OTHER, gettext(request, "Something else"), gettext(request, "Say what, in a few words.")),
        )
    ]


def category_labels(request: Request) -> dict[str, str]:
    """The same by value."""
    return {option["value"]: option["label"] for option in categories(request)}


def outcomes(request: Request) -> dict[str, str]:
    """What became of a report, for everybody who may know."""
    return {
        policy.ACTED: gettext(request, "Something was done"),
        policy.NONE: gettext(request, "Looked at; nothing had to be done"),
        policy.WITHDRAWN: gettext(request, "Taken back"),
        policy.ANSWERED: gettext(request, "Looked at and settled"),
        "": gettext(request, "Nobody has decided yet"),
    }


def lengths(request: Request) -> list[Option]:
    """For how long somebody is kept out."""
    return [
        {"value": "7", "label": gettext(request, "7 days")},
        {"value": "30", "label": gettext(request, "30 days")},
        {"value": "", "label": gettext(request, "For good")},
    ]


def tabs(request: Request, current: str) -> list[dict[str, object]]:
    """The lists for those who look after a place."""
    return [
        {"label": label, "href": href, "current": current == name}
        for name, label, href in (
            ("waiting", gettext(request, "Waiting"), "/moderation"),
            ("closed", gettext(request, "Decided"), "/moderation?show=closed"),
            ("receipts", gettext(request, "Receipts"), "/moderation/receipts"),
        )
    ]
