"""Safeguarding: who is responsible, what they write down, and what the school's own records get (product row 5.8).

Peerhall is not the record that the law asks for. What lies here is read by those who are responsible and nobody else;
who runs the server sees how much there is, and that somebody looks at it.
"""

from dataclasses import dataclass
from datetime import datetime

from server.accounts.proofs import need_proof
from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.db import from_milliseconds
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.moderation import access, cases, policy, queries
from server.moderation.models import Case, SafeguardingLead
from server.moderation.views import CaseView
from server.text import clean_text

MAX_RECORD = 5_000
MOST_LEADS = 10


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody who is responsible for safeguarding, and since when."""

    person: PersonLabel
    since: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is, for those who run the server: no names, no words."""

    open: int
    unseen: int
    closed: int


async def confirm(here: Instance, acting: Viewer) -> None:
    """Called before anything sealed is opened or changed: whoever sits at an open browser has to show that it is them.

    Raises ProofNeeded, which a page answers by asking, and loses nothing.
    """
    need_proof(here, acting)


async def leads(here: Instance) -> list[Lead]:
    """Who is responsible for safeguarding."""
    rows = await here.db.rows(
        "SELECT person_id, appointed_at FROM safeguarding_lead ORDER BY appointed_at, person_id LIMIT :most",
        most=MOST_LEADS,
    )
    people = await labels(here, [row["person_id"] for row in rows])
    return [
        Lead(people[row["person_id"]], from_milliseconds(row["appointed_at"]))
        for row in rows
        if row["person_id"] in people
    ]


async def appoint(here: Instance, acting: Viewer, name: str) -> None:
    """Make somebody here responsible for safeguarding: an admin does, and all that is logged."""
    _admins_only(acting)
    row = await here.db.row(
        "SELECT actor.id, actor.username FROM actor JOIN account ON account.actor_id = actor.id"
        " WHERE actor.username = :name AND actor.is_local AND account.state = 'active'",
        name=name.strip().lstrip("@").partition("@")[0].lower(),
    )
    if row is None:
        raise Invalid("There is nobody of this name with an account here.", field="name")
    if await SafeguardingLead.all().count() >= MOST_LEADS:
        raise Invalid(f"At most {MOST_LEADS} people are responsible at once.", field="name")
    if await SafeguardingLead.exists(person_id=row["id"]):
        raise Invalid("They are responsible already.", field="name")
    async with here.db.transaction():
        await SafeguardingLead.create(
            person_id=row["id"], appointed_by_id=str(acting.actor_id), appointed_at=here.clock.now()
        )
        await audit.record(here, by=acting.handle, action="safeguarding.appoint", subject=f"@{row['username']}")
        # What waited for somebody is theirs to look at from now on, and they are told.
        for case in await Case.filter(desk=policy.SEALED, state=policy.OPEN).order_by("id").limit(50):
            await cases.tell_again(here, case)


async def dismiss(here: Instance, acting: Viewer, person_id: str) -> None:
    """Somebody is responsible for safeguarding no more."""
    _admins_only(acting)
    name = await here.db.value("SELECT username FROM actor WHERE id = :id", id=person_id)
    async with here.db.transaction():
        if not await SafeguardingLead.filter(person_id=person_id).delete():
            raise NotFound
        await audit.record(here, by=acting.handle, action="safeguarding.dismiss", subject=f"@{name}")


async def counts(here: Instance) -> Counts:
    """How many cases there are."""
    row = await here.db.row(
        "SELECT COALESCE(SUM(CASE WHEN state <> 'closed' THEN 1 ELSE 0 END), 0) AS open_ones,"
        " COALESCE(SUM(CASE WHEN state <> 'closed' AND looked_at IS NULL THEN 1 ELSE 0 END), 0) AS unseen,"
        " COALESCE(SUM(CASE WHEN state = 'closed' THEN 1 ELSE 0 END), 0) AS closed"
        " FROM moderation_case WHERE desk = 'sealed'"
    )
    return Counts(0, 0, 0) if row is None else Counts(int(row["open_ones"]), int(row["unseen"]), int(row["closed"]))


async def hold(here: Instance, acting: Viewer, case_id: str, *, mine: bool) -> None:
    """Take a case, or give it back."""
    await confirm(here, acting)
    if not await access.may_handle(here, acting, case_id, sealed=True):
        raise NotFound
    await (cases.take if mine else cases.release)(here, acting, case_id)


async def record(here: Instance, acting: Viewer, case_id: str, text: str) -> None:
    """Write down what was done outside of here: whom one talked to, what was agreed."""
    await confirm(here, acting)
    if not await access.may_handle(here, acting, case_id, sealed=True):
        raise NotFound
    text = clean_text(text).strip()
    if not text:
        raise Invalid("Write down what was done.", field="text")
    if len(text) > MAX_RECORD:
        raise Invalid(f"Use at most {MAX_RECORD} characters.", field="text")
    async with here.db.transaction():
        case = await Case.get(id=case_id)
        if case.looked_at is None:
            case.looked_at = here.clock.now()
            await case.save(update_fields=["looked_at"])
        await cases.note(here, case, "recorded", by_id=acting.actor_id, text=text)
        await audit.record(here, by=acting.handle, action="safeguarding.record", subject=f"report {case.id}")


async def export(here: Instance, acting: Viewer, case_id: str) -> CaseView:
    """Everything about one case, to be kept with the school's own records; that it was taken out is written down."""
    await confirm(here, acting)
    async with here.db.transaction():
        case = await Case.get_or_none(id=case_id)
        if case is None or not await access.may_handle(here, acting, case_id, sealed=True):
            raise NotFound
        await cases.note(here, case, "exported", by_id=acting.actor_id)
        await audit.record(here, by=acting.handle, action="safeguarding.export", subject=f"report {case.id}")
    found = await queries.one(here, acting, case_id, sealed=True)
    if found is None:
        raise NotFound
    return found


def _admins_only(acting: Viewer) -> None:
    if not acting.is_admin:
        raise NotFound
