"""Deletions reach every server that had something, are tried for two weeks, and leave receipts (S27)."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import queries as account_queries
from server.accounts.joining import SignUp, sign_up
from server.actors import actions as actors
from server.actors.models import Actor
from server.db.database import query_log
from server.errors import Invalid
from server.fediverse import erasure, outbox
from server.peers import actions as peers
from server.posts import actions
from server.posts.actions import PostChange
from server.posts.deleted import deleted_posts
from tests.conftest import PASSWORD, Fediverse, Person
from tests.posting import Stranger, community, document, follow, found, join, reply, write

DAY = 24 * 3600


@pytest.fixture
async def three(fediverse: Fediverse) -> tuple[Person, Person, Person]:
    """Maya at Alder; Tom at Birch and Sofia at Cedar follow her."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    sofia = await fediverse.person(await fediverse.start("cedar.example"), "sofia")
    for follower in (tom, sofia):
        await follow(follower, maya)
    await fediverse.settle()
    return maya, tom, sofia


async def leave(person: Person, **more: bool) -> None:
    await person.do(accounts.delete_own_account, **more)


async def hosts(fediverse: Fediverse, person: Person) -> dict[str, str]:
    """What became of the deletion of somebody's account, by host."""
    view = await person.here.run(erasure.erasure, person.here, person.viewer.handle)
    assert view is not None
    return {server.host: server.state for server in view.state.servers}


async def days(fediverse: Fediverse, count: int, *, at_once: int = 1) -> None:
    """Let days pass, with the worker at work once in each, or once in so many."""
    for _ in range(0, count, at_once):
        fediverse.clock.advance(at_once * DAY)
        await fediverse.settle()


async def test_s27_a_deleted_account_is_gone_everywhere_and_every_server_has_said_so(fediverse, three):
    maya, tom, sofia = three
    post = await write(maya, "Soon gone", title="Short-lived")
    await fediverse.settle()
    await reply(tom, (await found(tom.here, post.uri)).id, "A pity")
    await fediverse.settle()
    await leave(maya)
    await fediverse.settle()

    assert await hosts(fediverse, maya) == {"birch.example": "accepted", "cedar.example": "accepted"}
    for person in (tom, sofia):
        row = await person.here.run(Actor.get, uri=maya.uri)
        assert (row.name, row.handle_key, row.deleted_at is None) == ("", None, False)
        assert (await found(person.here, post.uri)).state == "deleted"
        kept = await person.here.run(person.here.db.rows, "SELECT uri FROM sent_activity WHERE body LIKE '%Soon gone%'")
        assert kept == []


async def test_s27_the_keys_of_a_deleted_account_can_still_be_read_beside_its_tombstone(fediverse, three):
    maya, *_ = three
    _, before, _ = await document(fediverse, maya.here, maya.uri)
    await leave(maya)
    status, body, _ = await document(fediverse, maya.here, maya.uri)
    assert (status, body["type"], body["formerType"]) == (410, "Tombstone", "Person")
    assert body["publicKey"] == before["publicKey"]
    assert body["assertionMethod"] == before["assertionMethod"]
    assert not {"name", "summary", "icon", "preferredUsername"} & set(body)


async def test_s27_nothing_that_a_deleted_account_did_is_served_any_more(fediverse, three):
    maya, *_ = three
    await maya.here.run(
        actors.update_profile, maya.here, maya.id, actors.ProfileChange(summary_source="I teach physics.")
    )
    await fediverse.settle()
    sent = await maya.here.run(maya.here.db.rows, "SELECT uri FROM sent_activity WHERE body LIKE '%physics%'")
    assert sent
    await leave(maya)
    for row in sent:
        assert (await document(fediverse, maya.here, row["uri"]))[0] == 404
    kept = await maya.here.run(maya.here.db.rows, "SELECT uri FROM sent_activity WHERE actor = :uri", uri=maya.uri)
    assert [row["uri"].split("/")[-2] for row in kept] == ["delete"]


