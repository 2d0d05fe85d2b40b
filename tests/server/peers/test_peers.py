"""Grades of other servers."""

import pytest

from server.audit import queries as audit
from server.errors import Invalid, NotFound
from server.peers import actions, policy, queries


@pytest.mark.parametrize(
    "text", ["", "   ", "nonsense", "http://", "a b.example", "evil.example/..@@", "*.example", "-"]
)
def test_what_names_no_host_is_refused(text):
    with pytest.raises(Invalid):
        policy.host_named(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Riverside.Example", "riverside.example"),
        ("https://riverside.example/@tom", "riverside.example"),
        ("@tom@riverside.example", "riverside.example"),
        ("riverside.example.", "riverside.example"),
        ("riverside.example:8443", "riverside.example:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_has_one_spelling(text, host):
    assert policy.host_named(text) == host


async def test_s17_a_block_covers_every_spelling_subdomain_and_port(fediverse):
    here = await fediverse.start("alder.example")
    await here.run(actions.set_grade, here, "evil.example", "blocked", "@ana")
    for host in ("evil.example", "EVIL.example", "evil.example.", "a.b.evil.example", "evil.example:8443"):
        assert not queries.may_receive(here, host), host
        assert not queries.may_send(here, host), host
    for host in ("notevil.example", "evil.example.org", "example"):
        assert queries.may_receive(here, host), host


async def test_trust_does_not_spread_and_does_not_outrank_a_block(fediverse):
    here = await fediverse.start("alder.example", federation="careful")
    await here.run(actions.set_grade, here, "good.example", "trusted", "@ana")
    assert not queries.holds_first_posts(here, "good.example")
    assert queries.holds_first_posts(here, "sub.good.example")
    await here.run(actions.set_grade, here, "school.good.example", "trusted", "@ana")
    await here.run(actions.set_grade, here, "good.example", "blocked", "@ana")
    assert not queries.may_receive(here, "school.good.example")


@pytest.mark.parametrize(
    ("mode", "stranger", "chosen", "blocked"),
    [
        ("closed", False, False, False),
        ("consortium", False, True, False),
        ("careful", True, True, False),
        ("open", True, True, False),
    ],
)
def test_who_talks_in_which_mode(mode, stranger, chosen, blocked):
    for grade, is_chosen, talks in (
        ("normal", False, stranger),
        ("normal", True, chosen),
        ("trusted", True, chosen),
        ("blocked", True, blocked),
    ):
        line = policy.effects(mode, grade, chosen=is_chosen)
        assert (line.receives, line.sends) == (talks, talks)


async def test_we_cannot_block_ourselves_or_use_unknown_grades(fediverse):
    here = await fediverse.start("alder.example")
    for host, grade in (("alder.example", "blocked"), ("birch.example", "banished")):
        with pytest.raises(Invalid):
            await here.run(actions.set_grade, here, host, grade, "@ana")
    for action in (actions.undo_grade, actions.forget):
        with pytest.raises(NotFound):
            await here.run(action, here, "birch.example", "@ana")


async def test_a_grade_is_logged_undone_and_survives_a_reload(fediverse):
    here = await fediverse.start("alder.example")
    await here.run(actions.set_grade, here, "birch.example", "limited", "@ana", "too loud")
    fediverse.clock.advance(1)
    await here.run(actions.set_grade, here, "birch.example", "blocked", "@ana", "spam")
    fediverse.clock.advance(1)
    queries.grades(here).by_host.clear()
    await here.run(queries.load_grades, here)
    assert queries.grade_of(here, "birch.example") == "blocked"
    assert await here.run(actions.undo_grade, here, "birch.example", "@ana") == "limited"
    assert queries.grade_of(here, "birch.example") == "limited"
    fediverse.clock.advance(1)
    await here.run(actions.forget, here, "birch.example", "@ana")
    assert queries.grade_of(here, "birch.example") == "normal"
    lines = await here.run(audit.entries, here)
    assert [line.action for line in lines] == ["peer.forget", "peer.grade", "peer.grade", "peer.grade"]
    assert lines[2].detail == {"before": "limited", "after": "blocked", "note": "spam"}
    assert [line.id for line in await here.run(audit.entries, here, before=lines[1].id)] == [lines[2].id, lines[3].id]


async def test_lists_of_servers_page_and_search_plainly(fediverse):
    here = await fediverse.start("alder.example")
    for host in ("a.example", "b.example", "c_x.example"):
        await here.run(actions.note_seen, here, host, software="peerhall")
    await here.run(actions.note_seen, here, "a.example")
    names = [peer.host for peer in await here.run(queries.peers, here, after="a.example")]
    assert names == ["b.example", "c_x.example"]
    assert [peer.host for peer in await here.run(queries.peers, here, text="_")] == ["c_x.example"]
    assert (await here.run(queries.peer, here, "a.example")).software == "peerhall"
