"""People of one server in a community of another: following, joining, being decided upon, leaving."""

from typing import Any

import pytest

from federation.errors import NotFound as Absent
from server.actors import actions as actors
from server.actors.models import Actor
from server.communities import actions, policy, queries, roster
from server.communities.actions import CommunityForm
from server.communities.events import MemberDecided, MemberInvited
from server.communities.models import Membership
from server.errors import NotAllowed, NotFound
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, sees, write

ACTIVITY = {"accept": "application/activity+json"}


class Two:
    """Amara and her community at Alder; Bruno at Birch, who knows it."""

    def __init__(self, fediverse: Fediverse, amara: Person, bruno: Person, group: Actor, there: Actor) -> None:
        self.fediverse = fediverse
        self.amara, self.bruno = amara, bruno
        self.group, self.there = group, there

    async def state(self, person: Person, at: Person) -> tuple[str, str]:
        """State and role of a person, as a server has them."""

        async def read() -> tuple[str, str]:
            found = await Membership.get_or_none(person__uri=person.uri, community__uri=self.group.uri)
            return (found.state, found.role) if found else ("", "")

        return await at.here.run(read)

    async def states(self) -> tuple[str, str]:
        """Bruno's state at home and where the community is."""
        await self.fediverse.settle()
        return (await self.state(self.bruno, self.bruno))[0], (await self.state(self.bruno, self.amara))[0]

    async def bruno_there(self) -> str:
        """Bruno's id at Alder."""
        return (await self.amara.here.run(actors.resolve, self.amara.here, self.bruno.uri)).id


async def meet(fediverse: Fediverse, **form: Any) -> Two:
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    wanted = CommunityForm(**({"name": "Science", "purpose": "Swap.", "slug": "science"} | form))
    group = await amara.do(actions.create_community, wanted)
    there = await bruno.here.run(actors.resolve, bruno.here, "!science@alder.example")
    return Two(fediverse, amara, bruno, group, there)


