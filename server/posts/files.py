"""Files and links of posts, ready to show."""

from dataclasses import dataclass

from server.db import Row
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


FILE_COLUMNS = (
    "file.id, file.media_id, file.kind, file.url, file.media_type, file.name, file.alt, file.width, file.height,"
    " file.position, media.thumb_key"
)
FILES = "post_attachment AS file LEFT JOIN media ON media.id = file.media_id"


def file_of(here: Instance, row: Row) -> AttachmentView:
    """What a row with FILE_COLUMNS of FILES shows; a picture from elsewhere that is not shown is a link."""
    url, kind = row["url"], row["kind"]
    if kind == "image" and row["media_id"] is None:
        shown = here.media_url(url)
        url, kind = (url, "link") if shown is None else (shown, kind)
    return AttachmentView(
        id=row["id"],
        kind=kind,
        url=url,
        preview_url=f"/media/{row['thumb_key']}" if row["thumb_key"] else url,
        media_type=row["media_type"],
        name=row["name"],
        alt=row["alt"],
        width=row["width"],
        height=row["height"],
        media_id=row["media_id"],
    )
