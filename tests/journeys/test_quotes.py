"""Quotes (FEP-044f): shown where their author agreed, a link where not; asked for, answered, and taken back."""

import re

import pytest

from federation.vocab.base import PUBLIC
from server.posts import agreeing
from server.posts.models import Post, Stamp
from tests.posting import Stranger, community, document, follow, found, join, outcome, sees, write


@pytest.fixture
async def alder(fediverse):
    """An instance with Amara on it."""
    here = await fediverse.start("alder.example")
    return await fediverse.person(here, "amara")


def quoting(there, author, path, target, **more):
    """A Note elsewhere that quotes `target`."""
    return there.note(author, path, "<p>Look at this</p>", quote=target, **more)


def stamp(there, author, interacting, target, path="stamps/1", **more):
    """A QuoteAuthorization elsewhere."""
    uri = there.uri(path)
    there.documents[uri] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": uri,
        "type": "QuoteAuthorization",
        "attributedTo": author,
        "interactingObject": interacting,
        "interactionTarget": target,
    } | more
    return uri


def request_of(there, actor, note, target, path="a/request/1"):
    """A QuoteRequest as Mastodon sends it."""
    return there.activity("QuoteRequest", actor, target, path=path, instrument=note, to=None)


async def stamps_of(here):
    """How many stamps were given."""

    async def count():
        return await Stamp.all().count()

    return await here.run(count)


async def page_of(fediverse, person, uri):
    """The page of a post, as somebody sees it."""
    view = await sees(person, uri)
    async with fediverse.client(person.here, person) as client:
        return (await client.get(view.url)).text


async def test_a_quote_without_its_authors_word_is_a_link(fediverse, alder):
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem = there.actor("bruno"), elsewhere.actor("cem")
    original = elsewhere.note(cem, "n/1", "<p>The words of Cem</p>")
    note = quoting(there, bruno, "n/1", original["id"])
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()

    view = await sees(alder, note["id"])
    assert (view.quote.state, view.quote.is_shown) == ("unproved", False)
    page = await page_of(fediverse, alder, note["id"])
    assert "The words of Cem" not in page
    assert "whose author has not agreed" in page
    assert f'href="{original["id"]}"' in page


async def test_a_quote_with_a_stamp_is_shown_whole(fediverse, alder):
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem = there.actor("bruno"), elsewhere.actor("cem")
    original = elsewhere.note(cem, "n/1", "<p>The words of Cem</p>")
    proof = stamp(elsewhere, cem, there.uri("n/1"), original["id"])
    note = quoting(there, bruno, "n/1", original["id"], quoteAuthorization=proof)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()

    page = await page_of(fediverse, alder, note["id"])
    assert re.search(r'<blockquote class="quoted".*The words of Cem', page, re.DOTALL)
    assert "@cem@cedar.example" in page


@pytest.mark.parametrize(
    "forged",
    [
        {"interactingObject": "https://birch.example/n/other"},
        {"interactionTarget": "https://cedar.example/n/other"},
        {"interactionTarget": None},
        {"attributedTo": "https://cedar.example/u/somebody"},
        {"attributedTo": "https://birch.example/u/bruno"},
        {"type": "ReplyAuthorization"},
        {"type": "Note"},
        {"id": "https://cedar.example/stamps/2"},
    ],
)
async def test_a_stamp_that_says_something_else_proves_nothing(fediverse, alder, forged):
    """S5, S7: who agreed, to what, and to whom, all have to fit."""
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem = there.actor("bruno"), elsewhere.actor("cem")
    original = elsewhere.note(cem, "n/1", "<p>The words of Cem</p>")
    proof = stamp(elsewhere, cem, there.uri("n/1"), original["id"], **forged)
    note = quoting(there, bruno, "n/1", original["id"], quoteAuthorization=proof)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.is_shown is False


async def test_a_stamp_on_the_quoters_own_server_proves_nothing(fediverse, alder):
    """S7: only the quoted author's server speaks for them."""
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem = there.actor("bruno"), elsewhere.actor("cem")
    original = elsewhere.note(cem, "n/1")
    proof = stamp(there, cem, there.uri("n/1"), original["id"])
    note = quoting(there, bruno, "n/1", original["id"], quoteAuthorization=proof)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.is_shown is False


