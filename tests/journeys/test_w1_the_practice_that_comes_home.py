"""W1, the practice that comes home: shared at one school, tried at two others and from Mastodon, counted for all."""

import re
from dataclasses import replace
from time import perf_counter

from server.peers import actions as peers
from server.practices import actions as practices
from server.tries import actions as tries
from tests.journeys.test_tried_across_servers import PRACTICE, WELL, wire
from tests.posting import Stranger, community, document, follow, found, join, outcome, sees

TRIED = {
    "outcome": "worked-with-changes",
    "context": "own",
    "subject": "sciences",
    "level": "adults",
    "size": "11-20",
    "minutes": "20",
    "setting": "library",
    "step": "2",
    "changed": "Baskets instead of <chairs>.",
    "saw": "Nobody left early.",
    "may_contact": "1",
}
TOMS = ("Adults", "11–20", "Worked with changes")
AGAIN = ("Lower secondary", "21–30", "Worked as it is")
SOFIAS = ("Not said", "Not said", "Worked with changes")
HASHTAG = '<a href="https://mastodon.example/tags/triedit" class="mention hashtag" rel="tag">#<span>triedit</span></a>'
CHANGES = "worked with changes: used sticky notes"


async def test_w1_s5_the_practice_that_comes_home(fediverse):
    fediverse.watch.let_deliveries_pass()  # Mallory words what she sends herself.
    maya, tom, ada = [
        await fediverse.person(await fediverse.start(host), name)
        for host, name in (("alder.example", "maya"), ("birch.example", "tom"), ("cedar.example", "ada"))
    ]
    mastodon = Stranger(fediverse, "mastodon.example")
    sofia = mastodon.actor("sofia")
    group = await community(maya, "science")
    for person in (tom, ada):
        await join(person, group)
        await follow(person, maya)
    await fediverse.settle()
    for person in (maya, tom):
        await mastodon.send(person.here, mastodon.activity("Follow", sofia, person.uri))
    await fediverse.settle()

    # Maya shares: it is whole at Birch, at Cedar, and as a post on Mastodon. Nobody has tried it.
    practice = await maya.do(practices.share, replace(PRACTICE, community_id=group.id))
    await fediverse.settle()
    (post,) = [item["object"] for item in mastodon.received if item["type"] == "Create"]
    for text in (post["content"], await reads(fediverse, tom, practice)):
        for words in ("You see where to begin.", "Ask one question.", "Sort the strips.", "Fewer questions."):
            assert words in text
    assert (await told(fediverse, practice))["totalItems"] == 0
    assert "Not tried yet by others." in await reads(fediverse, maya, practice)

    # Tom says how it went, on his own server: Maya has it within ten seconds, in words, in the table, and as news.
    there = await found(tom.here, practice.uri)
    at, began = fediverse.clock.now(), perf_counter()
    async with fediverse.client(tom.here, tom) as client:
        assert (await client.post(f"/p/{there.short}/tried", data=TRIED)).status_code == 303
    await fediverse.settle()
    page = await reads(fediverse, maya, practice)
    assert (fediverse.clock.now() == at, perf_counter() - began < 10) == (True, True)
    assert stands(page) == ("Tried once in one organisation.", {TOMS: 1})
    for words in ("Tom", "Changed step 2:</span> Baskets instead of &lt;chairs&gt;.", "Nobody left early."):
        assert words in page
    assert (await news(maya))["tried"] == 1
    for person in (tom, ada):
        assert stands(await reads(fediverse, person, practice)) == stands(page)
        assert (await sees(person, practice.uri)).edited is False
    # On Mastodon it is a reply that anybody understands.
    (report,) = await reports(tom.here)
    (note,) = [item["object"] for item in mastodon.received if item["type"] == "Create"][1:]
    assert (note["type"], note["id"], note["inReplyTo"]) == ("Note", report.uri, practice.uri)
    for words in ("it worked with changes", "Baskets instead of &lt;chairs&gt;.", "Where: Sciences, Adults, 11 to 20"):
        assert words in note["content"]

    # Sofia answers from Mastodon with a hashtag: an open report, and she is thanked once.
    content = f'<p><a href="{maya.uri}" class="u-url mention">@<span>maya</span></a> {HASHTAG} {CHANGES}</p>'
    said = await mastodon.create(fediverse, maya.here, sofia, "n/1", content, inReplyTo=practice.uri)
    both = ("Tried 2 times in 2 organisations.", {TOMS: 1, SOFIAS: 1})
    assert stands(await reads(fediverse, maya, practice)) == both
    (thanks,) = [item["object"] for item in mastodon.received if "Thank you for trying" in str(item)]
    assert (thanks["to"], thanks["inReplyTo"]) == ([sofia], said)

    # Anybody may count: by outcome and place, so coarse that no class is meant, and without a name.
    counts = await told(fediverse, practice)
    assert (counts["id"], counts["totalItems"], counts["ph:practice"], counts["ph:organisations"]) == (
        f"{practice.uri}/trials", 2, practice.uri, 2,
    )  # fmt: skip
    tom_said = {"ph:subject": "sciences", "ph:level": "adults", "ph:groupSize": "11-20"}
    tom_said |= {"ph:minutes": "20", "ph:setting": "library"}
    changed = {"ph:outcome": "worked-with-changes", "ph:count": 1}
    assert counts["ph:groups"] == [changed, changed | tom_said]
    assert (await document(fediverse, maya.here, practice.uri))[1]["trials"]["id"] == counts["id"]
    assert (await document(fediverse, tom.here, practice.uri))[0] == 404

    # Others are told at once and then once an hour; who looks at a copy has its server asked every ten minutes.
    assert updates(mastodon, practice) == 1
    once = stands(page)
    assert stands(await reads(fediverse, ada, practice)) == once
    for seconds in (480, 180):
        assert stands(await reads(fediverse, tom, practice)) == once
        await fediverse.settle()
        fediverse.clock.advance(seconds)
    await reads(fediverse, tom, practice)
    await fediverse.settle()
    assert (stands(await reads(fediverse, tom, practice)), updates(mastodon, practice)) == (both, 1)
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert (stands(await reads(fediverse, ada, practice)), updates(mastodon, practice)) == (both, 2)
    fediverse.clock.advance(7200)
    await fediverse.settle()
    assert updates(mastodon, practice) == 2

    # One report of a person on a version: a second is refused here, a reply elsewhere; the first can be changed.
    async with fediverse.client(tom.here, tom) as client:
        answer = await client.post(f"/p/{there.short}/tried", data=TRIED)
        assert (answer.status_code, "You have said how this version went already." in answer.text) == (422, True)
        sent = TRIED | {"outcome": "stopped-early"}
        assert (await client.post(f"/p/{report.short}/edit", data=sent)).status_code == 303
    second = await mastodon.create(fediverse, maya.here, sofia, "n/2", inReplyTo=practice.uri, triedIt=wire())
    assert (await found(maya.here, second)).kind == "reply"
    stopped = (*TOMS[:2], "Stopped early")
    now = (both[0], {stopped: 1, SOFIAS: 1})
    assert stands(await reads(fediverse, maya, practice)) == now

    # Mallory reports in Tom's name, from her own address and from his.
    mallory = Stranger(fediverse, "mallory.example")
    eve = mallory.actor("eve")
    forged = mallory.note(eve, "n/1", inReplyTo=practice.uri, triedIt=wire(), attributedTo=ada.uri)
    await mallory.send(maya.here, mallory.activity("Create", eve, forged))
    forged = forged | {"id": "https://cedar.example/ap/p/forged"}
    in_her_name = mallory.activity("Create", ada.uri, forged, path="a/2")
    await mallory.send(maya.here, in_her_name, signer=eve)
    await fediverse.settle()
    assert (await outcome(maya.here, in_her_name["id"]))[0] != "done"
    assert stands(await reads(fediverse, maya, practice)) == now

    # A blocked server counts no more, for anybody; and again when it is let in again.
    fediverse.clock.advance(3700)
    await fediverse.settle()
    await maya.here.run(peers.set_grade, maya.here, "birch.example", "blocked", "@maya", "a test")
    await fediverse.settle()
    without = ("Tried once in one organisation.", {SOFIAS: 1})
    assert stands(await reads(fediverse, maya, practice)) == without
    assert (await told(fediverse, practice))["totalItems"] == 1
    fediverse.clock.advance(3700)
    await fediverse.settle()
    assert stands(await reads(fediverse, ada, practice)) == without
    await maya.here.run(peers.forget, maya.here, "birch.example", "@maya")
    fediverse.clock.advance(3700)
    await fediverse.settle()
    for person in (maya, ada):
        assert stands(await reads(fediverse, person, practice)) == now

    # What Tom takes back is gone at home and everywhere; what Sofia deletes too.
    async with fediverse.client(tom.here, tom) as client:
        assert (await client.post(f"/p/{report.short}/delete")).status_code == 303
    await fediverse.settle()
    assert stands(await reads(fediverse, maya, practice)) == without
    assert await reports(maya.here) == [await found(maya.here, said)]
    await mastodon.send(maya.here, mastodon.activity("Delete", sofia, {"id": said, "type": "Tombstone"}))
    await fediverse.settle()
    assert (await told(fediverse, practice))["totalItems"] == 0
    await tom.do(tries.report, there.id, WELL)
    await fediverse.settle()
    fediverse.clock.advance(3700)
    await fediverse.settle()
    again = ("Tried once in one organisation.", {AGAIN: 1})
    for person in (maya, tom, ada):
        assert stands(await reads(fediverse, person, practice)) == again

    # Her next version goes back to who tried the first, once; who never tried it is not told.
    for steps in (("Ask.", "Sort.", "Begin there."), ("Ask.", "Begin there.")):
        await maya.do(practices.revise, practice.id, replace(PRACTICE, community_id=group.id, steps=steps))
        await fediverse.settle()
        fediverse.clock.advance(60)
    assert ((await news(tom)).get("revised"), (await news(ada)).get("revised")) == (1, None)
    async with fediverse.client(tom.here, tom) as client:
        assert "wrote a new version of what you tried" in (await client.get("/notifications")).text
        page = (await client.get(f"/p/{there.short}", follow_redirects=True)).text
        assert ("Begin there." in page, "Sort the strips." in page) == (True, False)
        assert (await client.post(f"/p/{there.short}/tried", data=TRIED)).status_code == 303
    await fediverse.settle()
    assert stands(await reads(fediverse, maya, practice))[1] == {AGAIN: 1, TOMS: 1}
    rows = await maya.here.run(maya.here.db.rows, "SELECT version FROM tried_report ORDER BY version")
    assert [row["version"] for row in rows] == [1, 3]
    assert "Begin there." in [item["object"] for item in mastodon.received if item["type"] == "Update"][-1]["content"]


