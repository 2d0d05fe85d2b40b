"""Audiences for any people whatever: recipients are allowed ones, and nothing is ever widened (S15)."""

from hypothesis import given
from hypothesis import strategies as st

from federation.outbox.audience import inboxes
from federation.vocab.base import PUBLIC
from server.posts import policy
from server.posts.audience import hosts_of, lost, within
from server.posts.policy import (
    DIRECT,
    FOLLOWERS,
    IN_COMMUNITIES,
    INSTANCE,
    MEMBERS,
    NETWORK,
    ON_THE_WIRE,
    OPEN,
    PRIVATE,
    VISIBILITIES,
    addressing,
    fitting,
    narrower,
    narrower_choices,
    narrows,
    reply_visibility,
)

US = "https://hall.example"
visibilities = st.sampled_from(VISIBILITIES)
names = st.integers(0, 5).map(lambda number: f"https://s{number}.example/u/{number}")
people = st.frozensets(names, max_size=6)
addresses = st.builds(
    lambda host, path: f"https://{host}/{path}",
    st.sampled_from(["a.example", "b.example", "c.example:8443", "hall.example"]),
    st.sampled_from(["inbox", "u/1/inbox", "u/2/inbox"]),
)
anything = st.one_of(addresses, st.text(max_size=30), st.sampled_from(["", "http://", "ftp://x/", "https://[::1"]))


class World:
    """Who is what: everybody, and the circles that an audience may mean."""

    def __init__(self, here: frozenset[str], network: frozenset[str], members: frozenset[str],
                 followers: frozenset[str], named: frozenset[str]) -> None:  # fmt: skip
        everybody = here | network | members | followers | named | {"https://anybody.example/u/x"}
        self.circles = {
            policy.PUBLIC: everybody,
            policy.UNLISTED: everybody,
            NETWORK: here | network,
            INSTANCE: here,
            MEMBERS: members,
            FOLLOWERS: followers | named,
            DIRECT: named,
            PRIVATE: frozenset(),
        }


worlds = st.builds(World, people, people, people, people, people)


@given(worlds, visibilities, visibilities)
def test_s15_narrowing_never_lets_anybody_in(world: World, now: str, wanted: str) -> None:
    if narrows(now, wanted):
        assert world.circles[wanted] <= world.circles[now]
    for choice in narrower_choices(now, in_community=True) + narrower_choices(now, in_community=False):
        assert choice != now
        assert world.circles[choice] <= world.circles[now]


@given(visibilities, st.lists(visibilities, max_size=6))
def test_s15_no_chain_of_narrowings_comes_back(start: str, wanted: list[str]) -> None:
    now, seen = start, [start]
    for each in wanted:
        if narrows(now, each):
            now = each
            seen.append(now)
    assert all(narrows(earlier, now) for earlier in seen)


@given(worlds, visibilities, visibilities, st.booleans())
def test_s15_a_reply_is_read_by_nobody_who_could_not_read_its_parent(
    world: World, wanted: str, parent: str, same_author: bool
) -> None:
    """Those who are named are let in by name alone, and only if they may read the parent (see `composing`)."""
    got = reply_visibility(wanted, parent, same_author=same_author)
    if got == DIRECT:
        return
    assert world.circles[got] <= world.circles[parent]


@given(visibilities, visibilities)
def test_s15_of_two_audiences_the_narrower_lies_in_both_or_only_names_people(a: str, b: str) -> None:
    got = narrower(a, b)
    assert got == narrower(b, a)
    assert got == DIRECT or (narrows(a, got) and narrows(b, got))


@given(visibilities, st.sampled_from([policy.PUBLIC, NETWORK, INSTANCE, MEMBERS]))
def test_s15_a_post_fits_into_its_community(wanted: str, community: str) -> None:
    got = fitting(wanted, community)
    assert got in {MEMBERS, DIRECT, PRIVATE} or narrows(community, got)


@given(visibilities, people, st.booleans(), st.booleans())
def test_s15_addresses_are_those_of_allowed_readers_alone(
    visibility: str, named: frozenset[str], answers: bool, grouped: bool
) -> None:
    author, group, parent = f"{US}/u/a", f"{US}/c/g", f"{US}/u/p"
    more = {"community": group, "community_followers": f"{group}/followers"} if grouped else {}
    if visibility not in ON_THE_WIRE:
        try:
            addressing(visibility, public=PUBLIC, followers=f"{author}/followers", network=f"{US}/ap/network", **more)
        except ValueError:
            return
        raise AssertionError(f"{visibility} has an address")
    to, cc = addressing(
        visibility,
        public=PUBLIC,
        followers=f"{author}/followers",
        network=f"{US}/ap/network",
        parent_author=parent if answers else None,
        mentioned=sorted(named),
        **more,
    )
    allowed = set(named) | ({parent} if answers else set())
    if visibility in OPEN:
        allowed |= {PUBLIC, f"{author}/followers"}
    if visibility == FOLLOWERS:
        allowed |= {f"{author}/followers"}
    if visibility == NETWORK:
        allowed |= {f"{US}/ap/network"}
    if visibility in IN_COMMUNITIES and grouped:
        allowed |= {group}
    if visibility == MEMBERS and grouped:
        allowed |= {f"{group}/followers"}
    found = [*to, *cc]
    assert set(found) <= allowed
    assert (PUBLIC in found) == (visibility in OPEN)
    assert len(found) == len(set(found))
    assert set(named) <= set(found)


@given(st.lists(st.tuples(anything, st.none() | anything)), st.lists(st.tuples(anything, st.none() | anything)))
def test_inboxes_of_two_audiences_together_cover_both_without_duplicates(
    a: list[tuple[str, str | None]], b: list[tuple[str, str | None]]
) -> None:
    first, second = inboxes(a, origin=US), inboxes(b, origin=US)
    both = inboxes([*a, *b], origin=US)
    assert set(both) == set(first) | set(second)
    assert len(both) == len(set(both))
    assert not any(address.startswith(US + "/") for address in both)


@given(st.sets(anything), st.sets(anything))
def test_s15_who_loses_a_post_is_on_no_server_that_keeps_it(had: set[str], keeps: set[str]) -> None:
    gone = lost(had, keeps)
    assert gone <= had
    assert not hosts_of(gone) & hosts_of(keeps)
    assert hosts_of(had) - hosts_of(keeps) == hosts_of(gone)


@given(st.sets(anything), st.sets(anything))
def test_s15_what_is_sent_within_an_audience_reaches_no_other_server(wanted: set[str], allowed: set[str]) -> None:
    sent = within(wanted, allowed)
    assert sent <= wanted
    assert hosts_of(sent) <= hosts_of(allowed)
    assert hosts_of(sent) == hosts_of(wanted) & hosts_of(allowed)