async def test_s27_the_handle_of_a_deleted_account_can_never_be_taken_again(fediverse, three):
    maya, *_ = three
    await leave(maya)
    await days(fediverse, 20)
    await days(fediverse, 100, at_once=10)
    here = maya.here
    for spelling in ("maya", "Maya", "MAYA", "@maya", " maya "):
        with pytest.raises(Invalid):
            await here.run(accounts.create_account, here, name=spelling, email="m@example.org", password=PASSWORD)
        with pytest.raises(Invalid):
            await here.run(sign_up, here, SignUp(name=spelling, password=PASSWORD, accepts_guidelines=True))


async def test_a_server_that_is_away_for_eleven_days_still_hears_of_the_deletion(fediverse, three):
    maya, tom, _ = three
    fediverse.network.down.add("birch.example")
    await leave(maya)
    await fediverse.settle()
    assert await hosts(fediverse, maya) == {"birch.example": "waiting", "cedar.example": "accepted"}
    await days(fediverse, 11)
    fediverse.network.down.clear()
    await days(fediverse, 3)
    assert await hosts(fediverse, maya) == {"birch.example": "accepted", "cedar.example": "accepted"}
    assert (await tom.here.run(Actor.get, uri=maya.uri)).deleted_at is not None


async def test_a_server_that_stays_away_is_reported_as_unreachable_and_bothered_no_more(fediverse, three):
    maya, *_ = three
    fediverse.network.down.add("birch.example")
    await leave(maya)
    await days(fediverse, 17)
    assert await hosts(fediverse, maya) == {"birch.example": "unreachable", "cedar.example": "accepted"}
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM outgoing") == 0
    before = fediverse.network.count("POST", "https://birch.example")
    fediverse.network.down.clear()
    await days(fediverse, 3)
    assert fediverse.network.count("POST", "https://birch.example") == before


async def test_anything_else_is_tried_for_ten_days_and_its_bytes_are_kept_as_long(fediverse, three):
    """The pauses and the keeping of bodies agree: no try finds its activity gone."""
    maya, tom, _ = three
    fediverse.network.down.add("birch.example")
    first = await write(maya, "First")
    await days(fediverse, 7)
    second = await write(maya, "Second")
    fediverse.network.down.clear()
    await days(fediverse, 3)  # pauses are two days at most
    assert await found(tom.here, first.uri) is not None
    assert await found(tom.here, second.uri) is not None

    fediverse.network.down.add("birch.example")
    third = await write(maya, "Third")
    await days(fediverse, 9)
    fourth = await write(maya, "Fourth")
    await days(fediverse, 2)
    fediverse.network.down.clear()
    await days(fediverse, 3)
    assert await found(tom.here, third.uri) is None
    assert await found(tom.here, fourth.uri) is not None


async def test_s17_a_blocked_server_is_not_asked_and_the_receipt_says_so(fediverse, three):
    maya, *_ = three
    fediverse.network.down.add("birch.example")
    before = fediverse.network.count("POST", "https://birch.example")
    post = await write(maya)
    await fediverse.settle()
    await maya.do(actions.delete_post, post.id)
    await fediverse.settle()
    await maya.here.run(peers.set_grade, maya.here, "birch.example", "blocked", by="test")
    fediverse.network.down.clear()
    await days(fediverse, 3)
    (deleted,) = await maya.do(deleted_posts)
    assert {server.host: server.state for server in deleted.state.servers} == {
        "birch.example": "withheld",
        "cedar.example": "accepted",
    }
    assert fediverse.network.count("POST", "https://birch.example") == before


async def test_a_server_that_says_no_is_reported_with_its_answer(fediverse, three):
    maya, *_ = three

    async def refuse(request: Request) -> Response:
        return Response(status_code=403)

    post = await write(maya)
    await fediverse.settle()
    fediverse.network.apps["birch.example"] = Starlette(routes=[Route("/{path:path}", refuse, methods=["POST", "GET"])])
    await maya.do(actions.delete_post, post.id)
    await fediverse.settle()
    (deleted,) = await maya.do(deleted_posts)
    answers = {server.host: (server.state, server.detail) for server in deleted.state.servers}
    assert answers["birch.example"] == ("refused", "the other server answers 403")
    assert (deleted.state.confirmed, deleted.state.total, deleted.state.is_settled) == (1, 2, True)


