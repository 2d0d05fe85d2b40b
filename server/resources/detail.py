"""The structured part of resources, for posts to send, receive and keep in versions."""

from federation.vocab.objects import RemotePost
from server.db import Row
from server.instance import Instance
from server.practices.wire import first_text, minutes, text
from server.practices.writing import is_web_address
from server.resources.events import is_of
from server.resources.files import forget_all
from server.resources.form import CAPTIONS, CLIP, CLIP_AUDIENCES, EXCERPT_CHARACTERS, TEACHES_CHARACTERS, TYPES
from server.resources.models import Resource

COLUMNS = (
    "resource_type", "link", "subject", "level", "minutes", "text", "how_i_use_it", "excerpt", "excerpt_by", "captions",
    "transcript", "chapters", "teaches", "event_uri",
)  # fmt: skip
"""What a version remembers."""


class ResourceDetail:
    """`server.posts.details.KindDetail` over the table `resource`."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The `learning` object."""
        row = await here.db.row("SELECT language, version FROM post WHERE id = :id", id=post_id)
        resource = await Resource.get_or_none(id=post_id)
        if row is None or resource is None:
            return {}
        learning: dict[str, object] = {
            "type": "LearningResource",
            "learningResourceType": [resource.resource_type],
            "educationalLevel": [resource.level] if resource.level else [],
            "about": [resource.subject] if resource.subject else [],
            "inLanguage": [row["language"]],
            "isAccessibleForFree": True,
            "version": str(row["version"]),
        }
        if resource.minutes:
            learning["timeRequired"] = f"PT{resource.minutes}M"
        if resource.teaches:
            learning["teaches"] = [resource.teaches]
        if resource.captions == "yes":
            learning["accessibilityFeature"] = ["captions"]
        terms = {
            "url": resource.link, "ph:text": resource.text, "ph:howIUseIt": resource.how_i_use_it,
            "ph:captions": resource.captions, "ph:transcript": resource.transcript,
            "ph:excerpt": resource.excerpt, "ph:excerptBy": resource.excerpt_by,
            "ph:event": resource.event_uri, "ph:chapters": resource.chapters,
        }  # fmt: skip
        return {"learning": learning | {term: value for term, value in terms.items() if value}}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what a resource from elsewhere says in fields: ours, and those of any LearningResource."""
        learning = remote.learning or {}
        kind, link = first_text(learning.get("learningResourceType"), 12), text(learning.get("url"), 1000)
        captions = text(learning.get("ph:captions"), 8)
        event_uri = text(learning.get("ph:event"), 500)
        if kind == CLIP and not await self._is_for_members(here, post_id):
            kind = "other"  # what we call a clip is never for everybody
        values = {
            "resource_type": kind if kind in TYPES else "other",
            "chapters": text(learning.get("ph:chapters"), 10_000),
            "teaches": first_text(learning.get("teaches"), TEACHES_CHARACTERS) if kind == CLIP else "",
            "event_uri": event_uri if event_uri and await is_of(here, event_uri, remote.attributed_to) else "",
            "link": link if is_web_address(link) else "",
            "subject": first_text(learning.get("about"), 120)
            or (first_text(learning.get("teaches"), 120) if kind != CLIP else ""),
            "level": first_text(learning.get("educationalLevel"), 120),
            "minutes": minutes(learning.get("timeRequired")),
            "text": text(learning.get("ph:text"), 50_000),
            "how_i_use_it": text(learning.get("ph:howIUseIt"), 10_000),
            "excerpt": text(learning.get("ph:excerpt"), EXCERPT_CHARACTERS),
            "excerpt_by": text(learning.get("ph:excerptBy"), 120),
            "captions": captions if captions in CAPTIONS else "",
            "transcript": text(learning.get("ph:transcript"), 50_000),
        }
        await Resource.update_or_create(defaults=values, id=post_id)

    async def _is_for_members(self, here: Instance, post_id: str) -> bool:
        visibility = await here.db.value("SELECT visibility FROM post WHERE id = :id", id=post_id)
        return visibility in CLIP_AUDIENCES

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post, and the files that it had before."""
        await forget_all(here, post_id)
        await Resource.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """The fields as they are."""
        resource = await Resource.get_or_none(id=post_id)
        return values_of(resource) if resource is not None else {}


def values_of(resource: Resource) -> Row:
    """The columns of a resource that a version remembers."""
    return {name: getattr(resource, name) for name in COLUMNS}
