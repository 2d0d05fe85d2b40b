"""Preparing the weekly mails of 5,000 people: on SQLite, in this process, through the instance's own actions.

Everybody is due in the same moment, was answered and thanked, and is in communities with something new; half of them
said what they teach.
"""

import asyncio
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from federation.testing import FakeClock
from server.accounts.models import Account
from server.actors.models import Actor
from server.build import build, close
from server.communities.models import Membership
from server.db import query_log
from server.digest import actions
from server.digest.planning import plan_missing
from server.ids import new_id
from server.instance import Instance
from server.notifications.models import Notification
from server.posts.models import Post
from server.settings import load
from tests.bench.large import WORDS, environment
from tests.bench.scenarios import Figures

PEOPLE = 5_000
COMMUNITIES = 50
POSTS = 6_000
NEWS = 20
"""So many things happened to each of them."""


def measure() -> Figures:
    """How long it takes, and how many statements a batch has."""
    with tempfile.TemporaryDirectory(prefix="peerhall-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> Figures:
    clock, log = FakeClock(), list[str]()
    here = await build(load(environment(folder), Path("/dev/null")), clock=clock)
    try:
        with here.db.bind():
            await _fill(here, random.Random(7))
            await plan_missing(here)
            due = await here.db.value("SELECT max(due_at) AS due FROM digest_plan")
            clock.advance(due / 1000 - clock.now().timestamp())
            token = query_log.set(log)
            used, begun = time.process_time(), time.perf_counter()
            await actions.prepare(here)
            seconds, cpu = time.perf_counter() - begun, time.process_time() - used
            query_log.reset(token)
            mails = await here.db.value("SELECT count(*) AS n FROM digest_mail WHERE state = 'waiting'")
    finally:
        await close(here)
    if mails != PEOPLE:
        raise RuntimeError(f"{mails} mails were prepared for {PEOPLE} people")
    return {
        f"weekly mails for {PEOPLE:,} people, s": seconds,
        f"weekly mails for {PEOPLE:,} people, CPU s": cpu,
        "weekly mails, statements for 250 people": len(log) * actions.BATCH / PEOPLE,
    }


async def _fill(here: Instance, choose: random.Random) -> None:
    """People, communities, posts and news, straight into the tables."""
    now, words = here.clock.now(), WORDS.split()
    people = [_actor(here, "Person", number) for number in range(PEOPLE)]
    groups = [_actor(here, "Group", number) for number in range(COMMUNITIES)]
    accounts = [
        Account(
            id=new_id(now),
            actor_id=person.id,
            email=f"{person.username}@example.org",
            teaches=" ".join(choose.sample(words, 3)) if number % 2 else "",
            ask_me_about=" ".join(choose.sample(words, 2)) if number % 2 else "",
            email_confirmed_at=now,
            created_at=now,
        )
        for number, person in enumerate(people)
    ]
    members = [
        Membership(
            id=new_id(now), community_id=group.id, person_id=person.id, state="active", created_at=now, updated_at=now
        )
        for person in people
        for group in choose.sample(groups, 3)
    ]
    posts = [_post(here, choose, choose.choice(people), choose.choice(groups)) for _ in range(POSTS)]
    news = [_news(now, choose, person, choose.choice(posts), choose.choice(people)) for person in people * NEWS]
    for rows in (people, groups, accounts, members, posts, news):
        model: Any = type(rows[0])
        await model.bulk_create(rows, batch_size=500)


def _actor(here: Instance, kind: str, number: int) -> Actor:
    now, name = here.clock.now(), f"{kind.lower()}{number}"
    actor_id = new_id(now)
    uri = here.url(f"/ap/a/{actor_id}")
    return Actor(
        id=actor_id,
        kind=kind,
        uri=uri,
        username=name,
        domain=here.settings.domain,
        host=here.settings.domain,
        handle_key=name,
        name=name.title(),
        url=uri,
        inbox_url=f"{uri}/inbox",
        is_local=True,
        discoverable=True,
        created_at=now,
        updated_at=now,
    )


def _post(here: Instance, choose: random.Random, author: Actor, group: Actor) -> Post:
    at = here.clock.now() - timedelta(minutes=choose.randrange(3 * 24 * 60))
    post_id, words = new_id(at), choose.choices(WORDS.split(), k=40)
    return Post(
        id=post_id,
        short=post_id[-8:],
        uri=here.url(f"/ap/p/{post_id}"),
        url=here.url(f"/p/x-{post_id[-8:]}"),
        kind=choose.choice(["practice", "tip", "ask", "discussion"]),
        object_type="Note",
        title=" ".join(words[:4]).capitalize(),
        content_html=f"<p>{' '.join(words)}.</p>",
        author_id=author.id,
        community_id=group.id,
        visibility=choose.choice(["public", "public", "members"]),
        state="visible",
        is_local=True,
        root_id=post_id,
        published_at=at,
        created_at=at,
        updated_at=at,
        last_activity_at=at,
    )


def _news(now: datetime, choose: random.Random, reader: Actor, post: Post, by: Actor) -> Notification:
    news_id = new_id(now)
    return Notification(
        id=news_id,
        reader_id=reader.id,
        kind=choose.choice(["reply", "like", "boost", "mention"]),
        thing=f"p:{post.id}",
        actor_id=by.id,
        post_id=post.id,
        unique_key=news_id,
        at=now,
    )