async def test_people_quote_themselves_and_those_who_name_them(fediverse, alder):
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem = there.actor("bruno"), elsewhere.actor("cem")
    own = there.note(bruno, "n/own", "<p>My own words</p>")
    naming = elsewhere.note(
        cem, "n/1", "<p>Hello Bruno</p>", tag=[{"type": "Mention", "href": bruno, "name": "@bruno"}]
    )
    for number, target in enumerate((own["id"], naming["id"])):
        note = quoting(there, bruno, f"n/{number}", target)
        await there.send(alder.here, there.activity("Create", bruno, note))
        await fediverse.settle()
        assert (await sees(alder, note["id"])).quote.is_shown


@pytest.mark.parametrize("key", ["quote", "quoteUrl", "quoteUri", "_misskey_quote", "tag"])
async def test_a_quote_is_understood_under_every_name(fediverse, alder, key):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    own = there.note(bruno, "n/own", "<p>My own words</p>")
    link = [{"type": "Link", "href": own["id"], "rel": "https://misskey-hub.net/ns#_misskey_quote"}]
    note = there.note(bruno, "n/1", "<p>x</p>", **{key: link if key == "tag" else own["id"]})
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.excerpt == "My own words"


@pytest.mark.parametrize("words", ["<p>All happy families</p>", "https://birch.example/n/own", "All happy families"])
async def test_the_quotation_of_a_book_quotes_no_post(fediverse, alder, words):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    there.note(bruno, "n/own")
    note = there.note(bruno, "n/1", "<p>Well said</p>", type="Quotation", quote=words)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote is None


async def test_a_post_cannot_quote_itself(fediverse, alder):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    note = quoting(there, bruno, "n/1", there.uri("n/1"))
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote is None


async def test_a_quoted_post_shows_to_whoever_may_read_it_alone(fediverse, alder):
    """S15: quoting something does not publish it."""
    here = alder.here
    boris = await fediverse.person(here, "boris")
    inside = await write(alder, "For people here", visibility="instance")
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    note = quoting(there, bruno, "n/1", inside.uri)
    await there.send(here, there.activity("Create", bruno, note))
    await fediverse.settle()
    await here.run(here.db.execute, "UPDATE post SET quote_state = 'approved' WHERE uri = :uri", uri=note["id"])

    assert (await sees(boris, note["id"])).quote.is_shown
    assert not (await sees(here, note["id"])).quote.is_shown


async def test_whoever_asks_may_quote_what_is_public(fediverse, alder):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    post = await write(alder, "Everybody may read this")
    note = quoting(there, bruno, "n/1", post.uri)
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await fediverse.settle()

    accept = there.received[-1]
    assert (accept["type"], accept["actor"], accept["to"]) == ("Accept", alder.uri, [bruno])
    assert accept["object"] == {
        "type": "QuoteRequest",
        "id": there.uri("a/request/1"),
        "actor": bruno,
        "object": post.uri,
        "instrument": note["id"],
    }
    status, proof, _ = await document(fediverse, alder.here, accept["result"])
    assert status == 200
    assert {key: proof[key] for key in ("id", "type", "attributedTo", "interactingObject", "interactionTarget")} == {
        "id": accept["result"],
        "type": "QuoteAuthorization",
        "attributedTo": alder.uri,
        "interactingObject": note["id"],
        "interactionTarget": post.uri,
    }
    assert proof["proof"]["cryptosuite"] == "eddsa-jcs-2022"
    # Nothing of the quote is shown before its author publishes it.
    assert await found(alder.here, note["id"]) is None

    await there.send(alder.here, there.activity("Create", bruno, note | {"quoteAuthorization": accept["result"]}))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.is_shown


async def test_asking_twice_gives_one_stamp(fediverse, alder):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    post = await write(alder, "Everybody may read this")
    note = quoting(there, bruno, "n/1", post.uri)
    for number in range(2):
        await there.send(alder.here, request_of(there, bruno, note, post.uri, path=f"a/request/{number}"))
        await fediverse.settle()
    assert len({accept["result"] for accept in there.received}) == 1
    assert await stamps_of(alder.here) == 1


async def test_a_request_that_comes_after_the_quote_turns_the_link_into_a_card(fediverse, alder):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    post = await write(alder, "Everybody may read this")
    note = quoting(there, bruno, "n/1", post.uri)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert not (await sees(alder, note["id"])).quote.is_shown
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.is_shown


