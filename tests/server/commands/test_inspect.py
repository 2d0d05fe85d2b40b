"""`peerhall inspect`: everything that can be seen of somebody or something on another server."""

from datetime import timedelta
from typing import Any

import pytest

from federation.errors import FederationError
from server.commands.inspect import lines
from server.commands.inspection import Inspection
from server.commands.inspection import inspect as find_out
from server.errors import Refused
from server.peers import actions as peers
from tests.posting import ACTIVITY, Stranger, community, follow, found, write


async def inspected(here: Any, what: str) -> tuple[Inspection, str]:
    """What is found out, and the report as it is printed."""
    result = await here.run(find_out, here, what)
    return result, "\n".join(lines(result))


@pytest.fixture
async def two(fediverse: Any) -> tuple[Any, Any]:
    """Maya at Alder, and Birch, which looks."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    return maya, await fediverse.start("birch.example", federation="careful")


@pytest.mark.parametrize("what", ["maya", "", "http://", "https:///x", "@maya@", "two words@alder.example"])
async def test_what_is_neither_a_handle_nor_an_address_is_refused(two: Any, what: str) -> None:
    with pytest.raises((Refused, FederationError)):
        await inspected(two[1], what)


async def test_s17_whom_we_do_not_talk_to_is_not_asked(fediverse: Any, two: Any) -> None:
    maya, birch = two
    await birch.run(peers.set_grade, birch, "alder.example", "blocked", "@ana")
    for what in (maya.uri, "@maya@alder.example", "acct:maya@ALDER.example", "https://sub.alder.example/x"):
        with pytest.raises(Refused, match=r"grade blocked, mode careful"):
            await inspected(birch, what)
    assert fediverse.network.count("GET", "https://alder.example") == 0


async def test_what_is_ours_is_not_asked_for(two: Any) -> None:
    for what in ("@anybody@birch.example", "https://birch.example/ap/actor"):
        with pytest.raises(Refused, match="only another server"):
            await inspected(two[1], what)


@pytest.mark.parametrize("what", ["@nobody@alder.example", "https://alder.example/ap/u/none", "https://gone.example/x"])
async def test_what_is_not_there_is_refused(two: Any, what: str) -> None:
    with pytest.raises(FederationError):
        await inspected(two[1], what)


async def test_a_person_is_shown_whole_and_nothing_is_stored(two: Any) -> None:
    maya, birch = two
    result, report = await inspected(birch, "@maya@alder.example")
    assert result.finger is not None
    assert result.finger.agreed == "maya@alder.example"
    assert [kind for _, kind in result.keys] == ["RSA, 2048 bits", "Ed25519"]
    for words in (
        f"WebFinger   maya@alder.example → {maya.uri}",
        "and back: maya@alder.example, on which both agree",
        "redirects   none",
        f"document    Person {maya.uri}",
        "shared inbox  https://alder.example/ap/inbox",
        "anybody may follow, discoverable, not to be searched",
        "followers     0",
        "signatures  unsigned      200 application/activity+json",
        "draft-cavage  200 application/activity+json",
        "RFC 9421      200 application/activity+json",
        "proof       none",
        "policy      normal, in mode careful",
        "a stranger's first post from there waits for a steward",
        "software    peerhall 0.1.0",
        "dialect     threadiverse: its actors say that they implement FEP-1b12",
        "health      never met before",
    ):
        assert words in report, report
    assert await birch.run(birch.db.value, "SELECT count(*) FROM actor WHERE NOT is_local") == 0


async def test_a_community_is_shown_by_its_page(two: Any) -> None:
    maya, birch = two
    science = await community(maya, "science")
    _, report = await inspected(birch, "https://alder.example/c/science")
    assert f"document    Group {science.uri}" in report
    assert f"{science.uri}/moderators" in report
    assert "and back: science@alder.example, on which both agree" in report


async def test_a_post_and_its_signed_message_are_shown_with_their_author(fediverse: Any, two: Any) -> None:
    maya, birch = two
    await follow(await fediverse.person(birch, "tom"), maya)
    await fediverse.settle()
    post = await write(maya, "We use paper strips.", title="Fractions", language="en")
    await fediverse.settle()
    _, report = await inspected(birch, post.url)
    for words in (
        f"document    Article {post.uri}",
        "Fractions",
        "everybody",
        f"of {maya.uri}",
        "maya@alder.example, on which both agree",
        "last seen",
    ):
        assert words in report, report
    body = await maya.here.run(maya.here.db.value, "SELECT uri FROM sent_activity WHERE post_id = :id", id=post.id)
    result, report = await inspected(birch, str(body))
    assert result.proof == f"valid, eddsa-jcs-2022 by {maya.uri}#ed25519-key"
    assert f"{post.uri} (Article, embedded)" in report


async def test_authorized_fetch_and_a_failing_server_are_seen(fediverse: Any) -> None:
    alder, birch = await fediverse.start("alder.example", authorized_fetch=True), await fediverse.start("birch.example")
    maya, tom = await fediverse.person(alder, "maya"), await fediverse.person(birch, "tom")
    await follow(maya, tom)
    await fediverse.settle()
    fediverse.network.down.add("alder.example")
    await write(tom, "Hello")
    await fediverse.settle()
    fediverse.network.down.clear()
    fediverse.clock.advance(timedelta(seconds=61).total_seconds())
    result, report = await inspected(birch, "@maya@alder.example")
    assert dict(result.signatures)["unsigned"].startswith("401")
    assert dict(result.signatures)["draft-cavage"].startswith("200")
    assert "health      first seen 2026-01-15 10:00" in report
    assert "does not take what we send since 2026-01-15 10:00" in report


async def test_s9_s10_a_server_that_lies_about_a_handle_is_caught_and_cannot_draw(fediverse: Any) -> None:
    birch = await fediverse.start("birch.example")
    evil = Stranger(fediverse, "evil.example")
    evil.actor("first", preferredUsername="maya")
    uri = evil.actor("mallory", preferredUsername="maya")
    evil.documents[uri]["name"] = "Maya\x1b[2J\r\nproof       valid"
    result, report = await inspected(birch, uri)
    assert result.finger is not None
    assert result.finger.agreed is None
    assert "NOT AGREED" in report
    assert "\x1b" not in report
    assert "\nproof       valid" not in report
    assert result.document["type"] == "Person"
    assert ACTIVITY in dict(result.signatures)["unsigned"]
    assert await found(birch, uri) is None
