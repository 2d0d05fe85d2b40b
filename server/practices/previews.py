"""What a text would look like, here and on Mastodon, before anything is shared."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from server.instance import Instance
from server.media.queries import MediaFile
from server.practices.elsewhere import SeenElsewhere, seen_elsewhere
from server.practices.mastodon import SeenOnMastodon, as_on_mastodon
from server.text import excerpt, render_markdown, slugify

SUMMARY_CHARACTERS = 290


@dataclass(frozen=True, slots=True)
class Preview:
    """A post that is not there yet."""

    title: str
    html: str
    language: str
    mastodon: SeenOnMastodon
    elsewhere: tuple[SeenElsewhere, ...] = ()


async def preview(
    here: Instance,
    *,
    kind: str,
    title: str,
    source_md: str,
    summary: str = "",
    content_warning: str = "",
    language: str = "en",
    files: Sequence[MediaFile] = (),
) -> Preview:
    """Show a text as it would be sent. What has a title is an Article for others, everything else a Note."""
    rendered = await asyncio.to_thread(render_markdown, source_md, base_url=here.settings.origin)
    words = content_warning or (summary or excerpt(rendered.html, SUMMARY_CHARACTERS) if title else "")
    document: dict[str, object] = {
        "type": "Article" if title else "Note",
        "name": title,
        "summary": words.replace("&", "&amp;").replace("<", "&lt;") if title else words,
        "content": rendered.html,
        "url": here.url(f"/p/{slugify(title) if title else kind}-…"),
        "attachment": [
            {"type": "Document", "mediaType": file.media_type, "url": file.url, "name": file.alt or file.name}
            for file in files
        ],
    }
    return Preview(title, rendered.html, language, as_on_mastodon(document), seen_elsewhere(document))