async def test_what_members_share_is_not_quoted(fediverse, alder):
    """S15: not even a member elsewhere gets a stamp for it, and whoever is no member learns nothing."""
    group = await community(alder, "circle", visibility="members")
    other = await fediverse.person(await fediverse.start("cedar.example"), "cem")
    await join(other, group)
    await fediverse.settle()
    post = await write(alder, "For members", community_id=group.id)
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    note = quoting(there, bruno, "n/1", post.uri)
    asked = request_of(there, bruno, note, post.uri)
    await there.send(alder.here, asked)
    await fediverse.settle()
    assert there.received == []
    assert (await outcome(alder.here, asked["id"]))[0] == "refused"
    _, body, _ = await document(fediverse, alder.here, post.uri)
    assert body is None


async def test_followers_posts_are_not_quoted(fediverse, alder):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    post = await write(alder, "For followers", visibility="followers")
    await there.send(alder.here, there.activity("Follow", bruno, alder.uri))
    await fediverse.settle()
    there.received.clear()
    note = quoting(there, bruno, "n/1", post.uri)
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await fediverse.settle()
    assert [activity["type"] for activity in there.received] == ["Reject"]
    assert await stamps_of(alder.here) == 0


async def test_an_author_forbids_quotes(fediverse, alder):
    post = await write(alder, "Mine alone")
    async with fediverse.client(alder.here, alder) as client:
        view = await sees(alder, post.uri)
        await client.post(f"{view.action_base}/quotes", data={"allowed": "no"})
        page = (await client.get(f"{view.action_base}/quotes")).text
    assert "Nobody may." in page
    _, body, _ = await document(fediverse, alder.here, post.uri)
    assert body["interactionPolicy"]["canQuote"] == {"automaticApproval": [alder.uri], "manualApproval": []}
    assert body["interactionPolicy"]["canReply"]["automaticApproval"] == [PUBLIC]

    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    note = quoting(there, bruno, "n/1", post.uri)
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await fediverse.settle()
    assert there.received[-1]["type"] == "Reject"


@pytest.mark.parametrize(
    "change",
    [
        {"instrument": "https://cedar.example/n/1"},
        {
            "instrument": {
                "id": "https://birch.example/n/1",
                "type": "Note",
                "attributedTo": "https://cedar.example/u/x",
            }
        },
        {"instrument": None},
        {"actor": "https://cedar.example/u/cem"},
        {"object": "https://birch.example/n/2"},
        {"object": None},
    ],
)
async def test_nobody_asks_for_another(fediverse, alder, change):
    """S5, S30: a request is about a post of ours and a post of the asker's own."""
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    post = await write(alder, "Everybody may read this")
    asked = request_of(there, bruno, quoting(there, bruno, "n/1", post.uri), post.uri) | change
    await there.send(alder.here, asked, signer=bruno)
    await fediverse.settle()
    assert await stamps_of(alder.here) == 0
    assert all(activity["type"] != "Accept" for activity in there.received)


async def test_a_request_for_a_post_that_quotes_something_else_is_refused(fediverse, alder):
    there = Stranger(fediverse, "birch.example")
    bruno = there.actor("bruno")
    post, other = await write(alder, "One"), await write(alder, "Two")
    note = quoting(there, bruno, "n/1", other.uri)
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await fediverse.settle()
    assert there.received[-1]["type"] == "Reject"


async def test_an_author_takes_a_quote_back(fediverse, alder):
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, reader = there.actor("bruno"), elsewhere.actor("reader")
    await elsewhere.send(alder.here, elsewhere.activity("Follow", reader, alder.uri))
    post = await write(alder, "Everybody may read this")
    note = quoting(there, bruno, "n/1", post.uri)
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    result = there.received[-1]["result"]

    view = await sees(alder, post.uri)
    async with fediverse.client(alder.here, alder) as client:
        page = (await client.get(f"{view.action_base}/quotes")).text
        assert "@bruno@birch.example" in page
        wanted = re.search(r'name="revoke" value="(\w+)"', page)[1]
        await client.post(f"{view.action_base}/quotes", data={"revoke": wanted})
    await fediverse.settle()

    for server in (there, elsewhere):
        gone = server.received[-1]
        assert (gone["type"], gone["actor"], gone["object"]["id"]) == ("Delete", alder.uri, result)
        assert gone["object"]["type"] == "QuoteAuthorization"
    assert (await document(fediverse, alder.here, result))[0] == 410
    assert (await sees(alder, note["id"])).quote.state == "revoked"
    # Asking again does not undo it.
    await there.send(alder.here, request_of(there, bruno, note, post.uri, path="a/request/2"))
    await fediverse.settle()
    assert there.received[-1]["type"] == "Reject"


