"""Who may do what: role by action, and what is seen from outside."""

from dataclasses import replace

import pytest

from server.communities import policy
from server.communities.policy import Denied, MembershipFacts

STRANGER = MembershipFacts(community_id="c", is_signed_in=True)
NOBODY = MembershipFacts(community_id="c")
MEMBER = replace(STRANGER, state="active", role="member", stewards_count=1)
FACILITATOR = replace(MEMBER, role="facilitator")
STEWARD = replace(MEMBER, role="steward", stewards_count=2)

ACTIONS = {
    "post": policy.may_post,
    "reply": policy.may_reply,
    "see_members": policy.may_see_members,
    "decide": policy.may_decide,
    "invite": policy.may_invite,
    "moderate": policy.may_moderate,
    "guidelines": policy.may_set_guidelines,
    "edit": policy.may_edit,
    "archive": policy.may_archive,
    "roles": policy.may_set_roles,
    "remove": policy.may_remove,
}
FACILITATES = {"decide", "invite", "moderate", "guidelines"}
STEWARDS = {"edit", "archive", "roles", "remove"}
TAKES_PART = {"post", "reply", "see_members"}


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        (NOBODY, set()),
        (STRANGER, {"reply", "see_members"}),
        (MEMBER, TAKES_PART),
        (FACILITATOR, TAKES_PART | FACILITATES),
        (STEWARD, TAKES_PART | FACILITATES | STEWARDS),
        (replace(STEWARD, state="left", role=""), {"reply", "see_members"}),
        (replace(STRANGER, state="removed"), {"see_members"}),
        (replace(STRANGER, is_site_steward=True), {"reply", "see_members", "moderate"}),
        (replace(STRANGER, is_site_steward=True, is_site_admin=True), {"reply", "see_members", "moderate"} | STEWARDS),
    ],
    ids=["nobody", "stranger", "member", "facilitator", "steward", "left", "removed", "site-steward", "admin"],
)
def test_s28_every_action_has_its_roles_in_a_public_community(facts: MembershipFacts, allowed: set[str]) -> None:
    assert {name for name, rule in ACTIONS.items() if rule(facts)} == allowed


@pytest.mark.parametrize("name", sorted(ACTIONS))
@pytest.mark.parametrize("kind", ["informal", "support"])
def test_s28_nobody_from_outside_does_anything_in_a_members_community(name: str, kind: str) -> None:
    outside = replace(STRANGER, visibility="members", kind=kind, is_site_steward=True, is_site_admin=True)
    assert isinstance(ACTIONS[name](outside), Denied)
    assert isinstance(ACTIONS[name](replace(outside, state="invited")), Denied)


@pytest.mark.parametrize("name", sorted(FACILITATES | STEWARDS))
def test_s28_a_community_elsewhere_is_not_governed_from_here(name: str) -> None:
    assert isinstance(ACTIONS[name](replace(STEWARD, is_local=False, is_site_admin=True)), Denied)


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        (replace(NOBODY, visibility="public"), "inside"),
        (replace(NOBODY, visibility="network"), "closed"),
        (replace(NOBODY, visibility="instance"), "closed"),
        (replace(NOBODY, visibility="members"), "closed"),
        (replace(NOBODY, visibility="members", join_policy="open"), "closed"),
        (replace(NOBODY, kind="support", visibility="instance"), "closed"),
        (replace(STRANGER, visibility="instance"), "inside"),
        (replace(STRANGER, kind="support", visibility="instance"), "doorway"),
        (replace(STRANGER, visibility="members", join_policy="apply"), "doorway"),
        (replace(STRANGER, visibility="members", join_policy="invite"), "closed"),
        (replace(STRANGER, visibility="members", join_policy="invite", state="invited"), "doorway"),
        (replace(STRANGER, visibility="members", join_policy="apply", state="removed"), "closed"),
        (replace(MEMBER, visibility="members", join_policy="invite"), "inside"),
        (replace(NOBODY, visibility="members", join_policy="apply", is_remote_person=True), "doorway"),
        (replace(NOBODY, visibility="members", join_policy="invite", is_remote_person=True), "closed"),
        (replace(NOBODY, visibility="members", kind="support", join_policy="apply", is_remote_person=True), "closed"),
        (replace(NOBODY, visibility="instance", is_remote_person=True), "closed"),
    ],
)
def test_s15_how_much_is_seen(facts: MembershipFacts, seen: str) -> None:
    assert policy.view(facts) == seen


