"""The report of a network: its members tell numbers if their admins agreed to it, and its host puts them in a table."""

from dataclasses import dataclass

from federation.vocab import activities
from federation.vocab.memberlists import server_actor_of
from server.actors.models import Actor
from server.actors.sending import send
from server.audit import actions as audit
from server.consortium import numbers
from server.consortium.models import Consortium, ConsortiumReport
from server.consortium.numbers import NAMES, Quarter
from server.errors import NotFound
from server.ids import new_id
from server.instance import Instance

JOB = "consortium.report"
KIND = "networkReport"
QUARTERS_KEPT = 8


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What one member told; a number is missing where fewer than five people stand behind it."""

    name: str
    host: str
    numbers: tuple[int | None, ...]
    has_told: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one quarter. `sums` add up what was told, and are lower limits."""

    quarter: str
    quarters: tuple[str, ...]
    lines: tuple[ReportLine, ...]
    sums: tuple[int, ...]


async def agree(here: Instance, by: str, slug: str, *, tells: bool) -> None:
    """Let this server tell the host numbers from now on, the latest quarter first, or no more."""
    async with here.db.transaction():
        network = await Consortium.get_or_none(slug=slug, state__in=["hosted", "member"])
        if network is None:
            raise NotFound
        await Consortium.filter(id=network.id).update(tells_numbers=tells)
        await audit.record(here, by=by, action="consortium.tell", subject=network.name, detail={"tells": tells})
        if tells:
            await here.jobs.enqueue(JOB, network.id, unique=f"{JOB}:{network.id}")


async def tell_all(here: Instance, _: object) -> None:
    """The job, once a day: a quarter that is over is told once."""
    for network in await Consortium.filter(state__in=["hosted", "member"], tells_numbers=True).order_by("id"):
        await tell(here, network.id)


async def tell(here: Instance, network_id: str) -> None:
    """The job: tell the numbers of the latest quarter, unless that was done or nobody agreed to it."""
    quarter = numbers.quarter_before(here.clock.now())
    ours = here.settings.origin.split("://", 1)[1]
    told = await _ours(here, ours, quarter)
    async with here.db.transaction():
        network = await Consortium.get_or_none(id=network_id, state__in=["hosted", "member"], tells_numbers=True)
        if network is None or not await receive(here, network, host=ours, quarter=quarter, told=told):
            return
        host = await Actor.get_or_none(uri=server_actor_of(network.uri))
        if network.is_ours or host is None:
            return
        actor = here.url("/ap/actor")
        uri = here.url(f"/ap/a/add/{new_id(here.clock.now())}")
        document = activities.add(
            id=uri,
            actor=actor,
            object={
                "id": f"{uri}#report",
                "type": "Document",
                "kind": KIND,
                "attributedTo": actor,
                "name": f"Numbers for {quarter}",
                "ph:quarter": str(quarter),
                "ph:numbers": [{"name": name, "value": told[name]} for name in NAMES if name in told],
            },
            to=[host.uri],
            cc=[],
            target=network.uri,
            published=here.clock.now(),
        )
        await send(here, actor, document, inboxes=[host.inbox_url])


async def _ours(here: Instance, ours: str, quarter: Quarter) -> dict[str, int]:
    """Our numbers of a quarter, the same for all networks: who reads two counts of it could compare them."""
    before = await ConsortiumReport.filter(host=ours, quarter=str(quarter)).order_by("id").first()
    return await numbers.counted(here, quarter) if before is None else dict(before.numbers or {})


async def receive(here: Instance, network: Consortium, *, host: str, quarter: Quarter, told: dict[str, int]) -> bool:
    """Keep what a member told, in the caller's transaction. False where it told this quarter before."""
    now = here.clock.now()
    if await ConsortiumReport.exists(consortium_id=network.id, host=host, quarter=str(quarter)):
        return False
    await ConsortiumReport.create(
        id=new_id(now), consortium_id=network.id, host=host, quarter=str(quarter), numbers=told, created_at=now
    )
    rows = await ConsortiumReport.filter(consortium_id=network.id, host=host).order_by("-quarter").limit(200)
    for row in rows[QUARTERS_KEPT:]:
        await row.delete()
    return True


async def report(here: Instance, slug: str, quarter: str = "") -> Report:
    """The report of a network hosted here, for its admins: of the latest quarter, or of another. Raises NotFound."""
    network = await Consortium.get_or_none(slug=slug, state="hosted")
    if network is None:
        raise NotFound
    latest = str(numbers.quarter_before(here.clock.now()))
    rows = await here.db.rows(
        "SELECT DISTINCT quarter FROM consortium_report WHERE consortium_id = :id ORDER BY quarter DESC LIMIT :most",
        id=network.id,
        most=QUARTERS_KEPT,
    )
    quarters = tuple(sorted({latest, *(row["quarter"] for row in rows)}, reverse=True))
    chosen = quarter if quarter in quarters else latest
    told = {
        row.host: row.numbers or {}
        for row in await ConsortiumReport.filter(consortium_id=network.id, quarter=chosen).limit(1000)
    }
    members = await here.db.rows(
        "SELECT host, name FROM consortium_member WHERE consortium_id = :id AND state = 'member' ORDER BY name, host",
        id=network.id,
    )
    ours = network.host
    lines = [
        ReportLine(
            name=name, host=host, numbers=tuple(told.get(host, {}).get(key) for key in NAMES), has_told=host in told
        )
        for host, name in ((ours, here.site.name), *((row["host"], row["name"]) for row in members))
    ]
    sums = tuple(sum(line.numbers[place] or 0 for line in lines) for place in range(len(NAMES)))
    return Report(chosen, quarters, tuple(lines), sums)
