"""What may be unsafe for a child: who is responsible reads it, at once, and nobody else by any route (S28)."""

from server.audit import queries as audit
from server.mailer import Mail
from server.moderation import actions, queries, sealed
from server.moderation.actions import Decision, NewReport
from tests.conftest import Fediverse, Person
from tests.web.moderation.test_cases import kinds
from tests.web.moderation.test_moderation_pages import Place, place
from tests.web.practices.test_practice_pages import check

SECRET = "Look at once: Tim says that he is afraid to go home."


def urgent(at: Place) -> list[Mail]:
    """The mails that do not wait."""
    return [mail for mail in at.here.mailer.logged if "at once" in mail.subject]


async def test_s28_nobody_but_who_is_responsible_opens_safeguarding(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    ava, lea = await fediverse.person(at.here, "ava", role="admin"), await fediverse.person(at.here, "lea")
    case_id = await at.report(category="unsafe", text=SECRET)
    # Nobody is responsible yet: admins hear that something waits, and no more.
    assert "unsafe" in await kinds(ava)
    everybody: list[Person | None] = [None, at.tom, at.lin, at.maya, at.dora, ava, lea]
    for person in everybody:
        async with fediverse.client(at.here, person) as browser:
            for path in ("/safeguarding", f"/safeguarding/{case_id}", f"/moderation/{case_id}"):
                answer = await browser.get(path)
                assert answer.status_code == (303 if person is None else 404), path
            for path in ("", "/take", "/record", "/export"):
                sent = {"action": "none", "length": "", "act": "take", "text": "x"}
                answer = await browser.post(f"/safeguarding/{case_id}{path}", data=sent)
                assert answer.status_code == (303 if person is None else 404), path
            for path in ("/moderation", "/moderation?show=closed", "/admin/audit", "/admin/safeguarding", "/week"):
                assert SECRET not in (await browser.get(path)).text
    for person in (at.tom, at.maya, at.dora):
        async with fediverse.client(at.here, person) as browser:
            assert (await browser.get("/admin/safeguarding")).status_code == 404
            assert (await browser.post("/admin/safeguarding", data={"name": "@maya"})).status_code == 404
    async with fediverse.client(at.here, ava) as browser:
        page = await browser.get("/admin/safeguarding")
        check(page.text)
        assert "Two people should be responsible" in page.text
        assert (await browser.post("/admin/safeguarding", data={"name": "@nobody"})).status_code == 422
        assert (await browser.post("/admin/safeguarding", data={"name": "@lea"})).status_code == 303
        check((await browser.get("/admin/safeguarding")).text)
    assert "unsafe" in await kinds(lea), "what waited is told to who is responsible now"
    async with fediverse.client(at.here, lea) as browser:
        desk = await browser.get("/safeguarding")
        check(desk.text)
        assert SECRET in desk.text
        page = await browser.get(f"/safeguarding/{case_id}")
        check(page.text)
        assert "Leave this page at once" in page.text
        assert 'href="/@lin"' in page.text, "who is responsible can talk to who reported"
        assert (await browser.post(f"/safeguarding/{case_id}/record", data={"text": ""})).status_code == 422
        await browser.post(f"/safeguarding/{case_id}/record", data={"text": "Talked to his class teacher."})
        export = await browser.post(f"/safeguarding/{case_id}/export")
        assert export.headers["content-type"].startswith("text/plain")
        assert "attachment" in export.headers["content-disposition"]
        for words in (SECRET, "Tim of 8b cannot read.", "Talked to his class teacher.", "Lin"):
            assert words in export.text
        closed = await browser.post(f"/safeguarding/{case_id}", data={"action": "none", "reason": "", "length": ""})
        assert closed.headers["location"] == "/safeguarding"
        assert (await browser.get("/moderation")).status_code == 404, "and she is no steward for that"
        await at.here.run(at.here.db.execute, "UPDATE session SET proven_until = 1")
        for path in ("/safeguarding", f"/safeguarding/{case_id}"):
            asked = await browser.get(path)
            assert asked.status_code == 403, "whoever sits at an open browser is asked first"
            assert SECRET not in asked.text
    logged = await at.here.run(audit.entries, at.here)
    assert {"safeguarding.appoint", "safeguarding.record", "safeguarding.export"} <= {line.action for line in logged}
    assert all("class teacher" not in str(line.detail) for line in logged)


async def test_what_is_unsafe_is_mailed_at_once_to_two_and_reminded(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    ava = await fediverse.person(at.here, "ava", role="admin")
    lea, leo = await fediverse.person(at.here, "lea"), await fediverse.person(at.here, "leo")
    for name in ("lea", "leo"):
        await ava.do(sealed.appoint, name)
    await at.report(category="unsafe", text=SECRET)
    await fediverse.settle()
    mails = urgent(at)
    assert {mail.to for mail in mails} == {"lea@example.org", "leo@example.org"}
    assert all(SECRET not in mail.text and "Tim" not in mail.text for mail in mails)
    assert "unsafe" not in await kinds(ava), "two are responsible, so nobody else hears of it"
    fediverse.clock.advance(3700)
    await fediverse.settle()
    assert len(urgent(at)) == 4
    (case,) = await lea.do(queries.queue, sealed=True)
    await lea.do(actions.take, case.id)
    fediverse.clock.advance(3 * 3600)
    await fediverse.settle()
    assert len(urgent(at)) == 4, "somebody looked"
    # A report about who is responsible is for the other one, and never for them.
    about = await at.lin.do(actions.report, NewReport("unsafe", "About Lea.", person_id=lea.id))
    assert await lea.do(queries.one, about.case_id, sealed=True) is None
    assert await leo.do(queries.one, about.case_id, sealed=True) is not None
    # A steward who sees in a case that a child may be unsafe passes it on, and sees it no more.
    other = await ava.do(actions.report, NewReport("other", "What is this?", post_id=at.post.id))
    await at.maya.do(actions.decide, other.case_id, Decision("refer"))
    assert await at.maya.do(queries.one, other.case_id) is None
    assert await at.dora.do(queries.one, other.case_id) is None
    moved = await leo.do(queries.one, other.case_id, sealed=True)
    assert moved is not None
    assert [entry.kind for entry in moved.entries] == ["reported", "taken", "referred"]
