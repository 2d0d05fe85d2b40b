"""What a community can begin with: the form filled in, for whoever starts one to change (D8)."""

from dataclasses import replace

from starlette.requests import Request

from server.communities import policy
from server.communities.form import CommunityForm
from web.i18n import gettext

SUPPORT = "support"


def name_of(text: str | None) -> str:
    """The template of this name; empty for any other."""
    return SUPPORT if text == SUPPORT else ""


def begun(request: Request, form: CommunityForm, template: str) -> CommunityForm:
    """The form as a template begins it."""
    if template != SUPPORT:
        return form
    return replace(
        form,
        kind=policy.SUPPORT,
        visibility=policy.MEMBERS,
        join_policy=policy.APPLY,
        gives=gettext(request, "Listening, and your own experience where somebody asks for it"),
        gets=gettext(request, "People who listen, and who know something like it"),
        questions=(
            gettext(request, "What would you like support with? Say as much or as little as you want."),
            gettext(request, "Is there somebody whom you would rather not meet in this group?"),
        ),
        guidelines="\n".join(f"{number}. {rule}" for number, rule in enumerate(_rules(request), 1)),
    )


def _rules(request: Request) -> list[str]:
    return [
        gettext(request, "What is said here stays here. Nobody passes it on, quotes it or takes pictures of it."),
        gettext(request, "We listen first. Advice only where somebody asks for it."),
        gettext(request, "Nobody has to speak, and everybody may leave at any time without a reason."),
        gettext(request, "We name no pupils, and nobody who is not here."),
        gettext(
            request,
            "There is one limit: if somebody is in danger, those who look after this group act and tell who can help."
            " They tell you first where that is possible.",
        ),
    ]
