"""What apps write: who may not is told so, what arrives arrives once, and nothing is seen by more people than asked."""

import asyncio
from typing import Any

import pytest

from server.mastodon.ids import number_of
from server.notes.form import as_typed, with_breaks
from tests.apps import App, app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.posting import Stranger, community, document, follow, found, join, reply, sees, write

STATUSES = "/api/v1/statuses"


async def two(fediverse: Fediverse) -> tuple[Any, Any, App, App]:
    """Amara at alder and Bruno at birch, with an app each."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    return amara, bruno, await app_of(fediverse, alder, amara), await app_of(fediverse, birch, bruno)


async def here_as(app: App, uri: str) -> Any:
    """A status with this ActivityPub id, as the server of an app has it; None where it is not there for them."""
    post = await found(app.here, uri)
    if post is None:
        return None
    answer = await app.call("GET", f"{STATUSES}/{number_of(post.id)}")
    return answer.json() if answer.status_code == 200 else None


async def test_who_may_not_write_is_told_why(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    nobody, narrow = await app_of(fediverse, here), await app_of(fediverse, here, amara, scopes="read")
    assert await nobody.refused("POST", STATUSES, json={"status": "Hello"}) == 401
    assert await narrow.refused("POST", STATUSES, json={"status": "Hello"}) == 403
    app = await app_of(fediverse, here, amara)
    private = await write(bruno, "Not for Amara", kind="note", visibility="followers")
    for body, status in (
        ({}, 422),
        ({"status": "  \n "}, 422),
        ({"status": None, "media_ids": None}, 422),
        ({"status": "x", "visibility": "everyone"}, 422),
        ({"status": "x", "sensitive": "perhaps"}, 422),
        ({"status": "x" * 60_001}, 422),
        ({"status": "x", "in_reply_to_id": "1"}, 404),
        ({"status": "x", "in_reply_to_id": "none"}, 404),
        ({"status": "x", "in_reply_to_id": number_of(private.id)}, 404),
        ({"status": "x", "media_ids": ["1"]}, 422),
        ({"status": "x", "poll": {"options": ["One"], "expires_in": 600}}, 422),
        ({"status": "x", "poll": {"options": ["One", "Two"], "expires_in": 60}}, 422),
        ({"status": "x", "poll": {"options": ["One", "Two"]}}, 422),
    ):
        assert await app.refused("POST", STATUSES, json=body) == status, body
    assert await app.get(f"/api/v1/accounts/{number_of(amara.id)}/statuses") == []


@pytest.mark.parametrize("form", ["json", "form", "multipart"])
async def test_a_status_is_what_was_typed_and_reaches_followers_elsewhere(fediverse: Fediverse, form: str) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    values = {"status": "One line\nand *another*\n\n#chalk <b>", "spoiler_text": "Chalk", "language": "de"}
    sent: dict[str, Any] = {"json": values | {"sensitive": "0", "media_ids": None, "poll": None, "unknown": 1}}
    if form != "json":
        sent = {"data": values | {"sensitive": "true"}} | ({"files": {"x": b""}} if form == "multipart" else {})
        if form == "multipart":
            sent = {"files": {name: (None, value) for name, value in sent["data"].items()}}
    made = await app.post(STATUSES, **sent)
    assert broken("Status", made, "written") == []
    assert "One line<br" in made["content"]
    assert "<em>another</em>" in made["content"]
    assert "&lt;b&gt;" in made["content"]
    assert (made["spoiler_text"], made["sensitive"], made["language"]) == ("Chalk", True, "de")
    assert made["visibility"] == "public"
    assert made["tags"][0]["name"] == "chalk"
    assert made["peerhall"]["kind"] == "note"
    assert ids(await app.get("/api/v1/timelines/home")) == [made["id"]]
    await fediverse.settle()
    (there,) = await other.get("/api/v1/timelines/home")
    assert there["uri"] == made["uri"]
    assert there["spoiler_text"] == "Chalk"
    assert "<br" in there["content"]
    assert (await document(fediverse, app.here, made["uri"]))[1]["type"] == "Note"


async def test_the_same_key_writes_once_also_at_the_same_time(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    key = {"headers": {"Idempotency-Key": "draft-1"}}
    made = await asyncio.gather(*(app.post(STATUSES, {"status": "Once"}, **key) for _ in range(4)))
    assert len({one["id"] for one in made}) == 1
    assert (await app.post(STATUSES, {"status": "Changed"}, **key))["id"] == made[0]["id"]
    assert (await other.post(STATUSES, {"status": "Mine"}, **key))["id"] != made[0]["id"]
    fediverse.clock.advance(seconds=3700)
    assert (await app.post(STATUSES, {"status": "Once"}, **key))["id"] != made[0]["id"]
    assert len(await app.get(f"/api/v1/accounts/{number_of(amara.id)}/statuses")) == 2


async def test_an_answer_arrives_where_what_it_answers_is(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(amara, bruno)
    await fediverse.settle()
    asked = await other.post(STATUSES, {"status": "Who has **chalk**?"})
    await fediverse.settle()
    (there,) = await app.get("/api/v1/timelines/home")
    made = await app.post(
        STATUSES, {"status": "@bruno@birch.example I have", "in_reply_to_id": there["id"], "visibility": "public"}
    )
    assert made["in_reply_to_id"] == there["id"]
    assert made["in_reply_to_account_id"] == there["account"]["id"]
    assert [one["acct"] for one in made["mentions"]] == ["bruno@birch.example"]
    await fediverse.settle()
    thread = await other.get(f"{STATUSES}/{asked['id']}/context")
    assert [one["uri"] for one in thread["descendants"]] == [made["uri"]]
    assert (await other.get(f"{STATUSES}/{asked['id']}"))["replies_count"] == 1
    assert await other.get(f"{STATUSES}/{thread['descendants'][0]['id']}")
    gone = await app.call("DELETE", f"{STATUSES}/{made['id']}")
    assert (gone.status_code, gone.json()["text"]) == (200, "@bruno@birch.example I have")
    await fediverse.settle()
    assert (await other.get(f"{STATUSES}/{asked['id']}/context"))["descendants"] == []
    assert await app.refused("GET", f"{STATUSES}/{made['id']}") == 404


async def test_s15_what_is_private_is_for_followers_and_what_is_direct_for_those_named(fediverse: Fediverse) -> None:
    amara, _, app, other = await two(fediverse)
    chen, dana = [await fediverse.person(app.here, name) for name in ("chen", "dana")]
    follower, stranger = [await app_of(fediverse, app.here, person) for person in (chen, dana)]
    await follow(chen, amara)
    private = await app.post(STATUSES, {"status": "For followers", "visibility": "private"})
    direct = await app.post(STATUSES, {"status": "@bruno@birch.example in confidence", "visibility": "direct"})
    assert (private["visibility"], direct["visibility"]) == ("private", "direct")
    await fediverse.settle()
    assert (await here_as(other, direct["uri"]))["visibility"] == "direct"
    assert await found(other.here, private["uri"]) is None
    assert await here_as(follower, private["uri"])
    for app_, status in ((follower, direct), (stranger, direct), (stranger, private)):
        assert await here_as(app_, status["uri"]) is None
    for status in (private, direct):
        assert (await document(fediverse, app.here, status["uri"]))[0] != 200


async def test_a_direct_post_that_would_reach_nobody_is_refused(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await community(bruno, "science")
    app = await app_of(fediverse, here, amara)
    for text in ("@brono in confidence", "@bruno@nowhere.example in confidence", "@science in confidence"):
        assert await app.refused("POST", STATUSES, json={"status": text, "visibility": "direct"}) == 422, text
    mine = await app.post(STATUSES, {"status": "A note to myself", "visibility": "direct"})
    assert (mine["visibility"], mine["mentions"]) == ("direct", [])
    assert (await app.post(STATUSES, {"status": "@bruno and @brono", "visibility": "direct"}))["visibility"] == "direct"


async def test_s15_a_direct_answer_is_not_for_everybody_in_the_conversation(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    app, asking, named = [await app_of(fediverse, here, person) for person in (amara, bruno, chen)]
    asked = await asking.post(STATUSES, {"status": "@chen @amara what do you think?"})
    answer = await app.post(
        STATUSES, {"status": "Only for you, @bruno", "in_reply_to_id": asked["id"], "visibility": "direct"}
    )
    assert await here_as(asking, answer["uri"])
    assert await here_as(named, answer["uri"]) is None


async def test_an_answer_is_never_wider_than_what_it_answers(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    group = await community(bruno, "quiet", visibility="members", join_policy="open")
    await join(amara, group)
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, chen)
    inside = await write(bruno, "Among us", community_id=group.id, visibility="members")
    for wanted in ("public", "private"):
        made = await app.post(
            STATUSES, {"status": "I agree", "in_reply_to_id": number_of(inside.id), "visibility": wanted}
        )
        assert made["peerhall"]["audience"] == "members", wanted
        assert made["visibility"] == "private"
        assert await here_as(other, made["uri"]) is None


async def test_naming_a_community_first_posts_into_it(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    group = await community(bruno, "science")
    closed = await community(bruno, "closed", visibility="members", join_policy="invite")
    assert await other.post(STATUSES, {"status": "@science Who has chalk?"})
    chen = await fediverse.person(other.here, "chen")
    third = await app_of(fediverse, other.here, chen)
    refused = await third.call("POST", STATUSES, json={"status": "@science Me too"})
    assert (refused.status_code, "Join this community first." in refused.text) == (403, True)
    assert "community" in (await other.post(STATUSES, {"status": "@closed Us"}))["peerhall"]
    word = await third.post(STATUSES, {"status": "@closed is a word"})
    assert word["peerhall"]["community"] is None
    await join(chen, group)
    made = await third.post(STATUSES, {"status": "@science@birch.example Now **I** am in", "visibility": "private"})
    assert made["peerhall"]["community"]["acct"] == "science"
    assert made["peerhall"]["audience"] == "members"
    assert made["content"].count("only for members") == 1
    await join(amara, group)
    await fediverse.settle()
    made = await app.post(STATUSES, {"status": "@science@birch.example From elsewhere"})
    assert made["peerhall"]["community"]["acct"] == "science@birch.example"
    assert made["content"].count(">science<") + made["content"].count("@science@birch.example<") == 1
    await fediverse.settle()
    there = await here_as(other, made["uri"])
    assert there["peerhall"]["community"]["acct"] == "science"
    page = await other.get(f"/api/v1/accounts/{number_of(group.id)}/statuses")
    assert there["id"] in ids(page)
    assert closed is not None


async def test_a_poll_goes_out_and_can_be_chosen_from_elsewhere(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    sent = {
        "status": "Which tool?",
        "poll[options][]": ["Strips", " Blocks "],
        "poll[expires_in]": "86400",
        "poll[multiple]": "true",
    }
    made = await app.post(STATUSES, data=sent)
    assert [option["title"] for option in made["poll"]["options"]] == ["Strips", "Blocks"]
    assert (made["poll"]["multiple"], made["poll"]["expired"], made["poll"]["own_votes"]) == (True, False, [])
    await fediverse.settle()
    (there,) = await other.get("/api/v1/timelines/home")
    assert [option["title"] for option in there["poll"]["options"]] == ["Strips", "Blocks"]
    assert broken("Status", there, "poll") == []


@pytest.mark.parametrize(
    "text",
    ["One\nTwo\n\nThree", "```\na\nb\n```\nc", "- a\n- b", "x", "", "~~~\n```\n~~~\nz\ny", "  \n  \nnot"],
)
def test_what_was_typed_comes_back(text: str) -> None:
    assert (
        as_typed(with_breaks(text))
        == "\n".join(line.rstrip() for line in text.split("\n")[:-1])
        + ("\n" if "\n" in text else "")
        + text.rpartition("\n")[2]
    )
    inside = with_breaks("```\na\nb\n```")
    assert inside == "```\na\nb\n```"


async def test_favourites_boosts_and_bookmarks_are_counted_once(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(amara, bruno)
    await fediverse.settle()
    made = await other.post(STATUSES, {"status": "Worth it"})
    await fediverse.settle()
    (there,) = await app.get("/api/v1/timelines/home")
    path = f"{STATUSES}/{there['id']}"
    for _ in range(2):
        assert (await app.post(f"{path}/favourite"))["favourited"] is True
        passed = await app.post(f"{path}/reblog")
        assert (passed["reblog"]["id"], passed["reblog"]["reblogged"]) == (there["id"], True)
        assert passed["account"]["username"] == "amara"
        assert broken("Status", passed, "boost") == []
        assert (await app.post(f"{path}/bookmark"))["bookmarked"] is True
    await fediverse.settle()
    now = await other.get(f"{STATUSES}/{made['id']}")
    assert (now["favourites_count"], now["reblogs_count"]) == (1, 1)
    # The boost stands for what it passed on.
    assert (await app.post(f"{STATUSES}/{passed['id']}/unfavourite"))["favourited"] is False
    back = await app.post(f"{path}/unreblog")
    assert (back["id"], back["reblogged"], back["reblog"]) == (there["id"], False, None)
    assert (await app.post(f"{path}/unbookmark"))["bookmarked"] is False
    await fediverse.settle()
    now = await other.get(f"{STATUSES}/{made['id']}")
    assert (now["favourites_count"], now["reblogs_count"]) == (0, 0)


async def test_the_end_of_a_boost_is_not_the_end_of_what_was_passed_on(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    made = await app.post(STATUSES, {"status": "Mine"})
    boost = await app.post(f"{STATUSES}/{made['id']}/reblog")
    assert await other.refused("DELETE", f"{STATUSES}/{boost['id']}") == 404
    assert (await app.call("DELETE", f"{STATUSES}/{boost['id']}")).json()["reblog"]["id"] == made["id"]
    now = await app.get(f"{STATUSES}/{made['id']}")
    assert (now["reblogged"], now["reblogs_count"]) == (False, 0)


async def test_s15_nobody_does_anything_with_what_they_cannot_read(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, own = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    narrow = await app_of(fediverse, here, amara, scopes="read")
    private = number_of((await write(bruno, "Not for Amara", kind="note", visibility="followers")).id)
    public = number_of((await write(bruno, "For all", kind="note")).id)
    for what in ("favourite", "unfavourite", "reblog", "unreblog", "bookmark", "mute", "unmute", "pin", "unpin"):
        assert await app.refused("POST", f"{STATUSES}/{private}/{what}") == 404, what
        assert await app.refused("POST", f"{STATUSES}/1/{what}") == 404, what
        assert await narrow.refused("POST", f"{STATUSES}/{public}/{what}") == 403, what
    assert await own.refused("POST", f"{STATUSES}/{private}/reblog") == 422
    assert await own.refused("POST", f"{STATUSES}/{private}/pin") == 422
    assert await app.refused("POST", f"{STATUSES}/{public}/pin") == 403
    assert await app.refused("DELETE", f"{STATUSES}/{public}") == 404
    assert await narrow.refused("DELETE", f"{STATUSES}/{public}") == 403
    assert await sees(amara, f"{here.url('/ap/p/')}x") is None
    assert reply is not None


async def test_what_is_pinned_stands_on_the_profile_and_in_featured(fediverse: Fediverse) -> None:
    amara, bruno, app, _ = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    made = []
    for number in range(6):
        made.append(await app.post(STATUSES, {"status": f"Number {number}"}))
        fediverse.clock.advance(seconds=60)
    me = number_of(amara.id)
    for one in made[:5]:
        assert (await app.post(f"{STATUSES}/{one['id']}/pin"))["pinned"] is True
    assert (await app.post(f"{STATUSES}/{made[0]['id']}/pin"))["pinned"] is True
    assert await app.refused("POST", f"{STATUSES}/{made[5]['id']}/pin") == 422
    assert (await app.post(f"{STATUSES}/{made[1]['id']}/unpin"))["pinned"] is False
    nobody = await app_of(fediverse, app.here)
    wanted = [made[number]["id"] for number in (4, 3, 2, 0)]
    assert ids(await nobody.get(f"/api/v1/accounts/{me}/statuses", pinned="true")) == wanted
    _, featured, _ = await document(fediverse, app.here, f"{amara.uri}/featured")
    assert [item["id"] for item in featured["orderedItems"]] == [made[number]["uri"] for number in (4, 3, 2, 0)]
    await fediverse.settle()
    await app.call("DELETE", f"{STATUSES}/{made[4]['id']}")
    assert ids(await nobody.get(f"/api/v1/accounts/{me}/statuses", pinned="true")) == wanted[1:]


async def test_followers_elsewhere_are_told_what_is_pinned(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app, stranger = await app_of(fediverse, here, amara), Stranger(fediverse, "micro.example")
    mia = stranger.actor("mia")
    await stranger.send(here, stranger.activity("Follow", mia, amara.uri))
    await fediverse.settle()
    made = await app.post(STATUSES, {"status": "Worth it"})
    for what in ("pin", "unpin"):
        await app.post(f"{STATUSES}/{made['id']}/{what}")
        await fediverse.settle()
        told = stranger.received[-1]
        assert told["type"] == {"pin": "Add", "unpin": "Remove"}[what]
        assert (told["object"], told["target"]) == (made["uri"], f"{amara.uri}/featured")


async def test_a_muted_conversation_tells_no_more(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    made = await app.post(STATUSES, {"status": "Who has chalk?"})

    async def told() -> int:
        return int(
            await here.run(here.db.value, "SELECT count(*) AS n FROM notification WHERE reader_id = :id", id=amara.id)
        )

    first = await other.post(STATUSES, {"status": "@amara I", "in_reply_to_id": made["id"]})
    assert await told() == 1
    assert (await app.post(f"{STATUSES}/{first['id']}/mute"))["muted"] is True
    assert (await app.get(f"{STATUSES}/{made['id']}"))["muted"] is True
    await other.post(STATUSES, {"status": "@amara and chalk", "in_reply_to_id": first["id"]})
    await other.post(f"{STATUSES}/{made['id']}/favourite")
    assert await told() == 1
    assert (await app.post(f"{STATUSES}/{made['id']}/unmute"))["muted"] is False
    await other.post(STATUSES, {"status": "@amara more", "in_reply_to_id": first["id"]})
    assert await told() == 2


async def test_s15_a_direct_answer_in_a_community_does_not_go_through_it(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    cedar = await fediverse.start("cedar.example")
    chen = await fediverse.person(cedar, "chen")
    third = await app_of(fediverse, cedar, chen)
    group = await community(amara, "science")
    for person in (bruno, chen):
        await join(person, group)
    await fediverse.settle()
    asked = await other.post(STATUSES, {"status": "@science@alder.example Who has chalk?"})
    await fediverse.settle()
    there, known = await here_as(app, asked["uri"]), await here_as(third, asked["uri"])
    assert there["peerhall"]["community"]["acct"] == "science"
    assert known
    answers = [
        await app.post(STATUSES, {"status": "@bruno@birch.example I", "in_reply_to_id": there["id"], "visibility": how})
        for how in ("direct", "private", "public")
    ]
    await fediverse.settle()
    assert [answer["visibility"] for answer in answers] == ["direct", "private", "public"]
    assert [bool(await here_as(other, answer["uri"])) for answer in answers] == [True, True, True]
    assert [bool(await found(cedar, answer["uri"])) for answer in answers] == [False, False, True]
    for answer in answers[:2]:
        assert (await document(fediverse, app.here, answer["uri"]))[0] != 200


PLACES = {
    "public": {"public": "public", "unlisted": "unlisted", "private": "members"},
    "network": {"public": "network", "unlisted": "network", "private": "members"},
    "instance": {"public": "instance", "unlisted": "instance", "private": "members"},
    "members": {"public": "members", "unlisted": "members", "private": "members"},
}
"""What a post becomes in a community of each audience, by hand."""
ANSWERED = {
    "public": {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct"},
    "unlisted": {"public": "unlisted", "unlisted": "unlisted", "private": "followers", "direct": "direct"},
    "network": {"public": "network", "unlisted": "network", "private": "network", "direct": "direct"},
    "instance": {"public": "instance", "unlisted": "instance", "private": "instance", "direct": "direct"},
    "followers": {"public": "direct", "unlisted": "direct", "private": "direct", "direct": "direct"},
}
"""What an answer to somebody else's post of each audience becomes, by hand: never wider than either."""


async def test_s15_no_audience_is_wider_than_asked_or_than_its_place(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app = await app_of(fediverse, here, amara)
    await follow(amara, bruno)
    await fediverse.settle()
    for place, wanted in PLACES.items():
        await community(amara, f"group{place}", visibility=place)
        for asked, audience in wanted.items():
            made = await app.post(STATUSES, {"status": f"@group{place} Hello", "visibility": asked})
            assert made["peerhall"]["audience"] == audience, (place, asked)
            assert made["peerhall"]["community"]["acct"] == f"group{place}"
            assert made["visibility"] == {"public": "public", "unlisted": "unlisted"}.get(audience, "private")
    for parent, wanted in ANSWERED.items():
        post = await write(bruno, "What do you think?", kind="note", visibility=parent)
        for asked, audience in wanted.items():
            made = await app.post(
                STATUSES, {"status": "I agree", "in_reply_to_id": number_of(post.id), "visibility": asked}
            )
            assert made["peerhall"]["audience"] == audience, (parent, asked)
