"""Notifications: nobody learns what they may not read (S15), things are told once, grouped, and taken back."""

from datetime import timedelta

import pytest

from server.actors.events import ActorDeleted, FollowAccepted, FollowEnded, FollowRequested
from server.communities.events import MemberApplied, MemberDecided, MemberJoined, MemberLeft
from server.db import query_log
from server.notifications import actions, queries
from server.posts.events import (
    PostBoosted,
    PostDeleted,
    PostHeld,
    PostLiked,
    PostRemoved,
    PostUnboosted,
    PostUnliked,
    ReplyHelped,
    ReplyUnhelped,
)
from tests.facts import emit, make_community, make_member, make_post, make_remote


async def news(person, **options) -> list[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]]:
    """Titles of groups, each with its kinds and who did it."""
    page = await person.do(queries.page, **options)
    return [
        (group.title, tuple((line.kind, tuple(who.display_name for who in line.people)) for line in group.lines))
        for group in page.groups
    ]


async def three(fediverse):
    here = await fediverse.start("alder.example")
    return here, *[await fediverse.person(here, name) for name in ("maya", "tom", "ines")]


async def test_s15_a_reply_that_one_may_not_read_is_not_told(fediverse) -> None:
    here, maya, tom, _ = await three(fediverse)
    post = await make_post(here, maya.id, title="Exit tickets")
    await make_post(here, tom.id, kind="reply", parent_id=post.id, content_html="secret", visibility="direct")
    assert await news(maya) == []


