"""Cases: reports come together, one person decides by a numbered rule, and who it concerns reads why and may object."""

import pytest

from server.actors import actions as actors
from server.audit import queries as audit
from server.communities import actions as communities
from server.communities import guidelines
from server.errors import Invalid, NotAllowed, NotFound
from server.moderation import actions, policy, queries
from server.moderation.actions import Decision, NewReport
from server.notifications import queries as notifications
from server.posts import queries as posts
from server.text.clauses import clauses
from tests.conftest import Fediverse, Person
from tests.posting import join, sees, write
from tests.web.moderation.test_moderation_pages import Place, place
from tests.web.practices.test_practice_pages import check

RULES = """## Taking part
1. Talk about your work, never about an
   identifiable pupil.
2. **Say so** when something did not work.

## Feedback
3. Ask before you advise.
"""


async def ruled(fediverse: Fediverse) -> Place:
    """The place of the pages' tests, with numbered guidelines that all have accepted."""
    at = await place(fediverse)
    await join(at.dora, at.group)
    await at.maya.do(guidelines.set_guidelines, at.group.id, RULES)
    for person in (at.tom, at.lin, at.dora):
        await person.do(communities.accept_guidelines, at.group.id, 1)
    return at


async def kinds(person: Person) -> list[str]:
    page = await person.here.run(notifications.page, person.here, person.viewer)
    return [line.kind for group in page.groups for line in group.lines]


async def course(person: Person, case_id: str) -> list[str]:
    case = await person.do(queries.one, case_id)
    assert case is not None
    return [entry.kind for entry in case.entries]


def test_b2_clauses_are_read_from_numbered_lines() -> None:
    found = clauses(RULES + "\n7) Last.\n\n1. A list that begins again.\n- a point\nno number 12. here\n")
    assert [(clause.number, clause.text) for clause in found] == [
        ("1", "Talk about your work, never about an identifiable pupil."),
        ("2", "Say so when something did not work."),
        ("3", "Ask before you advise."),
        ("7", "Last."),
    ]
    assert clauses("") == clauses("Be kind.\n# 1. A heading") == []
    assert len(clauses("\n".join(f"{number}. {'long ' * 200}" for number in range(1, 200)))) == 60


