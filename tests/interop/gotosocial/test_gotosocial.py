"""A real GoToSocial beside us: it follows, reads, answers and moderates, and so do we. README.md says how to run it."""

import re
from contextlib import closing
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.interop.gotosocial.conftest import World
from tests.interop.live import PASSWORD, fresh, practice, share, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

scenario = pytest.mark.scenario


def arrives(browser: httpx.Client, words: str, path: str = "/week") -> str:
    """Wait until words are on a page; returns the address of the post that they stand in, where it has one."""
    until(lambda: words in browser.get(path).text)
    return browser.get(path).text


def post_about(browser: httpx.Client, words: str) -> str:
    """The page of the post with these words, found through the week."""
    text = arrives(browser, words)
    before = text[: text.index(words)]
    after = text[text.index(words) :]
    found = re.findall(r'href="(/p/[\w-]+)', before)[-1:] or re.findall(r'href="(/p/[\w-]+)', after)[:1]
    assert found, text
    return found[0]


@scenario("GoToSocial", "follow", "a person and a community of ours are followed; its people are followed by ours")
def test_follows_go_both_ways(friends: World) -> None:
    greta = friends.theirs.greta
    standing = greta.relationship(friends.handle("maya"))
    assert standing["following"]
    assert standing["followed_by"]
    assert greta.relationship(friends.handle("science"))["following"]
    until(lambda: greta.handle in friends.maya.get("/@maya/following").text)


@scenario("GoToSocial", "follow", "who asks before they are followed is asked, both ways, and a refusal is heard")
def test_a_locked_account_is_asked_first_both_ways(friends: World) -> None:
    greta, gus = friends.theirs.greta, friends.theirs.gus
    friends.lin.post("/settings/profile", data={"name": "Lin", "is_locked": "1"}).raise_for_status()
    gus.follow(friends.handle("lin"))
    until(lambda: f"@gus@{gus.host}" in friends.lin.get("/me/requests").text)
    assert gus.relationship(friends.handle("lin"))["requested"]
    requests = friends.lin.get("/me/requests").text
    answer = re.findall(r'action="(/me/requests/[^"]+)"', requests)
    friends.lin.post(next(path for path in answer if path.endswith(("/accept", "/agree")))).raise_for_status()
    until(lambda: gus.relationship(friends.handle("lin"))["following"])

    greta.follow(friends.handle("lin"))
    until(lambda: f"@greta@{greta.host}" in friends.lin.get("/me/requests").text)
    answer = re.findall(r'action="(/me/requests/[^"]+)"', friends.lin.get("/me/requests").text)
    friends.lin.post(next(path for path in answer if not path.endswith(("/accept", "/agree")))).raise_for_status()
    until(lambda: not greta.relationship(friends.handle("lin"))["requested"])
    assert not greta.relationship(friends.handle("lin"))["following"]

    gus.api.patch("/api/v1/accounts/update_credentials", data={"locked": "true"}).raise_for_status()
    friends.tom.get("/search", params={"q": gus.handle}).raise_for_status()
    friends.tom.post(f"/{gus.handle}/follow").raise_for_status()
    asking = until(lambda: [each for each in gus.get("/api/v1/follow_requests") if each["username"] == "tom"])
    assert not gus.relationship(friends.handle("tom"))["followed_by"]
    gus.post(f"/api/v1/follow_requests/{asking[0]['id']}/authorize")
    until(lambda: gus.relationship(friends.handle("tom"))["followed_by"])
    words = fresh("locked")
    gus.write(f"For those who follow me {words}", visibility="private")
    arrives(friends.tom, words)


@scenario("GoToSocial", "post", "a practice arrives complete, with language and licence, once, through its community")
def test_a_practice_is_shown_complete(friends: World) -> None:
    words = fresh("whole")
    share(friends.maya, words, community="science")
    status = until(lambda: friends.theirs.greta.sees(f"First ask {words}"))
    for part in (f"First ask {words}", "Then wait.", f"More time {words}"):
        assert part in status["content"], part
    assert status["language"] == "en"
    assert status["visibility"] == "public"
    seen = [each for each in friends.theirs.greta.home() if words in each["content"]]
    assert {each["id"] for each in seen} == {status["id"]}


