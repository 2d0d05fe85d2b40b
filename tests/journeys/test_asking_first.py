"""Interaction policies: we ask where we are told to, wait, and honour the answer; authors here refuse answers."""

import pytest

from federation.vocab.base import PUBLIC
from server.communities import members
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import NotAllowed, NotFound
from server.posts import actions as posts
from server.posts import agreeing, queries
from tests.posting import Stranger, community, document, found, outcome, reply, sees, write

NEW = ("automaticApproval", "manualApproval")
OLD = ("always", "approvalRequired")


@pytest.fixture
async def alder(fediverse):
    """An instance with Amara on it."""
    here = await fediverse.start("alder.example")
    return await fediverse.person(here, "amara")


@pytest.fixture
async def cedar(fediverse):
    """A server like GoToSocial, with Cem on it."""
    there = Stranger(fediverse, "cedar.example")
    there.actor("cem")
    return there


CEM = "https://cedar.example/u/cem"


def policy(words=NEW, **parts):
    """An interactionPolicy; each part is (automatic, manual)."""
    return {
        f"can{kind.title()}": {words[0]: list(automatic), words[1]: list(manual)}
        for kind, (automatic, manual) in parts.items()
    }


async def post_of(alder, cedar, path="n/1", **parts):
    """Cem's post with this policy, looked up by Amara."""
    note = cedar.note(
        CEM, path, "<p>What do you think?</p>", interactionPolicy=parts.pop("said", None) or policy(**parts)
    )
    await alder.here.run(posts.fetch_post, alder.here, note["id"])
    return await found(alder.here, note["id"])


def answer(cedar, verb, about, result=None, **more):
    """Cem's Accept or Reject."""
    extra = {"result": result} if result else {}
    return cedar.activity(verb, CEM, about, **extra, **more)


# Replies


@pytest.mark.parametrize(
    ("automatic", "manual", "waits"),
    [
        ([PUBLIC], [], False),
        ([CEM], [PUBLIC], True),
        ([f"{CEM}/followers"], [], True),
        ([CEM], [f"{CEM}/following"], True),
        ([PUBLIC], ["https://alder.example/ap/u/AMARA"], True),
        (["https://alder.example/ap/u/AMARA"], [PUBLIC], False),
        ([], [], False),
    ],
)
@pytest.mark.parametrize("words", [NEW, OLD])
async def test_we_ask_where_the_policy_says_so(fediverse, alder, cedar, automatic, manual, waits, words):
    named = [[alder.uri if "AMARA" in uri else uri for uri in part] for part in (automatic, manual)]
    parent = await post_of(alder, cedar, said=policy(words, reply=named))
    written = await reply(alder, parent)
    await fediverse.settle()
    assert (await found(alder.here, written.uri)).state == ("waiting" if waits else "visible")


async def test_where_nobody_may_answer_the_form_says_so(fediverse, alder, cedar):
    parent = await post_of(alder, cedar, reply=([CEM], []))
    with pytest.raises(NotAllowed, match="Cem takes no answers"):
        await reply(alder, parent)
    async with fediverse.client(alder.here, alder) as client:
        page = (await client.get((await sees(alder, parent.uri)).url)).text
    assert "Cem takes no answers to this post from you." in page
    assert 'name="content"' not in page


async def test_whoever_is_named_may_answer(alder, cedar):
    note = cedar.note(
        CEM,
        "n/1",
        tag=[{"type": "Mention", "href": alder.uri, "name": "@amara@alder.example"}],
        interactionPolicy=policy(reply=([CEM], [])),
    )
    await alder.here.run(posts.fetch_post, alder.here, note["id"])
    assert (await reply(alder, await found(alder.here, note["id"]))).state == "visible"


async def test_a_waiting_reply_goes_to_the_author_alone(fediverse, alder, cedar):
    """S15: nobody here, no follower and no reader elsewhere sees it before it is agreed to."""
    other, boris = Stranger(fediverse, "birch.example"), await fediverse.person(alder.here, "boris")
    await other.send(alder.here, other.activity("Follow", other.actor("bea"), alder.uri))
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]))
    await fediverse.settle()
    other.received.clear()
    written = await reply(alder, parent, "A careful answer")
    await fediverse.settle()

    asked = cedar.received[-1]
    assert (asked["type"], asked["object"]["id"], asked["object"]["inReplyTo"]) == ("Create", written.uri, parent.uri)
    assert "approvedBy" not in asked["object"]
    assert PUBLIC in asked["to"]
    assert other.received == []
    assert await sees(boris, written.uri) is None
    assert (await document(fediverse, alder.here, written.uri))[0] == 404
    assert (await sees(alder, parent.uri)).replies_count == 0
    async with fediverse.client(alder.here, alder) as client:
        mine = (await client.get((await sees(alder, parent.uri)).url)).text
    assert "A careful answer" in mine
    assert "Waiting for their agreement" in mine
    async with fediverse.client(alder.here, boris) as client:
        theirs = (await client.get((await sees(boris, parent.uri)).url)).text
    assert "A careful answer" not in theirs


