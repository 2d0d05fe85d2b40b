"""What is confidential: said in a confidential space, or about something confidential (B4).

It is on the row of each post, so that whatever leaves for members, by mail, as a message of an app, or to their
servers, need look nowhere else. Once confidential, a post stays so. Other servers say it of what they send to members,
and what they say narrows only.
"""

from federation.vocab.objects import RemotePost
from server.communities.events import CommunityChanged
from server.errors import Invalid
from server.instance import Instance
from server.posts.models import Post
from server.posts.places import Place
from server.posts.policy import OPEN

CONFIDENTIAL = "ph:confidential"


async def is_kept(here: Instance, place: Place, *, wanted: bool) -> bool:
    """Whether a new post is confidential: as wanted, as what it answers, or as its community.

    Raises Invalid for what is to be confidential and for everybody.
    """
    if place.visibility in OPEN:
        if wanted:
            raise Invalid("What is confidential is for members alone. Choose another audience.", field="visibility")
        return False
    if wanted or (place.parent is not None and place.parent.confidential):
        return True
    if place.community is None or not place.community.is_local:
        return False
    return bool(await here.db.value("SELECT confidential FROM community WHERE id = :id", id=place.community.id))


def is_said(remote: RemotePost, parent: Post | None, visibility: str) -> bool:
    """Whether a post from elsewhere is confidential: its server says so, or it answers something that is."""
    if visibility in OPEN:
        return False
    return remote.raw.get(CONFIDENTIAL) is True or (parent is not None and parent.confidential)


def wire(post: Post) -> dict[str, object]:
    """The term of a document of ours."""
    return {CONFIDENTIAL: True} if post.confidential else {}


async def on_community(here: Instance, event: CommunityChanged) -> None:
    """What was said before in a space that is confidential now is so too."""
    await here.db.execute(
        "UPDATE post SET confidential = TRUE WHERE community_id = :id AND NOT confidential"
        " AND visibility NOT IN ('public', 'unlisted')"
        " AND EXISTS (SELECT 1 FROM community WHERE community.id = :id AND community.confidential)",
        id=event.community_id,
    )
