"""The tree of remixes as pure functions: claims that contradict each other, rings, and chains without end."""

from server.remixes.lineage import MAX_DEPTH, MAX_PLACES, MAX_REMIXES, Known, Place, arranged, bounded, grown
from server.remixes.wire import Ancestor


def names(*uris):
    return tuple(Ancestor(uri, title=uri.upper()) for uri in uris)


def shape(remixes, here=()):
    parents, known = arranged(remixes, set(here))
    places = {uri: Place(uri, title=known[uri].title if uri in known else uri) for uri in parents}
    return [as_tuple(place) for place in grown(parents, places)]


def as_tuple(place):
    return (place.uri, [as_tuple(child) for child in place.children]) if place.children else place.uri


def test_a_place_in_the_middle_is_known_by_what_was_made_of_it():
    assert shape([Known("d", names("c", "b", "a"))]) == [("a", [("b", [("c", ["d"])])])]


def test_what_a_remix_says_of_its_own_source_counts_before_what_others_say():
    assert shape([Known("c", names("b", "x")), Known("b", names("a"))], here=["b"]) == [("a", [("b", ["c"])])]


def test_what_is_here_and_no_remix_is_an_original():
    assert shape([Known("c", names("b", "x"))], here=["b"]) == [("b", ["c"])]


def test_a_ring_is_shown_once_and_ends():
    found = shape([Known("a", names("b")), Known("b", names("a"))])
    assert found == [("a", ["b"])]


def test_a_long_chain_is_flat_after_a_while():
    chain = [Known(f"n{number:03}", names(f"n{number - 1:03}")) for number in range(1, 300)]
    parents, _ = arranged(chain, set())
    places = {uri: Place(uri, title=uri) for uri in parents}
    (root,) = grown(parents, places)
    depth, place = 1, root
    while place.children:
        depth, last = depth + 1, place
        place = place.children[0]
    assert depth == MAX_DEPTH + 1
    assert len(last.children) == 300 - MAX_DEPTH
    assert last.children[-1].made_from == "n298"


def test_s22_remixes_that_name_twenty_each_make_no_endless_page():
    lies = [
        Known(f"r{number:03}", names(*(f"n{number:03}-{depth:02}" for depth in range(20))))
        for number in range(MAX_REMIXES)
    ]
    parents, _ = arranged(bounded(lies, MAX_PLACES), set())
    assert len(parents) <= MAX_PLACES
    assert {lie.uri for lie in lies} <= set(parents)
    assert all(parents[lie.uri] == lie.lineage[0].uri for lie in lies)
    few = [Known("c", names("b", "a"))]
    assert bounded(few, MAX_PLACES) == few
