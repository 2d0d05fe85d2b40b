"""Files and links of posts, ready to show."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.instance import Instance
from server.text.links import host_shown


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A picture, file or link on a post. `kind`: ``image``, ``video``, ``audio``, ``file`` or ``link``."""

    id: str
    kind: str
    url: str
    preview_url: str
    media_type: str
    name: str
    alt: str
    width: int | None
    height: int | None
    media_id: str | None

    @property
    def host(self) -> str:
        """Where it is, for what is elsewhere."""
        return host_shown(self.url)


async def files_of(here: Instance, ids: Sequence[str]) -> dict[str, list[AttachmentView]]:
    """What goes with these posts, by their ids; in one query."""
    named = {f"in_{number}": value for number, value in enumerate(ids)}
    places = ", ".join(f":{name}" for name in named)
    rows = await here.db.rows(
        "SELECT file.id, file.post_id, file.media_id, file.kind, file.url, file.media_type, file.name, file.alt,"
        " file.width, file.height, media.thumb_key FROM post_attachment AS file"
        " LEFT JOIN media ON media.id = file.media_id"
        f" WHERE file.post_id IN ({places}) ORDER BY file.post_id, file.position, file.id",
        **named,
    )
    found: dict[str, list[AttachmentView]] = {}
    for row in rows:
        url: str | None = row["url"]
        if row["kind"] == "image" and row["media_id"] is None:
            url = here.media_url(row["url"])
            if url is None:
                row = row | {"kind": "link"}
        url = url or row["url"]
        found.setdefault(row["post_id"], []).append(
            AttachmentView(
                id=row["id"],
                kind=row["kind"],
                url=url,
                preview_url=f"/media/{row['thumb_key']}" if row["thumb_key"] else url,
                media_type=row["media_type"],
                name=row["name"],
                alt=row["alt"],
                width=row["width"],
                height=row["height"],
                media_id=row["media_id"],
            )
        )
    return found