@scenario("GoToSocial", "reply", "a reply from there stands under the practice, ours arrives there, and it is told")
def test_replies_go_both_ways(friends: World) -> None:
    words, greta = fresh("reply"), friends.theirs.greta
    page = share(friends.maya, words, community="science")
    status = until(lambda: greta.sees(f"First ask {words}"))
    greta.write(f"{friends.handle('maya')} So do we {words}!", in_reply_to_id=status["id"])
    until(lambda: f"So do we {words}!" in friends.maya.get(page).text)
    answered = friends.maya.get(page).text
    replies = re.findall(r'action="(/p/[\w-]+/reply)"|href="(/p/[\w-]+/reply)"', answered)
    paths = [path for pair in replies for path in pair if path]
    own = f"{page.removeprefix(friends.ours.origin)}/reply"
    target = next((path for path in paths if path != own), own)
    friends.maya.post(target, data={"content": f"Glad {words}", "language": "en"}).raise_for_status()
    heard = until(lambda: greta.notified("mention", f"Glad {words}"))
    assert heard["account"]["acct"] == f"maya@{friends.ours.domain}"


@scenario("GoToSocial", "reply", "a reply with #triedit counts, is thanked once, and can be changed and taken back")
def test_c2_a_reply_says_how_a_practice_went(friends: World) -> None:
    words, greta = fresh("tried"), friends.theirs.greta
    page = share(friends.maya, words, community="science")
    status = until(lambda: greta.sees(f"First ask {words}"))
    for part in (f"First ask {words}", "Then wait.", f"More time {words}"):
        assert part in status["content"], part
    counts = friends.ours.document(page).json()["id"] + "/trials"

    def total() -> int:
        return int(friends.ours.document(counts).json()["totalItems"])

    def went(*said: str) -> bool:
        text = " ".join(friends.maya.get(page).text.split())
        return all(each in text for each in said)

    maya = friends.handle("maya")
    said = f"{maya} #triedit worked with changes: sticky notes {words}"
    answer = greta.write(said, in_reply_to_id=status["id"])
    until(lambda: total() == 1)
    assert went("Tried once in one organisation.", "Not said", "Worked with changes: </span>1", f"sticky notes {words}")
    assert "tried your practice" in friends.maya.get("/notifications").text
    thanks = until(lambda: greta.notified("mention", f"Two questions {words}"))["status"]
    assert (thanks["visibility"], thanks["in_reply_to_id"]) == ("direct", answer["id"])
    assert "counts as “worked with changes”" in thanks["content"]

    changed = greta.api.put(
        f"/api/v1/statuses/{answer['id']}", json={"status": f"{maya} #triedit did not work {words}"}
    )
    changed.raise_for_status()
    until(lambda: went("Did not work here: </span>1"))
    assert total() == 1
    found = [each for each in greta.get("/api/v1/notifications", limit=40) if each["type"] == "mention"]
    assert len([each for each in found if f"Two questions {words}" in each["status"]["content"]]) == 1
    greta.api.delete(f"/api/v1/statuses/{answer['id']}").raise_for_status()
    until(lambda: went("Not tried yet by others."))
    assert total() == 0


@scenario("GoToSocial", "delete", "a report that is withdrawn, and what a moderator takes away, is gone there")
def test_what_is_withdrawn_or_taken_away_is_gone_there(friends: World) -> None:
    words, greta = fresh("back"), friends.theirs.greta
    greta.follow(friends.handle("tom"))
    until(lambda: greta.relationship(friends.handle("tom"))["following"])
    path = share(friends.maya, words).removeprefix(friends.ours.origin)
    until(lambda: greta.sees(f"First ask {words}"))
    sent = {"outcome": "worked", "context": "own", "level": "adults", "saw": f"Calm {words}", "language": "en"}
    friends.tom.post(f"{path}/tried", data=sent).raise_for_status()
    report = until(lambda: greta.sees(f"Calm {words}"))
    (mine,) = set(re.findall(r'href="(/p/\w+)/edit"', friends.tom.get(path).text))
    friends.tom.post(f"{mine}/delete").raise_for_status()
    until(lambda: greta.status(report["id"]).status_code == 404)

    removed = fresh("removed")
    page = share(friends.tom, removed)
    status = until(lambda: greta.sees(f"First ask {removed}"))
    friends.lin.post(f"{page}/report", data={"category": "other", "text": f"Look {removed}"}).raise_for_status()
    assert found_in_queue(friends.maya, f"Look {removed}")
    queue = re.findall(r'href="(/moderation/\w+)"', friends.maya.get("/moderation").text)
    case = next(each for each in queue if f"Look {removed}" in friends.maya.get(each).text)
    friends.maya.post(case, data={"action": "remove", "reason": "Names a pupil.", "length": ""}).raise_for_status()
    until(lambda: greta.status(status["id"]).status_code == 404)
    assert greta.sees(f"First ask {words}")


