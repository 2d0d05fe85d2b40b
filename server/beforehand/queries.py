"""Drafts that somebody shows to one person, as the two see them."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.beforehand.actions import MOST_REMARKS, between
from server.beforehand.models import FirstReader, FirstRemark
from server.db import from_milliseconds
from server.errors import NotFound
from server.instance import Instance
from server.posts import queries as posts
from server.posts.models import Post
from server.posts.queries import PostView

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Remark:
    """What one of the two said."""

    author: PersonLabel
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft with its one reader; without one for its author, who may choose somebody."""

    draft: PostView
    reader: PersonLabel | None
    note: str
    remarks: list[Remark]
    is_author: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the list of drafts that somebody is asked to read."""

    title: str
    author: PersonLabel
    url: str
    at: datetime


async def reading(here: Instance, viewer: Viewer, short: str) -> Reading:
    """A draft of one's own, or one that one may read first; NotFound for everybody else."""
    post = await Post.get_or_none(short=short[-8:].lower(), state="draft")
    if post is None or viewer.actor_id is None:
        raise NotFound
    found = await FirstReader.get_or_none(id=post.id)
    if viewer.actor_id != post.author_id:
        await between(viewer, post.id)
    # The draft is the author's to everybody but here, so it is looked at with their eyes.
    draft = await posts.show(here, Viewer(actor_id=post.author_id), post.id)
    if draft is None:
        raise NotFound
    said = await FirstRemark.filter(post_id=post.id).order_by("at", "id").limit(MOST_REMARKS)
    people = await labels(here, [*({found.reader_id} if found else ()), *(row.author_id for row in said)])
    return Reading(
        draft=draft,
        reader=people.get(found.reader_id) if found else None,
        note=found.note if found else "",
        remarks=[Remark(people[row.author_id], row.text, row.at) for row in said if row.author_id in people],
        is_author=viewer.actor_id == post.author_id,
    )


async def asked(here: Instance, viewer: Viewer) -> list[Asked]:
    """The drafts that others want the viewer to read first, the latest asked first."""
    rows = await here.db.rows(
        "SELECT post.short, post.title, post.author_id, first_reader.asked_at FROM first_reader"
        " JOIN post ON post.id = first_reader.id AND post.state = 'draft' WHERE first_reader.reader_id = :me"
        " ORDER BY first_reader.asked_at DESC, first_reader.id LIMIT :most",
        me=viewer.actor_id,
        most=MOST_LISTED,
    )
    people = await labels(here, [row["author_id"] for row in rows])
    return [
        Asked(row["title"], people[row["author_id"]], f"/beforehand/{row['short']}", from_milliseconds(row["asked_at"]))
        for row in rows
        if row["author_id"] in people
    ]
