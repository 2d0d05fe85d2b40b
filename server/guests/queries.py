"""What a guest may read: conversations of the communities here that they are a member of, and nothing else (S15, S28).

Every request looks anew at the person, their server, their membership and the community.
"""

from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.errors import NotFound
from server.instance import Instance
from server.peers.policy import HIDDEN, in_sql
from server.peers.queries import may_receive
from server.posts import queries as posts
from server.posts.policy import MEMBERS, OPEN
from server.posts.queries import Page, PostView
from server.secrets import token_hash

_OVER = "You are no guest here any more. Sign in with your server again."
_WELCOME = (
    "NOT person.is_local AND NOT person.hidden AND person.suspended_at IS NULL AND person.deleted_at IS NULL"
    f" AND person.grade NOT IN {in_sql(HIDDEN)}"
    " AND NOT EXISTS (SELECT 1 FROM site_ban WHERE site_ban.person_id = person.id AND site_ban.host = :own_host)"
)
_PLACES = (
    " FROM membership JOIN actor AS place ON place.id = membership.community_id AND place.is_local"
    " AND place.suspended_at IS NULL AND place.deleted_at IS NULL JOIN community ON community.id = place.id"
    " WHERE membership.person_id = :person AND membership.state = 'active' AND community.guests"
    " AND NOT community.confidential"
)
_SHARED = ", ".join(f"'{name}'" for name in sorted((*OPEN, MEMBERS)))


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom a browser stands for."""

    person_id: str
    name: str
    handle: str

    @property
    def viewer(self) -> Viewer:
        """Them as a reader, without an account or a role here."""
        return Viewer(actor_id=self.person_id, handle=self.handle, display_name=self.name)


@dataclass(frozen=True, slots=True)
class Place:
    """A community that takes guests."""

    id: str
    slug: str
    name: str


async def whose(here: Instance, key: str) -> Guest:
    """The guest whom a browser stands for; NotFound where it is none, or no longer."""
    row = await here.db.row(
        "SELECT person.id, person.name, person.username, person.domain, person.host FROM guest_pass"
        f" JOIN actor AS person ON person.id = guest_pass.person_id AND {_WELCOME}"
        " WHERE guest_pass.key_hash = :hash AND guest_pass.ends_at > :now",
        hash=token_hash(key),
        now=here.clock.now(),
        own_host=here.settings.domain,
    )
    if row is None or not may_receive(here, row["host"]):
        raise NotFound(_OVER)
    return Guest(row["id"], row["name"] or row["username"], f"@{row['username']}@{row['domain']}")


async def is_welcome(here: Instance, person_id: str) -> bool:
    """Whether this person of another server may be a guest at all."""
    found = await here.db.row(
        f"SELECT person.id FROM actor AS person WHERE person.id = :id AND {_WELCOME}",
        id=person_id,
        own_host=here.settings.domain,
    )
    return found is not None


async def places(here: Instance, guest: Guest) -> list[Place]:
    """The communities here that they are a member of and that take guests, by name."""
    rows = await here.db.rows(
        f"SELECT place.id, place.username, place.name{_PLACES} ORDER BY place.name, place.id LIMIT 100",
        person=guest.person_id,
    )
    return [Place(row["id"], row["username"], row["name"] or row["username"]) for row in rows]


async def talk(here: Instance, guest: Guest, slug: str, *, before: str | None = None) -> tuple[Place, Page[PostView]]:
    """What is said in one of them, the latest first; NotFound for every other."""
    row = await here.db.row(
        f"SELECT place.id, place.username, place.name{_PLACES} AND place.username = :slug LIMIT 1",
        person=guest.person_id,
        slug=slug,
    )
    if row is None:
        raise NotFound
    found = await posts.listing(
        here,
        guest.viewer,
        community_id=row["id"],
        condition=f"post.visibility IN ({_SHARED}) AND NOT post.confidential",
        top_level=True,
        before=before,
    )
    return Place(row["id"], row["username"], row["name"] or row["username"]), found


async def conversation(here: Instance, guest: Guest, post_id: str) -> tuple[PostView, list[PostView]]:
    """One post of such a community with its answers; NotFound for every other."""
    found = await posts.conversation(here, guest.viewer, post_id)
    if found is None:
        raise NotFound
    post, replies = found
    allowed = {place.id for place in await places(here, guest)}
    if not _may(post, allowed):
        raise NotFound
    return post, _kept(replies, allowed)


def _may(post: PostView, allowed: set[str]) -> bool:
    in_place = post.community is not None and post.community.id in allowed
    is_shared = post.visibility in OPEN or post.visibility == MEMBERS
    return in_place and is_shared and post.state == "visible" and not post.confidential


def _kept(nodes: list[PostView], allowed: set[str]) -> list[PostView]:
    """The answers that are shared with the community, without what hangs under others."""
    kept = [node for node in nodes if _may(node, allowed)]
    for node in kept:
        node.replies[:] = _kept(node.replies, allowed)
    return kept