@pytest.mark.parametrize("embedded", [False, True])
async def test_an_accepted_reply_goes_to_everybody_with_the_proof(fediverse, alder, cedar, embedded):
    other, boris = Stranger(fediverse, "birch.example"), await fediverse.person(alder.here, "boris")
    await other.send(alder.here, other.activity("Follow", other.actor("bea"), alder.uri))
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]))
    written = await reply(alder, parent)
    await fediverse.settle()
    about = {"type": "Note", "id": written.uri} if embedded else written.uri
    await cedar.send(alder.here, answer(cedar, "Accept", about, cedar.uri("approvals/1")))
    await fediverse.settle()

    assert (await sees(boris, written.uri)).state == "visible"
    for server in (cedar, other):
        created = next(item for item in server.received[::-1] if item["type"] == "Create")
        assert created["object"]["approvedBy"] == cedar.uri("approvals/1")
    status, body, _ = await document(fediverse, alder.here, written.uri)
    assert (status, body["approvedBy"]) == (200, cedar.uri("approvals/1"))
    assert (await sees(alder, parent.uri)).replies_count == 1


async def test_an_accept_without_a_result_is_its_own_proof(fediverse, alder, cedar):
    """GoToSocial before 0.19."""
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]))
    written = await reply(alder, parent)
    await fediverse.settle()
    accept = answer(cedar, "Accept", written.uri)
    await cedar.send(alder.here, accept)
    await fediverse.settle()
    assert (await found(alder.here, written.uri)).approved_by == accept["id"]


@pytest.mark.parametrize("verb", ["Accept", "Reject"])
async def test_nobody_else_agrees_or_refuses(fediverse, alder, cedar, verb):
    """S5: another actor of the same server, another server, and the wrong proof."""
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]))
    written = await reply(alder, parent)
    await fediverse.settle()
    eve, other = cedar.actor("eve"), Stranger(fediverse, "birch.example")
    bea = other.actor("bea")
    await cedar.send(alder.here, cedar.activity(verb, eve, written.uri, path="a/1", result=cedar.uri("approvals/1")))
    await other.send(alder.here, other.activity(verb, bea, written.uri, path="a/2", result=other.uri("approvals/1")))
    await fediverse.settle()
    assert (await found(alder.here, written.uri)).state == "waiting"
    assert (await outcome(alder.here, cedar.uri("a/1")))[0] == "refused"


@pytest.mark.parametrize("before", ["waiting", "visible"])
async def test_a_refused_reply_is_hidden_and_its_author_sees_why(fediverse, alder, cedar, before):
    boris = await fediverse.person(alder.here, "boris")
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]) if before == "waiting" else ([PUBLIC], []))
    written = await reply(alder, parent, "A careful answer")
    await fediverse.settle()
    await cedar.send(alder.here, answer(cedar, "Reject", written.uri, summary="Off topic, sorry."))
    await fediverse.settle()

    row = await found(alder.here, written.uri)
    assert (row.state, row.state_reason) == ("refused", "Off topic, sorry.")
    assert await sees(boris, written.uri) is None
    assert (await sees(alder, parent.uri)).replies_count == 0
    assert (await document(fediverse, alder.here, written.uri))[0] == 404
    async with fediverse.client(alder.here, alder) as client:
        page = (await client.get((await sees(alder, parent.uri)).url)).text
        news = (await client.get("/notifications")).text
    assert "Off topic, sorry." in page
    assert "does not want your post there" in news


async def test_a_waiting_reply_can_be_deleted_and_only_the_one_asked_hears(fediverse, alder, cedar):
    other = Stranger(fediverse, "birch.example")
    await other.send(alder.here, other.activity("Follow", other.actor("bea"), alder.uri))
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]))
    written = await reply(alder, parent)
    await fediverse.settle()
    other.received.clear()
    await alder.do(posts.delete_post, written.id)
    await fediverse.settle()
    assert (cedar.received[-1]["type"], cedar.received[-1]["object"]["id"]) == ("Delete", written.uri)
    assert other.received == []
    await cedar.send(alder.here, answer(cedar, "Accept", written.uri, cedar.uri("approvals/1")))
    await fediverse.settle()
    assert (await found(alder.here, written.uri)).state == "deleted"


