"""What a community takes along: what is public in it, what its members here shared with it, and how it was run.

Nothing of it is anybody's alone: no drafts, no direct or held posts, no applications, no answers of others to members
only. What members on other servers shared with members alone stays theirs, and is not in it.
"""

from server.actors.documents import build_actor_document
from server.actors.models import Actor
from server.db import Row, from_milliseconds
from server.errors import NotFound
from server.instance import Instance
from server.posts.policy import VISIBILITY_LABELS
from server.privacy import pages
from server.privacy.archive import ArchiveParts, read_file
from server.privacy.pages import Written

AT_ONCE = 200

POSTS = (
    "SELECT post.id, post.uri, post.url, post.kind, post.title, post.content_html, post.source_md, post.visibility,"
    " post.licence, post.language, post.in_reply_to_uri, post.published_at, actor.name, actor.username, actor.domain"
    " FROM post JOIN actor ON actor.id = post.author_id WHERE post.community_id = :community"
    " AND post.state = 'visible' AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
    " AND (post.visibility IN ('public', 'unlisted')"
    " OR (post.visibility IN ('network', 'instance', 'members') AND actor.is_local AND EXISTS ("
    "SELECT 1 FROM membership WHERE membership.community_id = :community AND membership.person_id = post.author_id"
    " AND membership.state = 'active'))) AND post.id > :after ORDER BY post.id LIMIT :limit"
)
README = """This is the archive of the community {name}, made on {day}.

index.html        begin here
community.json    its purpose, guidelines with their versions, topics, and how many members it had
actor.json        its ActivityStreams document
posts.json        what is public in it, and what its members on this server shared with it
files/            files of those posts

Posts that members of other servers shared with members alone are not in it: ask them.
"""


async def write_community(here: Instance, community_id: str, into: ArchiveParts) -> None:
    """Everything of one community that its stewards may take along. Raises NotFound."""
    actor = await Actor.get(id=community_id, is_local=True, kind="Group")
    facts = await here.db.row(
        "SELECT kind, visibility, join_policy, posting, purpose, goals, gives, gets, time_per_week, objectives,"
        " outcomes, cadence, language, members_count, created_at, archived_at FROM community WHERE id = :id",
        id=community_id,
    )
    if facts is None:
        raise NotFound
    await into.add("README.txt", README.format(name=actor.name, day=here.clock.now().date().isoformat()))
    guidelines = await here.db.rows(
        "SELECT version, source, why, created_at FROM guidelines_version WHERE community_id = :id ORDER BY version"
        " LIMIT 1000",
        id=community_id,
    )
    topics = await here.db.rows(
        "SELECT id, within_id, name, position, retired_at FROM topic WHERE community_id = :id ORDER BY position, id"
        " LIMIT 1000",
        id=community_id,
    )
    await into.add_json(
        "community.json",
        {"name": actor.name, "handle": f"@{actor.username}@{actor.domain}", "about": actor.summary_source}
        | {"facts": _plain(facts), "guidelines": [_plain(row) for row in guidelines]}
        | {"topics": [_plain(row) for row in topics]},
    )
    await into.add_json("actor.json", await build_actor_document(here, actor))
    files: dict[str, str] = {}
    after, posts, numbers = "", [], []
    while rows := await here.db.rows(POSTS, community=community_id, after=after, limit=AT_ONCE):
        after = rows[-1]["id"]
        attached = await _attached(here, community_id, rows)
        files |= {path: key for found in attached.values() for path, key in found}
        numbers.append(len(rows))
        shown = [_written(row, [path for path, _ in attached.get(row["id"], ())]) for row in rows]
        title = f"{actor.name}, {len(numbers)}"
        await into.add(f"posts/{len(numbers)}.html", pages.page(title, pages.articles(shown)))
        posts += [_plain(row) | {"files": [path for path, _ in attached.get(row["id"], ())]} for row in rows]
    await into.add_json("posts.json", posts)
    items = [(f"posts/{number}.html", f"{count} posts") for number, count in enumerate(numbers, 1)]
    await into.add("index.html", pages.page(f"The archive of {actor.name}", pages.links("Posts", items)))
    for path, key in files.items():
        data = await read_file(here, key)
        if data is not None:
            await into.add(path, data, packed=False)


async def _attached(here: Instance, community_id: str, rows: list[Row]) -> dict[str, list[tuple[str, str]]]:
    """Files of local people on these posts: by post, path in the archive and key."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in await here.db.rows(
        "SELECT post_attachment.post_id, media.id, media.key FROM post_attachment"
        " JOIN post ON post.id = post_attachment.post_id JOIN media ON media.id = post_attachment.media_id"
        " WHERE post.community_id = :community AND post.id >= :first AND post.id <= :last AND media.attached"
        " ORDER BY post_attachment.id LIMIT 10000",
        community=community_id,
        first=rows[0]["id"],
        last=rows[-1]["id"],
    ):
        if row["post_id"] in {item["id"] for item in rows}:
            path = f"files/{row['id']}.{row['key'].rpartition('.')[2]}"
            found.setdefault(row["post_id"], []).append((path, row["key"]))
    return found


def _written(row: Row, files: list[str]) -> Written:
    return Written(
        title=row["title"],
        when=from_milliseconds(row["published_at"]).strftime("%Y-%m-%d %H:%M UTC"),
        audience=str(VISIBILITY_LABELS.get(row["visibility"], "")),
        html=row["content_html"],
        url=row["url"],
        author=f"{row['name'] or row['username']} (@{row['username']}@{row['domain']})",
        files=tuple(files),
    )


def _plain(row: Row) -> dict[str, object]:
    return {
        name: from_milliseconds(value).isoformat() if name.endswith("_at") and isinstance(value, int) else value
        for name, value in row.items()
    }
