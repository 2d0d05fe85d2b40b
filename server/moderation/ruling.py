"""Deciding a case, with a clause and a reason; and what becomes of it where the person objects."""

from dataclasses import dataclass
from datetime import timedelta

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.moderation import cases, measures, policy, sealed
from server.moderation.clauses import clauses_for, words_of
from server.moderation.events import CaseRuled, Objected, ObjectionAnswered
from server.moderation.filing import end_case
from server.moderation.models import Case, Ruling
from server.posts.removal import moderated
from server.text import clean_text

MAX_NOTE = 2_000
MAX_WARNING = 200
MAX_APPEAL = 4_000
NEUTRAL = "Decided by those who run this server."


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done in a case. `action` and `also` are of `policy.ACTIONS`, `reason` what those concerned are told.

    `post_ids` are the posts in question (none: all that were reported), `length` how long the person is kept out (None:
    for good), `clause` the rule that it rests on, by its value in `clauses_for`, `warning` the content note.
    """

    action: str
    reason: str = ""
    post_ids: tuple[str, ...] = ()
    length: timedelta | None = None
    also: tuple[str, ...] = ()
    clause: str = ""
    warning: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Everything that is done, the least first, each once."""
        return tuple(kind for kind in policy.ACTIONS if kind == self.action or kind in self.also)


async def decide(here: Instance, acting: Viewer, case_id: str, decision: Decision) -> None:
    """Do something about a case, or nothing, and close it. All of it happens, or none.

    Raises NotFound for those who do not look at it, NotAllowed where something is not theirs to do, Invalid that names
    `action`, `clause`, `reason` or `warning`.
    """
    case = await cases.opened(here, acting, case_id)
    if case.state == policy.APPEAL:
        raise Invalid("This is decided; what waits is the objection.", field="action")
    if case.desk == policy.SEALED:
        await sealed.confirm(here, acting)
    clause, reason = await _checked(here, case.community_id, case.clause, decision)
    async with here.db.transaction():
        await cases.hold(here, acting, case)
        if policy.REFER in decision.kinds:
            await audit.record(here, by=_name(acting), action="report.refer", subject=f"report {case.id}")
            await cases.raise_to(here, case, policy.SEALED, by_id=acting.actor_id)
            return
        await _rule(here, acting, case, decision, clause, reason)


async def decide_at_once(here: Instance, acting: Viewer, post_id: str, decision: Decision) -> None:
    """What who looks after a place does about a post that they met, without a report: a case that is closed at once."""
    post = await moderated(here, acting, post_id)
    if post.author_id == acting.actor_id:
        raise Invalid("This is your own. You can change or delete it.", field="reason")
    community_id = post.community_id if await Actor.exists(id=post.community_id or "", is_local=True) else None
    clause, reason = await _checked(here, community_id, "", decision)
    async with here.db.transaction():
        case = await cases.begin(
            here,
            id=new_id(here.clock.now()),
            desk=policy.SERVER if community_id is None else policy.COMMUNITY,
            category=policy.MET,
            clause=clause,
            about_id=post.author_id,
            community_id=community_id,
            posts=[post],
        )
        await cases.hold(here, acting, case)
        await _rule(here, acting, case, decision, clause, reason)


async def object_to(here: Instance, acting: Viewer, ruling_id: str, text: str) -> None:
    """Object to what was decided about oneself, once and in time: somebody else looks at it."""
    ruling = await Ruling.get_or_none(id=ruling_id, person_id=acting.actor_id or "")
    if ruling is None:
        raise NotFound
    text = clean_text(text).strip()
    if not text:
        raise Invalid("Say why you see it differently.", field="text")
    if len(text) > MAX_APPEAL:
        raise Invalid(f"Use at most {MAX_APPEAL} characters.", field="text")
    if ruling.appeal_state:
        raise Invalid("You have objected already.", field="text")
    now = here.clock.now()
    if now > ruling.appeal_until:
        raise Invalid("Fourteen days are over. Write to those who look after this server instead.", field="text")
    async with here.db.transaction():
        ruling.appeal_state, ruling.appeal_text, ruling.appealed_at = "open", text, now
        await ruling.save(update_fields=["appeal_state", "appeal_text", "appealed_at"])
        case = await Case.get(id=ruling.case_id)
        case.state, case.taken_by_id, case.taken_at = policy.APPEAL, None, None
        if case.desk == policy.COMMUNITY and not await _others(here, case, ruling):
            # Nobody else in the community can decide, so those who look after the server do; the page said so.
            case.desk = policy.SERVER
        await case.save(update_fields=["state", "taken_by_id", "taken_at", "desk"])
        await cases.note(here, case, "objected", by_id=acting.actor_id)
        await here.events.emit(Objected(ruling.id))