async def test_a_deleted_post_shows_its_author_alone_who_confirmed(fediverse, three):
    maya, tom, _ = three
    fediverse.network.down.add("cedar.example")
    post = await write(maya, "Soon gone", title="Short-lived")
    await fediverse.settle()
    await maya.do(actions.delete_post, post.id)
    await fediverse.settle()
    async with fediverse.client(maya.here, maya) as browser:
        page = (await browser.get("/settings/deletions")).text
    assert "1 of 2 confirmed" in page
    assert "Waiting for: cedar.example" in page
    assert "Short-lived" not in page
    other = await fediverse.person(maya.here, "ines")
    async with fediverse.client(maya.here, other) as browser:
        assert "1 of 2" not in (await browser.get("/settings/deletions")).text
    async with fediverse.client(tom.here, tom) as browser:
        assert "1 of 2" not in (await browser.get("/settings/deletions")).text


async def test_a_narrowed_post_is_among_what_other_servers_were_asked_to_delete(fediverse, three):
    maya, *_ = three
    post = await write(maya, "For everybody", title="Wide")
    await fediverse.settle()
    await maya.do(actions.edit_post, post.id, PostChange(visibility="instance"))
    await fediverse.settle()
    (narrowed,) = await maya.do(deleted_posts)
    assert (narrowed.title, narrowed.state.confirmed, narrowed.state.total) == ("Wide", 2, 2)
    assert narrowed.url


async def test_the_list_of_deletions_costs_two_queries_however_long_it_is(fediverse, three):
    maya, *_ = three
    for number in range(3):
        post = await write(maya, f"Number {number}")
        await fediverse.settle()
        await maya.do(actions.delete_post, post.id)
        await fediverse.settle()
    log: list[str] = []
    token = query_log.set(log)
    try:
        assert len(await maya.do(deleted_posts)) == 3
    finally:
        query_log.reset(token)
    assert len(log) == 2


async def test_the_last_mail_says_which_servers_confirmed_and_the_address_is_gone_then(fediverse, three):
    maya, *_ = three
    fediverse.network.down.add("cedar.example")
    await leave(maya)
    await fediverse.settle()
    assert maya.here.mailer.logged == []
    assert await maya.here.run(maya.here.db.value, "SELECT report_to FROM erasure") == "maya@example.org"
    fediverse.clock.advance(2 * DAY)
    fediverse.network.down.clear()
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    (mail,) = maya.here.mailer.logged
    assert mail.to == "maya@example.org"
    assert "2 of 2 confirmed" in mail.text
    assert "  birch.example\n  cedar.example" in mail.text
    assert await maya.here.run(maya.here.db.value, "SELECT report_to FROM erasure") is None
    await days(fediverse, 2)
    assert len(maya.here.mailer.logged) == 1


async def test_the_last_mail_comes_after_fifteen_days_and_names_who_was_not_reached(fediverse, three):
    maya, *_ = three
    fediverse.network.down.add("cedar.example")
    await leave(maya)
    await days(fediverse, 17)
    (mail,) = maya.here.mailer.logged
    assert "1 of 2 confirmed" in mail.text
    assert "could not be reached for two weeks:\n  cedar.example" in mail.text


async def test_who_wants_no_report_leaves_no_address(fediverse, three):
    maya, *_ = three
    await leave(maya, report=False)
    assert await maya.here.run(maya.here.db.value, "SELECT report_to FROM erasure") is None
    await days(fediverse, 2)
    assert maya.here.mailer.logged == []


