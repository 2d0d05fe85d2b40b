"""Reading communities: labels, pages, who is in them, and what decides what somebody may do."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from server.actors.queries import LABEL_COLUMNS, label_of, split_handle
from server.actors.viewer import ANONYMOUS, Viewer
from server.communities import policy
from server.communities.page import CommunityLabel, CommunityPage, Goal, goals_of
from server.communities.policy import MembershipFacts
from server.communities.roster import (
    SORTED,
    Application,
    Member,
    applications,
    invited,
    leaders,
    members,
    my_note,
)
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.peers.policy import HIDDEN, in_sql
from server.peers.queries import shows_media

__all__ = [
    "Application",
    "CommunityLabel",
    "CommunityPage",
    "Goal",
    "Member",
    "applications",
    "community_by_slug",
    "facts_of",
    "federates",
    "host_has_member",
    "invited",
    "is_followed",
    "is_for_members_elsewhere",
    "labels",
    "leaders",
    "local_community_id",
    "members",
    "membership",
    "my_communities",
    "my_note",
]

PROFILE = "https://w3id.org/peerhall#profile-1"
"""What a community elsewhere says it implements when it knows joining besides following."""

THERE = (
    "actor.kind = 'Group' AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
    f" AND actor.grade NOT IN {in_sql(HIDDEN)}"
)


def community_label(here: Instance, row: Row) -> CommunityLabel:
    """The label from a row with LABEL_COLUMNS, `is_locked`, and `visibility` of the community (null elsewhere)."""
    person = label_of(here, row)
    visibility = row["visibility"] or (policy.MEMBERS if row["is_locked"] else policy.PUBLIC)
    return CommunityLabel(
        id=person.id,
        uri=person.uri,
        name=person.display_name,
        handle=person.handle,
        organisation=person.organisation,
        url=person.url,
        is_local=person.is_local,
        visibility=visibility,
    )


COMMUNITY_LABEL_COLUMNS = f"{LABEL_COLUMNS}, actor.is_locked, community.visibility"


async def labels(here: Instance, ids: Iterable[str]) -> dict[str, CommunityLabel]:
    """Labels of many communities in one query."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, CommunityLabel] = {}
    for start in range(0, len(wanted), 400):
        part = {f"id{number}": actor_id for number, actor_id in enumerate(wanted[start : start + 400])}
        rows = await here.db.rows(
            f"SELECT {COMMUNITY_LABEL_COLUMNS} FROM actor LEFT JOIN community ON community.id = actor.id"
            f" WHERE actor.kind = 'Group' AND actor.id IN ({', '.join(':' + name for name in part)})",
            **part,
        )
        found.update((row["id"], community_label(here, row)) for row in rows)
    return found


_FACTS = (
    "actor.id, actor.is_local, community.kind AS community_kind, community.visibility, community.join_policy,"
    " community.posting, community.archived_at, community.guidelines_version, community.charter_version,"
    " mine.state AS my_state, mine.role AS my_role, mine.guidelines_version AS accepted_version,"
    " mine.charter_version AS read_version, mine.joined_at AS my_joined_at,"
    " mine.asked_again,"
    " EXISTS (SELECT 1 FROM site_ban WHERE site_ban.person_id = :person_id AND site_ban.host = actor.host)"
    " AS banned_there,"
    " (SELECT count(*) FROM membership AS steward WHERE steward.community_id = actor.id"
    " AND steward.state = 'active' AND steward.role = 'steward') AS stewards_count"
)
_JOINED = (
    " FROM actor LEFT JOIN community ON community.id = actor.id"
    " LEFT JOIN membership AS mine ON mine.community_id = actor.id AND mine.person_id = :person_id"
)


def _facts(row: Row, *, viewer: Viewer | None = None, is_remote_person: bool = False) -> MembershipFacts:
    state = row["my_state"] or ""
    return MembershipFacts(
        community_id=row["id"],
        is_local=bool(row["is_local"]),
        kind=row["community_kind"] or policy.INFORMAL,
        visibility=row["visibility"] or policy.PUBLIC,
        join_policy=row["join_policy"] or policy.OPEN,
        posting=row["posting"] or policy.EVERYONE,
        is_archived=row["archived_at"] is not None,
        guidelines_version=row["guidelines_version"] or 0,
        charter_version=row["charter_version"] or 0,
        is_signed_in=viewer.is_signed_in if viewer is not None else not is_remote_person,
        is_remote_person=is_remote_person,
        is_site_steward=viewer is not None and viewer.is_steward,
        is_site_admin=viewer is not None and viewer.is_admin,
        state=state,
        role=row["my_role"] if state == "active" else "",
        accepted_version=row["accepted_version"] or 0,
        read_version=row["read_version"] or 0,
        is_banned_there=bool(row["banned_there"]),
        stewards_count=row["stewards_count"],
    )


