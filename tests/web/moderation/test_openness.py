"""What everybody may know of moderation, the log that is as it was written, and links of people who are new."""

import csv
import io
import json

import pytest

from server.actors import actions as actors
from server.audit import chain
from server.checkup import lines
from server.errors import Invalid
from server.moderation import actions, openness
from server.moderation.actions import Decision, NewReport
from tests.conftest import Fediverse
from tests.posting import Stranger, found, write
from tests.web.moderation.test_cases import ruled
from tests.web.practices.test_practice_pages import check


async def test_b21_members_read_what_was_decided_without_names_and_everybody_numbers(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    zoe = await fediverse.person(at.here, "zoe")
    for number in range(6):
        post = await write(at.tom, f"Tim, number {number}", community_id=at.group.id)
        filed = await at.lin.do(actions.report, NewReport("guidelines", "x", post_id=post.id, clause="c1"))
        await at.maya.do(
            actions.decide, filed.case_id, Decision("remove" if number < 5 else "note", "No.", clause="c1")
        )
    filed = await at.lin.do(actions.report, NewReport("unsafe", "Look", post_id=at.post.id))
    path = "/c/science/decided"
    async with fediverse.client(at.here) as nobody:
        assert (await nobody.get(path)).status_code == 303
        page = await nobody.get("/about/moderation")
        check(page.text)
        assert page.status_code == 200
        assert "of a child" in page.text
    for person, status in ((zoe, 404), (at.lin, 200)):
        async with fediverse.client(at.here, person) as browser:
            assert (await browser.get(path)).status_code == status
    async with fediverse.client(at.here, at.lin) as lin:
        page = await lin.get(path)
        check(page.text)
        assert page.text.count("A post was hidden") == 5
        assert "A word to the author" not in page.text, "a note is between two people"
        assert "Science, 1: Talk about" in page.text
        for name in ("Tom", "Maya", "number 1"):
            assert name not in page.text.partition("<main")[2].partition("</main")[0]
    (now, before, *_) = await at.here.run(openness.quarters, at.here)
    assert (now.reports, now.cases, now.acted, now.settled, now.objections) == (6, 6, 6, 0, 0), "nothing sealed"
    assert (before.cases, before.hours) == (0, None)
    one = await at.lin.do(actions.report, NewReport("spam", post_id=(await write(at.tom, "y")).id))
    await at.dora.do(actions.decide, one.case_id, Decision("none"))
    assert (await at.here.run(openness.quarters, at.here))[0].settled is None, "one would be a name"


async def test_the_log_is_as_it_was_written_or_a_check_says_so(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    ava = await fediverse.person(at.here, "ava", role="admin")
    for number in range(4):
        post = await write(at.tom, f"Number {number}", community_id=at.group.id)
        await at.maya.do(actions.decide_at_once, post.id, Decision("remove", "=1+1", clause="c1"))
    fine = await at.here.run(chain.verify, at.here)
    assert fine.entries >= 4
    assert fine.wrong == ()
    async with fediverse.client(at.here, at.dora) as dora:
        assert (await dora.get("/admin/audit/export?form=csv")).status_code == 404
    async with fediverse.client(at.here, ava) as browser:
        check((await browser.get("/admin/audit")).text)
        assert (await browser.get("/admin/audit/export?form=xml")).status_code == 404
        table = await browser.get("/admin/audit/export?form=csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert len(rows) == fine.entries
        assert rows[-1]["by"] == "maya"
        assert not any(cell.startswith(("=", "@")) for row in rows for cell in row.values())
        kept = [json.loads(line) for line in (await browser.get("/admin/audit/export?form=json")).text.splitlines()]
        assert [entry["action"] for entry in kept] == [row["action"] for row in rows]
    await at.here.run(at.here.db.execute, "UPDATE audit_entry SET by = '@nobody' WHERE id = :id", id=kept[-2]["id"])
    (line,) = [line for line in await at.here.run(lines.of_instance, at.here) if line.subject == "log"]
    assert not line.good
    assert kept[-2]["id"] in line.words
    await at.here.run(at.here.db.execute, "DELETE FROM audit_entry WHERE id = :id", id=kept[-2]["id"])
    assert kept[-1]["id"] in (await at.here.run(chain.verify, at.here)).wrong


async def test_who_is_new_writes_few_links_here_and_waits_from_elsewhere(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    many = " ".join(f"https://shop{number}.example/buy" for number in range(6))
    with pytest.raises(Invalid, match="at most 5 links"):
        await write(maya, many, visibility="public")
    await write(maya, many.rpartition(" ")[0] + " https://alder.example/p/x", visibility="public")
    toot = Stranger(fediverse, "toot.example")
    eva = await here.run(actors.resolve, here, toot.actor("eva"))
    await here.run(actors.request_follow, here, maya.id, eva.id)
    await here.run(here.db.execute, "UPDATE follow SET state = 'accepted'")
    html = "".join(f'<a href="https://shop{number}.example">buy</a> ' for number in range(6))
    pushy = await found(here, await toot.create(fediverse, here, toot.actor("eva"), "note/1", content=html))
    mention = '<a href="https://alder.example/@maya" class="u-url mention">@maya</a> '
    kind = await found(here, await toot.create(fediverse, here, toot.actor("eva"), "note/2", content=mention * 9))
    assert pushy is not None
    assert kind is not None
    assert (pushy.state, kind.state) == ("held", "visible")
    fediverse.clock.advance(4 * 86_400)
    await write(maya, many, visibility="public")
