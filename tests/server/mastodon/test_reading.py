"""What apps read: timelines, threads and accounts; who may not read a thing does not find it (S15, S30)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.ids import new_id
from server.mastodon import ids as digits
from server.mastodon.keeping import KeptPages
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts import actions as posts
from tests.apps import app_of, ids
from tests.conftest import Fediverse
from tests.counting import statements
from tests.posting import community, follow, reply, write


def test_digits_are_of_one_length_and_sort_as_ids_do() -> None:
    made = [new_id(datetime(2026, 11, 27, 5, second // 60, second % 60, tzinfo=UTC)) for second in range(300)]
    numbers = [digits.number_of(id_) for id_ in made]
    assert {len(number) for number in numbers} == {18}
    assert numbers == sorted(numbers)
    for id_, number in zip(made, numbers, strict=True):
        low, high = digits.range_of(number) or ("", "")
        assert low <= id_ <= high


def test_no_two_ids_of_a_moment_have_the_same_digits() -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    made = {digits.number_of(new_id(now)) for _ in range(5000)}
    assert len(made) == 5000


@pytest.mark.parametrize("number", ["", "abc", "-1", "1" * 30, "99999999999999999999", "٣", "1.5"])
def test_what_is_no_id_is_no_range(number: str) -> None:
    assert digits.range_of(number) is None


async def test_who_is_not_signed_in_gets_no_home(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    assert await nobody.refused("GET", "/api/v1/timelines/home") == 401
    amara = await fediverse.person(here, "amara")
    narrow = await app_of(fediverse, here, amara, scopes="write")
    assert await narrow.refused("GET", "/api/v1/timelines/home") == 403


async def test_who_has_not_finished_their_first_visit_is_told_where(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"), onboarded=False)
    answer = await app.call("GET", "/api/v1/timelines/home")
    assert answer.status_code == 403
    assert "https://alder.example/welcome" in answer.json()["error"]
    assert (await app.get("/api/v1/accounts/verify_credentials"))["username"] == "amara"


async def test_a_token_that_is_no_good_is_refused_where_none_was_needed(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    nobody.http.headers["authorization"] = "Bearer " + "x" * 40
    assert await nobody.refused("GET", "/api/v1/timelines/public") == 401


@pytest.mark.parametrize(
    "path",
    ["/api/v1/statuses/1", "/api/v1/statuses/none", "/api/v1/accounts/1", "/api/v9/x", "/api/v1/statuses/1/context"],
)
async def test_what_there_is_not_is_said_in_json(fediverse: Fediverse, path: str) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    assert await nobody.refused("GET", path) == 404


async def test_home_has_what_somebody_follows_whole_and_marked(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(amara, bruno)
    await fediverse.settle()
    await write(bruno, "Hand them out **early**.\n\n![A slip](https://pics.example/a.png)", title="Exit & tickets")
    fediverse.clock.advance(60)
    await write(bruno, "Only for those who follow me", kind="note", visibility="followers")
    await fediverse.settle()
    app = await app_of(fediverse, alder, amara)
    narrow, wide = await app.get("/api/v1/timelines/home")
    assert (wide["visibility"], narrow["visibility"]) == ("public", "private")
    assert wide["content"].startswith("<p><strong>Exit &amp; tickets</strong></p>")
    assert "<strong>early</strong>" in wide["content"]
    assert "A slip</a>" in wide["content"]
    assert wide["account"]["acct"] == "bruno@birch.example"
    assert wide["created_at"].endswith("Z")
    assert wide["card"] is None
    assert wide["url"].startswith("https://birch.example/p/")
    assert wide["favourited"] is False


async def test_home_costs_the_same_however_much_is_on_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    app = await app_of(fediverse, here, amara)
    await write(bruno, "One")
    await app.get("/api/v1/timelines/home")
    with statements(here) as one:
        assert len(await app.get("/api/v1/timelines/home", limit=20)) == 1
    for number in range(24):
        await write(bruno, f"Number {number} #tag{number}")
    with statements(here) as many:
        assert len(await app.get("/api/v1/timelines/home", limit=20)) == 20
    assert len(many) == len(one) <= 4, many


async def test_home_is_the_same_without_a_look_until_something_is_written(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    first, second = await write(bruno, "One"), await write(bruno, "Two")
    monkeypatch.setattr(KeptPages, "verifying", False)

    async def home() -> list[Any]:
        shown: list[Any] = await app.get("/api/v1/timelines/home", limit=20)
        with statements(here) as asked:
            assert await app.get("/api/v1/timelines/home", limit=20) == shown
        assert len(asked) == (1 if here.db.dialect == "sqlite" else 4), asked
        return shown

    assert [each["reblogs_count"] for each in await home()] == [0, 0]
    assert len(await app.get("/api/v1/timelines/home", limit=1)) == 1
    assert {each["account"]["username"] for each in await other.get("/api/v1/timelines/home")} == {"bruno"}
    await app.post(f"/api/v1/statuses/{digits.number_of(second.id)}/favourite")
    liked = {each["id"]: each["favourited"] for each in await home()}
    assert liked == {digits.number_of(first.id): False, digits.number_of(second.id): True}
    await here.run(here.db.execute, "UPDATE post SET state = 'removed' WHERE id = :id", id=first.id)
    assert len(await home()) == 1
    await app.post("/api/v2/filters", {"title": "No", "context": ["home"], "keywords_attributes": [{"keyword": "two"}]})
    assert (await app.get("/api/v1/timelines/home"))[0]["filtered"]
    await app.post(f"/api/v1/accounts/{digits.number_of(bruno.id)}/block")
    assert await app.get("/api/v1/timelines/home") == []


async def test_pages_follow_each_other_in_both_directions(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    for number in range(7):
        await write(amara, f"Number {number}")
        fediverse.clock.advance(seconds=60)
    app = await app_of(fediverse, here, amara)
    for path in ("/api/v1/timelines/home", "/api/v1/timelines/public"):
        everything = ids(await app.get(path))
        assert len(everything) == 7
        answer = await app.call("GET", path, params={"limit": 3})
        assert ids(answer.json()) == everything[:3]
        following, before = answer.headers["link"].split(", ")
        assert following == f'<https://alder.example{path}?limit=3&max_id={everything[2]}>; rel="next"'
        assert before == f'<https://alder.example{path}?limit=3&min_id={everything[0]}>; rel="prev"'
        assert ids(await app.get(path, limit=3, max_id=everything[2])) == everything[3:6]
        assert ids(await app.get(path, limit=2, min_id=everything[5])) == everything[3:5]
        assert ids(await app.get(path, limit=2, since_id=everything[5])) == everything[:2]
        last = await app.call("GET", path, params={"max_id": everything[5]})
        assert ids(last.json()) == everything[6:]
        assert 'rel="next"' not in last.headers["link"]
        assert await app.get(path, max_id=everything[6]) == []


async def test_a_boost_wraps_what_was_passed_on(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    await follow(amara, bruno)
    post = await write(chen, "Worth passing on")
    fediverse.clock.advance(seconds=60)
    await bruno.do(posts.boost_post, post.id)
    app = await app_of(fediverse, here, amara)
    (boost,) = await app.get("/api/v1/timelines/home")
    assert boost["account"]["username"] == "bruno"
    assert boost["reblog"]["account"]["username"] == "chen"
    assert boost["id"] != boost["reblog"]["id"]
    again = await app.get(f"/api/v1/statuses/{boost['id']}")
    assert again["reblog"]["id"] == boost["reblog"]["id"]
    assert ids(await app.get(f"/api/v1/accounts/{boost['account']['id']}/statuses")) == [boost["id"]]
    assert await app.get(f"/api/v1/accounts/{boost['account']['id']}/statuses", exclude_reblogs="true") == []


async def test_a_thread_reads_from_its_beginning(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    first = await write(amara, "First")
    second = await reply(bruno, first, "Second")
    fediverse.clock.advance(60)
    third = await reply(amara, second, "Third")
    fediverse.clock.advance(60)
    aside = await reply(bruno, first, "Aside")
    app = await app_of(fediverse, here, amara)
    found = await app.get(f"/api/v1/statuses/{digits.number_of(second.id)}/context")
    assert ids(found["ancestors"]) == [digits.number_of(first.id)]
    assert ids(found["descendants"]) == [digits.number_of(third.id)]
    whole = await app.get(f"/api/v1/statuses/{digits.number_of(first.id)}/context")
    assert ids(whole["descendants"]) == [digits.number_of(post.id) for post in (second, third, aside)]
    assert whole["descendants"][0]["in_reply_to_account_id"] == digits.number_of(amara.id)


async def test_what_members_share_is_marked_and_for_members_only(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(amara, "quiet", visibility="members", join_policy="apply")
    post = await write(amara, "In confidence", community_id=group.id, visibility="members")
    number = digits.number_of(post.id)
    mine, other, nobody = [await app_of(fediverse, here, who) for who in (amara, bruno, None)]
    found = await mine.get(f"/api/v1/statuses/{number}")
    assert found["visibility"] == "private"
    assert "only for members of Quiet" in found["content"]
    assert found["mentions"][0]["acct"] == "quiet"
    assert found["peerhall"]["audience"] == "members"
    for app in (other, nobody):
        assert await app.refused("GET", f"/api/v1/statuses/{number}") == 404
        assert await app.refused("GET", f"/api/v1/statuses/{number}/context") == 404
        assert await app.get(f"/api/v1/accounts/{digits.number_of(amara.id)}/statuses") == []


async def test_one_sees_oneself_and_others_find_only_what_is_shown(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app, nobody = await app_of(fediverse, here, amara), await app_of(fediverse, here)
    me: dict[str, Any] = await app.get("/api/v1/accounts/verify_credentials")
    assert me["source"]["follow_requests_count"] == 0
    assert me["url"] == "https://alder.example/@amara"
    found = await nobody.get("/api/v1/accounts/lookup", acct="@Amara@alder.example")
    assert found["id"] == me["id"]
    assert "source" not in found
    assert await nobody.refused("GET", "/api/v1/accounts/lookup?acct=nobody") == 404


async def test_the_server_tells_the_truth_about_itself(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    for path in ("/api/v2/instance", "/api/v2/instance/"):
        about = await nobody.get(path)
        assert about["domain"] == "alder.example"
        assert about["version"].startswith("4.3.0 (compatible; Peerhall ")
        assert about["configuration"]["statuses"]["max_characters"] == 60_000
        assert about["configuration"]["urls"]["streaming"] == "wss://alder.example"
    old = await nobody.get("/api/v1/instance/")
    assert old["uri"] == "alder.example"


async def test_calls_are_counted_and_too_many_are_told_when_to_come_back(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    answers = [await nobody.call("GET", "/api/v1/instance/rules")]
    # Each process counts for itself; here are two of them at most.
    while answers[-1].status_code == 200 and len(answers) < 1300:
        answers.append(await nobody.call("GET", "/api/v1/instance/rules"))
    assert answers[-2].headers["x-ratelimit-remaining"] == "0"
    late = answers[-1]
    assert (len(answers) > 600, late.status_code) == (True, 429)
    assert int(late.headers["retry-after"]) <= 301
    fediverse.clock.advance(seconds=301)
    assert (await nobody.call("GET", "/api/v1/instance/rules")).status_code == 200


async def test_a_poll_says_its_question_once(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    place = await community(amara)
    app = await app_of(fediverse, here, amara)
    for question, text in (("Who's first?", ""), ("How long?", "Answer until Friday.")):
        form = PollForm(question=question, text=text, options=("One", "Two"), community_id=place.id)
        await here.run(polls.start_poll, here, amara.viewer, form)
    shown = [status["content"] for status in await app.get("/api/v1/timelines/public", local="true")]
    first, second = sorted(shown, key=lambda text: "first?" not in text)
    assert first.startswith("<p><strong>Who")
    assert first.count("first?") == 1
    assert "<strong>How long?</strong></p><p>Answer until Friday.</p>" in second


async def test_what_was_made_before_is_made_again_where_anything_in_it_is_new(fediverse: Fediverse) -> None:
    """Statuses are kept; whoever writes, renames, likes or decides about a server is seen in the next answer."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    other = await fediverse.person(alder, "olga")
    await follow(amara, bruno)
    await fediverse.settle()
    post = await write(bruno, "First words")
    await fediverse.settle()
    app = await app_of(fediverse, alder, amara)
    (first,) = await app.get("/api/v1/timelines/home")
    assert (first["favourited"], first["favourites_count"]) == (False, 0)
    fediverse.clock.advance(60)
    await bruno.do(posts.edit_post, post.id, posts.PostChange(source_md="Other words"))
    await fediverse.settle()
    low, high = digits.range_of(first["id"]) or ("", "")
    kept_id = await alder.run(alder.db.value, "SELECT id FROM post WHERE id BETWEEN :low AND :high", low=low, high=high)
    await amara.do(posts.like_post, kept_id)
    (second,) = await app.get("/api/v1/timelines/home")
    assert "Other words" in second["content"]
    assert (second["favourited"], second["favourites_count"]) == (True, 1)
    assert (await (await app_of(fediverse, alder, other)).get(f"/api/v1/statuses/{first['id']}"))["favourited"] is False
    await alder.run(alder.db.execute, "UPDATE actor SET name = 'Bruno B.' WHERE uri = :uri", uri=bruno.uri)
    (third,) = await app.get("/api/v1/timelines/home")
    assert third["account"]["display_name"] == "Bruno B."
    (again,) = await app.get("/api/v1/timelines/home")
    assert again == third
