"""Following hashtags, and showing some on one's profile. All of it for people here, and private to this server."""

import re

from server.errors import Invalid
from server.hashtags.events import TagFollowed, TagUnfollowed
from server.hashtags.models import FeaturedTag, FollowedTag
from server.ids import new_id
from server.instance import Instance

MAX_TAG = 100
MAX_FOLLOWED = 500
MAX_FEATURED = 10
_TAG = re.compile(r"[\w·]+")


def tidy(text: str) -> str:
    """A hashtag as it is stored: lower case, without the sign. Raises Invalid for what can be none."""
    tag = text.strip().lstrip("#").lower()
    if len(tag) > MAX_TAG or not _TAG.fullmatch(tag) or tag.isdigit():
        raise Invalid("A hashtag is made of letters, digits and _, and not of digits alone.", field="name")
    return tag


async def follow_tag(here: Instance, person_id: str, text: str) -> str:
    """Have public posts with a hashtag in one's timeline; twice is once. Returns the tag."""
    tag, now = tidy(text), here.clock.now()
    async with here.db.transaction():
        if await FollowedTag.exists(person_id=person_id, tag=tag):
            return tag
        if await FollowedTag.filter(person_id=person_id).count() >= MAX_FOLLOWED:
            raise Invalid(f"You follow {MAX_FOLLOWED} hashtags already. Stop following one of them first.")
        await FollowedTag.create(id=new_id(now), person_id=person_id, tag=tag, created_at=now)
        await here.events.emit(TagFollowed(person_id, tag))
    return tag


async def unfollow_tag(here: Instance, person_id: str, text: str) -> str:
    """Not any more. Nothing happens where it was not so. Returns the tag."""
    tag = tidy(text)
    async with here.db.transaction():
        if await FollowedTag.filter(person_id=person_id, tag=tag).delete():
            await here.events.emit(TagUnfollowed(person_id, tag))
    return tag


async def feature_tag(here: Instance, person_id: str, text: str) -> FeaturedTag:
    """Show a hashtag on one's profile; twice is once."""
    tag, now = tidy(text), here.clock.now()
    async with here.db.transaction():
        known = await FeaturedTag.get_or_none(person_id=person_id, tag=tag)
        if known is not None:
            return known
        if await FeaturedTag.filter(person_id=person_id).count() >= MAX_FEATURED:
            raise Invalid(f"You show {MAX_FEATURED} hashtags already. Take one away first.")
        return await FeaturedTag.create(id=new_id(now), person_id=person_id, tag=tag, created_at=now)


async def unfeature_tag(here: Instance, person_id: str, feature_id: str) -> None:
    """Take one away again; nothing happens where it is not theirs."""
    async with here.db.transaction():
        await FeaturedTag.filter(person_id=person_id, id=feature_id).delete()


async def forget_actor(here: Instance, actor_id: str) -> None:
    """Somebody is gone."""
    await FollowedTag.filter(person_id=actor_id).delete()
    await FeaturedTag.filter(person_id=actor_id).delete()