async def test_admins_alone_see_deleted_accounts_server_by_server(fediverse, three):
    maya, *_ = three
    here = maya.here
    ana, ines = await fediverse.person(here, "ana", role="admin"), await fediverse.person(here, "ines")
    account_id = await here.run(account_queries.account_id_of, here, "maya")
    await here.run(accounts.delete_account, here, account_id, by="@ana")
    await fediverse.settle()
    for person in (None, ines):
        async with fediverse.client(here, person) as browser:
            for path in ("/admin/deletions", "/admin/deletions/maya"):
                answer = await browser.get(path)
                assert answer.status_code in {303, 404}
                assert "birch.example" not in answer.text
    async with fediverse.client(here, ana) as browser:
        page = (await browser.get("/admin/deletions")).text
        assert "@maya" in page
        assert "2 of 2 confirmed" in page
        page = (await browser.get("/admin/deletions/maya")).text
        assert "birch.example" in page
        assert (await browser.get("/admin/deletions/nobody")).status_code == 404


async def test_s3_the_deletion_of_an_actor_that_nobody_knew_is_taken_without_a_question(fediverse):
    here = await fediverse.start("alder.example")
    stranger = Stranger(fediverse, "elsewhere.example")
    gone = stranger.actor("gone")
    stranger.gone.add(gone)
    del stranger.documents[gone]
    answer = await stranger.send(here, stranger.activity("Delete", gone, gone))
    assert answer == 202
    assert fediverse.network.count("GET", "https://elsewhere.example") == 0


async def test_s27_an_actor_whose_key_we_lost_is_deleted_when_its_own_server_says_410(fediverse):
    here = await fediverse.start("alder.example")
    stranger = Stranger(fediverse, "elsewhere.example")
    uri = stranger.actor("leaving")
    await here.run(actors.ensure_remote, here, uri)
    await here.run(here.db.execute, "DELETE FROM remote_key")
    stranger.gone.add(uri)
    assert await stranger.send(here, stranger.activity("Delete", uri, uri)) == 202
    await fediverse.settle()
    assert (await here.run(Actor.get, uri=uri)).deleted_at is not None


async def test_s5_nobody_deletes_an_actor_whose_key_we_lost_while_it_is_there(fediverse):
    here = await fediverse.start("alder.example")
    stranger = Stranger(fediverse, "elsewhere.example")
    uri = stranger.actor("staying")
    await here.run(actors.ensure_remote, here, uri)
    await here.run(here.db.execute, "DELETE FROM remote_key")
    evil = Stranger(fediverse, "evil.example")
    mallory = evil.actor("mallory")
    status = await evil.send(here, stranger.activity("Delete", uri, uri), signer=mallory)
    await fediverse.settle()
    assert status in {202, 401, 403}
    assert (await here.run(Actor.get, uri=uri)).deleted_at is None


async def test_prune_forgets_receipts_after_ninety_days_and_not_before(fediverse, three):
    maya, *_ = three
    post = await write(maya)
    await fediverse.settle()
    await maya.do(actions.delete_post, post.id)
    await days(fediverse, 20)
    await days(fediverse, 60, at_once=5)
    assert len(await maya.do(deleted_posts)) == 1
    await days(fediverse, 15, at_once=5)
    await maya.here.run(outbox.prune, maya.here)
    assert await maya.do(deleted_posts) == []


async def test_s27_what_a_community_passed_on_of_a_deleted_post_is_not_served_any_more(fediverse, three):
    maya, tom, sofia = three
    group = await community(maya)
    for person in (tom, sofia):
        await join(person, group)
        await follow(person, group)
    await fediverse.settle()
    own = await write(maya, "The marker of Maya", title="Own", community_id=group.id)
    there = await tom.here.run(Actor.get, uri=group.uri)
    theirs = await write(tom, "The marker of Tom", title="Theirs", community_id=there.id)
    await fediverse.settle()
    for person, post in ((maya, own), (tom, theirs)):
        fediverse.clock.advance(60)
        await person.do(actions.edit_post, post.id, PostChange(source_md=f"{post.source_md}, changed"))
    await fediverse.settle()
    marked = "SELECT uri FROM sent_activity WHERE body LIKE '%The marker of%'"
    assert len(await maya.here.run(maya.here.db.rows, marked)) >= 4
    for person, post in ((maya, own), (tom, theirs)):
        await person.do(actions.delete_post, post.id)
    await fediverse.settle()
    for person in three:
        assert await person.here.run(person.here.db.rows, marked) == []