async def answer(here: Instance, acting: Viewer, case_id: str, *, undo: bool, reason: str) -> None:
    """Decide about an objection, by somebody else than who decided first: it stays, or it is undone."""
    case = await cases.opened(here, acting, case_id)
    ruling = await Ruling.filter(case_id=case.id, appeal_state="open").order_by("-id").first()
    if ruling is None:
        raise NotFound
    if ruling.by_id == acting.actor_id:
        raise NotAllowed("You decided this yourself: somebody else looks at the objection.")
    reason = clean_text(reason).strip()[:MAX_NOTE]
    if not reason:
        raise Invalid("Say why: they are told.", field="reason")
    async with here.db.transaction():
        await cases.hold(here, acting, case)
        if undo:
            for measure in reversed(ruling.measures or []):
                await measures.undo(here, acting, case, measure)
        ruling.appeal_state = "undone" if undo else "upheld"
        ruling.answer, ruling.answered_by_id, ruling.answered_at = reason, acting.actor_id, here.clock.now()
        await ruling.save()
        case.state, case.closed_at = policy.CLOSED, here.clock.now()
        await case.save(update_fields=["state", "closed_at"])
        await cases.note(here, case, ruling.appeal_state, by_id=acting.actor_id, text=reason)
        await audit.record(
            here,
            by=_name(acting),
            action=f"appeal.{ruling.appeal_state}",
            subject=f"report {case.id}",
            detail={"reason": reason},
        )
        await here.events.emit(ObjectionAnswered(ruling.id))


async def _checked(here: Instance, community_id: str | None, named: str, decision: Decision) -> tuple[str, str]:
    """The words of the clause, and the reason. Raises Invalid."""
    reason = clean_text(decision.reason).strip()[:MAX_NOTE]
    kinds = decision.kinds
    if not kinds or set((decision.action, *decision.also)) - set(policy.ACTIONS):
        raise Invalid("Choose what to do.", field="action")
    if len(kinds) > 1 and policy.ALONE & set(kinds):
        raise Invalid("“Nothing” and “safeguarding” do not go together with something else.", field="action")
    known = await clauses_for(here, community_id)
    clause = words_of(known, decision.clause)
    if set(kinds) - policy.UNSAID:
        if decision.clause and not clause:
            raise Invalid("Choose one of the clauses.", field="clause")
        clause = clause or named
        if known and not clause:
            raise Invalid("Choose the clause that it is against: whom it concerns reads it.", field="clause")
        if not reason:
            raise Invalid("Say why: whom it concerns is told.", field="reason")
    return clause, reason


async def _rule(here: Instance, acting: Viewer, case: Case, decision: Decision, clause: str, reason: str) -> None:
    warning = clean_text(decision.warning).strip()[:MAX_WARNING]
    # What is sealed has reasons that neither the post, nor who looks after it, nor another server is to know.
    told = NEUTRAL if case.desk == policy.SEALED else reason
    done = [
        await measures.apply(
            here, acting, case, kind, reason=told, chosen=decision.post_ids, length=decision.length, warning=warning
        )
        for kind in decision.kinds
        if kind != policy.NOTHING
    ]
    outcome = policy.ACTED if done else policy.NONE
    case.clause = clause or case.clause
    await end_case(here, case, outcome, by_id=str(acting.actor_id), note=reason)
    await cases.note(here, case, "decided", by_id=acting.actor_id, text=reason)
    if case.desk == policy.SEALED:
        await audit.record(here, by=_name(acting), action="safeguarding.decide", subject=f"report {case.id}")
    for kind in decision.kinds if case.desk != policy.SEALED else ():
        await audit.record(
            here,
            by=_name(acting),
            action=f"report.{kind}",
            subject=f"report {case.id}",
            detail={"reason": reason},
        )
    # That a mediation was offered is for who reported it to say.
    stated = [measure for measure in done if measure["kind"] != policy.MEDIATE]
    if stated:
        now = here.clock.now()
        ruling = await Ruling.create(
            id=new_id(now),
            case_id=case.id,
            person_id=case.about_id,
            by_id=str(acting.actor_id),
            place=await _place(here, case),
            clause=clause,
            reason=reason,
            measures=stated,
            at=now,
            appeal_until=now + policy.APPEAL_FOR,
        )
        await here.events.emit(CaseRuled(ruling.id))


async def _others(here: Instance, case: Case, ruling: Ruling) -> bool:
    """Whether somebody else in the community could decide."""
    return bool(
        await here.db.value(
            "SELECT membership.id FROM membership JOIN actor AS person ON person.id = membership.person_id"
            " WHERE membership.community_id = :community AND membership.state = 'active' AND person.is_local"
            " AND membership.role IN ('steward', 'facilitator') AND person.suspended_at IS NULL"
            " AND person.deleted_at IS NULL AND membership.person_id NOT IN (:about, :first) LIMIT 1",
            community=case.community_id,
            about=case.about_id,
            first=ruling.by_id,
        )
    )


async def _place(here: Instance, case: Case) -> str:
    if case.desk != policy.COMMUNITY or case.community_id is None:
        return here.site.name
    community = await Actor.get(id=case.community_id)
    return (community.name or community.username)[:300]


def _name(acting: Viewer) -> str:
    return acting.handle or acting.actor_uri
