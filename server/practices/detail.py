"""The structured part of practices and tips, for posts to send, receive and keep in versions."""

from federation.vocab.objects import RemotePost
from server.db import Row
from server.instance import Instance
from server.practices.models import Practice
from server.practices.wire import learning_object, read_learning
from server.shelf import MadeFrom

COLUMNS = (
    "entry", "title", "text", "promise", "subject", "level", "group_size", "minutes", "setting", "constraints",
    "problem", "steps", "evidence", "certainty", "would_change", "materials", "nobody_identifiable", "grown_from_id",
)  # fmt: skip
"""What a version remembers."""

MADE_FROM = (
    MadeFrom("practice", "t.id = post.id"),
    MadeFrom(
        "post",
        "t.id = (SELECT practice.grown_from_id FROM practice WHERE practice.id = post.id)",
        ("id", "uri", "visibility", "state"),
    ),
)
"""What `document` looks at."""


class PracticeDetail:
    """`server.posts.details.KindDetail` over the table `practice`."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The `learning` object."""
        row = await here.db.row(
            "SELECT post.language, post.version, origin.uri AS based_on FROM practice"
            " JOIN post ON post.id = practice.id LEFT JOIN post AS origin ON origin.id = practice.grown_from_id"
            " AND origin.visibility IN ('public', 'unlisted') AND origin.state = 'visible' WHERE practice.id = :id",
            id=post_id,
        )
        practice = await Practice.get_or_none(id=post_id)
        if row is None or practice is None or practice.entry == "tip":
            return {}
        return {
            "learning": learning_object(
                values_of(practice), language=row["language"], version=row["version"], based_on=row["based_on"]
            )
        }

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what a practice from elsewhere says in fields; without fields its text stands alone."""
        values = read_learning(remote.learning or {})
        if values is None:
            await Practice.filter(id=post_id).delete()
        else:
            await Practice.update_or_create(defaults=values, id=post_id)

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Practice.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """The fields as they are."""
        practice = await Practice.get_or_none(id=post_id)
        return values_of(practice) if practice is not None else {}


def values_of(practice: Practice) -> Row:
    """The columns of a practice that a version remembers."""
    return {name: getattr(practice, name) for name in COLUMNS}
