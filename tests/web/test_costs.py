"""What pages cost: so many statements however much there is, and pieces that are rendered once (P7)."""

from dataclasses import replace

import pytest
from markupsafe import Markup

from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.posts.sorting import put_into_topic
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.topics import actions as topics
from tests.counting import statements
from web.fragments import Fragments

MOST_STATEMENTS = 12


async def _written(amara, bruno, community, number):
    practice = PracticeForm(
        entry="full",
        title=f"Exit tickets {number}",
        promise="You see where to begin.",
        problem="Nobody knew.",
        steps=("Ask.",),
        evidence="Fewer did not know.",
        certainty="tried",
        would_change="Fewer questions.",
        licence="CC-BY-4.0",
        visibility="public",
        community_id=community.id,
        nobody_identifiable=True,
    )
    shared = await amara.do(practices.share, practice)
    title = f"How do you begin? {number}"
    form = ThreadForm(kind="discussion", title=title, text="What works?", visibility="public", nobody_identifiable=True)
    thread = await amara.do(discussions.start, replace(form, community_id=community.id))
    for post in (shared, thread):
        reply = ThreadForm(kind="reply", text=f"With a question, number {number}.", nobody_identifiable=True)
        await bruno.do(discussions.reply, post.id, reply)
    return shared, thread


async def test_pages_take_a_fixed_number_of_statements_however_much_there_is(fediverse):
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    community = await amara.do(
        communities.create_community, CommunityForm(name="Science", slug="science", purpose="To share what works.")
    )
    shared, thread = await _written(amara, bruno, community, 0)
    topic = await amara.do(topics.make_topic, community.id, "Beginnings")
    await amara.do(put_into_topic, thread.id, topic.id)
    paths = ["/c/science", f"/c/science/topics/{topic.id[-8:]}", shared.url, thread.url]
    counts: dict[str, list[int]] = {path: [] for path in paths}
    async with fediverse.client(here, amara) as browser:
        for size in (1, 6):
            for number in range(1, size):
                _, another = await _written(amara, bruno, community, number)
                await amara.do(topics.make_topic, community.id, f"Topic {number}", topic.id)
                await amara.do(put_into_topic, another.id, topic.id)
                for post in (shared, thread):
                    reply = ThreadForm(kind="reply", text=f"Once more, {number}.", nobody_identifiable=True)
                    await bruno.do(discussions.reply, post.id, reply)
            await fediverse.settle()
            for path in paths:
                assert (await browser.get(path)).status_code == 200
                with here.db.bind(), statements(here) as log:
                    answer = await browser.get(path)
                assert answer.status_code == 200
                counts[path].append(len(log))
    for path, found in counts.items():
        assert len(set(found)) == 1, (path, found)
        assert found[0] <= MOST_STATEMENTS, (path, found)


def test_pieces_are_made_once_and_the_longest_unused_go_first():
    kept, made = Fragments(room=3 * 1600), []

    def make(name):
        made.append(name)
        return Markup(f"<p>{name}</p>")

    for name in ("a", "b", "a", "a"):
        assert kept.get(("piece", name), lambda name=name: make(name)) == f"<p>{name}</p>"
    assert made == ["a", "b"]
    kept.get(("piece", "c"), lambda: make("c"))
    kept.get(("piece", "a"), lambda: make("a"))
    kept.get(("piece", "d"), lambda: make("d"))
    assert made == ["a", "b", "c", "d"]
    kept.get(("piece", "b"), lambda: make("b"))
    assert made[-1] == "b"
    assert kept.taken <= kept.room


def test_a_key_that_leaves_something_out_is_found():
    kept = Fragments()
    kept.verifying = True
    kept.get("piece", lambda: Markup("first"))
    with pytest.raises(AssertionError, match="not what would be made now"):
        kept.get("piece", lambda: Markup("second"))