async def test_nobody_takes_back_what_another_gave(fediverse, alder):
    """S30: neither by its address here, nor by a Delete from another actor or server."""
    boris = await fediverse.person(alder.here, "boris")
    there = Stranger(fediverse, "birch.example")
    bruno, eve = there.actor("bruno"), there.actor("eve")
    post = await write(alder, "Everybody may read this")
    note = quoting(there, bruno, "n/1", post.uri)
    await there.send(alder.here, request_of(there, bruno, note, post.uri))
    await fediverse.settle()
    given = await alder.here.run(Stamp.get)
    async with fediverse.client(alder.here, boris) as client:
        view = await sees(boris, post.uri)
        answer = await client.post(f"{view.action_base}/quotes", data={"revoke": given.id})
        assert answer.status_code == 403
    await there.send(alder.here, there.activity("Delete", eve, {"id": given.uri, "type": "QuoteAuthorization"}))
    await fediverse.settle()
    assert (await alder.here.run(Stamp.get)).revoked_at is None


@pytest.mark.parametrize("embedded", [True, False])
async def test_a_revocation_elsewhere_turns_the_card_into_a_link(fediverse, alder, embedded):
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem, other = there.actor("bruno"), elsewhere.actor("cem"), elsewhere.actor("other")
    original = elsewhere.note(cem, "n/1", "<p>The words of Cem</p>")
    proof = stamp(elsewhere, cem, there.uri("n/1"), original["id"])
    note = quoting(there, bruno, "n/1", original["id"], quoteAuthorization=proof)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()

    target = {"id": proof, "type": "QuoteAuthorization"} if embedded else proof
    await elsewhere.send(alder.here, elsewhere.activity("Delete", other, target, path="a/d/1"))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.is_shown
    await elsewhere.send(alder.here, elsewhere.activity("Delete", cem, target, path="a/d/2"))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.state == "revoked"


async def test_stamps_are_looked_up_again(fediverse, alder):
    """FEP-044f: a revocation may not have reached us."""
    there, elsewhere = Stranger(fediverse, "birch.example"), Stranger(fediverse, "cedar.example")
    bruno, cem = there.actor("bruno"), elsewhere.actor("cem")
    original = elsewhere.note(cem, "n/1")
    proof = stamp(elsewhere, cem, there.uri("n/1"), original["id"])
    note = quoting(there, bruno, "n/1", original["id"], quoteAuthorization=proof)
    await there.send(alder.here, there.activity("Create", bruno, note))
    await fediverse.settle()
    assert (await sees(alder, note["id"])).quote.is_shown

    del elsewhere.documents[proof]
    fediverse.clock.advance(4 * 86400)
    await fediverse.settle()
    assert not (await sees(alder, note["id"])).quote.is_shown


async def test_between_two_peerhalls_the_stamp_is_found(fediverse, alder):
    """A quote by somebody at a third server is a card for readers at a second one."""
    birch = await fediverse.person(await fediverse.start("birch.example"), "bea")
    await follow(birch, alder)
    await fediverse.settle()
    post = await write(alder, "Everybody may read this")
    await fediverse.settle()
    there = Stranger(fediverse, "cedar.example")
    cem = there.actor("cem")
    note = quoting(there, cem, "n/1", post.uri)
    await there.send(alder.here, request_of(there, cem, note, post.uri))
    await fediverse.settle()
    result = there.received[-1]["result"]
    await there.send(birch.here, there.activity("Create", cem, note | {"quoteAuthorization": result}))
    await fediverse.settle()
    assert (await sees(birch, note["id"])).quote.author.handle == "@amara@alder.example"

    given = (await alder.do(agreeing.quotes_given, post.id))[0]
    await alder.do(agreeing.revoke_quote, post.id, given.id)
    await fediverse.settle()
    assert (await sees(birch, note["id"])).quote.state == "revoked"
    assert (await birch.here.run(Post.get, uri=note["id"])).content_html == "<p>Look at this</p>"
