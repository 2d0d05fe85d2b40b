"""The words for what a community is and who sees it, for pages and forms."""

from starlette.requests import Request

from server.communities import policy
from server.communities.queries import CommunityPage
from web.i18n import gettext
from web.request import here_of, viewer_of

Option = dict[str, str]


def kinds(request: Request) -> list[Option]:
    """The kinds of community."""
    return [
        {
            "value": policy.INFORMAL,
            "label": gettext(request, "Informal"),
            "hint": gettext(request, "People come and go. A name and a purpose are enough."),
        },
        {
            "value": policy.FORMAL,
            "label": gettext(request, "Formal"),
            "hint": gettext(request, "With objectives, facilitators and a rhythm. People ask for a place."),
        },
        {
            "value": policy.SUPPORT,
            "label": gettext(request, "Support group"),
            "hint": gettext(request, "What is said never leaves this server."),
        },
        {
            "value": policy.PROGRAMME,
            "label": gettext(request, "Programme"),
            "hint": gettext(request, "Something with a beginning and an end, such as a course for new staff."),
        },
    ]


def visibilities(request: Request) -> list[Option]:
    """Who can see what is said, the widest first."""
    organisation = here_of(request).site.name
    return [
        {
            "value": policy.PUBLIC,
            "label": gettext(request, "Everyone"),
            "hint": gettext(request, "Anyone on the web reads; people on other servers follow and join."),
        },
        {
            "value": policy.NETWORK,
            "label": gettext(request, "People of the network"),
            "hint": gettext(request, "For now: everybody who is signed in at %(name)s.", name=organisation),
        },
        {
            "value": policy.INSTANCE,
            "label": gettext(request, "People at %(name)s", name=organisation),
            "hint": gettext(request, "Everybody who is signed in here, and nobody else."),
        },
        {
            "value": policy.MEMBERS,
            "label": gettext(request, "Members"),
            "hint": gettext(request, "Only members read, here and on other servers. Others see what it is for."),
        },
    ]


def join_policies(request: Request) -> list[Option]:
    """How people get in."""
    return [
        {"value": policy.OPEN, "label": gettext(request, "Anybody joins with one click")},
        {
            "value": policy.APPLY,
            "label": gettext(request, "People ask for a place"),
            "hint": gettext(request, "They answer three short questions; a facilitator says yes or no."),
        },
        {
            "value": policy.INVITE,
            "label": gettext(request, "By invitation"),
            "hint": gettext(request, "Facilitators invite. If only members can see it, others do not even find it."),
        },
    ]


def posting(request: Request) -> list[Option]:
    """Who starts conversations."""
    return [
        {"value": policy.EVERYONE, "label": gettext(request, "Every member")},
        {
            "value": policy.FACILITATORS,
            "label": gettext(request, "Facilitators"),
            "hint": gettext(request, "Everybody can answer."),
        },
    ]


def roles(request: Request) -> dict[str, str]:
    """Roles, as people are called."""
    return {
        policy.MEMBER: gettext(request, "Member"),
        policy.FACILITATOR: gettext(request, "Facilitator"),
        policy.STEWARD: gettext(request, "Steward"),
    }


def marks(request: Request) -> dict[str, str]:
    """What those who decide may note of somebody who asks for a place."""
    return {
        "goals": gettext(request, "Wants what we want"),
        "expertise": gettext(request, "Brings experience"),
        "readiness": gettext(request, "Can begin now"),
        "willingness": gettext(request, "Wants to share"),
    }


def kind_label(request: Request, kind: str) -> str:
    """The name of a kind."""
    return next((option["label"] for option in kinds(request) if option["value"] == kind), kind)


def audience(request: Request, page: CommunityPage) -> Option:
    """Who can see what is said in it: a short word, an icon, and a sentence."""
    organisation = here_of(request).site.name
    return {
        policy.PUBLIC: {"label": gettext(request, "Everyone can read"), "icon": "globe"},
        policy.NETWORK: {"label": gettext(request, "People of the network can read"), "icon": "people"},
        policy.INSTANCE: {
            "label": gettext(request, "People at %(name)s can read", name=organisation),
            "icon": "people",
        },
        policy.MEMBERS: {"label": gettext(request, "Only members can read"), "icon": "lock"},
    }[page.visibility]


def tabs(request: Request, page: CommunityPage, current: str) -> list[dict[str, object]]:
    """The views of a community's page."""
    found = [("latest", gettext(request, "Latest"), page.url)]
    found.append(("practices", gettext(request, "Practices"), f"{page.url}?show=practices"))
    found.append(("challenges", gettext(request, "Challenges"), f"{page.url}/challenges"))
    found.append(("collections", gettext(request, "Collections"), f"{page.url}/collections"))
    found.append(("ideas", gettext(request, "Ideas"), f"{page.url}/ideas"))
    if page.is_local:
        found.append(("library", gettext(request, "Library"), f"{page.url}/library"))
        if policy.may_see_members(page.facts):
            found.append(("members", gettext(request, "People"), f"{page.url}/members"))
        if policy.may_see_members(page.facts) and viewer_of(request).is_signed_in:
            found.append(("notes", gettext(request, "Shared notes"), f"{page.url}/notes"))
            if page.kind != policy.SUPPORT:
                found.append(("needs", gettext(request, "Needs"), f"{page.url}/needs"))
        if page.has_charter or policy.may_edit(page.facts):
            found.append(("charter", gettext(request, "Charter"), f"{page.url}/charter"))
        if page.guidelines_version or policy.may_set_guidelines(page.facts):
            found.append(("guidelines", gettext(request, "Guidelines"), f"{page.url}/guidelines"))
    return [{"label": label, "href": href, "current": name == current} for name, label, href in found]