async def facts_of(here: Instance, community_id: str, viewer: Viewer) -> MembershipFacts | None:
    """What decides for somebody who looks; None where there is none. Ask `policy.view` before showing anything."""
    row = await here.db.row(
        f"SELECT {_FACTS}{_JOINED} WHERE actor.id = :id AND {THERE}", id=community_id, person_id=viewer.actor_id or ""
    )
    return None if row is None else _facts(row, viewer=viewer)


async def membership(here: Instance, community_id: str, actor_id: str) -> MembershipFacts | None:
    """What decides for an actor, local or remote; None where there is no such community that it may know of."""
    row = await here.db.row(
        f"SELECT {_FACTS},"
        " (SELECT person.is_local FROM actor AS person WHERE person.id = :person_id) AS person_is_local"
        f"{_JOINED} WHERE actor.id = :id AND {THERE}",
        id=community_id,
        person_id=actor_id,
    )
    if row is None or row["person_is_local"] is None:
        return None
    facts = _facts(row, is_remote_person=not row["person_is_local"])
    return None if facts.is_local and policy.view(facts) == policy.CLOSED else facts


_PAGE_COLUMNS = (
    "community.guests, community.confidential, community.purpose, community.goals, community.gives, community.gets,"
    " community.time_per_week,"
    " community.objectives, community.outcomes, community.cadence, community.term_from, community.term_until,"
    " community.channels, community.feedback, community.deliverables, community.digest_day, community.language,"
    " community.questions,"
    " community.guidelines_source, community.guidelines_html, community.members_count, community.posts_count,"
    " community.created_at, community.slow_until"
)


async def community_by_slug(here: Instance, slug: str, viewer: Viewer = ANONYMOUS) -> CommunityPage | None:
    """The community at ``/c/SLUG`` or ``/c/SLUG@DOMAIN``; None where it is absent or the viewer may not know of it."""
    name, domain = split_handle(here, slug)
    row = await here.db.row(
        f"SELECT {LABEL_COLUMNS}, actor.is_locked, actor.host, actor.summary_html, actor.header_url, actor.implements,"
        f" actor.followers_count, actor.created_at AS known_since, {_FACTS}, {_PAGE_COLUMNS},"
        " (SELECT follow.state FROM follow WHERE follow.target_id = actor.id AND follow.follower_id = :person_id)"
        f" AS following{_JOINED} WHERE actor.handle_key IN (:plain, :banged) AND {THERE}"
        " ORDER BY actor.handle_key LIMIT 1",
        person_id=viewer.actor_id or "",
        plain=f"{name}@{domain}",
        banged=f"!{name}@{domain}",
    )
    if row is None:
        return None
    page = _page(here, row, viewer)
    if page.is_local and policy.view(page.facts) == policy.CLOSED:
        return None
    return page


def _page(here: Instance, row: Row, viewer: Viewer) -> CommunityPage:
    label = community_label(here, row)
    picture, header = row["avatar_url"], row["header_url"]
    if not label.is_local:
        shown = shows_media(here, row["host"])
        picture = here.media_url(picture) if picture and shown else None
        header = here.media_url(header) if header and shown else None
    archived, slow = row["archived_at"], row["slow_until"]
    return CommunityPage(
        label=label,
        facts=_facts(row, viewer=viewer),
        slug=label.handle.removeprefix("@"),
        full_handle=f"@{row['username']}@{row['domain']}",
        host=row["host"],
        original_url=row["url"] or row["uri"],
        summary_html=row["summary_html"],
        avatar_url=picture or None,
        header_url=header or None,
        kind=row["community_kind"] or policy.INFORMAL,
        visibility=label.visibility,
        join_policy=row["join_policy"] or policy.OPEN,
        posting=row["posting"] or policy.EVERYONE,
        guests=bool(row["guests"]),
        confidential=bool(row["confidential"]),
        purpose=row["purpose"] or "",
        goals=_texts(row["goals"]),
        progress=goals_of(_texts(row["goals"]), row["deliverables"]),
        gives=row["gives"] or "",
        gets=row["gets"] or "",
        time_per_week=row["time_per_week"] or "",
        objectives=row["objectives"] or "",
        outcomes=row["outcomes"] or "",
        cadence=row["cadence"] or "",
        term_from=row["term_from"] or "",
        term_until=row["term_until"] or "",
        channels=row["channels"] or "",
        feedback=row["feedback"] or "",
        digest_day=row["digest_day"],
        language=row["language"] or "en",
        questions=_texts(row["questions"]),
        guidelines_source=row["guidelines_source"] or "",
        guidelines_html=row["guidelines_html"] or "",
        guidelines_version=row["guidelines_version"] or 0,
        members_count=row["members_count"] or 0,
        followers_count=row["followers_count"],
        posts_count=row["posts_count"] or 0,
        created_at=from_milliseconds(row["created_at"] or row["known_since"]),
        archived_at=None if archived is None else from_milliseconds(archived),
        slow_until=None if slow is None else from_milliseconds(slow),
        following=row["following"] or "",
        asked_again=bool(row["asked_again"]),
        joined_at=None if row["my_joined_at"] is None else from_milliseconds(row["my_joined_at"]),
        knows_joining=PROFILE in _texts(row["implements"]),
    )