async def reads(fediverse, person, practice):
    """The page of a practice where somebody lives, in one line."""
    async with fediverse.client(person.here, person) as client:
        return " ".join((await client.get((await sees(person, practice.uri)).url)).text.split())


def stands(page):
    """What a page says of how it went: its sentence, and the numbers in its table."""
    (sentence,) = re.findall(r'<p class="tried-sentence">(.*?) ?</p>', page)
    table = page[page.index('<div class="table-scroll tried-grid"') : page.index("</table>")]
    sizes = re.findall(r'<th scope="col">(.*?)</th>', table)[1:]
    numbers = {}
    for level, cells in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table):
        for size, cell in zip(sizes, re.findall(r"<td>(.*?)</td>", cells), strict=True):
            for word, number in re.findall(r'class="unseen">([\w ]+): </span>(\d+)', cell):
                numbers[level, size, word] = int(number)
    return sentence, numbers


async def told(fediverse, practice):
    """The counts of a practice, as its server gives them to anybody."""
    status, wire, _ = await document(fediverse, fediverse.instances["alder.example"], f"{practice.uri}/trials")
    assert status == 200
    return wire | wire["trialCounts"]


def updates(stranger, practice):
    """How often a server was told that a practice is another now."""
    return [item["object"]["id"] for item in stranger.received if item["type"] == "Update"].count(practice.uri)


async def news(person):
    """How many news of each kind somebody has."""
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT kind, count(*) AS number FROM notification WHERE reader_id = :id GROUP BY kind ORDER BY kind",
        id=person.id,
    )
    return {row["kind"]: row["number"] for row in rows}


async def reports(here):
    """The posts of all reports that a server knows."""
    rows = await here.run(here.db.rows, "SELECT uri FROM post JOIN tried_report ON tried_report.id = post.id")
    return [await found(here, row["uri"]) for row in rows]