async def test_answers_of_others_need_the_proof_too(fediverse, alder, cedar):
    """A reply by somebody else to a post that wants to be asked is shown with a valid approval alone."""
    other = Stranger(fediverse, "birch.example")
    bea = other.actor("bea")
    parent = await post_of(alder, cedar, reply=([CEM], [PUBLIC]))
    for number in range(4):
        cedar.documents[cedar.uri(f"approvals/{number}")] = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": cedar.uri(f"approvals/{number}"),
            "type": ["ReplyApproval", "ReplyAuthorization", "LikeApproval", "ReplyApproval"][number],
            "attributedTo": CEM,
            **(
                {"interactingObject": other.uri("n/1"), "interactionTarget": parent.uri}
                if number == 1
                else {"object": other.uri(f"n/{number}" if number != 3 else "n/99"), "target": parent.uri}
            ),
        }
    wanted = {0: True, 1: True, 2: False, 3: False, 4: False}
    for number, kept in wanted.items():
        proof = {"approvedBy": cedar.uri(f"approvals/{number}")} if number < 4 else {}
        note = other.note(bea, f"n/{number}", inReplyTo=parent.uri, **proof)
        await other.send(alder.here, other.activity("Create", bea, note))
        await fediverse.settle()
        assert (await found(alder.here, note["id"]) is not None) == kept, number


