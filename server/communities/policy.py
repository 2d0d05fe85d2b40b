"""Who may see and do what in a community: pure functions from facts to `Allowed` or `Denied`.

What a role may do (instance admins and stewards have no part in what only members see):

=============  ======  ===========  =======
action         member  facilitator  steward
=============  ======  ===========  =======
post, reply    yes     yes          yes
decide, invite         yes          yes
moderate               yes          yes
guidelines             yes          yes
edit, roles                         yes
topics                              yes
remove people                       yes
archive                             yes
=============  ======  ===========  =======
"""

from collections.abc import Callable
from dataclasses import dataclass

KINDS = INFORMAL, FORMAL, SUPPORT, PROGRAMME = ("informal", "formal", "support", "programme")
VISIBILITIES = PUBLIC, NETWORK, INSTANCE, MEMBERS = ("public", "network", "instance", "members")
JOIN_POLICIES = OPEN, APPLY, INVITE = ("open", "apply", "invite")
POSTING = EVERYONE, FACILITATORS = ("everyone", "facilitators")
ROLES = MEMBER, FACILITATOR, STEWARD = ("member", "facilitator", "steward")

INSIDE, DOORWAY, CLOSED = ("inside", "doorway", "closed")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes. True as a condition."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """No, with one sentence that says what to do. False as a condition."""

    reason: str

    def __bool__(self) -> bool:
        return False


Verdict = Allowed | Denied
Rule = Callable[["MembershipFacts"], Verdict]
YES = Allowed()


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """What decides: one person (or nobody) and one community.

    `role` is that of an active member, else empty; `state` is that of the membership, empty without one.
    `is_remote_person`: they live on another server; `is_local`: the community lives here.
    `read_version` is the version of the charter that they have read.
    `is_banned_there`: the server of a community elsewhere lets them take no part in anything of its own.
    """

    community_id: str
    is_local: bool = True
    kind: str = INFORMAL
    visibility: str = PUBLIC
    join_policy: str = OPEN
    posting: str = EVERYONE
    is_archived: bool = False
    guidelines_version: int = 0
    charter_version: int = 0
    is_signed_in: bool = False
    is_remote_person: bool = False
    is_site_steward: bool = False
    is_site_admin: bool = False
    state: str = ""
    role: str = ""
    accepted_version: int = 0
    read_version: int = 0
    is_banned_there: bool = False
    stewards_count: int = 0

    @property
    def is_member(self) -> bool:
        """Whether they are in."""
        return self.state == "active"

    @property
    def is_last_steward(self) -> bool:
        """Whether nobody else could look after it."""
        return self.role == STEWARD and self.stewards_count <= 1

    @property
    def needs_acceptance(self) -> bool:
        """Whether there are guidelines that they have not accepted yet. Joining from elsewhere accepts them."""
        return self.is_member and not self.is_remote_person and self.accepted_version < self.guidelines_version


def federates(kind: str, visibility: str) -> bool:
    """Whether other servers may know of it. What is said in a support group never leaves (product/safety.md 5.2)."""
    return kind != SUPPORT and visibility in {PUBLIC, MEMBERS}


def federation_mode(kind: str, visibility: str) -> str:
    """``public``, ``members`` or ``local``: what the Group says of itself on the wire."""
    return visibility if federates(kind, visibility) else "local"


def view(facts: MembershipFacts) -> str:
    """How much they see: ``inside``, the ``doorway`` (what it is for, how to join), or nothing: ``closed``."""
    if facts.is_member:
        return INSIDE
    confined = facts.visibility == MEMBERS or facts.kind == SUPPORT
    if not confined:
        return INSIDE if facts.visibility == PUBLIC or facts.is_signed_in else CLOSED
    if facts.state in {"invited", "applied"}:
        return DOORWAY
    may_ask = facts.is_signed_in or (facts.is_remote_person and federates(facts.kind, facts.visibility))
    if not may_ask or facts.state == "removed" or facts.join_policy == INVITE:
        return CLOSED
    return DOORWAY


def may_see(facts: MembershipFacts) -> Verdict:
    """What is said in it, and who is in it."""
    return YES if view(facts) == INSIDE else Denied("Only members see this.")


def may_see_members(facts: MembershipFacts) -> Verdict:
    """The list of people: for those who are signed in, never for the whole web."""
    if not facts.is_signed_in:
        return Denied("Sign in to see who is in this community.")
    return may_see(facts)


def may_join(facts: MembershipFacts) -> Verdict:
    """At once, without being asked anything."""
    refused = _may_come(facts)
    if refused is not None:
        return refused
    if facts.state == "invited" or facts.join_policy == OPEN:
        return YES
    if facts.join_policy == APPLY:
        return Denied("Answer three short questions to ask for a place.")
    return Denied("People join this community by invitation. Ask one of its facilitators.")


def may_apply(facts: MembershipFacts) -> Verdict:
    """Ask for a place."""
    refused = _may_come(facts)
    if refused is not None:
        return refused
    if facts.state == "applied":
        return Denied("You have asked already. A facilitator will answer.")
    if facts.join_policy == APPLY:
        return YES
    return Denied("Nobody has to ask here." if facts.join_policy == OPEN else "People join by invitation.")


def may_leave(facts: MembershipFacts) -> Verdict:
    """Every member at any time; the last steward hands over first."""
    if facts.state not in {"active", "applied", "invited"}:
        return Denied("You are not a member.")
    if facts.is_last_steward and facts.is_local and not facts.is_remote_person:
        return Denied("You are the only steward. Make somebody else a steward first, or archive the community.")
    return YES


def may_post(facts: MembershipFacts) -> Verdict:
    """Start something: members who accepted the guidelines.

    Software elsewhere that knows following but no joining (Lemmy, Mastodon) may write where anybody may join at once.
    What a community elsewhere thinks is its own business.
    """
    if not facts.is_local:
        return _may_write_elsewhere(facts)
    stranger = facts.is_remote_person and not facts.is_member
    allowed = _may_reach_in(facts) if stranger else _may_write(facts)
    if allowed and facts.posting == FACILITATORS and facts.role not in {FACILITATOR, STEWARD}:
        return Denied("In this community the facilitators start conversations. You can answer them.")
    return allowed


def way_in(facts: MembershipFacts) -> str:
    """What leads to starting something: ``add`` for who may, else ``accept`` (the guidelines), ``join``, or nothing."""
    if may_post(facts):
        return "add"
    if facts.is_archived or facts.posting == FACILITATORS:
        return ""
    if facts.needs_acceptance:
        return "accept"
    return "join" if may_join(facts) or may_apply(facts) else ""


def may_reply(facts: MembershipFacts) -> Verdict:
    """Answer: members; and in a public community also people who only follow, here and elsewhere."""
    if not facts.is_local:
        return _may_write_elsewhere(facts)
    if facts.is_member or facts.visibility != PUBLIC or facts.kind == SUPPORT:
        return _may_write(facts)
    if not facts.is_signed_in and not facts.is_remote_person:
        return Denied("Sign in to write.")
    return _may_take_part(facts)


def may_write_notes(facts: MembershipFacts) -> Verdict:
    """Write in shared notes: members, also from other servers, in a community that lives here."""
    return _may_write(facts) if facts.is_local else Denied("Its notes live on its own server.")


def may_accept_guidelines(facts: MembershipFacts) -> Verdict:
    """Members, when there are guidelines."""
    return YES if facts.is_member and facts.guidelines_version else Denied("There is nothing to accept.")


def may_acknowledge(facts: MembershipFacts) -> Verdict:
    """Say that one has read the charter: members, when there is one."""
    return YES if facts.is_member and facts.charter_version else Denied("There is nothing to read.")


def may_tick(facts: MembershipFacts) -> Verdict:
    """Say that something which brings a goal nearer is there: every member."""
    return _may_write(facts) if facts.is_local else Denied("Its goals live on its own server.")


def may_propose(facts: MembershipFacts) -> Verdict:
    """Propose a change of charter or guidelines (A8): members, who start conversations as well."""
    if not facts.is_local or not facts.is_member:
        return Denied(
            "Members propose changes on the server where the community lives. From elsewhere, start a conversation."
        )
    return may_post(facts)


def may_decide(facts: MembershipFacts) -> Verdict:
    """Answer applications."""
    return _facilitates(facts)


def may_invite(facts: MembershipFacts) -> Verdict:
    """Offer somebody a place."""
    if facts.is_archived:
        return Denied("This community is archived.")
    return _facilitates(facts)


def may_moderate(facts: MembershipFacts) -> Verdict:
    """Hold, approve and take away what others wrote here. Stewards of the server where they can see it."""
    if facts.is_site_steward and facts.is_local and view(facts) == INSIDE:
        return YES
    return _facilitates(facts)


def may_set_guidelines(facts: MembershipFacts) -> Verdict:
    """Write a new version of the guidelines."""
    return _facilitates(facts)


def may_edit(facts: MembershipFacts) -> Verdict:
    """Change what the community is and who may join."""
    return _stewards(facts)


def may_archive(facts: MembershipFacts) -> Verdict:
    """Close it for writing, or open it again."""
    return _stewards(facts)


def may_set_topics(facts: MembershipFacts) -> Verdict:
    """Make, rename, order and retire topics."""
    return _stewards(facts)


def may_set_roles(facts: MembershipFacts) -> Verdict:
    """Make members facilitators and stewards, and back."""
    return _stewards(facts)


def may_remove(facts: MembershipFacts, *, role: str = MEMBER, is_self: bool = False) -> Verdict:
    """Take somebody out. Another steward has to lose that role first, so that nobody is thrown out by surprise."""
    if is_self:
        return Denied("Use “Leave” for yourself.")
    if role == STEWARD:
        return Denied("Take the role of steward away first.")
    return _stewards(facts)


def _may_come(facts: MembershipFacts) -> Denied | None:
    if not facts.is_signed_in and not facts.is_remote_person:
        return Denied("Sign in to join.")
    if facts.is_member:
        return Denied("You are a member already.")
    if facts.is_archived:
        return Denied("This community is archived.")
    if facts.state == "removed":
        return Denied("A steward ended your membership. Ask them if you would like to come back.")
    if facts.is_remote_person and not federates(facts.kind, facts.visibility):
        return Denied("This community is for people of its own server.")
    return None


def _may_write(facts: MembershipFacts) -> Verdict:
    if not facts.is_member:
        return Denied("Join this community first.")
    if facts.is_archived:
        return Denied("This community is archived: it can be read, and nothing is added.")
    if facts.needs_acceptance:
        return Denied("Read and accept the guidelines first.")
    return YES


def _may_write_elsewhere(facts: MembershipFacts) -> Verdict:
    """What a community elsewhere thinks is its own business, but what it or its server has told us counts here."""
    if facts.state == "removed" or facts.is_banned_there:
        return Denied("You cannot write in this community: those who look after it do not let you.")
    return YES if facts.is_signed_in else Denied("Sign in to write.")


def _may_reach_in(facts: MembershipFacts) -> Verdict:
    if facts.join_policy != OPEN or facts.visibility != PUBLIC or not federates(facts.kind, facts.visibility):
        return Denied("Join this community first.")
    return _may_take_part(facts)


def _may_take_part(facts: MembershipFacts) -> Verdict:
    if facts.is_archived:
        return Denied("This community is archived: it can be read, and nothing is added.")
    return Denied("You cannot write in this community.") if facts.state == "removed" else YES


def _facilitates(facts: MembershipFacts) -> Verdict:
    if facts.is_local and facts.is_member and facts.role in {FACILITATOR, STEWARD}:
        return YES
    return Denied("Only facilitators and stewards of this community do that.")


def _stewards(facts: MembershipFacts) -> Verdict:
    if facts.is_local and facts.is_member and facts.role == STEWARD:
        return YES
    if facts.is_local and facts.is_site_admin and view(facts) == INSIDE:
        return YES
    return Denied("Only stewards of this community do that.")
