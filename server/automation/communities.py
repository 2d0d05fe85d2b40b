"""Whom a token stands for; the communities that they may know of, make and join; charters and who accepted what."""

from starlette.responses import Response

from server.actors.queries import PersonLabel
from server.api import text_of
from server.automation.calls import Call, answer, converted, missing
from server.automation.shapes import (
    Acceptances,
    Accepted,
    Charter,
    CharterVersion,
    Communities,
    Community,
    Joined,
    Me,
    NewCommunity,
    NewMember,
    Person,
    Roles,
)
from server.communities import actions, charter, guidelines, policy, queries
from server.communities.directory import CommunityCard, directory
from server.communities.form import CommunityForm
from server.communities.queries import CommunityPage, my_communities
from server.hosting.policy import ROLES as MEETING_ROLES

PAGE = 60


async def me(call: Call) -> Response:
    """Whom a token stands for."""
    here, viewer = call.here, call.viewer
    mine = [
        Community(label.handle.lstrip("@"), label.name, here.url(label.url), "", 0, None)
        for label in await my_communities(here, viewer)
    ]
    by_slug = {card.slug: card for card in [_shown(call, card) for card in await directory(here, viewer)]}
    return answer(
        Me(
            handle=viewer.full_handle,
            name=viewer.display_name,
            url=here.url(f"/{viewer.handle}"),
            role=viewer.role,
            language=viewer.language,
            communities=[by_slug.get(community.slug, community) for community in mine],
        )
    )


async def find(call: Call) -> Response:
    """Communities here, by name."""
    after = text_of(call.found, "after", 400)
    cards = await directory(call.here, call.viewer, after=after, limit=PAGE)
    more = cards[-1].sort_key if len(cards) == PAGE else None
    return answer(Communities([_shown(call, card) for card in cards], more))


async def make(call: Call) -> Response:
    """Make a community; whoever asks is its first steward."""
    new = converted(call.found, NewCommunity)
    values = {name: getattr(new, name) for name in new.__struct_fields__}
    values |= {name: tuple(values[name]) for name in ("goals", "facilitators", "questions")}
    made = await actions.create_community(call.here, call.viewer, CommunityForm(**values))
    page = await queries.community_by_slug(call.here, made.username, call.viewer)
    if page is None:
        raise missing()
    url = call.here.url(page.url)
    return answer(
        Community(page.slug, page.label.name, url, page.purpose, page.members_count, page.facts.role), status=201
    )


async def join(call: Call) -> Response:
    """Become a member, or ask for a place where people are asked."""
    page, new = await _community(call), converted(call.found, NewMember)
    state = await actions.join(call.here, call.viewer, page.id, answers=new.answers, accepts_guidelines=False)
    return answer(Joined(state))


async def charter_of(call: Call) -> Response:
    """The versions of a community's charter."""
    page = await _community(call)
    if not policy.may_see(page.facts):
        raise missing()
    found = await charter.versions(call.here, page.id)
    items = [CharterVersion(one.version, one.parts, one.why, _person(call, one.by), one.at) for one in found]
    return answer(Charter(items, page.facts.read_version))


async def acceptances(call: Call) -> Response:
    """Who accepted which version of the guidelines: for those who look after the community."""
    page = await _community(call)
    if not policy.may_set_guidelines(page.facts):
        raise missing()
    found = await guidelines.acceptances(call.here, page.id)
    return answer(Acceptances([Accepted(_known(call, one.person), one.version, one.at) for one in found]))


async def roles(call: Call) -> Response:
    """The roles of people in communities and in meetings; peers teach peers, so there is no instructor."""
    return answer(Roles(list(policy.ROLES), list(MEETING_ROLES)))


async def _community(call: Call) -> CommunityPage:
    page = await queries.community_by_slug(call.here, call.path().lstrip("@!"), call.viewer)
    if page is None:
        raise missing()
    return page


def _person(call: Call, label: PersonLabel | None) -> Person | None:
    return None if label is None else _known(call, label)


def _known(call: Call, label: PersonLabel) -> Person:
    return Person(label.handle, label.display_name, call.here.url(label.url))


def _shown(call: Call, card: CommunityCard) -> Community:
    return Community(
        slug=card.label.handle.lstrip("@"),
        name=card.label.name,
        url=call.here.url(card.label.url),
        purpose=card.purpose,
        members=card.members_count,
        role=card.role or None if card.state == "active" else None,
    )
