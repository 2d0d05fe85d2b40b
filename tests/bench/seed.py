"""Fills the instance through its own actions before it is measured."""

import json
from dataclasses import dataclass
from pathlib import Path

from server.accounts import actions as accounts
from server.actors.models import Actor, Follow
from server.actors.viewer import Viewer
from server.build import opened
from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.ids import new_id
from server.instance import Instance
from server.oauth import actions as oauth
from server.posts.models import Post
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.settings import Settings
from tests.bench.peer import Peer, host_number

PASSWORD = "a password for the benchmark only"
COMMUNITY = "science"
PRACTICES = 40
REPLIES = 25


@dataclass(frozen=True, slots=True)
class Facts:
    """Where things are."""

    token: str
    actor_uri: str
    followed_uri: str
    thread_uri: str
    thread_path: str
    note_uri: str
    practice_uri: str
    practice_path: str
    other_token: str
    followed_thread_path: str
    api_token: str


async def seed(settings: Settings, peer: Peer, followers: int) -> Facts:
    """Two people, a community with practices, a thread with replies; the second person has followers everywhere."""
    async with opened(settings) as here:
        amara = await _person(here, "amara")
        bruno = await _person(here, "bruno")
        community = await communities.create_community(
            here,
            amara.viewer,
            CommunityForm(name="Science teachers", slug=COMMUNITY, purpose="To share what works in lessons."),
        )
        shared = [
            await practices.share(here, amara.viewer, _practice(number, community.id)) for number in range(PRACTICES)
        ]
        thread = await _thread(here, amara.viewer, "How do you begin a lesson?", community.id)
        for number in range(REPLIES):
            text = f"With a question on the board, number {number}: what do you remember of last week?"
            await discussions.reply(
                here, bruno.viewer, thread.id, ThreadForm(kind="reply", text=text, nobody_identifiable=True)
            )
        note = await _thread(here, amara.viewer, "Notes on beginnings", None)
        alone = await _thread(here, bruno.viewer, "Notes on marking", None)
        # What was written so far goes to nobody: else the instance delivers it to every follower while it is measured.
        await here.worker.run_until_idle()
        await _followers(here, bruno.viewer, peer, followers)
        await accounts.finish_first_visit(
            here, amara.viewer, teaches="", stuck_with="", ask_me_about="", accepts_guidelines=True
        )
        return Facts(
            token=amara.token,
            actor_uri=amara.viewer.actor_uri or "",
            followed_uri=bruno.viewer.actor_uri or "",
            thread_uri=thread.uri,
            thread_path=_path(thread, settings),
            note_uri=note.uri,
            practice_uri=shared[-1].uri,
            practice_path=_path(shared[-1], settings),
            other_token=bruno.token,
            followed_thread_path=_path(alone, settings),
            api_token=await oauth.create_token(
                here, amara.viewer.account_id or "", scopes_text="read", app_name="bench"
            ),
        )


@dataclass(frozen=True, slots=True)
class _SignedIn:
    viewer: Viewer
    token: str


async def _person(here: Instance, name: str) -> _SignedIn:
    account = await accounts.create_account(
        here, name=name, email=None, password=PASSWORD, role="member", display_name=name.title()
    )
    token = await accounts.start_session(here, account.actor_id, user_agent="bench")
    viewer = await accounts.viewer_for_token(here, token)
    assert viewer is not None
    return _SignedIn(viewer, token)


def _practice(number: int, community_id: str) -> PracticeForm:
    return PracticeForm(
        entry="full",
        title=f"Exit tickets that work, variation {number}",
        promise="Three questions in the last five minutes show you where to begin tomorrow.",
        subject="Science",
        level="Year 8",
        group_size=28,
        minutes=5,
        setting="classroom",
        problem="I found out what nobody had understood only when I marked the test.",
        steps=(
            "Write three questions before the lesson.",
            "Hand out slips five minutes before the end.",
            "Sort them into three piles.",
        ),
        evidence="Over six weeks the pile *not yet* shrank from about half to a fifth.",
        certainty="tried",
        would_change="Two questions are enough for younger groups.",
        licence="CC-BY-4.0",
        visibility="public",
        community_id=community_id,
        nobody_identifiable=True,
    )


async def _thread(here: Instance, viewer: Viewer, title: str, community_id: str | None) -> Post:
    text = "I have tried songs, silence and slips of paper. What works for you, and with whom?"
    return await discussions.start(
        here,
        viewer,
        ThreadForm(
            kind="discussion",
            title=title,
            text=text,
            visibility="public",
            community_id=community_id,
            nobody_identifiable=True,
        ),
    )


async def _followers(here: Instance, viewer: Viewer, peer: Peer, count: int) -> None:
    """Followers on as many servers, put straight into the tables: how they came is not what is measured."""
    now = here.clock.now()
    assert viewer.actor_id is not None
    people, follows = [], []
    for number in range(1, count + 1):
        host = host_number(number, peer.port)
        uri = f"http://{host}/u/follower"
        person = Actor(
            id=new_id(now),
            kind="Person",
            uri=uri,
            username="follower",
            domain=host,
            host=host,
            handle_key=f"follower@{host}",
            inbox_url=f"{uri}/inbox",
            shared_inbox_url=f"http://{host}/inbox",
            created_at=now,
            updated_at=now,
            fetched_at=now,
        )
        people.append(person)
        follows.append(
            Follow(
                id=new_id(now),
                follower_id=person.id,
                target_id=viewer.actor_id,
                state="accepted",
                uri=f"{uri}/follow",
                from_elsewhere=True,
                created_at=now,
                accepted_at=now,
            )
        )
    async with here.db.transaction():
        await Actor.bulk_create(people, batch_size=200)
        await Follow.bulk_create(follows, batch_size=200)


def _path(post: Post, settings: Settings) -> str:
    return post.url.removeprefix(settings.origin)


def write_facts(facts: Facts, path: Path) -> None:
    """Keep them for a look at a run that went wrong."""
    path.write_text(json.dumps({name: getattr(facts, name) for name in facts.__slots__}, indent=1), encoding="utf-8")