async def test_b2_a_report_and_a_decision_name_a_numbered_rule(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    path = f"/p/{at.post.short}/report"
    async with fediverse.client(at.here, at.lin) as lin:
        form = await lin.get(path)
        check(form.text)
        assert "Science, 1: Talk about your work, never about an identifiable pupil." in form.text
        forged = await lin.post(path, data={"category": "guidelines", "clause": "c9", "text": "It names Tim."})
        assert forged.status_code == 422
        assert "It names Tim." in forged.text, "nothing that was typed is lost"
        await lin.post(path, data={"category": "guidelines", "clause": "c1", "text": "It names Tim."})
    (case,) = await at.maya.do(queries.queue)
    assert case.clause.startswith("Science, 1: ")
    async with fediverse.client(at.here, at.maya) as maya:
        page = await maya.get(f"/moderation/{case.id}")
        check(page.text)
        assert "The rule that was named:" in page.text
        # The least stands first, and several things go together.
        order = [
            page.text.index(f'value="{kind}"') for kind in ("none", "note", "edit", "warn", "lock", "remove", "ban")
        ]
        assert order == sorted(order)
        nothing = await maya.post(
            f"/moderation/{case.id}", data={"action": ["none", "note"], "reason": "x", "length": ""}
        )
        assert nothing.status_code == 422
        sent = {
            "action": ["warn", "note"],
            "warning": "Names a pupil",
            "reason": "Please leave names out.",
            "length": "",
        }
        assert (await maya.post(f"/moderation/{case.id}", data=sent | {"clause": "c1"})).status_code == 303
    seen = await sees(at.lin, at.post.uri)
    assert (seen.state, seen.content_warning) == ("visible", "Names a pupil")
    (statement,) = await at.tom.do(queries.rulings)
    assert statement.clause.startswith("Science, 1: ")
    assert [measure["kind"] for measure in statement.measures] == ["note", "warn"]
    # The rule stays as it was when it was named, whatever becomes of the guidelines.
    await at.maya.do(guidelines.set_guidelines, at.group.id, "1. Be kind.", "Shorter.")
    assert (await at.tom.do(queries.ruling, statement.id)).clause == statement.clause
    assert await at.lin.do(queries.ruling, statement.id) is None


async def test_b21_what_is_hidden_is_explained_and_another_person_answers_the_objection(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    hide = f"/p/{at.post.short}/moderate"
    async with fediverse.client(at.here, at.maya) as maya:
        refused = await maya.post(hide, data={"act": "remove", "reason": "It names a pupil."})
        assert refused.status_code == 422
        assert "Choose the clause" in refused.text
        assert (
            await maya.post(hide, data={"act": "remove", "reason": "It names a pupil.", "clause": "c1"})
        ).status_code == 303
    assert await sees(at.lin, at.post.uri) is None
    assert {"ruling", "removed"} <= set(await kinds(at.tom))
    (statement,) = await at.tom.do(queries.rulings)
    path = f"/me/decisions/{statement.id}"
    for person in (at.lin, at.maya, at.dora):
        async with fediverse.client(at.here, person) as other:
            assert (await other.get(path)).status_code == 404
            assert (await other.post(path, data={"text": "x"})).status_code == 404
    async with fediverse.client(at.here, at.tom) as tom:
        page = await tom.get(path)
        check(page.text)
        for words in ("It names a pupil.", "Science, 1: Talk about", "A person who looks after Science", "object once"):
            assert words in page.text
        assert "Maya" not in page.text, "who decided is not said"
        assert (await tom.post(path, data={"text": " "})).status_code == 422
        assert (await tom.post(path, data={"text": "Tim is a cat."})).status_code == 303
        assert (await tom.post(path, data={"text": "Again."})).status_code == 422, "once"
        assert "Your objection waits" in (await tom.get(path)).text
    # Maya is alone there, so those who look after the server answer; she has no part in it.
    with pytest.raises(NotFound):
        await at.maya.do(actions.answer, statement.case_id, undo=False, reason="I was right.")
    assert "appeal" in await kinds(at.dora)
    async with fediverse.client(at.here, at.dora) as dora:
        page = await dora.get(f"/moderation/{statement.case_id}")
        check(page.text)
        assert "Tim is a cat." in page.text
        answer = f"/moderation/{statement.case_id}/answer"
        assert (await dora.post(answer, data={"answer": "undone", "reason": ""})).status_code == 422
        assert (await dora.post(answer, data={"answer": "undone", "reason": "Cats may be named."})).status_code == 303
    assert (await sees(at.lin, at.post.uri)).state == "visible"
    assert "appeal_done" in await kinds(at.tom)
    assert await course(at.dora, statement.case_id) == ["taken", "decided", "objected", "taken", "undone"]
    logged = [entry.action for entry in await at.here.run(audit.entries, at.here)]
    assert {"report.remove", "appeal.undone"} <= set(logged)


async def test_b21_an_objection_comes_in_time_and_every_measure_can_be_undone(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    await at.maya.do(communities.set_role, at.group.id, at.dora.id, "steward")
    report = await at.lin.do(actions.report, NewReport("guidelines", post_id=at.post.id, clause="c3"))
    both = Decision(policy.LOCK, "Cool down.", also=(policy.BAN,), length=policy.BAN_LENGTHS["7"])
    await at.maya.do(actions.decide, report.case_id, both)
    with pytest.raises(NotAllowed):
        await at.tom.do(communities.join, at.group.id)
    (statement,) = await at.tom.do(queries.rulings)
    await at.tom.do(actions.object_to, statement.id, "I had no time to answer.")
    with pytest.raises(NotAllowed):
        await at.maya.do(actions.answer, report.case_id, undo=False, reason="No.")
    await at.dora.do(actions.answer, report.case_id, undo=True, reason="Too much at once.")
    await at.tom.do(communities.join, at.group.id)
    assert not (await sees(at.lin, at.post.uri)).locked
    # A practice becomes a draft again; its author changes it and shares it anew.
    practice = await write(at.tom, "Tim reads aloud.", kind="practice", title="Reading", community_id=at.group.id)
    again = await at.lin.do(actions.report, NewReport("privacy", post_id=practice.id))
    await at.dora.do(actions.decide, again.case_id, Decision(policy.DRAFT, "Without the name, please.", clause="c1"))
    assert [draft.title for draft in await at.tom.do(posts.drafts)] == ["Reading"]
    latest = (await at.tom.do(queries.rulings))[0]
    fediverse.clock.advance(15 * 86_400)
    with pytest.raises(Invalid):
        await at.tom.do(actions.object_to, latest.id, "Too late.")


async def test_duplicates_merge_one_person_takes_the_case_and_nobody_judges_their_own(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    await at.maya.do(communities.set_role, at.group.id, at.dora.id, "steward")
    ava = await fediverse.person(at.here, "ava", role="admin")
    nik = await fediverse.person(at.here, "nik", role="steward")
    first = await at.lin.do(actions.report, NewReport("privacy", "It names Tim.", post_id=at.post.id))
    fediverse.clock.advance(60)
    second = await at.dora.do(actions.report, NewReport("guidelines", "Rule 1.", post_id=at.post.id, clause="c1"))
    assert first.case_id == second.case_id == first.id
    (case,) = await at.maya.do(queries.queue)
    assert [report.text for report in case.reports] == ["It names Tim.", "Rule 1."]
    assert case.clause.startswith("Science, 1: ")
    assert (await kinds(at.maya)).count("report") == 1
    assert await at.dora.do(queries.queue) == [], "she reported it herself"
    for person in (at.tom, at.lin, at.dora):
        for act in (actions.take, actions.release, actions.pass_up):
            with pytest.raises(NotFound):
                await person.do(act, case.id)
    async with fediverse.client(at.here, at.maya) as maya:
        await maya.post(f"/moderation/{case.id}/take", data={"act": "take"})
    with pytest.raises(Invalid, match="Maya has this case"):
        await nik.do(actions.decide, case.id, Decision(policy.NOTHING))
    async with fediverse.client(at.here, nik) as browser:
        assert "Maya has it" in (await browser.get("/moderation")).text
    fediverse.clock.advance(4 * 86_400)
    await nik.do(actions.take, case.id)
    await nik.do(actions.release, case.id)
    # A lone withdrawal leaves the case to the others; the last one closes it.
    await at.lin.do(actions.withdraw_report, first.id)
    (case,) = await ava.do(queries.queue)
    await ava.do(actions.decide, case.id, Decision(policy.NOTHING, "Seen."))
    assert await course(ava, case.id) == ["reported", "merged", "taken", "taken", "released", "taken", "decided"]
    assert "report_done" in await kinds(at.dora)
    third = await at.lin.do(actions.report, NewReport("spam", post_id=at.post.id))
    assert third.case_id == third.id, "what is decided is not opened again"
    await at.lin.do(actions.withdraw_report, third.id)
    assert await ava.do(queries.queue) == []


async def test_the_clock_reminds_and_then_passes_the_case_up(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    report = await at.lin.do(actions.report, NewReport("harassment", post_id=at.post.id))
    fediverse.clock.advance(23 * 3600)
    await fediverse.settle()
    assert "late" not in await kinds(at.maya)
    fediverse.clock.advance(2 * 3600)
    await fediverse.settle()
    assert "late" in await kinds(at.maya)
    assert "report" not in await kinds(at.dora)
    (case,) = await at.maya.do(queries.queue)
    assert case.is_late
    fediverse.clock.advance(24 * 3600)
    await fediverse.settle()
    assert await at.maya.do(queries.queue) == [], "those who look after the server have it now"
    assert "report" in await kinds(at.dora)
    assert await course(at.dora, report.case_id) == ["reported", "late", "passed"]
    await at.dora.do(actions.take, report.case_id)
    fediverse.clock.advance(5 * 86_400)
    await fediverse.settle()
    assert (await course(at.dora, report.case_id))[-1] == "taken", "whoever looked is not reminded"


async def test_a_person_elsewhere_is_heard_by_their_followers_alone(fediverse: Fediverse) -> None:
    from_afar = await fediverse.start("birch.example")
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    dora = await fediverse.person(here, "dora", role="steward")
    bruno = await fediverse.person(from_afar, "bruno")
    known = await here.run(actors.resolve, here, bruno.uri)
    await here.run(actors.request_follow, here, lin.id, known.id)
    await fediverse.settle()
    post = await write(bruno, "@maya@alder.example buy this", kind="note", title="")
    await fediverse.settle()
    report = await maya.do(actions.report, NewReport("spam", person_id=known.id))
    with pytest.raises(NotFound):
        await lin.do(actions.decide, report.case_id, Decision(policy.LIMIT, "Spam."))
    await dora.do(actions.decide, report.case_id, Decision(policy.LIMIT, "Spam."))
    again = await write(bruno, "@maya@alder.example buy that", kind="note", title="")
    await fediverse.settle()
    assert (await kinds(maya)).count("mention") == 1, "nobody else is told of them"
    assert await sees(lin, again.uri) is not None
    row = await here.run(here.db.row, "SELECT grade FROM actor WHERE id = :id", id=known.id)
    assert row["grade"] == "limited"
    assert post.uri != again.uri


async def test_who_asked_without_a_name_is_shown_in_a_case_to_two_who_want_it(fediverse: Fediverse) -> None:
    at = await ruled(fediverse)
    await at.maya.do(communities.set_role, at.group.id, at.dora.id, "facilitator")
    inside = {"visibility": "members"}
    post = await write(
        at.tom, "Who else cannot stand Tim?", kind="ask", community_id=at.group.id, nameless=True, **inside
    )
    filed = await at.lin.do(actions.report, NewReport("guidelines", post_id=post.id, clause="c1"))
    path = f"/moderation/{filed.case_id}"
    async with fediverse.client(at.here, at.lin) as lin:
        assert (await lin.post(f"{path}/take", data={"act": "who"})).status_code == 404
    for _ in range(2):
        async with fediverse.client(at.here, at.maya) as maya:
            await maya.post(f"{path}/take", data={"act": "who"})
            page = await maya.get(path)
            check(page.text)
            assert "@tom" not in page.text, "not to one person alone, however often they ask"
    async with fediverse.client(at.here, at.dora) as dora:
        await dora.post(f"{path}/take", data={"act": "who"})
        assert "@tom" in (await dora.get(path)).text
    (entry, *_) = await at.here.run(audit.entries, at.here)
    assert (entry.action, entry.detail["second"]) == ("post.reveal", "@dora")
    assert "tom" not in str(entry)
