"""The first steps of somebody new: five small things, none of them a must."""

from dataclasses import dataclass

from starlette.requests import Request

from server.week.queries import FirstSteps
from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class Step:
    """One small thing to do first."""

    label: str
    why: str
    href: str
    is_done: bool


def steps_of(request: Request, done: FirstSteps) -> list[Step]:
    """The steps in their order, with what is done already."""
    return [
        Step(
            gettext(request, "Say who you are"),
            gettext(request, "A picture or two sentences: people answer people they can place."),
            "/settings/profile",
            done.has_profile,
        ),
        Step(
            gettext(request, "Join a community"),
            gettext(request, "That is where conversations happen."),
            "/communities",
            done.has_community,
        ),
        Step(
            gettext(request, "Follow one person"),
            gettext(request, "What they share comes to this page."),
            "/people",
            done.follows_somebody,
        ),
        Step(
            gettext(request, "Answer somebody"),
            gettext(request, "A half answer helps."),
            "/communities",
            done.has_answered,
        ),
        Step(
            gettext(request, "Share one thing you do"),
            gettext(request, "A tip takes a minute: what you would tell a colleague in the corridor."),
            "/new",
            done.has_shared,
        ),
    ]