async def test_following_is_not_joining(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.bruno.here.run(actors.request_follow, two.bruno.here, two.bruno.id, two.there.id)
    assert await two.states() == ("", "")
    page = await two.bruno.here.run(
        queries.community_by_slug, two.bruno.here, "science@alder.example", two.bruno.viewer
    )
    assert page is not None
    assert (page.following, page.facts.is_member, page.knows_joining) == ("accepted", False, True)


async def test_m1_somebody_joins_a_community_elsewhere_and_leaves_it(fediverse: Fediverse) -> None:
    two = await meet(fediverse, guidelines="1. Be kind.")
    assert await two.bruno.do(actions.join, two.there.id) == "applied"
    assert await two.states() == ("active", "active")
    assert [label.handle for label in await two.bruno.do(queries.my_communities)] == ["@science@alder.example"]
    people = await two.amara.here.run(roster.members, two.amara.here, two.group.id)
    assert [member.person.handle for member in people] == ["@amara", "@bruno@birch.example"]
    facts = await two.amara.here.run(queries.membership, two.amara.here, two.group.id, await two.bruno_there())
    assert facts is not None
    assert facts.accepted_version == 1
    assert policy.may_post(facts)
    for here, elsewhere in ((two.amara.here, 1), (two.bruno.here, 0)):
        rows = await here.run(here.db.rows, "SELECT id FROM membership WHERE from_elsewhere")
        assert len(rows) == elsewhere
    await two.bruno.do(actions.leave, two.there.id)
    assert await two.states() == ("left", "left")
    await two.bruno.do(actions.join, two.there.id)
    assert await two.states() == ("active", "active")


async def test_a4_an_applicant_elsewhere_hears_yes_or_no_with_the_note(fediverse: Fediverse) -> None:
    two = await meet(fediverse, join_policy="apply")
    heard: list[object] = []

    async def note(event: object) -> None:
        heard.append(event)

    for process in two.fediverse.everywhere(two.bruno.here):
        process.events.on(MemberDecided, note)
    await two.bruno.do(actions.join, two.there.id, answers=("To try <things>", "", ""))
    assert await two.states() == ("applied", "applied")
    (asked,) = await two.amara.here.run(roster.applications, two.amara.here, two.group.id)
    assert "To try <things>" in asked.answers[0][1]
    await two.amara.do(actions.decide_application, two.group.id, asked.person.id, accept=False, note="Full until May.")
    assert await two.states() == ("declined", "declined")
    assert await two.bruno.here.run(roster.my_note, two.bruno.here, two.there.id, two.bruno.id) == "Full until May."
    await two.bruno.do(actions.join, two.there.id)
    await two.fediverse.settle()
    await two.amara.do(actions.decide_application, two.group.id, asked.person.id, accept=True)
    assert await two.states() == ("active", "active")
    assert heard == [
        MemberDecided(two.there.id, two.bruno.id, accepted=False),
        MemberDecided(two.there.id, two.bruno.id, accepted=True),
    ]


@pytest.mark.parametrize(("visibility", "follows"), [("members", False), ("public", True)])
async def test_m1_a_changed_community_reaches_the_servers_of_members_once(
    fediverse: Fediverse, visibility: str, follows: bool
) -> None:
    two = await meet(fediverse, visibility=visibility)
    carla = await fediverse.person(two.bruno.here, "carla")
    for person in (two.bruno, carla):
        await person.do(actions.join, two.there.id)
    await fediverse.settle()
    if follows:
        await two.bruno.here.run(actors.request_follow, two.bruno.here, carla.id, two.there.id)
        await fediverse.settle()
    changed = CommunityForm(name="Physics", purpose="Swap more.", slug="science", visibility=visibility)
    await two.amara.do(actions.edit_community, two.group.id, changed)
    before = fediverse.network.count("POST", "https://birch.example")
    await fediverse.settle()
    assert fediverse.network.count("POST", "https://birch.example") == before + 1

    async def known() -> tuple[str | None, str]:
        found = await Actor.get(uri=two.group.uri)
        return found.name, found.summary_html

    name, purpose = await two.bruno.here.run(known)
    assert name == "Physics"
    assert "Swap more." in purpose


@pytest.mark.parametrize("visibility", ["public", "members"])
async def test_m1_a_member_elsewhere_reads_and_writes_what_members_do(fediverse: Fediverse, visibility: str) -> None:
    two = await meet(fediverse, visibility=visibility, join_policy="apply")
    await two.bruno.do(actions.join, two.there.id)
    await two.fediverse.settle()
    await two.amara.do(actions.decide_application, two.group.id, await two.bruno_there(), accept=True)
    assert await two.states() == ("active", "active")
    post = await write(two.amara, "What do you do on Mondays?", community_id=two.group.id, visibility=visibility)
    await two.fediverse.settle()
    there = await sees(two.bruno, post.uri)
    assert (there.visibility, there.community.handle) == (visibility, "@science@alder.example")
    assert (await sees(two.bruno.here, post.uri) is None) == (visibility == "members")
    answer = await write(two.bruno, "Silence.", community_id=two.there.id, visibility=visibility)
    await two.fediverse.settle()
    assert (await sees(two.amara, answer.uri)).community.handle == "@science"


async def test_a_closed_community_says_no_and_an_invitation_opens_it(fediverse: Fediverse) -> None:
    two = await meet(fediverse, join_policy="invite")
    await two.bruno.do(actions.join, two.there.id)
    assert await two.states() == ("declined", "")
    heard: list[object] = []

    async def note(event: object) -> None:
        heard.append(event)

    for process in two.fediverse.everywhere(two.bruno.here):
        process.events.on(MemberInvited, note)
    await two.amara.do(actions.invite_member, two.group.id, "@bruno@birch.example")
    assert await two.states() == ("invited", "invited")
    assert heard == [MemberInvited(two.there.id, two.bruno.id, two.there.id)]
    await two.bruno.do(actions.join, two.there.id)
    assert await two.states() == ("active", "active")


async def test_removing_somebody_elsewhere_tells_their_server_and_keeps_them_out(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.bruno.do(actions.join, two.there.id)
    await two.fediverse.settle()
    await two.amara.do(actions.remove_member, two.group.id, await two.bruno_there(), reason="Be kind.")
    assert await two.states() == ("removed", "removed")
    await two.bruno.do(actions.join, two.there.id)
    assert await two.states() == ("declined", "removed")


async def test_s15_a_community_of_this_server_does_not_exist_for_others(fediverse: Fediverse) -> None:
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    for slug, form in {
        "staff": {"visibility": "instance"},
        "network": {"visibility": "network"},
        "quiet": {"kind": "support", "visibility": "members", "join_policy": "apply"},
    }.items():
        made = await amara.do(actions.create_community, CommunityForm(name=slug, purpose="p", slug=f"{slug}-x", **form))
        with pytest.raises(NotFound):
            await bruno.here.run(actors.resolve, bruno.here, f"!{slug}-x@alder.example")
        async with fediverse.client(amara.here) as web:
            for path in (
                made.uri,
                f"{made.uri}/moderators",
                f"{made.uri}/followers",
                f"{made.uri}/outbox",
                f"/c/{slug}-x",
            ):
                assert (await web.get(path, headers=ACTIVITY)).status_code == 404
            finger = await web.get(f"/.well-known/webfinger?resource=acct:{slug}-x@alder.example")
            assert finger.status_code == 404
            for page in ("", "/feed.atom", "/members", "/guidelines", "/library"):
                assert (await web.get(f"/c/{slug}-x{page}")).status_code in {303, 404}


async def test_s15_who_looks_after_a_members_community_is_told_to_servers_of_members_alone(
    fediverse: Fediverse,
) -> None:
    two = await meet(fediverse, visibility="members", join_policy="apply")
    document = await two.bruno.here.run(two.bruno.here.engine.fetch, two.group.uri)
    assert (document["manuallyApprovesFollowers"], document["discoverable"]) == (True, False)
    assert document["federationMode"] == "members"
    with pytest.raises(Absent):
        await two.bruno.here.run(two.bruno.here.engine.fetch, f"{two.group.uri}/moderators")


async def test_s5_only_the_community_that_was_asked_answers_and_only_who_joined_leaves(fediverse: Fediverse) -> None:
    two = await meet(fediverse, join_policy="apply")
    mallory = Stranger(fediverse, "mallory.example")
    await two.bruno.do(actions.join, two.there.id)
    await two.fediverse.settle()
    join_uri = (await two.bruno.here.run(Membership.get, person_id=two.bruno.id)).join_uri
    evil = mallory.actor("mallory")
    for number, (target, activity) in enumerate(
        (
            (
                two.bruno,
                {
                    "type": "Accept",
                    "object": {"type": "Join", "id": join_uri, "actor": two.bruno.uri, "object": two.group.uri},
                },
            ),
            (
                two.bruno,
                {"type": "Accept", "object": {"type": "Join", "id": join_uri, "actor": two.bruno.uri, "object": evil}},
            ),
            (two.bruno, {"type": "Accept", "object": join_uri}),
            (two.bruno, {"type": "Reject", "object": join_uri}),
            (two.bruno, {"type": "Invite", "object": two.group.uri, "target": two.bruno.uri}),
            (two.amara, {"type": "Leave", "object": two.group.uri}),
            (
                two.amara,
                {
                    "type": "Undo",
                    "object": {"type": "Join", "id": join_uri, "actor": two.bruno.uri, "object": two.group.uri},
                },
            ),
            (two.amara, {"type": "Undo", "object": join_uri}),
            (two.amara, {"type": "Add", "object": evil, "target": f"{two.group.uri}/moderators"}),
            (two.amara, {"type": "Remove", "object": two.amara.uri, "target": f"{two.group.uri}/moderators"}),
        )
    ):
        await mallory.send(
            target.here, {"id": f"https://mallory.example/a/{number}", "actor": evil, "to": [target.uri], **activity}
        )
        assert await two.states() == ("applied", "applied")
    assert await two.state(two.amara, two.amara) == ("active", "steward")


async def test_s8_a_join_cannot_take_the_id_of_another(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    mallory = Stranger(fediverse, "mallory.example")
    first, second = mallory.actor("one"), mallory.actor("two")
    same = {"id": "https://mallory.example/a/1", "type": "Join", "object": two.group.uri, "to": [two.group.uri]}
    await mallory.send(two.amara.here, same | {"actor": first})
    await two.fediverse.settle()
    await mallory.send(two.amara.here, same | {"actor": second})
    await two.fediverse.settle()
    people = await two.amara.here.run(roster.members, two.amara.here, two.group.id)
    assert len(people) == 2


async def test_the_same_join_twice_changes_nothing_and_is_answered_twice(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    mallory = Stranger(fediverse, "lemming.example")
    person = mallory.actor("lem")
    for number in (1, 2):
        join = {"id": f"https://lemming.example/a/{number}", "type": "Join", "actor": person, "object": two.group.uri}
        await mallory.send(two.amara.here, join)
        await two.fediverse.settle()
    assert len(await two.amara.here.run(roster.members, two.amara.here, two.group.id)) == 2
    answers = await two.amara.here.run(
        two.amara.here.db.rows, "SELECT uri FROM sent_activity WHERE uri LIKE '%/accept/%'"
    )
    assert len(answers) == 2


async def test_a_steward_elsewhere_gives_roles_and_others_do_not(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    server = Stranger(fediverse, "cedar.example")
    carla = server.actor("carla")
    target = {"target": f"{two.group.uri}/moderators", "to": ["https://www.w3.org/ns/activitystreams#Public"]}
    await two.bruno.do(actions.join, two.there.id)
    await server.send(
        two.amara.here, {"id": "https://cedar.example/a/1", "type": "Join", "actor": carla, "object": two.group.uri}
    )
    await two.fediverse.settle()
    add = {"type": "Add", "actor": carla, "object": two.bruno.uri, **target}
    await server.send(two.amara.here, add | {"id": "https://cedar.example/a/2"})
    await two.fediverse.settle()
    assert await two.state(two.bruno, two.amara) == ("active", "member")
    carla_there = await two.amara.here.run(actors.resolve, two.amara.here, carla)
    await two.amara.do(actions.set_role, two.group.id, carla_there.id, "steward")
    await server.send(two.amara.here, add | {"id": "https://cedar.example/a/3"})
    await two.fediverse.settle()
    assert await two.state(two.bruno, two.amara) == ("active", "facilitator")
    moderators = await two.bruno.here.run(two.bruno.here.engine.fetch, f"{two.group.uri}/moderators")
    assert moderators["orderedItems"] == sorted([two.amara.uri, two.bruno.uri, carla])
    await server.send(two.amara.here, add | {"type": "Remove", "id": "https://cedar.example/a/4"})
    await two.fediverse.settle()
    assert await two.state(two.bruno, two.amara) == ("active", "member")


async def test_a_members_community_holds_follows_and_refuses_those_of_microblogs(fediverse: Fediverse) -> None:
    two = await meet(fediverse, visibility="members", join_policy="apply")
    toot = Stranger(fediverse, "toot.example")
    sofia = toot.actor("sofia")
    await toot.send(
        two.amara.here, {"id": "https://toot.example/f/1", "type": "Follow", "actor": sofia, "object": two.group.uri}
    )
    await two.fediverse.settle()
    rows = await two.amara.here.run(two.amara.here.db.rows, "SELECT state FROM follow")
    assert rows == []
    await two.bruno.here.run(actors.request_follow, two.bruno.here, two.bruno.id, two.there.id)
    await two.fediverse.settle()
    (asked,) = await two.amara.here.run(roster.applications, two.amara.here, two.group.id)
    assert asked.person.handle == "@bruno@birch.example"
    await two.amara.do(actions.decide_application, two.group.id, asked.person.id, accept=True)
    await two.fediverse.settle()
    rows = await two.bruno.here.run(two.bruno.here.db.rows, "SELECT state FROM follow")
    assert [row["state"] for row in rows] == ["accepted"]
    assert await two.amara.here.run(queries.host_has_member, two.amara.here, two.group.id, "birch.example")
    await two.bruno.here.run(actors.unfollow, two.bruno.here, two.bruno.id, two.there.id)
    assert await two.states() == ("", "left")
    assert not await two.amara.here.run(queries.host_has_member, two.amara.here, two.group.id, "birch.example")


async def test_software_that_knows_no_joining_is_only_followed(fediverse: Fediverse) -> None:
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    lemmy = Stranger(fediverse, "lemmy.example")
    uri = lemmy.actor("maths", "Group")
    there = await bruno.here.run(actors.resolve, bruno.here, uri)
    with pytest.raises(NotAllowed, match="Follow"):
        await bruno.do(actions.join, there.id)


async def test_what_a_server_speaks_is_learnt_when_it_follows(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.bruno.here.run(actors.request_follow, two.bruno.here, two.bruno.id, two.there.id)
    await two.fediverse.settle()
    row = await two.amara.here.run(two.amara.here.db.row, "SELECT dialect FROM peer WHERE host = 'birch.example'")
    assert row == {"dialect": "threadiverse"}
