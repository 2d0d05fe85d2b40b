"""Pages of reports and of looking after posts, without JavaScript: refusals first, then what works."""

from typing import Any

import pytest

from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.db import query_log
from server.moderation import actions, queries
from server.moderation.actions import NewReport
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, found, join, sees, write
from tests.web.practices.test_practice_pages import check


class Place:
    """Maya looks after a community in which Tom wrote; Lin reads it; Dora looks after the server."""

    def __init__(self, people: list[Person], group: Any, post: Any) -> None:
        self.maya, self.tom, self.lin, self.dora = people
        self.here, self.group, self.post = self.maya.here, group, post

    async def report(self, **more: Any) -> str:
        new = NewReport(**({"category": "privacy", "text": "It names a pupil.", "post_id": self.post.id} | more))
        return str((await self.lin.do(actions.report, new)).id)


async def place(fediverse: Fediverse) -> Place:
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, name) for name in ("maya", "tom", "lin")]
    dora = await fediverse.person(here, "dora", role="steward")
    form = CommunityForm(name="Science", purpose="Try.", slug="science")
    group = await people[0].do(communities.create_community, form)
    for person in people[1:]:
        await join(person, group)
    post = await write(people[1], "Tim of 8b cannot read.", title="A sad story", community_id=group.id)
    return Place([*people, dora], group, post)


PAGES = ["/moderation", "/moderation/01kf0hj080fc3bmzhfdwvq1kct", "/me/reports", "/settings/blocked"]