async def test_s15_the_title_of_what_one_may_not_read_any_more_is_not_told(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    community = await make_community(here, "carers")
    for person in (maya, tom):
        await make_member(here, community.id, person.id)
    post = await make_post(
        here, tom.id, title="Burnout", visibility="members", community_id=community.id, mentions=(maya.id, ines.id)
    )
    assert await news(maya) == [("Burnout", (("mention", ("Tom",)),))]
    assert await news(ines) == []
    await here.run(here.db.execute, "UPDATE membership SET state = 'left' WHERE person_id = :id", id=maya.id)
    assert await news(maya) == []
    assert post.title not in str(await maya.do(queries.page))


async def test_nobody_is_told_of_what_they_did_themselves(fediverse) -> None:
    here, maya, *_ = await three(fediverse)
    post = await make_post(here, maya.id, title="Exit tickets", mentions=(maya.id,))
    await make_post(here, maya.id, kind="reply", parent_id=post.id)
    await emit(here, PostLiked(post.id, maya.id), PostBoosted(post.id, maya.id), ReplyHelped(post.id, post.id, maya.id))
    assert await news(maya) == []


@pytest.mark.parametrize("state", ["suspended", "pending", "unconfirmed"])
async def test_who_is_not_in_is_told_nothing(fediverse, state: str) -> None:
    here, maya, tom, _ = await three(fediverse)
    await here.run(here.db.execute, "UPDATE account SET state = :state WHERE actor_id = :id", state=state, id=maya.id)
    post = await make_post(here, maya.id)
    await emit(here, PostLiked(post.id, tom.id))
    assert await here.run(queries.unread_count, here, maya.id) == 0


async def test_people_elsewhere_are_not_our_readers(fediverse) -> None:
    here, maya, *_ = await three(fediverse)
    far = await make_remote(here, "far", "birch.example")
    post = await make_post(here, far.id, is_local=False)
    await make_post(here, maya.id, kind="reply", parent_id=post.id)
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM notification") == 0


async def test_the_same_news_twice_is_told_once(fediverse) -> None:
    here, maya, tom, _ = await three(fediverse)
    post = await make_post(here, maya.id, title="Exit tickets")
    for _ in range(2):
        await emit(here, PostLiked(post.id, tom.id))
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM notification") == 1


async def test_what_happens_to_one_thing_is_one_group(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    far = await make_remote(here, "far", "birch.example")
    post = await make_post(here, maya.id, title="Exit tickets")
    await emit(here, PostLiked(post.id, tom.id))
    await emit(here, PostBoosted(post.id, far.id))
    await make_post(here, tom.id, kind="reply", parent_id=post.id)
    fediverse.clock.advance(60)
    answer = await make_post(here, ines.id, kind="reply", parent_id=post.id)
    await make_post(here, tom.id, kind="reply", parent_id=answer.id, root_id=post.id, mentions=(maya.id,))
    ines_now = await fediverse.as_person(here, ines.id)
    assert await news(maya) == [
        (
            "Exit tickets",
            (("reply", ("Ines", "Tom")), ("mention", ("Tom",)), ("boost", ("Far",)), ("like", ("Tom",))),
        )
    ]
    assert await news(ines_now) == [("Exit tickets", (("reply", ("Tom",)),))]
    assert await here.run(queries.unread_count, here, maya.id) == 1


async def test_many_people_are_three_names_and_a_number(fediverse) -> None:
    here, maya, *_ = await three(fediverse)
    post = await make_post(here, maya.id, title="Exit tickets")
    for number in range(8):
        person = await make_remote(here, f"person{number}", "birch.example")
        await emit(here, PostLiked(post.id, person.id))
    (group,) = (await maya.do(queries.page)).groups
    assert (len(group.lines[0].people), group.lines[0].others) == (3, 5)


@pytest.mark.parametrize(
    ("done", "undone"),
    [(PostLiked, PostUnliked), (PostBoosted, PostUnboosted)],
)
async def test_what_is_taken_back_is_not_told(fediverse, done, undone) -> None:
    here, maya, tom, _ = await three(fediverse)
    post = await make_post(here, maya.id)
    await emit(here, done(post.id, tom.id), undone(post.id, tom.id))
    assert await news(maya) == []


async def test_an_answer_that_helped_is_told_until_that_is_taken_back(fediverse) -> None:
    here, maya, tom, _ = await three(fediverse)
    ask = await make_post(here, maya.id, kind="ask", title="How?")
    reply = await make_post(here, tom.id, kind="reply", parent_id=ask.id)
    await emit(here, ReplyHelped(reply.id, ask.id, maya.id))
    assert await news(tom) == [("How?", (("helped", ("Maya",)),))]
    await emit(here, ReplyUnhelped(reply.id, ask.id, maya.id))
    assert await news(tom) == []


async def test_s27_news_of_what_is_deleted_is_gone(fediverse) -> None:
    here, maya, tom, _ = await three(fediverse)
    post = await make_post(here, maya.id)
    reply = await make_post(here, tom.id, kind="reply", parent_id=post.id)
    await emit(here, PostDeleted(reply.id, reply.uri))
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM notification") == 0
    await make_post(here, tom.id, kind="reply", parent_id=post.id)
    await emit(here, ActorDeleted(tom.id))
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM notification") == 0


async def test_a_community_that_passes_on_a_post_is_no_news(fediverse) -> None:
    here, maya, *_ = await three(fediverse)
    community = await make_community(here, "science")
    post = await make_post(here, maya.id)
    await emit(here, PostBoosted(post.id, community.id))
    assert await news(maya) == []


async def test_follows_and_requests(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    await here.run(here.db.execute, "UPDATE actor SET is_locked = TRUE WHERE id = :id", id=maya.id)
    await emit(here, FollowRequested(tom.id, maya.id))
    assert [(group.thing, group.kind) for group in (await maya.do(queries.page)).groups] == [("people", "people")]
    assert await news(maya) == [("", (("follow_request", ("Tom",)),))]
    await emit(here, FollowAccepted(tom.id, maya.id))
    assert await news(maya) == [("", (("follow", ("Tom",)),))]
    assert await news(tom) == [("", (("accepted", ("Maya",)),))]
    await emit(here, FollowEnded(tom.id, maya.id))
    assert await news(maya) == []
    await emit(here, FollowRequested(tom.id, ines.id), FollowAccepted(tom.id, ines.id))
    assert await news(ines) == [("", (("follow", ("Tom",)),))]


async def test_stewards_learn_who_waits_and_nobody_else_does(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    community = await make_community(here, "science", stewards=(maya.id,))
    await make_member(here, community.id, ines.id)
    await emit(here, MemberApplied(community.id, tom.id))
    assert await news(maya) == [("Science", (("applied", ("Tom",)),))]
    assert await news(ines) == []
    await emit(here, MemberDecided(community.id, tom.id, accepted=True))
    assert await news(maya) == []
    assert await news(tom) == [("Science", (("accepted", ()),))]
    await emit(here, MemberJoined(community.id, tom.id))
    assert await news(maya) == [("Science", (("joined", ("Tom",)),))]
    await emit(here, MemberLeft(community.id, tom.id))
    assert await news(maya) == []


async def test_held_posts_reach_those_who_decide(fediverse) -> None:
    here, maya, _, ines = await three(fediverse)
    admin = await fediverse.person(here, "ana", role="admin")
    community = await make_community(here, "science", stewards=(maya.id,))
    far = await make_remote(here, "far", "birch.example")
    held = await make_post(here, far.id, state="held", community_id=community.id, is_local=False)
    alone = await make_post(here, far.id, state="held", is_local=False)
    await emit(here, PostHeld(held.id), PostHeld(alone.id))
    assert [lines for _, lines in await news(maya)] == [(("held", ("Far",)),)]
    assert [lines for _, lines in await news(admin)] == [(("held", ("Far",)),)]
    assert await news(ines) == []


async def test_an_author_learns_that_a_post_was_removed_and_others_forget_it(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    post = await make_post(here, maya.id, title="Bad", mentions=(ines.id,))
    await here.run(here.db.execute, "UPDATE post SET state = 'removed' WHERE id = :id", id=post.id)
    await emit(here, PostRemoved(post.id, tom.id, "clause 3"))
    assert [lines for _, lines in await news(maya)] == [(("removed", ()),)]
    assert await news(ines) == []


async def test_s30_done_means_ones_own(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    post = await make_post(here, maya.id, title="One")
    await emit(here, PostLiked(post.id, tom.id))
    thing = (await maya.do(queries.page)).groups[0].thing
    assert await ines.do(actions.mark_done, thing) == 0
    assert await here.run(queries.unread_count, here, maya.id) == 1
    assert await maya.do(actions.mark_done, thing) == 1
    assert await here.run(queries.unread_count, here, maya.id) == 0
    assert await news(maya, only_new=True) == []
    assert len(await news(maya)) == 1
    await emit(here, PostBoosted(post.id, ines.id))
    assert await news(maya, only_new=True) == [("One", (("boost", ("Ines",)),))]
    assert await maya.do(actions.mark_all_done) == 1


async def test_pages_continue_where_the_last_one_ended(fediverse) -> None:
    here, maya, tom, _ = await three(fediverse)
    for number in range(5):
        post = await make_post(here, maya.id, title=str(number))
        fediverse.clock.advance(60)
        await emit(here, PostLiked(post.id, tom.id))
    first = await maya.do(queries.page, limit=3)
    second = await maya.do(queries.page, limit=3, before=first.before)
    assert [group.title for group in (*first.groups, *second.groups)] == ["4", "3", "2", "1", "0"]
    assert second.before is None


async def test_a_thing_with_much_news_hides_no_other(fediverse, monkeypatch) -> None:
    here, maya, tom, ines = await three(fediverse)
    monkeypatch.setattr(queries, "WALKED", 2)
    quiet, loud = [await make_post(here, maya.id, title=title) for title in ("quiet", "loud")]
    for post in (quiet, loud):
        for event in (PostLiked(post.id, tom.id), PostLiked(post.id, ines.id), PostBoosted(post.id, tom.id)):
            fediverse.clock.advance(60)
            await emit(here, event)
    for only_new in (False, True):
        found, before, pages = [], None, 0
        while pages < 9:
            page = await maya.do(queries.page, limit=1, only_new=only_new, before=before)
            found += [group.title for group in page.groups]
            before, pages = page.before, pages + 1
            if before is None:
                break
        assert found == ["loud", "quiet"]


async def test_old_news_goes(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    post = await make_post(here, maya.id)
    await emit(here, PostLiked(post.id, tom.id))
    await maya.do(actions.mark_all_done)
    await emit(here, PostLiked(post.id, ines.id))
    fediverse.clock.advance(timedelta(days=61).total_seconds())
    await here.run(actions.clean_up, here)
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM notification") == 1
    fediverse.clock.advance(timedelta(days=120).total_seconds())
    await here.run(actions.clean_up, here)
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM notification") == 0


async def test_the_number_of_queries_does_not_grow_with_the_news(fediverse) -> None:
    here, maya, tom, ines = await three(fediverse)
    community = await make_community(here, "science", stewards=(maya.id,))

    async def statements() -> int:
        log: list[str] = []
        token = query_log.set(log)
        await maya.do(queries.page)
        query_log.reset(token)
        return len(log)

    post = await make_post(here, maya.id, title="One", community_id=community.id)
    await emit(here, PostLiked(post.id, tom.id), MemberApplied(community.id, tom.id))
    few = await statements()
    for _ in range(12):
        post = await make_post(here, maya.id, title="More", community_id=community.id)
        await emit(here, PostLiked(post.id, tom.id), PostBoosted(post.id, ines.id))
    assert await statements() == few <= 11