@scenario("GoToSocial", "edit", "an edit replaces what was there, both ways")
def test_edits_go_both_ways(friends: World) -> None:
    words, greta = fresh("edit"), friends.theirs.greta
    page = share(friends.maya, words)
    status = until(lambda: greta.sees(f"First ask {words}"))
    changed = practice(words, steps=[f"First listen {words}."], change_note="Clearer", save="1")
    friends.maya.post(f"{page}/edit", data=changed).raise_for_status()
    until(lambda: f"First listen {words}" in greta.status(status["id"]).json()["content"])

    theirs = greta.write(f"Before {words}")
    arrives(friends.maya, f"Before {words}")
    # Every edit of a post has the same id there, and its time in whole seconds.
    for before, after in (("Before", "After"), ("After", "Afterwards"), ("Afterwards", "At last")):
        answer = greta.api.put(f"/api/v1/statuses/{theirs['id']}", json={"status": f"{after} {words}"})
        answer.raise_for_status()
        arrives(friends.maya, f"{after} {words}")
        assert f"{before} {words}" not in friends.maya.get("/week").text


@scenario("GoToSocial", "delete", "a deleted post is gone on the other side, both ways")
def test_deletions_go_both_ways(friends: World) -> None:
    words, greta = fresh("gone"), friends.theirs.greta
    page = share(friends.maya, words, community="science")
    status = until(lambda: greta.sees(f"First ask {words}"))
    friends.maya.post(f"{page}/delete").raise_for_status()
    until(lambda: greta.status(status["id"]).status_code == 404)

    theirs = greta.write(f"Soon deleted {words}")
    arrives(friends.maya, f"Soon deleted {words}")
    greta.api.delete(f"/api/v1/statuses/{theirs['id']}").raise_for_status()
    until(lambda: f"Soon deleted {words}" not in friends.maya.get("/week").text)


@scenario("GoToSocial", "like", "a like and its undoing are counted, both ways")
def test_likes_go_both_ways(friends: World) -> None:
    words, greta = fresh("like"), friends.theirs.greta
    page = share(friends.maya, words)
    status = until(lambda: greta.sees(f"First ask {words}"))
    address = friends.ours.document(page).json()["likes"]["id"]

    def likes() -> int:
        return int(friends.ours.document(address).json()["totalItems"])

    greta.post(f"/api/v1/statuses/{status['id']}/favourite")
    until(lambda: likes() == 1)
    greta.post(f"/api/v1/statuses/{status['id']}/unfavourite")
    until(lambda: likes() == 0)

    theirs = greta.write(f"Useful {words}")
    path = post_about(friends.maya, f"Useful {words}")
    friends.maya.post(f"{path}/like").raise_for_status()
    until(lambda: greta.status(theirs["id"]).json()["favourites_count"] == 1)
    friends.maya.post(f"{path}/unlike").raise_for_status()
    until(lambda: greta.status(theirs["id"]).json()["favourites_count"] == 0)


