"""The list of a network: as we serve it, as we read it at its host, and what taking it over changes.

Nothing is believed that does not stand at its own address, carry the proof of its host's instance actor, be newer than
what we know, and be good today. What is refused changes nothing, and is told to the admins.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from federation.errors import FederationError, InvalidDocument
from federation.ports import Reader, Served
from federation.transport.documents import ACCEPT, is_activitypub_type
from federation.vocab.base import host_of, id_of, is_web_uri, items_of, origin_of, parse_json, same_origin
from federation.vocab.collections import ordered_collection
from federation.vocab.memberlists import Listed, MemberList, memberlist_document, parse_memberlist
from server.actors import keys
from server.actors.policy import clean_name
from server.consortium import policy, standing
from server.consortium.models import Consortium, ConsortiumMember
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import policy as peers
from server.peers import queries as peer_queries
from server.text import clean_text, render_markdown

FETCH = "consortium.fetch"
MAX_BYTES = 512 * 1024


async def provide(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/networks`` and the list of a network hosted here: to anybody, signed anew each time."""
    root = here.url("/ap/networks")
    if page is not None:
        return None
    if uri == root:
        rows = await here.db.rows("SELECT uri FROM consortium WHERE state = 'hosted' ORDER BY id LIMIT 50")
        return _served(ordered_collection(root, len(rows), items=[row["uri"] for row in rows]))
    network = await Consortium.get_or_none(uri=uri, state="hosted")
    signer = await keys.signer(here, here.url("/ap/actor"))
    if network is None or signer is None:
        return None
    html = await asyncio.to_thread(render_markdown, network.guidelines, base_url=here.settings.origin)
    document = memberlist_document(await list_of(here, network), guidelines_html=html.html, updated=network.changed_at)
    return _served(here.engine.proof(signer, document))


