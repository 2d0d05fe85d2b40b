"""What stands around posts on a page: who wrote them, where, their files, and what the viewer did with them.

Two statements, however many posts there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.actors.queries import PersonLabel, label_of
from server.actors.viewer import Viewer
from server.communities.queries import COMMUNITY_LABEL_COLUMNS, CommunityLabel, community_label
from server.db import Row
from server.instance import Instance
from server.posts.files import FILE_COLUMNS, FILES, AttachmentView, file_of

_ACTORS = (
    f"SELECT {COMMUNITY_LABEL_COLUMNS}, mine.role AS my_role, EXISTS (SELECT 1 FROM topic"
    " WHERE topic.community_id = actor.id AND topic.retired_at IS NULL) AS has_topics FROM actor"
    " LEFT JOIN community ON community.id = actor.id"
    " LEFT JOIN membership AS mine ON mine.community_id = actor.id AND mine.person_id = :me"
    " AND mine.state = 'active' AND mine.role IN ('steward', 'facilitator')"
)
_NO_FILE = "'' AS id, NULL AS media_id, '' AS kind, '', '', '', '', NULL, NULL, 0, NULL"
_REACTIONS = (
    f" UNION ALL SELECT post_id, kind AS done, {_NO_FILE} FROM post_like"
    " WHERE actor_id = :me AND kind IN ('like', 'echo') AND post_id IN ({posts})"
    f" UNION ALL SELECT post_id, 'boost' AS done, {_NO_FILE} FROM boost"
    " WHERE actor_id = :me AND undone_at IS NULL AND post_id IN ({posts})"
    f" UNION ALL SELECT post_id, 'save' AS done, {_NO_FILE} FROM bookmark"
    " WHERE actor_id = :me AND post_id IN ({posts})"
)


@dataclass(frozen=True, slots=True)
class Around:
    """By ids. `moderated` are communities that the viewer looks after, `sorted` those that have topics.

    `mine` are pairs of post and what was done.
    """

    people: dict[str, PersonLabel] = field(default_factory=dict)
    communities: dict[str, CommunityLabel] = field(default_factory=dict)
    moderated: set[str] = field(default_factory=set)
    sorted: set[str] = field(default_factory=set)
    files: dict[str, list[AttachmentView]] = field(default_factory=dict)
    mine: set[tuple[str, str]] = field(default_factory=set)


async def around(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> Around:
    """What stands around the posts of these rows, which have `id`, `author_id`, `community_id`, and `via_id` or not."""
    found = Around()
    await _actors(here, viewer, rows, found)
    await _files_and_reactions(here, viewer, [row["id"] for row in rows], found)
    return found


async def _actors(here: Instance, viewer: Viewer, rows: Sequence[Row], found: Around) -> None:
    authors = {row["author_id"] for row in rows} | {row["via_id"] for row in rows if row.get("via_id")}
    places = {row["community_id"] for row in rows if row["community_id"]}
    ids, named = _in(authors | places)
    for row in await here.db.rows(f"{_ACTORS} WHERE actor.id IN ({ids})", me=viewer.actor_id or "", **named):
        if row["id"] in authors:
            found.people[row["id"]] = label_of(here, row)
        if row["id"] in places and row["kind"] == "Group":
            found.communities[row["id"]] = community_label(here, row)
            if row["my_role"] is not None:
                found.moderated.add(row["id"])
            if row["has_topics"]:
                found.sorted.add(row["id"])


async def _files_and_reactions(here: Instance, viewer: Viewer, ids: Sequence[str], found: Around) -> None:
    posts, named = _in(ids)
    statement = f"SELECT file.post_id, '' AS done, {FILE_COLUMNS} FROM {FILES} WHERE file.post_id IN ({posts})"
    if viewer.actor_id is not None:
        statement += _REACTIONS.format(posts=posts)
        named["me"] = viewer.actor_id
    # By post, position and id; a name would be ambiguous in one database or unknown in the other.
    for row in await here.db.rows(f"{statement} ORDER BY 1, 12, 3", **named):
        if row["done"]:
            found.mine.add((row["post_id"], row["done"]))
        else:
            found.files.setdefault(row["post_id"], []).append(file_of(here, row))


def _in(values: Iterable[str]) -> tuple[str, dict[str, str]]:
    named = {f"in_{number}": value for number, value in enumerate(values)}
    return ", ".join(f":{name}" for name in named), named