@scenario("GoToSocial", "boost", "a boost and its undoing are counted, both ways")
def test_boosts_go_both_ways(friends: World) -> None:
    words, greta = fresh("boost"), friends.theirs.greta
    page = share(friends.maya, words)
    status = until(lambda: greta.sees(f"First ask {words}"))
    address = friends.ours.document(page).json()["shares"]["id"]

    def shares() -> int:
        return int(friends.ours.document(address).json()["totalItems"])

    greta.post(f"/api/v1/statuses/{status['id']}/reblog")
    until(lambda: shares() == 1)
    greta.post(f"/api/v1/statuses/{status['id']}/unreblog")
    until(lambda: shares() == 0)

    theirs = greta.write(f"Worth passing on {words}")
    path = post_about(friends.maya, f"Worth passing on {words}")
    friends.maya.post(f"{path}/boost").raise_for_status()
    until(lambda: greta.status(theirs["id"]).json()["reblogs_count"] == 1)
    friends.maya.post(f"{path}/unboost").raise_for_status()
    until(lambda: greta.status(theirs["id"]).json()["reblogs_count"] == 0)


@scenario("GoToSocial", "privacy", "a community for members, and what is in it, stay invisible")
def test_a_community_for_members_stays_invisible(friends: World) -> None:
    words, greta = fresh("secret"), friends.theirs.greta
    page = share(friends.maya, words, community="staffroom", visibility="members")
    open_words = fresh("open")
    share(friends.maya, open_words, community="science")
    until(lambda: greta.sees(f"First ask {open_words}"))
    assert greta.sees(words) is None
    found = greta.get("/api/v2/search", q=page, resolve="true", type="statuses")
    assert found["statuses"] == []
    assert friends.ours.document(page).status_code in {401, 403, 404}
    with friends.ours.browser() as nobody:
        assert words not in nobody.get(page).text
    finger = f"/.well-known/webfinger?resource={quote(f'acct:staffroom@{friends.ours.domain}')}"
    seen = httpx.get(friends.ours.origin + finger, timeout=30)
    if seen.status_code == 200:
        link = next(link["href"] for link in seen.json()["links"] if link["rel"] == "self")
        assert words not in friends.ours.document(link).text
        assert words not in friends.ours.document(f"{link}/outbox?page=1").text


@scenario(
    "GoToSocial", "inspect", "`peerhall inspect` shows its people, keys and software, and that it wants signatures"
)
def test_inspect_shows_it(friends: World) -> None:
    shown = friends.ours.run("inspect", friends.theirs.greta.handle)
    assert shown.exit_code == 0, shown.stderr
    for words in (
        f"greta@{friends.theirs.greta.host}, on which both agree",
        "RSA, 2048 bits",
        "unsigned      401",
        "draft-cavage  200 application/activity+json",
        "software    gotosocial",
        "dialect     microblog",
        "last delivery",
    ):
        assert words in shown.stdout, shown.stdout


@scenario(
    "GoToSocial", "poll", "a poll of ours takes a vote from there, one of theirs a vote from here; the counts arrive"
)
def test_polls_go_both_ways(friends: World) -> None:
    words, greta = fresh("poll"), friends.theirs.greta
    form = {"kind": "poll", "question": f"Which tool {words}?", "option": ["Strips", "Blocks"], "lasts": "1d"}
    asked = friends.maya.post("/c/science/new?kind=poll", data=form | {"visibility": "public", "language": "en"})
    asked.raise_for_status()
    page = str(asked.url.copy_with(fragment=None))
    status = until(lambda: next((each for each in greta.home() if words in each["content"] and each["poll"]), None))
    assert [option["title"] for option in status["poll"]["options"]] == ["Strips", "Blocks"]
    greta.post(f"/api/v1/polls/{status['poll']['id']}/votes", choices=[1])

    def counted() -> list[int]:
        return [int(option["replies"]["totalItems"]) for option in friends.ours.document(page).json()["oneOf"]]

    until(lambda: counted() == [0, 1])
    assert friends.ours.document(page).json().get("votersCount") == 1

    poll = {"options": ["Dominoes", "Cards", "Dice"], "expires_in": 86_400, "multiple": False}
    theirs = greta.write(f"Which game {words}?", poll=poll)
    path = post_about(friends.maya, f"Which game {words}")
    friends.maya.post(f"{path}/vote", data={"choice": "2"}).raise_for_status()
    until(lambda: greta.status(theirs["id"]).json()["poll"]["options"][2]["votes_count"] == 1)
    assert greta.status(theirs["id"]).json()["poll"]["votes_count"] == 1
    assert friends.maya.post(f"{path}/vote", data={"choice": "0"}).status_code == 403