async def my_communities(here: Instance, viewer: Viewer) -> list[CommunityLabel]:
    """Where somebody is a member, here and elsewhere, and what they follow elsewhere; by name, in one query."""
    if viewer.actor_id is None:
        return []
    return [community_label(here, row) for row in await here.db.rows(mine(here), me=viewer.actor_id)]


def mine(here: Instance) -> str:
    """The communities of the person `me` as a statement, also to stand in another one: `sort_name` is their order."""
    join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # from those who are followed, not from all places
    return (
        f"SELECT {COMMUNITY_LABEL_COLUMNS}, {SORTED} AS sort_name"
        " FROM actor LEFT JOIN community ON community.id = actor.id"
        f" WHERE {THERE} AND community.archived_at IS NULL AND actor.id IN (SELECT community_id FROM membership"
        " WHERE person_id = :me AND state = 'active' UNION SELECT place.id"
        f" FROM follow{here.db.by('idx_follow_accepted')} {join} actor AS place{here.db.by('idx_actor_group_there')}"
        " ON place.id = follow.target_id WHERE follow.follower_id = :me AND follow.state = 'accepted'"
        " AND place.kind = 'Group' AND NOT place.is_local)"
        " ORDER BY sort_name, actor.id LIMIT 200"
    )


async def host_has_member(here: Instance, community_id: str, host: str) -> bool:
    """Whether somebody on this server is a member: only then does it get what members share (FEDERATION.md 2.4)."""
    return bool(
        await here.db.value(
            "SELECT membership.id FROM membership JOIN actor ON actor.id = membership.person_id"
            " WHERE membership.community_id = :id AND membership.state = 'active' AND actor.host = :host"
            " AND NOT actor.is_local AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL LIMIT 1",
            id=community_id,
            host=host,
        )
    )


async def federates(here: Instance, community_id: str) -> bool:
    """Whether anything said in this community may leave this server; see `policy.federates`."""
    row = await here.db.row("SELECT kind, visibility FROM community WHERE id = :id", id=community_id)
    return row is None or policy.federates(row["kind"], row["visibility"])


async def is_followed(here: Instance, group_uri: str) -> bool:
    """Whether what this community elsewhere announces concerns somebody here: a follower, a member, an author.

    An observer of a conversation (FEP-f06f) announces like a community, for those who follow it.
    """
    return bool(
        await here.db.value(
            "SELECT actor.id FROM actor WHERE actor.uri = :uri AND actor.kind <> 'Person'"
            " AND actor.suspended_at IS NULL"
            " AND (EXISTS (SELECT 1 FROM follow WHERE follow.target_id = actor.id AND follow.state = 'accepted')"
            " OR EXISTS (SELECT 1 FROM membership AS mine JOIN actor AS member ON member.id = mine.person_id"
            " AND member.is_local WHERE mine.community_id = actor.id AND mine.state = 'active')"
            " OR EXISTS (SELECT 1 FROM post WHERE post.community_id = actor.id AND post.is_local))",
            uri=group_uri,
        )
    )


async def is_for_members_elsewhere(here: Instance, community_id: str) -> bool:
    """Whether a community elsewhere knows joining and lets nobody follow who is no member."""
    row = await here.db.row("SELECT is_local, is_locked, implements FROM actor WHERE id = :id", id=community_id)
    return row is not None and not row["is_local"] and bool(row["is_locked"]) and PROFILE in _texts(row["implements"])


async def local_community_id(here: Instance, uris: Sequence[str]) -> str | None:
    """The first of these ids that is a community here."""
    for uri in uris:
        if here.is_local_uri(uri):
            found = await here.db.value(
                f"SELECT actor.id FROM actor WHERE actor.uri = :uri AND actor.is_local AND {THERE}", uri=uri
            )
            if found is not None:
                return str(found)
    return None


def _texts(stored: Any) -> tuple[str, ...]:
    found = json.loads(stored) if isinstance(stored, str) and stored else stored or ()
    return tuple(item for item in found if isinstance(item, str))