def test_writing_waits_for_the_guidelines_and_for_every_new_version() -> None:
    assert isinstance(policy.may_post(replace(MEMBER, guidelines_version=1)), Denied)
    assert policy.may_post(replace(MEMBER, guidelines_version=1, accepted_version=1))
    assert isinstance(policy.may_post(replace(MEMBER, guidelines_version=2, accepted_version=1)), Denied)
    assert isinstance(policy.may_reply(replace(MEMBER, guidelines_version=2, accepted_version=1)), Denied)


def test_only_facilitators_start_conversations_where_that_was_chosen() -> None:
    assert isinstance(policy.may_post(replace(MEMBER, posting="facilitators")), Denied)
    assert policy.may_reply(replace(MEMBER, posting="facilitators"))
    assert policy.may_post(replace(FACILITATOR, posting="facilitators"))


def test_nothing_is_added_to_an_archived_community() -> None:
    archived = replace(STEWARD, is_archived=True)
    assert not any(rule(archived) for rule in (policy.may_post, policy.may_reply, policy.may_invite))
    assert not policy.may_join(replace(STRANGER, is_archived=True))
    assert policy.may_archive(archived)


@pytest.mark.parametrize(
    ("join_policy", "state", "joins", "applies"),
    [
        ("open", "", True, False),
        ("open", "left", True, False),
        ("open", "removed", False, False),
        ("apply", "", False, True),
        ("apply", "declined", False, True),
        ("apply", "applied", False, False),
        ("apply", "invited", True, True),
        ("invite", "", False, False),
        ("invite", "invited", True, False),
        ("open", "active", False, False),
    ],
)
def test_how_people_come_in(join_policy: str, state: str, joins: bool, applies: bool) -> None:
    facts = replace(STRANGER, join_policy=join_policy, state=state)
    assert (bool(policy.may_join(facts)), bool(policy.may_apply(facts))) == (joins, applies)


def test_the_last_steward_cannot_leave() -> None:
    assert isinstance(policy.may_leave(replace(STEWARD, stewards_count=1)), Denied)
    assert policy.may_leave(STEWARD)
    assert policy.may_leave(MEMBER)
    assert isinstance(policy.may_leave(STRANGER), Denied)


def test_nobody_removes_a_steward_or_themselves() -> None:
    assert not policy.may_remove(STEWARD, role="steward")
    assert not policy.may_remove(STEWARD, is_self=True)


def test_people_elsewhere_write_only_where_anybody_may() -> None:
    remote = MembershipFacts(community_id="c", is_remote_person=True)
    assert policy.may_post(remote)
    assert policy.may_reply(replace(remote, join_policy="apply"))
    for refused in (
        replace(remote, join_policy="apply"),
        replace(remote, visibility="members"),
        replace(remote, visibility="instance"),
        replace(remote, kind="support"),
        replace(remote, state="removed"),
        replace(remote, posting="facilitators"),
    ):
        assert not policy.may_post(refused)


@pytest.mark.parametrize(
    ("kind", "visibility", "mode"),
    [
        ("informal", "public", "public"),
        ("formal", "members", "members"),
        ("informal", "instance", "local"),
        ("informal", "network", "local"),
        ("support", "members", "local"),
        ("support", "public", "local"),
    ],
)
def test_s15_what_other_servers_may_know_of(kind: str, visibility: str, mode: str) -> None:
    assert policy.federation_mode(kind, visibility) == mode
    assert policy.federates(kind, visibility) == (mode != "local")