@scenario("GoToSocial", "report", "a report from here reaches its admins, and does not say whose it is")
def test_a_report_of_ours_arrives_without_a_name(friends: World) -> None:
    words, greta = fresh("report"), friends.theirs.greta
    theirs = greta.write(f"Not so kind {words}")
    path = post_about(friends.maya, f"Not so kind {words}")
    report = {"category": "harassment", "text": f"Please look {words}", "forward": "1"}
    friends.maya.post(f"{path}/report", data=report).raise_for_status()

    def there() -> Any:
        reports = greta.get("/api/v1/admin/reports")
        return next((each for each in reports if words in str(each["comment"])), None)

    seen = until(there)
    assert theirs["id"] in [status["id"] for status in seen["statuses"]]
    assert seen["account"]["account"]["acct"] != f"maya@{friends.ours.domain}"


@scenario("GoToSocial", "report", "a report from there stands in the queue of ours")
def test_a_report_of_theirs_stands_in_our_queue(friends: World) -> None:
    words, gus = fresh("flag"), friends.theirs.gus
    if ":" in gus.host:
        pytest.skip("GoToSocial sends no report while its address has a port, and port 80 is taken or not for us")
    page = share(friends.tom, words)
    # Not at once: it may be on its way to others there in the same moment.
    (status,) = until(lambda: gus.get("/api/v2/search", q=page, resolve="true", type="statuses")["statuses"])
    account = gus.account(friends.handle("tom"))
    gus.post("/api/v1/reports", account_id=account, status_ids=[status["id"]], comment=f"Odd {words}", forward=True)
    queue = until(lambda: found_in_queue(friends.maya, f"Odd {words}"))
    assert f"Two questions {words}" in queue


def found_in_queue(browser: httpx.Client, words: str) -> str:
    """The page of the report with these words; empty while there is none."""
    text = browser.get("/moderation").text
    for path in dict.fromkeys(re.findall(r'href="(/moderation/[\w]+)"', text)):
        page = browser.get(path).text
        if words in page:
            return page
    return ""


@scenario("GoToSocial", "block", "who is blocked, from either side, follows no more, and hears and reaches nobody")
def test_blocks_go_both_ways(friends: World) -> None:
    words, gus = fresh("block"), friends.theirs.gus
    gus.api.patch("/api/v1/accounts/update_credentials", data={"locked": "false"}).raise_for_status()
    for name in ("nora", "owen"):
        gus.follow(friends.handle(name))
        until(lambda name=name: gus.relationship(friends.handle(name))["following"])
    with closing(friends.ours.browser("nora")) as nora, closing(friends.ours.browser("owen")) as owen:
        nora.post(f"/{gus.handle}/block").raise_for_status()
        until(lambda: not gus.relationship(friends.handle("nora"))["following"])
        gus.write(f"{friends.handle('nora')} Hello {words}")
        share(nora, words)
        nora.post(f"/{gus.handle}/unblock").raise_for_status()

        owen.get("/search", params={"q": gus.handle}).raise_for_status()
        owen.post(f"/{gus.handle}/follow").raise_for_status()
        until(lambda: gus.relationship(friends.handle("owen"))["followed_by"])
        gus.post(f"/api/v1/accounts/{gus.account(friends.handle('owen'))}/block")
        until(lambda: gus.handle not in owen.get("/@owen/following").text)
        gus.write(f"Not for Owen {words}")
        # What Tom, who is not blocked, has had, Owen and Nora would have had by now.
        friends.tom.get("/search", params={"q": gus.handle}).raise_for_status()
        friends.tom.post(f"/{gus.handle}/follow")
        until(lambda: gus.relationship(friends.handle("tom"))["followed_by"])
        last = fresh("last")
        gus.write(f"For Tom {last}")
        arrives(friends.tom, f"For Tom {last}")
        assert words not in owen.get("/week").text
        assert f"Hello {words}" not in nora.get("/notifications").text
        assert f"Hello {words}" not in nora.get("/week").text
        assert gus.sees(words) is None or gus.sees(words)["account"]["acct"] == "gus"


