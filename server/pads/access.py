"""Who may open shared notes: those who may see the inside of their place, and write there (S15).

People who are signed in, and members from other servers who came by a link (`server.pads.doors`); nobody else, also
where everybody may read what is posted: notes say who wrote what.
"""

from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.communities import policy as community_policy
from server.communities import queries as communities
from server.communities.policy import FACILITATOR, STEWARD, Denied, MembershipFacts
from server.errors import NotAllowed, NotFound
from server.instance import Instance
from server.pads import doors
from server.pads.models import Pad
from server.posts.composing import readable_post
from server.posts.models import Post
from server.posts.policy import MEMBERS, OPEN
from server.sessions.models import Participation

KINDS = ("session", "round")
"""Posts that have shared notes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody in a place. `why_not` says why they may not write there; empty where they may."""

    actor_id: str
    is_guest: bool = False
    why_not: str = ""
    looks_after: bool = False

    def insist(self) -> None:
        """Raise NotAllowed where they may not write."""
        if self.why_not:
            raise NotAllowed(self.why_not)


async def open_pad(here: Instance, viewer: Viewer, name: str, key: str = "") -> tuple[Pad, Standing]:
    """Shared notes by the end of their address; NotFound where there are none for whoever asks."""
    pad = await Pad.get_or_none(short=name[-8:])
    if pad is None:
        raise NotFound
    return pad, await stand(here, viewer, pad.community_id, pad.post_id, key)


async def stand(
    here: Instance, viewer: Viewer, community_id: str | None, post_id: str | None, key: str = ""
) -> Standing:
    """How somebody stands to the notes of a place; NotFound where there are none for them."""
    if viewer.actor_id is None:
        return await _guest(here, community_id, post_id, key)
    post = await readable_post(here, viewer, post_id) if post_id else None
    if post is not None and (not post.is_local or post.kind not in KINDS):
        raise NotFound
    facts = await communities.facts_of(here, community_id, viewer) if community_id else None
    if community_id and (facts is None or not facts.is_local or not community_policy.may_see_members(facts)):
        raise NotFound
    is_host = post is not None and post.author_id == viewer.actor_id
    why_not = _why_not(facts) if facts is not None else "Those who take part in it write here."
    if why_not and post is not None and (facts is None or not facts.is_archived):
        taking_part = is_host or await Participation.exists(event_id=post.id, actor_id=viewer.actor_id, state="going")
        if taking_part and not (facts is not None and facts.needs_acceptance):
            why_not = ""
    return Standing(viewer.actor_id, why_not=why_not, looks_after=is_host or _looks_after(facts))


async def _guest(here: Instance, community_id: str | None, post_id: str | None, key: str) -> Standing:
    guest = await doors.whose(here, key) if key else None
    if guest is None or guest.community_id != community_id:
        raise NotFound
    facts = await communities.membership(here, community_id, guest.person_id)
    if facts is None or not facts.is_member or not community_policy.federates(facts.kind, facts.visibility):
        raise NotFound
    if post_id is not None:
        post = await Post.get_or_none(id=post_id, state="visible", is_local=True, community_id=community_id)
        if post is None or post.visibility not in {*OPEN, MEMBERS}:
            raise NotFound
    return Standing(guest.person_id, is_guest=True, why_not=_why_not(facts))


def _why_not(facts: MembershipFacts) -> str:
    verdict = community_policy.may_write_notes(facts)
    return verdict.reason if isinstance(verdict, Denied) else ""


def _looks_after(facts: MembershipFacts | None) -> bool:
    return facts is not None and facts.role in {FACILITATOR, STEWARD}
