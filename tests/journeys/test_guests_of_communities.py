"""Members on software that knows no members: asking by following, and guests (product/safety.md 5.1, rule 4)."""

from typing import Any

import pytest

from server.actors.models import Actor
from server.communities import actions as communities
from server.communities.models import Membership
from server.peers import actions as peers
from server.posts import actions as posts
from server.posts.actions import PostChange
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, write


async def asked(fediverse: Fediverse, dialect: str | None, **form: Any) -> tuple[Person, Any, Stranger, str]:
    """Amara's members' community, which Tom on a server of this dialect follows."""
    fediverse.watch.let_deliveries_pass()
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    group = await community(amara, visibility="members", join_policy="apply", **form)
    stranger = Stranger(fediverse, "elsewhere.example")
    tom = stranger.actor("tom")
    if dialect is not None:
        await amara.here.run(peers.note_seen, amara.here, "elsewhere.example", dialect=dialect)
    await stranger.send(amara.here, stranger.activity("Follow", tom, group.uri, path="a/follow"))
    await fediverse.settle()
    return amara, group, stranger, tom


async def state(amara: Person, tom: str) -> str:
    found = await amara.here.run(Membership.get_or_none, person__uri=tom)
    return found.state if found else ""


def answers(stranger: Stranger) -> list[str]:
    return [item["type"] for item in stranger.received]


@pytest.mark.parametrize("dialect", ["microblog", None])
async def test_who_follows_from_a_microblog_is_refused_unless_there_are_guests(
    fediverse: Fediverse, dialect: str | None
) -> None:
    amara, _, stranger, tom = await asked(fediverse, dialect)
    assert (await state(amara, tom), answers(stranger)) == ("", ["Reject"])


@pytest.mark.parametrize(("dialect", "guests"), [("threadiverse", False), ("microblog", True), (None, True)])
async def test_a_follow_is_an_application_where_it_may_be(
    fediverse: Fediverse, dialect: str | None, guests: bool
) -> None:
    amara, group, stranger, tom = await asked(fediverse, dialect, guests=guests)
    assert (await state(amara, tom), answers(stranger)) == ("applied", [])
    tom_here = await amara.here.run(Actor.get, uri=tom)
    await amara.do(communities.decide_application, group.id, tom_here.id, accept=True)
    await fediverse.settle()
    assert (await state(amara, tom), answers(stranger)) == ("active", ["Accept"])


async def test_guests_get_it_into_their_own_inbox_and_nothing_after_they_are_out(fediverse: Fediverse) -> None:
    amara, group, stranger, tom = await asked(fediverse, "microblog", guests=True)
    here = amara.here
    tom_here = await here.run(Actor.get, uri=tom)
    await amara.do(communities.decide_application, group.id, tom_here.id, accept=True)
    post = await write(amara, "For members", community_id=group.id, visibility="members")
    await fediverse.settle()
    (created,) = [item for item in stranger.received if item["type"] == "Create"]
    assert created["object"]["to"] == [group.uri, f"{group.uri}/followers"]
    posted = [url for method, url, _ in fediverse.network.log if method == "POST" and "elsewhere" in url]
    assert posted[-1] == f"{tom}/inbox"
    stranger.received.clear()
    await amara.do(communities.remove_member, group.id, tom_here.id)
    await amara.do(posts.edit_post, post.id, PostChange(source_md="Changed"))
    await fediverse.settle()
    assert "Update" not in answers(stranger)
    assert "Changed" not in str(stranger.received)