def receipt(browser: httpx.Client, path: str, words: str) -> str:
    """What a page with receipts says of the thing with these words, without the marks around it."""
    found = [item for item in browser.get(path).text.split("<li ") if words in item]
    return " ".join(re.sub(r"<[^>]+>", " ", found[0].partition("</li>")[0]).split()) if found else ""


def reported(friends: World, page: str, words: str) -> str:
    """Lin reports an answer under a post; the page of the report, for Maya who looks after the community."""
    until(lambda: words in friends.lin.get(page).text)
    own = page.removeprefix(friends.ours.origin)
    paths = re.findall(r'"(/p/[\w-]+)/(?:reply|report)"', friends.lin.get(page).text)
    answer = next(path for path in paths if path != own)
    sent = {"category": "other", "text": f"Look {words}"}
    friends.lin.post(f"{answer}/report", data=sent).raise_for_status()
    queue = re.findall(r'href="(/moderation/\w+)"', friends.maya.get("/moderation").text)
    return next(each for each in queue if f"Look {words}" in friends.maya.get(each).text)


@scenario("GoToSocial", "block", "a removal, a ban and an erasure during an outage are tried again, with receipts")
def test_s27_decisions_arrive_after_an_outage(friends: World) -> None:
    """Petra leaves, her post is taken away, Gus is kept out; all of it while GoToSocial answers nobody."""
    words, greta, gus = fresh("decided"), friends.theirs.greta, friends.theirs.gus
    host = httpx.URL(friends.theirs.origin).netloc.decode()
    petra = friends.handle("petra")
    greta.follow(petra)
    gus.follow(friends.handle("science"))
    until(lambda: greta.relationship(petra)["following"] and gus.relationship(friends.handle("science"))["following"])
    with closing(friends.ours.browser("petra")) as browser:
        removed = share(browser, f"removed {words}")
        share(browser, f"kept {words}")
        asked = share(friends.maya, f"asked {words}", community="science")
        one, other = (until(lambda each=each: greta.sees(f"{each} {words}")) for each in ("removed", "kept"))
        theirs = until(lambda: gus.sees(f"asked {words}"))
        gus.write(f"{friends.handle('maya')} Buy this {words}", in_reply_to_id=theirs["id"])
        case = reported(friends, asked, f"Buy this {words}")
        with friends.theirs.away():
            page = removed.removeprefix(friends.ours.origin)
            answer = friends.maya.post(f"{page}/moderate", data={"act": "remove", "reason": f"Clause 3 {words}"})
            answer.raise_for_status()
            out = {"action": "ban", "reason": f"Clause 5 {words}", "length": "7"}
            friends.maya.post(case, data=out).raise_for_status()
            for clause in ("Clause 3", "Clause 5"):
                said = until(lambda clause=clause: receipt(friends.maya, "/moderation/receipts", f"{clause} {words}"))
                assert f"Waiting for: {host}" in said, said
            gone = {"password": PASSWORD, "understood": "1"}
            browser.post("/settings/data/delete", data=gone).raise_for_status()
            until(lambda: "being asked" in receipt(friends.maya, "/admin/deletions/petra", f'/admin/servers/{host}"'))
            until(lambda: "next try" in receipt(friends.maya, "/moderation/receipts", f"Clause 5 {words}"))
        friends.maya.post(f"/admin/servers/{host}/retry").raise_for_status()
        until(lambda: greta.status(one["id"]).status_code == 404)
        until(lambda: greta.status(other["id"]).status_code == 404)
        # What Petra wrote is gone with her; the ban is confirmed.
        ban = f"Clause 5 {words}"
        until(lambda: "1 of 1 confirmed" in receipt(friends.maya, "/moderation/receipts", ban))
        # A ban has no form of its own there: it is kept as a block by who looks after the community.
        until(lambda: gus.relationship(friends.handle("maya"))["blocked_by"])
        until(lambda: "confirmed" in receipt(friends.maya, "/admin/deletions/petra", f'/admin/servers/{host}"'))
        # An empty shell is kept of her there, so that nobody takes the name: no words, no picture, no posts.
        for shell in greta.get("/api/v2/search", q=petra, resolve="true", type="accounts")["accounts"]:
            assert (shell["display_name"], shell["note"]) == ("", "")
            assert greta.get(f"/api/v1/accounts/{shell['id']}/statuses") == []