async def list_of(here: Instance, network: Consortium) -> MemberList:
    """The list of a network hosted here, as it is now. Its host is the first member."""
    members = await ConsortiumMember.filter(consortium_id=network.id, state="member").order_by("id")
    return MemberList(
        id=network.uri,
        host_actor=here.url("/ap/actor"),
        name=network.name,
        purpose=network.purpose,
        guidelines=network.guidelines,
        version=network.version,
        url=network.url,
        valid_until=here.clock.now() + policy.GOOD_FOR,
        members=(Listed(here.url("/ap/actor"), here.site.name), *(Listed(item.uri, item.name) for item in members)),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a network says of itself, for an admin who thinks of joining."""

    address: str
    host: str
    name: str
    purpose: str
    guidelines_html: str
    members: tuple[str, ...]


async def preview(here: Instance, text: str) -> Preview:
    """The network at an address, to be shown before anybody asks; as `find`."""
    listed = await find(here, text)
    words = described(listed)
    html = await asyncio.to_thread(render_markdown, words["guidelines"], base_url=here.settings.origin)
    return Preview(
        address=listed.id,
        host=host_of(listed.host_actor),
        name=words["name"],
        purpose=words["purpose"],
        guidelines_html=html.html,
        members=tuple(clean_name(item.name) or item.host for item in listed.members),
    )


async def find(here: Instance, text: str) -> MemberList:
    """The network at an address that somebody typed: of a network, of its page, or of its host. Uses the network.

    Raises Invalid for what is no address, and NotFound with what is wrong there.
    """
    text = text.strip()
    host = peers.host_named(text)
    if host == here.settings.origin.split("://", 1)[1]:
        raise Invalid("That is this server.", field="address")
    if peer_queries.grade_of(here, host) == peers.BLOCKED:
        raise Invalid(f"You have blocked {host}. Take the block back first.", field="address")
    await standing.meet(here, host)
    is_address = "://" in text and urlsplit(text).path.strip("/") != ""
    try:
        if is_address:
            return await look_up(here, text)
        return await look_up(
            here,
            await _only_one(
                here, origin_of(text) if "://" in text else f"{here.settings.origin.split('://')[0]}://{host}"
            ),
        )
    except FederationError as error:
        why = str(error) if isinstance(error, InvalidDocument) else "It does not answer, or hosts none."
        raise NotFound(
            f"{host} shows us no network. {why} If that server talks only with those it knows, its admin has to expect"
            " you first."
        ) from error


async def _only_one(here: Instance, origin: str) -> str:
    document = await _document(here, f"{origin}/ap/networks")
    found = [uri for uri in map(id_of, items_of(document.get("orderedItems"), limit=50)) if uri is not None]
    if not found:
        raise InvalidDocument("It hosts none.")
    if len(found) > 1:
        raise Invalid("It hosts several networks. Write the address of one of them.", field="address")
    return found[0]


async def look_up(here: Instance, address: str) -> MemberList:
    """The authentic list at an address, or at the id that stands there; a FederationError otherwise."""
    document = await _document(here, address)
    found = id_of(document.get("id"))
    if found is not None and found != address and same_origin(found, address):
        address, document = found, await _document(here, found)
    listed = parse_memberlist(document)
    if listed.id != address:
        raise InvalidDocument("The list does not stand at its own address.", "origin")
    if not await here.engine.proof_valid(document):
        raise InvalidDocument("The list is not signed by its host.", "proof")
    return listed


async def _document(here: Instance, address: str) -> dict[str, object]:
    if not is_web_uri(address):
        raise InvalidDocument("This is no address.")
    # Unsigned: the list is public, and a host that asks for signatures would have to know us first.
    answer = await here.engine.raw_get(address, accept=ACCEPT, max_bytes=MAX_BYTES)
    if not is_activitypub_type(answer.content_type):
        raise InvalidDocument("There is nothing that a server can read.", "content-type")
    if not same_origin(answer.final_url, address):
        raise InvalidDocument("It leads to another server.", "origin")
    return parse_json(answer.body)


def described(listed: MemberList) -> dict[str, str]:
    """What a list says in words, made safe to keep and to show."""
    return {
        "name": clean_name(listed.name, policy.MAX_NAME) or listed.id,
        "purpose": clean_text(listed.purpose)[: policy.MAX_PURPOSE],
        "guidelines": clean_text(listed.guidelines)[: policy.MAX_GUIDELINES],
    }


async def refused(here: Instance, network: Consortium, word: str) -> None:
    """A list was not taken over: what we know stays, and the admins are told."""
    here.log.warning("the list of %s was not taken over: %s", network.uri, word)
    await Consortium.filter(id=network.id).update(trouble=word[:12])


async def take_over(here: Instance, network: Consortium, listed: MemberList) -> None:
    """Take over an authentic list where it may be; in the caller's transaction, which holds the network."""
    now = here.clock.now()
    word = policy.trouble_with(listed, version=network.version, digest=network.digest, now=now)
    if word:
        await refused(here, network, word)
        return
    is_newer = listed.version > network.version
    for name, value in described(listed).items():
        setattr(network, name, value)
    network.version, network.digest = listed.version, policy.digest_of(listed)
    network.url, network.valid_until, network.fetched_at, network.trouble = (
        listed.url[:1000],
        listed.valid_until,
        now,
        "",
    )
    await write_members(here, network, listed)
    if network.state == "member" and is_newer and here.url("/ap/actor") not in {item.actor for item in listed.members}:
        network.state, network.changed_at = "removed", now
        remember_change(here, network, added=[], removed=[here.site.name])
    await network.save()
    if network.state == "member" and not network.look_first:
        await apply(here, network)
    else:
        await standing.act_on(here, network)


async def write_members(here: Instance, network: Consortium, listed: MemberList) -> None:
    """Note who is in the list now; who was let in and is not in it any more stays as removed until that is applied."""
    now = here.clock.now()
    known = {item.uri: item for item in await ConsortiumMember.filter(consortium_id=network.id)}
    there = {item.actor: item for item in listed.members}
    for uri, item in there.items():
        name = clean_name(item.name) or item.host
        row = known.get(uri)
        if row is None:
            await ConsortiumMember.create(
                id=new_id(now),
                consortium_id=network.id,
                uri=uri,
                host=item.host,
                name=name,
                state="member",
                created_at=now,
                changed_at=now,
            )
        elif (row.name, row.state) != (name, "member"):
            row.name, row.state, row.changed_at = name, "member", now
            await row.save()
    for uri, row in known.items():
        if uri in there:
            continue
        if row.applied:
            row.state, row.changed_at = "removed", now
            await row.save()
        else:
            await row.delete()


async def apply(here: Instance, network: Consortium) -> None:
    """Act on the list as we know it: let in who is in it, and nobody else; in the caller's transaction."""
    rows = await ConsortiumMember.filter(consortium_id=network.id).order_by("name", "id")
    ours = here.url("/ap/actor")
    added = [row.name for row in rows if row.state == "member" and not row.applied and row.uri != ours]
    removed = [row.name for row in rows if row.state != "member"]
    await ConsortiumMember.filter(consortium_id=network.id, state="member").update(applied=True)
    await ConsortiumMember.filter(consortium_id=network.id).exclude(state="member").delete()
    if added or removed:
        remember_change(here, network, added=added, removed=removed)
        await network.save(update_fields=["changes"])
    await standing.act_on(here, network)


def remember_change(here: Instance, network: Consortium, *, added: Sequence[str], removed: Sequence[str]) -> None:
    """Note who came and who went, for its page; whoever calls this saves the network."""
    change = {"at": here.clock.now().isoformat(), "added": [*added[:100]], "removed": [*removed[:100]]}
    network.changes = [change, *(network.changes or ())][: policy.CHANGES_KEPT]


def _served(document: dict[str, object]) -> Served:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Served(body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"', exempt_from_authorized_fetch=True)