async def test_an_author_elsewhere_refuses_anothers_reply(fediverse, alder, cedar):
    other = Stranger(fediverse, "birch.example")
    bea = other.actor("bea")
    parent = await post_of(alder, cedar, reply=([PUBLIC], []))
    note = other.note(bea, "n/1", inReplyTo=parent.uri)
    await other.send(alder.here, other.activity("Create", bea, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).state == "visible"
    await cedar.send(alder.here, answer(cedar, "Reject", note["id"]))
    await fediverse.settle()
    assert await sees(alder, note["id"]) is None


# Likes and boosts


async def count(here, sql):
    """A number from the database."""
    return await here.run(here.db.value, sql)


async def test_a_like_that_waits_goes_to_the_author_and_counts_when_accepted(fediverse, alder, cedar):
    post = await post_of(alder, cedar, like=([CEM], [PUBLIC]))
    await alder.do(posts.like_post, post.id)
    await fediverse.settle()
    assert cedar.received[-1]["type"] == "Like"
    assert (await sees(alder, post.uri)).likes_count == 0
    like = cedar.received[-1]["id"]
    await cedar.send(alder.here, answer(cedar, "Accept", like, cedar.uri("approvals/1")))
    await fediverse.settle()
    assert (await sees(alder, post.uri)).likes_count == 1
    assert cedar.received[-1]["approvedBy"] == cedar.uri("approvals/1")
    assert (await document(fediverse, alder.here, like))[1]["approvedBy"] == cedar.uri("approvals/1")


async def test_a_refused_like_is_gone(fediverse, alder, cedar):
    post = await post_of(alder, cedar, like=([CEM], [PUBLIC]))
    await alder.do(posts.like_post, post.id)
    await fediverse.settle()
    await cedar.send(alder.here, answer(cedar, "Reject", {"type": "Like", "id": cedar.received[-1]["id"]}))
    await fediverse.settle()
    assert not (await sees(alder, post.uri)).liked_by_me
    assert await count(alder.here, "SELECT count(*) AS n FROM post_like") == 0


async def test_what_nobody_may_like_or_pass_on_is_neither(fediverse, alder, cedar):
    post = await post_of(alder, cedar, like=([CEM], []), announce=([CEM], []))
    for act in (posts.like_post, posts.boost_post):
        with pytest.raises(NotAllowed, match="Cem does not want this post to be"):
            await alder.do(act, post.id)
    assert not (await sees(alder, post.uri)).can_share


async def test_a_boost_that_waits_reaches_no_follower(fediverse, alder, cedar):
    other = Stranger(fediverse, "birch.example")
    await other.send(alder.here, other.activity("Follow", other.actor("bea"), alder.uri))
    post = await post_of(alder, cedar, announce=([CEM], [PUBLIC]))
    await fediverse.settle()
    other.received.clear()
    await alder.do(posts.boost_post, post.id)
    await fediverse.settle()
    asked = cedar.received[-1]
    assert (asked["type"], asked["object"]) == ("Announce", post.uri)
    assert other.received == []
    await cedar.send(alder.here, answer(cedar, "Accept", asked["id"], cedar.uri("approvals/1")))
    await fediverse.settle()
    assert (other.received[-1]["id"], other.received[-1]["approvedBy"]) == (asked["id"], cedar.uri("approvals/1"))
    await cedar.send(alder.here, answer(cedar, "Reject", asked["id"]))
    await fediverse.settle()
    assert other.received[-1]["type"] == "Undo"
    assert (await sees(alder, post.uri)).boosts_count == 0


# Requests to us


@pytest.mark.parametrize("verb", ["LikeRequest", "ReplyRequest", "AnnounceRequest"])
async def test_requests_are_answered_at_once(fediverse, alder, cedar, verb):
    post = await write(alder, "Say what you think")
    kind = verb.removesuffix("Request")
    inner = (
        cedar.note(CEM, "n/1", inReplyTo=post.uri)
        if kind == "Reply"
        else {"id": cedar.uri("a/1"), "type": kind, "actor": CEM, "object": post.uri, "to": [alder.uri]}
    )
    asked = cedar.activity(verb, CEM, post.uri, path="a/request", instrument=inner, to=[alder.uri])
    await cedar.send(alder.here, asked)
    await fediverse.settle()
    accept = cedar.received[-1]
    assert (accept["type"], accept["object"]["id"], accept["object"]["instrument"]) == (
        "Accept",
        asked["id"],
        inner["id"],
    )
    status, stamp, _ = await document(fediverse, alder.here, accept["result"])
    assert (status, stamp["type"], stamp["interactingObject"]) == (200, f"{kind}Authorization", inner["id"])
    view = await sees(alder, post.uri)
    assert (view.likes_count, view.replies_count) == (int(kind == "Like"), int(kind == "Reply"))


async def test_a_closed_conversation_refuses_who_asks_and_who_does_not(fediverse, alder, cedar):
    post = await write(alder, "Say what you think")
    await alder.do(posts.set_locked, post.id, locked=True)
    note = cedar.note(CEM, "n/1", inReplyTo=post.uri)
    asked = cedar.activity("ReplyRequest", CEM, post.uri, path="a/request", instrument=note, to=[alder.uri])
    await cedar.send(alder.here, asked)
    await fediverse.settle()
    assert (cedar.received[-1]["type"], cedar.received[-1]["object"]["id"]) == ("Reject", asked["id"])
    await cedar.send(alder.here, cedar.activity("Create", CEM, note))
    await fediverse.settle()
    assert (cedar.received[-1]["type"], cedar.received[-1]["object"]) == ("Reject", note["id"])
    assert await found(alder.here, note["id"]) is None
    _, body, _ = await document(fediverse, alder.here, post.uri)
    assert body["interactionPolicy"]["canReply"]["automaticApproval"] == [alder.uri]


async def test_servers_of_threads_are_told_no_with_the_object_inside(fediverse, alder):
    """PieFed cannot read a Reject that names a post by its id; GoToSocial reads no other."""
    lem = Stranger(fediverse, "lem.example")
    writer = lem.actor("lea", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await lem.send(alder.here, lem.activity("Follow", writer, alder.uri))
    await fediverse.settle()
    post = await write(alder, "Say what you think")
    note = lem.note(writer, "n/1", inReplyTo=post.uri)
    await lem.send(alder.here, lem.activity("Create", writer, note))
    await fediverse.settle()
    await alder.do(agreeing.refuse_reply, (await found(alder.here, note["id"])).id)
    await fediverse.settle()
    rejects = [item for item in lem.received if item["type"] == "Reject"]
    assert [item["object"] for item in rejects] == [{"id": note["id"], "type": "Note", "actor": writer}]


# Refusing answers here


async def test_an_author_takes_an_answer_out_from_under_their_post(fediverse, alder):
    birch = await fediverse.person(await fediverse.start("birch.example"), "bea")
    post = await write(alder, "Say what you think")
    await birch.here.run(posts.fetch_post, birch.here, post.uri)
    written = await reply(birch, await found(birch.here, post.uri), "Buy my course")
    await fediverse.settle()

    view = await sees(alder, written.uri)
    async with fediverse.client(alder.here, alder) as client:
        page = (await client.get((await sees(alder, post.uri)).url)).text
        assert f'action="{view.action_base}/refuse"' in page
        await client.post(f"{view.action_base}/refuse")
        page = (await client.get((await sees(alder, post.uri)).url)).text
        assert "Buy my course" not in page
    await fediverse.settle()
    assert (await sees(alder, post.uri)).replies_count == 0
    assert (await found(birch.here, written.uri)).state == "refused"
    assert await sees(birch.here, written.uri) is None


async def test_s15_nobody_hears_of_an_answer_that_only_some_could_read(fediverse, alder):
    """A refusal is told to followers where everybody could have seen the answer, and to nobody else."""
    spy = Stranger(fediverse, "spy.example")
    watcher = spy.actor("watcher")
    await spy.send(alder.here, spy.activity("Follow", watcher, alder.uri))
    boris = await fediverse.person(alder.here, "boris")
    group = await community(alder, "quiet", visibility="members", join_policy="apply")
    await alder.do(members.invite_member, group.id, "boris")
    await boris.do(members.join, group.id)
    await fediverse.settle()
    inside = {"community_id": group.id, "visibility": "members"}
    for place, told in ((inside, 0), ({"visibility": "instance"}, 0), ({}, 1)):
        post = await write(alder, "Say what you think", **place)
        written = await reply(boris, post, visibility=place.get("visibility", "public"))
        await fediverse.settle()
        spy.received.clear()
        await alder.do(agreeing.refuse_reply, written.id)
        await fediverse.settle()
        rejects = [item for item in spy.received if item["type"] == "Reject"]
        assert len(rejects) == told, place


async def test_only_who_is_answered_refuses(fediverse, alder):
    """S30."""
    boris, cleo = await fediverse.person(alder.here, "boris"), await fediverse.person(alder.here, "cleo")
    post = await write(alder, "Say what you think")
    written = await reply(boris, post)
    with pytest.raises(NotAllowed):
        await cleo.do(agreeing.refuse_reply, written.id)
    with pytest.raises(NotAllowed):
        await boris.do(agreeing.refuse_reply, written.id)
    with pytest.raises(NotFound):
        await alder.do(agreeing.refuse_reply, post.id)
    await alder.do(agreeing.refuse_reply, written.id)
    assert (await found(alder.here, written.uri)).state == "refused"


# Quoting from here


async def quote(person, post, text="Look at this", **more):
    """Quote a post as the form does."""
    return await person.do(discussions.quote, post.id, ThreadForm(kind="note", text=text, **more))


async def test_a_quote_from_here_waits_for_the_stamp(fediverse, alder, cedar):
    other, boris = Stranger(fediverse, "birch.example"), await fediverse.person(alder.here, "boris")
    await other.send(alder.here, other.activity("Follow", other.actor("bea"), alder.uri))
    post = await post_of(alder, cedar, quote=([PUBLIC], []))
    await fediverse.settle()
    other.received.clear()
    view = await sees(alder, post.uri)
    async with fediverse.client(alder.here, alder) as client:
        assert (await client.get(f"{view.action_base}/quote")).status_code == 200
        answered = await client.post(
            f"{view.action_base}/quote", data={"content": "Look at this", "visibility": "public", "language": "en"}
        )
        page = (await client.get(answered.headers["location"])).text
    await fediverse.settle()
    assert "Waiting for their agreement" in page
    asked = cedar.received[-1]
    assert (asked["type"], asked["actor"], asked["object"], asked["to"]) == ("QuoteRequest", alder.uri, post.uri, [CEM])
    note = asked["instrument"]
    assert (note["type"], note["quote"], note["attributedTo"]) == ("Note", post.uri, alder.uri)
    assert "@context" not in note
    assert other.received == []
    assert await sees(boris, note["id"]) is None

    accept = cedar.activity(
        "Accept",
        CEM,
        {"type": "QuoteRequest", "id": asked["id"], "actor": alder.uri, "object": post.uri, "instrument": note["id"]},
        result=cedar.uri("stamps/1"),
    )
    await cedar.send(alder.here, accept)
    await fediverse.settle()
    for server in (cedar, other):
        created = server.received[-1]
        assert (created["type"], created["object"]["quote"]) == ("Create", post.uri)
        assert created["object"]["quoteAuthorization"] == cedar.uri("stamps/1")
        assert f'class="quote-inline">RE: <a href="{post.uri}"' in created["object"]["content"]
    assert (await sees(boris, note["id"])).quote.author.handle == "@cem@cedar.example"

    await cedar.send(alder.here, cedar.activity("Delete", CEM, cedar.uri("stamps/1")))
    await fediverse.settle()
    updated = other.received[-1]
    assert updated["type"] == "Update"
    assert "quoteAuthorization" not in updated["object"]
    assert (await sees(boris, note["id"])).quote.state == "revoked"


async def test_a_refused_quote_is_seen_by_its_author_alone(fediverse, alder, cedar):
    boris = await fediverse.person(alder.here, "boris")
    post = await post_of(alder, cedar, quote=([], [PUBLIC]))
    written = await quote(alder, post)
    await fediverse.settle()
    await cedar.send(alder.here, answer(cedar, "Reject", cedar.received[-1]["id"]))
    await fediverse.settle()
    assert (await sees(alder, written.uri)).state == "refused"
    assert await sees(boris, written.uri) is None


async def test_an_accept_without_a_stamp_or_with_a_foreign_one_is_no_agreement(fediverse, alder, cedar):
    post = await post_of(alder, cedar, quote=([PUBLIC], []))
    written = await quote(alder, post)
    await fediverse.settle()
    await cedar.send(alder.here, answer(cedar, "Accept", cedar.received[-1]["id"], "https://birch.example/stamps/1"))
    await fediverse.settle()
    assert (await found(alder.here, written.uri)).state == "refused"


@pytest.mark.parametrize("said", [None, policy(reply=([PUBLIC], [])), policy(quote=([CEM], []))])
async def test_whoever_did_not_say_so_is_not_quoted(alder, cedar, said):
    note = cedar.note(CEM, "n/1", **({"interactionPolicy": said} if said else {}))
    await alder.here.run(posts.fetch_post, alder.here, note["id"])
    post = await found(alder.here, note["id"])
    with pytest.raises(NotAllowed, match="has not said"):
        await quote(alder, post)
    assert not (await sees(alder, post.uri)).can_quote


async def test_people_here_quote_each_other_at_once_with_a_stamp(fediverse, alder):
    boris = await fediverse.person(alder.here, "boris")
    post = await write(alder, "Everybody may read this", title="Wise words")
    written = await quote(boris, post)
    assert written.state == "visible"
    assert (await sees(alder, written.uri)).quote.title == "Wise words"
    assert await count(alder.here, "SELECT count(*) AS n FROM stamp") == 1
    async with fediverse.client(alder.here, alder) as client:
        assert "quotes you" in (await client.get("/notifications")).text
    await alder.do(agreeing.allow_quotes, post.id, allowed=False)
    with pytest.raises(NotAllowed):
        await quote(boris, post)
    inside = await write(alder, "For people here", visibility="instance")
    with pytest.raises(NotAllowed, match="shared with some people only"):
        await quote(boris, inside)


async def test_between_two_peerhalls_a_quote_is_agreed_to_by_itself(fediverse, alder):
    birch = await fediverse.person(await fediverse.start("birch.example"), "bea")
    post = await write(alder, "Everybody may read this", title="Wise words")
    await birch.here.run(posts.fetch_post, birch.here, post.uri)
    written = await quote(birch, await found(birch.here, post.uri))
    assert written.state == "waiting"
    await fediverse.settle()
    assert (await sees(birch.here, written.uri)).quote.title == "Wise words"
    assert (await sees(alder, written.uri)).quote.title == "Wise words"
    given = (await alder.do(agreeing.quotes_given, post.id))[0]
    assert (given.by.handle, given.is_here) == ("@bea@birch.example", True)
    await alder.do(agreeing.revoke_quote, post.id, given.id)
    await fediverse.settle()
    assert (await sees(birch.here, written.uri)).quote.state == "revoked"
    assert (await sees(alder, written.uri)).quote.state == "revoked"


async def test_a_page_with_quotes_takes_as_many_queries_however_many_they_are(fediverse, alder, monkeypatch):
    here = alder.here
    boris = await fediverse.person(here, "boris")
    for number in range(6):
        await quote(boris, await write(alder, "Words", title=f"Number {number}"))
    seen = []
    rows = here.db.rows

    async def counted(*arguments, **keywords):
        seen.append(arguments[0])
        return await rows(*arguments, **keywords)

    monkeypatch.setattr(here.db, "rows", counted)
    for limit in (1, 6):
        seen.clear()
        page = await here.run(queries.listing, here, alder.viewer, kinds=["note"], limit=limit)
        assert all(view.quote.is_shown for view in page.items)
        assert len(seen) == 4
