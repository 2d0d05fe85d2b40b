"""Polls: who may vote and how often, what is counted, and what happens with time. Refusals first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from federation.vocab.polls import poll_of, vote_of
from server.accounts.actions import delete_account
from server.db.database import query_log
from server.errors import Invalid, NotAllowed, NotFound
from server.peers.actions import set_grade
from server.polls import actions, queries
from server.polls.form import PollForm
from server.polls.models import Poll, PollVote
from server.posts import queries as posts
from server.search.queries import search_posts
from tests.apps import app_of
from tests.posting import Stranger, community, document, found, outcome, sees

FORM = PollForm(question="Which tool?", options=("Paper strips", "Blocks", "Recipes"), lasts="1d")


@pytest.fixture
async def maya(fediverse):
    """Maya, who asks."""
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


async def view(person, post):
    """The poll of a post as somebody sees it."""
    shown = await person.do(posts.show, post.id)
    return await person.do(queries.poll, shown)


async def rows(person, model):
    """How many rows a table has."""

    async def count():
        return await model.all().count()

    return await person.here.run(count)


def votes(poll):
    """The numbers."""
    return [option.votes for option in poll.options]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": "  "}, "question"),
        ({"question": "x" * 151}, "question"),
        ({"options": ("One",)}, "option"),
        ({"options": ("One", " one ")}, "option"),
        ({"options": tuple("abcdefghi")}, "option"),
        ({"options": ("a", "b" * 101)}, "option"),
        ({"lasts": "100y"}, "lasts"),
        ({"lasts": ""}, "lasts"),
    ],
)
async def test_a_poll_that_cannot_be_answered_is_refused(maya, change, field):
    with pytest.raises(Invalid) as refusal:
        await maya.do(actions.start_poll, replace(FORM, **change))
    assert refusal.value.field == field
    assert await rows(maya, Poll) == 0


@pytest.mark.parametrize("chosen", [set(), {0, 1}, {3}, {-1}])
async def test_a_choice_that_does_not_fit_is_refused(fediverse, maya, chosen):
    post = await maya.do(actions.start_poll, FORM)
    tom = await fediverse.person(maya.here, "tom")
    with pytest.raises(Invalid):
        await tom.do(actions.vote, post.id, chosen)
    assert votes(await view(tom, post)) == [0, 0, 0]


async def test_one_person_has_one_vote_and_it_stays(fediverse, maya):
    post = await maya.do(actions.start_poll, FORM)
    tom = await fediverse.person(maya.here, "tom")
    await tom.do(actions.vote, post.id, {1})
    for again in ({1}, {0}):
        with pytest.raises(NotAllowed):
            await tom.do(actions.vote, post.id, again)
    seen = await view(tom, post)
    assert (votes(seen), seen.voters, seen.has_voted, seen.can_vote) == ([0, 1, 0], 1, True, False)
    assert [option.percent for option in seen.options] == [0, 100, 0]


async def test_results_come_after_voting_or_on_demand(fediverse, maya):
    post = await maya.do(actions.start_poll, FORM)
    tom = await fediverse.person(maya.here, "tom")
    assert (await view(tom, post)).shows_result is False
    await tom.do(actions.vote, post.id, {0})
    assert (await view(tom, post)).shows_result is True


async def test_several_choices_count_one_voter(fediverse, maya):
    post = await maya.do(actions.start_poll, replace(FORM, is_multiple=True))
    tom, ada = await fediverse.person(maya.here, "tom"), await fediverse.person(maya.here, "ada")
    await tom.do(actions.vote, post.id, {0, 2})
    await ada.do(actions.vote, post.id, {2})
    seen = await view(maya, post)
    assert (votes(seen), seen.voters) == ([1, 0, 2], 2)
    assert [option.percent for option in seen.options] == [50, 0, 100]


async def test_s15_nobody_votes_on_what_they_cannot_read(fediverse, maya):
    group = await community(maya, "science", visibility="members")
    post = await maya.do(actions.start_poll, replace(FORM, community_id=group.id, visibility="members"))
    tom = await fediverse.person(maya.here, "tom")
    with pytest.raises(NotFound):
        await tom.do(actions.vote, post.id, {0})


async def test_what_ended_takes_no_votes_and_those_concerned_hear_of_it(fediverse, maya):
    post = await maya.do(actions.start_poll, FORM)
    tom, ada = await fediverse.person(maya.here, "tom"), await fediverse.person(maya.here, "ada")
    await tom.do(actions.vote, post.id, {1})
    fediverse.clock.advance(timedelta(days=1).total_seconds() + 1)
    with pytest.raises(NotAllowed):
        await ada.do(actions.vote, post.id, {1})
    await fediverse.settle()
    rows = await maya.here.run(
        maya.here.db.rows, "SELECT reader_id FROM notification WHERE kind = 'poll_ended' ORDER BY reader_id"
    )
    assert {row["reader_id"] for row in rows} == {maya.id, tom.id}
    assert (await view(ada, post)).is_over
    assert (await document(fediverse, maya.here, post.uri))[1]["closed"]
    await fediverse.settle()
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM notification") == 2


async def test_options_stay_when_words_change(maya):
    post = await maya.do(actions.start_poll, FORM)
    await maya.do(actions.change, post.id, PollForm(question="Which tool do you like?", text="Be honest."), "Kinder")
    seen = await view(maya, post)
    assert [option.name for option in seen.options] == list(FORM.options)
    shown = await maya.do(posts.show, post.id)
    assert (shown.title, shown.version) == ("Which tool do you like?", 2)
    kept = (await maya.do(posts.versions, post.id))[0]
    assert kept.detail == {"options": list(FORM.options)}


async def test_s27_a_deleted_poll_leaves_no_vote(fediverse, maya):
    post = await maya.do(actions.start_poll, FORM)
    tom = await fediverse.person(maya.here, "tom")
    await tom.do(actions.vote, post.id, {1})
    await maya.do(actions.withdraw, post.id)
    assert await rows(maya, PollVote) == 0
    assert (await document(fediverse, maya.here, post.uri))[0] == 410


async def test_s27_a_voter_who_leaves_is_forgotten_and_stays_counted(fediverse, maya):
    post = await maya.do(actions.start_poll, FORM)
    tom = await fediverse.person(maya.here, "tom")
    await tom.do(actions.vote, post.id, {1})
    await maya.here.run(delete_account, maya.here, tom.viewer.account_id, by="test")
    assert await rows(maya, PollVote) == 0
    assert votes(await view(maya, post)) == [0, 1, 0]


async def test_polls_are_found_by_their_answers_and_say_so_on_their_cards(maya):
    post = await maya.do(actions.start_poll, FORM)
    hits = await maya.do(search_posts, "recipes")
    assert [hit.id for hit in hits.posts] == [post.id]
    assert hits.posts[0].facts == ["3 answers to choose from", "Open for votes"]


async def test_the_page_of_a_poll_costs_two_queries(maya):
    post = await maya.do(actions.start_poll, FORM)
    shown = await maya.do(posts.show, post.id)
    log: list[str] = []
    token = query_log.set(log)
    try:
        await maya.do(queries.poll, shown)
    finally:
        query_log.reset(token)
    assert len(log) == 2


# Votes from elsewhere


@pytest.fixture
async def asked(fediverse, maya):
    """A poll of Maya's, and a server of somebody else's."""
    post = await maya.do(actions.start_poll, FORM)
    return post, Stranger(fediverse, "birch.example")


def ballot(there, voter, post, option, *, number=1, **more):
    """A vote as Mastodon sends it."""
    note = {
        "id": f"{voter}#votes/{number}",
        "type": "Note",
        "attributedTo": voter,
        "name": option,
        "inReplyTo": post.uri,
        "to": post.uri,
    } | more
    return there.activity("Create", voter, note, path=f"a/vote/{number}")


async def test_s5_a_vote_that_does_not_count_leaves_nothing(fediverse, maya, asked):
    post, there = asked
    eve, ida = there.actor("eve"), there.actor("ida")
    for number, (option, more) in enumerate(
        [
            ("Dice", {}),  # no such option
            ("paper strips", {}),  # another spelling
            ("Blocks", {"attributedTo": ida}),  # somebody else's
            ("Blocks", {"id": "https://elsewhere.example/votes/1"}),  # on another server
            ("Blocks", {"inReplyTo": f"{post.uri}x"}),  # of no poll
        ],
        start=1,
    ):
        await there.send(maya.here, ballot(there, eve, post, option, number=number, **more))
    await fediverse.settle()
    assert votes(await view(maya, post)) == [0, 0, 0]
    assert await rows(maya, PollVote) == 0


async def test_a_vote_from_mastodon_counts_once_however_often_it_comes(fediverse, maya, asked):
    post, there = asked
    eve = there.actor("eve")
    for number in (1, 1, 2):
        await there.send(maya.here, ballot(there, eve, post, "Blocks", number=number))
    await there.send(maya.here, ballot(there, eve, post, "Recipes", number=3))
    await fediverse.settle()
    seen = await view(maya, post)
    assert (votes(seen), seen.voters) == ([0, 1, 0], 1)
    assert await maya.do(posts.thread, post.id) == []


async def test_gotosocial_sends_several_votes_in_one_create_and_without_ids(fediverse, maya):
    post = await maya.do(actions.start_poll, replace(FORM, is_multiple=True))
    there = Stranger(fediverse, "birch.example")
    eve, ida = there.actor("eve"), there.actor("ida")
    bare = {"type": "Note", "attributedTo": eve, "inReplyTo": post.uri, "to": maya.uri}
    several = [bare | {"name": name} for name in ("Dice", "Paper strips", "Recipes", "Recipes")]
    await there.send(
        maya.here, {"id": there.uri("a/1"), "type": "Create", "actor": eve, "object": several, "to": maya.uri}
    )
    single = bare | {"attributedTo": ida, "name": "Recipes"}
    await there.send(
        maya.here, {"id": there.uri("a/2"), "type": "Create", "actor": ida, "object": single, "to": maya.uri}
    )
    await fediverse.settle()
    seen = await view(maya, post)
    assert (votes(seen), seen.voters) == ([1, 0, 2], 2)


async def test_piefeds_poll_vote_counts(fediverse, maya, asked):
    post, there = asked
    eve = there.actor("eve")
    vote = there.activity("PollVote", eve, post.uri, choice_text="Recipes", audience=maya.uri)
    await there.send(maya.here, vote)
    await there.send(maya.here, vote | {"id": there.uri("a/other")})
    await there.send(maya.here, there.activity("PollVote", eve, post.uri, path="a/none", choice_text=["x", {}]))
    await fediverse.settle()
    assert votes(await view(maya, post)) == [0, 0, 1]


async def test_a_vote_after_the_end_is_refused(fediverse, maya, asked):
    post, there = asked
    fediverse.clock.advance(86_401)
    sent = ballot(there, there.actor("eve"), post, "Blocks")
    await there.send(maya.here, sent)
    await fediverse.settle()
    assert await outcome(maya.here, sent["id"]) == ("refused", "Forbidden: the poll has ended")
    assert votes(await view(maya, post)) == [0, 0, 0]


async def test_s15_only_members_vote_in_a_poll_for_members(fediverse, maya):
    group = await community(maya, "science", visibility="members")
    post = await maya.do(actions.start_poll, replace(FORM, community_id=group.id, visibility="members"))
    there = Stranger(fediverse, "birch.example")
    sent = ballot(there, there.actor("eve"), post, "Blocks")
    await there.send(maya.here, sent)
    await fediverse.settle()
    assert await outcome(maya.here, sent["id"]) == ("refused", "Forbidden: they cannot know this poll")


async def test_s17_a_blocked_servers_vote_does_not_get_in(fediverse, maya, asked):
    post, there = asked
    sent = ballot(there, there.actor("eve"), post, "Blocks")
    await maya.here.run(set_grade, maya.here, "birch.example", "blocked", "test")
    assert await there.send(maya.here, sent) == 403
    await fediverse.settle()
    assert votes(await view(maya, post)) == [0, 0, 0]


# Polls from elsewhere


async def question(fediverse, there, here, author, **more):
    """A poll of somebody elsewhere; returns its id."""
    facts = {
        "type": "Question",
        "content": "<p>Which?</p>",
        "endTime": "2026-02-01T00:00:00Z",
        "votersCount": 3,
        "oneOf": [
            {"type": "Note", "name": "Strips", "replies": {"type": "Collection", "totalItems": 2}},
            {"type": "Note", "name": "Blocks", "replies": {"type": "Collection", "totalItems": 1}},
        ],
    }
    return await there.create(fediverse, here, author, "q/1", **(facts | more))


async def test_a_vote_goes_to_the_author_alone_without_a_proof(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    uri = await question(fediverse, there, maya.here, there.actor("eva"))
    post = await found(maya.here, uri)
    await maya.do(actions.vote, post.id, {1})
    await fediverse.settle()
    sent = [item for item in there.received if item["type"] == "Create"]
    assert [(item["object"]["name"], item["to"], item["cc"]) for item in sent] == [("Blocks", [there.uri("u/eva")], [])]
    assert "proof" not in sent[0]
    assert (await document(fediverse, maya.here, sent[0]["id"]))[0] == 404
    seen = await view(maya, post)
    assert (votes(seen), seen.voters, seen.has_voted) == ([2, 2], 4, True)
    with pytest.raises(NotAllowed):
        await maya.do(actions.vote, post.id, {0})


async def test_numbers_come_by_update_and_do_not_count_as_edits(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    eva = there.actor("eva")
    uri = await question(fediverse, there, maya.here, eva, updated="2026-01-15T09:30:00Z")
    await maya.do(actions.vote, (await found(maya.here, uri)).id, {1})
    before = await sees(maya, uri)
    there.documents[uri] |= {"votersCount": 9}
    there.documents[uri]["oneOf"][1]["replies"]["totalItems"] = 7
    await there.send(maya.here, there.activity("Update", eva, there.documents[uri], path="a/update/1"))
    await fediverse.settle()
    after = await sees(maya, uri)
    assert (after.version, after.edited_at) == (before.version, before.edited_at)
    seen = await maya.do(queries.poll, after)
    assert (votes(seen), seen.voters, seen.has_voted) == ([2, 7], 9, True)


async def test_other_options_are_another_question_and_void_the_vote(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    eva = there.actor("eva")
    uri = await question(fediverse, there, maya.here, eva)
    await maya.do(actions.vote, (await found(maya.here, uri)).id, {1})
    there.documents[uri] |= {"updated": "2026-01-15T11:00:00Z"}
    there.documents[uri]["oneOf"][1]["name"] = "Dice"
    fediverse.clock.advance(7200)
    await there.send(maya.here, there.activity("Update", eva, there.documents[uri], path="a/update/1"))
    await fediverse.settle()
    seen = await maya.do(queries.poll, await sees(maya, uri))
    assert [option.name for option in seen.options] == ["Strips", "Dice"]
    assert (seen.has_voted, seen.can_vote) == (False, True)


async def test_s5_nobody_else_changes_the_numbers(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    uri = await question(fediverse, there, maya.here, there.actor("eva"))
    eve = there.actor("eve")
    forged = there.documents[uri] | {"votersCount": 99, "attributedTo": eve}
    await there.send(maya.here, there.activity("Update", eve, forged, path="a/forged"))
    await fediverse.settle()
    assert (await maya.do(queries.poll, await sees(maya, uri))).voters == 3


async def test_s22_stale_numbers_are_asked_for_within_bounds(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    eva = there.actor("eva")
    uri = await question(fediverse, there, maya.here, eva)
    there.documents[uri]["oneOf"][0]["replies"]["totalItems"] = 5
    for number in range(8):
        await there.create(
            fediverse, maya.here, eva, f"q/more-{number}", type="Question", anyOf=[{"type": "Note", "name": "x"}]
        )
    await maya.here.run(actions.refresh, maya.here, None)
    assert votes(await maya.do(queries.poll, await sees(maya, uri))) == [2, 1]  # fresh enough
    fediverse.clock.advance(3700)
    await maya.do(actions.vote, (await found(maya.here, uri)).id, {0})
    asked: list[str] = []
    fetch = maya.here.engine.fetch_post

    async def counted(address):
        asked.append(address)
        return await fetch(address)

    maya.here.engine.fetch_post = counted
    await maya.here.run(actions.refresh, maya.here, None)
    assert votes(await maya.do(queries.poll, await sees(maya, uri))) == [5, 1]
    assert asked[0] == uri
    assert len(asked) == actions.PER_HOST


async def test_a_poll_that_is_gone_or_away_is_left_as_it_is(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    uri = await question(fediverse, there, maya.here, there.actor("eva"))
    del there.documents[uri]
    fediverse.clock.advance(3700)
    await maya.here.run(actions.refresh, maya.here, None)
    assert votes(await maya.do(queries.poll, await sees(maya, uri))) == [2, 1]


@pytest.mark.parametrize(
    ("closed", "over"), [(True, True), ("2026-01-01T00:00:00Z", True), ("2027-01-01T00:00:00Z", False)]
)
async def test_closed_is_a_fact_or_the_time_of_the_end(fediverse, maya, closed, over):
    there = Stranger(fediverse, "birch.example")
    uri = await question(fediverse, there, maya.here, there.actor("eva"), endTime=None, closed=closed)
    assert (await maya.do(queries.poll, await sees(maya, uri))).is_over is over


async def test_misskeys_polls_have_no_end(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    uri = await question(fediverse, there, maya.here, there.actor("eva"), endTime=None, votersCount=None)
    seen = await maya.do(queries.poll, await sees(maya, uri))
    assert (seen.ends_at, seen.is_over, seen.voters, seen.total) == (None, False, None, 3)


@pytest.mark.parametrize(
    "document",
    [
        {"oneOf": [{"name": 7}, {"name": ""}, "x", None]},
        {"oneOf": {"name": None}},
        {"anyOf": []},
        {},
    ],
)
def test_s12_what_has_no_options_is_no_poll(document):
    assert poll_of(document) is None


def test_s12_wild_numbers_are_no_numbers():
    poll = poll_of({"anyOf": [{"name": "a", "replies": {"totalItems": -4}}, {"name": "b", "replies": 9}]})
    assert poll is not None
    assert [option.votes for option in poll.options] == [0, 0]
    assert poll.is_multiple


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Note", "inReplyTo": "https://a.example/1", "name": "x", "content": "<p>y</p>"},
        {"type": "Note", "inReplyTo": "https://a.example/1"},
        {"type": "Note", "name": "x"},
        {"type": "Article", "inReplyTo": "https://a.example/1", "name": "x"},
        {"type": "Note", "inReplyTo": "https://a.example/1", "name": "x", "attachment": [{"type": "Image"}]},
        "https://a.example/1",
        None,
    ],
)
def test_what_says_more_than_a_name_is_no_vote(document):
    assert vote_of(document) is None


async def test_the_words_of_a_poll_without_a_title_are_its_question(fediverse, maya):
    app = await app_of(fediverse, maya.here, maya)
    poll = {"options": ["Strips", "Blocks"], "expires_in": 600}
    made = await app.post("/api/v1/statuses", {"status": "Which?\n\nFor tomorrow", "poll": poll})
    post = await found(maya.here, made["uri"])
    await maya.do(actions.change, post.id, replace(FORM, question="Which one?", text="For Monday"))
    assert (await app.get(f"/api/v1/statuses/{made['id']}/source"))["text"] == "Which one?\n\nFor Monday"


async def test_a_poll_may_hide_how_it_stands_until_it_is_over(fediverse, maya):
    app = await app_of(fediverse, maya.here, maya)
    tom = await fediverse.person(maya.here, "tom")
    poll = {"options": ["Strips", "Blocks"], "expires_in": 600, "hide_totals": True}
    post = await found(maya.here, (await app.post("/api/v1/statuses", {"status": "Which?", "poll": poll}))["uri"])
    await tom.do(actions.vote, post.id, {1})
    for reader in (maya, tom):
        seen = await view(reader, post)
        assert (votes(seen), seen.total, seen.hides_result) == ([0, 0], 0, True)
        async with fediverse.client(maya.here, reader) as browser:
            page = (await browser.get(post.url)).text
        assert "How it stands is shown when the poll has ended." in page
        assert "poll-result" not in page
    fediverse.clock.advance(700)
    await fediverse.settle()
    assert votes(await view(maya, post)) == [0, 1]