@pytest.mark.parametrize("path", PAGES)
async def test_s28_strangers_are_asked_to_sign_in(fediverse: Fediverse, path: str) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as client:
        answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_s28_reports_are_for_those_who_look_after_the_place(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    report_id = await at.report()
    for person in (at.tom, at.lin):
        async with fediverse.client(at.here, person) as client:
            assert (await client.get("/moderation")).status_code == 404
            assert (await client.get(f"/moderation/{report_id}")).status_code == 404
            sent = {"action": "remove", "reason": "x", "length": ""}
            assert (await client.post(f"/moderation/{report_id}", data=sent)).status_code == 404
    assert await sees(at.lin, at.post.uri) is not None


async def test_s30_posts_are_looked_after_by_their_stewards_alone(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    for act in ("remove", "close", "pin", "restore"):
        for person in (at.tom, at.lin):
            async with fediverse.client(at.here, person) as client:
                answer = await client.post(f"/p/{at.post.short}/moderate", data={"act": act, "reason": "x"})
            assert answer.status_code == 404
    seen = await sees(at.lin, at.post.uri)
    assert (seen.state, seen.locked, seen.pinned) == ("visible", False, False)


async def test_reporting_a_post(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    async with fediverse.client(at.here, at.lin) as client:
        page = await client.get(f"/p/{at.post.short}/report")
        check(page.text)
        assert "never learns who reported it" in page.text
        assert "Also tell" not in page.text, "nothing of this is on another server"
        refused = await client.post(f"/p/{at.post.short}/report", data={"category": "other", "text": " "})
        assert refused.status_code == 422
        check(refused.text)
        assert "Say in a few words what is wrong." in refused.text
        sent = await client.post(
            f"/p/{at.post.short}/report", data={"category": "privacy", "text": "It names a pupil.", "block": "1"}
        )
        assert (sent.status_code, sent.headers["location"]) == (303, "/me/reports")
        mine = await client.get("/me/reports")
        check(mine.text)
        assert "It names a pupil." in mine.text
        assert "Nobody has decided yet" in mine.text
        again = await client.get(f"/p/{at.post.short}/report")
        assert again.status_code == 404, "who blocked somebody sees nothing of them"
        blocked = await client.get("/settings/blocked")
        check(blocked.text)
        assert "@tom" in blocked.text
        assert (await client.post(f"/settings/blocked/{at.tom.id}/unblock")).status_code == 303
    assert await sees(at.lin, at.post.uri) is not None


async def test_nobody_reports_themselves(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    async with fediverse.client(at.here, at.tom) as client:
        assert (await client.get(f"/p/{at.post.short}/report")).status_code == 404
        assert (await client.get("/@tom/report")).status_code == 404


async def test_the_other_server_is_named_before_it_is_told(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    toot = Stranger(fediverse, "toot.example")
    uri = await toot.create(fediverse, at.here, toot.actor("eva"), "note/1")
    post = await found(at.here, uri)
    assert post is not None
    async with fediverse.client(at.here, at.lin) as client:
        page = await client.get(f"/p/{post.short}/report")
        assert "Also tell toot.example" in page.text
        await client.post(f"/p/{post.short}/report", data={"category": "spam", "text": "Spam"})
        await fediverse.settle()
        assert [item for item in toot.received if item["type"] == "Flag"] == []
        person = await client.get("/@eva@toot.example/report")
        check(person.text)
        await client.post("/@eva@toot.example/report", data={"category": "spam", "text": "Again", "forward": "1"})
        await fediverse.settle()
    assert [item["content"] for item in toot.received if item["type"] == "Flag"] == ["Again"]


async def test_deciding_a_report(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    report_id = await at.report()
    async with fediverse.client(at.here, at.maya) as client:
        home = await client.get("/c/science")
        assert "One report waits for you" in home.text
        listed = await client.get("/moderation")
        check(listed.text)
        assert "It shows who somebody is" in listed.text
        page = await client.get(f"/moderation/{report_id}")
        check(page.text)
        assert "Tim of 8b cannot read." in page.text
        assert "from somebody here" in page.text
        assert "Lin" not in page.text, "who reported is not for the stewards of a community"
        refused = await client.post(f"/moderation/{report_id}", data={"action": "remove", "reason": "", "length": "7"})
        assert refused.status_code == 422
        check(refused.text)
        assert "Say why" in refused.text
        decided = await client.post(
            f"/moderation/{report_id}", data={"action": "remove", "reason": "Names a pupil", "length": "7"}
        )
        assert decided.headers["location"] == "/moderation"
        closed = await client.get("/moderation?show=closed")
        check(closed.text)
        assert "Something was done" in closed.text
        assert "Decided by Maya" in (await client.get(f"/moderation/{report_id}")).text
    assert await sees(at.lin, at.post.uri) is None
    async with fediverse.client(at.here, at.lin) as client:
        mine = (await client.get("/me/reports")).text
        assert "Something was done" in mine
        assert "Names a pupil" not in mine
        news = await client.get("/notifications")
        check(news.text)
        assert "Something that you reported was decided." in news.text


async def test_a_person_is_kept_out_from_a_report(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    report_id = await at.report()
    async with fediverse.client(at.here, at.maya) as client:
        await client.post(f"/moderation/{report_id}", data={"action": "ban", "reason": "Enough", "length": "30"})
        members = await client.get("/c/science/members")
        check(members.text)
        assert "Kept out" in members.text
        assert "Enough" in members.text
    async with fediverse.client(at.here, at.tom) as client:
        told = await client.get("/me/reports")
        assert "You are kept out of Science" in told.text
        assert "Enough" in told.text
        news = await client.get("/notifications")
        check(news.text)
        assert "You are kept out" in news.text
    async with fediverse.client(at.here, at.maya) as client:
        assert (await client.post(f"/c/science/members/{at.tom.id}/let-back")).status_code == 303
    await at.tom.do(communities.join, at.group.id)


async def test_keeping_a_member_out_needs_a_reason(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    async with fediverse.client(at.here, at.maya) as client:
        refused = await client.post(f"/c/science/members/{at.tom.id}/remove", data={"reason": "", "length": "7"})
        assert refused.status_code == 422
        assert "Say why: they are told." in refused.text
        odd = await client.post(f"/c/science/members/{at.tom.id}/remove", data={"reason": "x", "length": "99"})
        assert odd.status_code == 422


async def test_looking_after_a_post(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    path = f"/p/{at.post.short}/moderate"
    async with fediverse.client(at.here, at.maya) as client:
        check((await client.get(path)).text)
        await client.post(path, data={"act": "pin"})
        home = await client.get("/c/science")
        check(home.text)
        assert "At the top" in home.text
        await client.post(path, data={"act": "close", "reason": "Answered"})
        assert (await sees(at.lin, at.post.uri)).locked
        await client.post(path, data={"act": "reopen"})
        assert not (await sees(at.lin, at.post.uri)).locked
        refused = await client.post(path, data={"act": "remove", "reason": ""})
        assert refused.status_code == 422
        await client.post(path, data={"act": "remove", "reason": "Off topic"})
        assert await sees(at.lin, at.post.uri) is None
        removed = await client.get(path)
        check(removed.text)
        assert "Off topic" in removed.text
        await client.post(path, data={"act": "restore"})
    assert await sees(at.lin, at.post.uri) is not None


async def test_blocking_from_a_profile(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    async with fediverse.client(at.here, at.lin) as client:
        assert "/@tom/block" in (await client.get("/@tom")).text
        await client.post("/@tom/block")
        page = await client.get("/@tom")
        check(page.text)
        assert "You blocked this person" in page.text
        assert "A sad story" not in page.text
    async with fediverse.client(at.here, at.tom) as client:
        page = await client.get("/@lin")
        check(page.text)
        assert "You cannot follow this person." in page.text
        assert (await client.post("/@lin/follow")).status_code == 403
    async with fediverse.client(at.here, at.lin) as client:
        await client.post("/@tom/unblock")
        assert "A sad story" in (await client.get("/@tom")).text


async def test_the_queue_asks_a_fixed_number_of_questions(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    counts = []
    for number in range(2):
        for _ in range(1 if number == 0 else 8):
            post = await write(at.tom, "Once more", title="Again", community_id=at.group.id)
            await at.report(post_id=post.id)
            at.here.caches.pop("accounts.throttle", None)
        log: list[str] = []
        token = query_log.set(log)
        try:
            await at.maya.do(queries.queue)
        finally:
            query_log.reset(token)
        counts.append(len(log))
    assert counts[0] == counts[1]
    assert counts[1] <= 6
