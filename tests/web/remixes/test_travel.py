"""The picture of how a practice travelled: lanes, stops and the ways between them."""

from server.remixes.lineage import Place
from web.remixes.travel import LANE, MOST_LANES, MOST_STOPS, picture


def place(uri: str, organisation: str, *children: Place, here: bool = True) -> Place:
    return Place(
        uri, title=uri, author=f"Author of {uri}", organisation=organisation, is_here=here, children=[*children]
    )


def test_what_did_not_travel_or_too_far_has_no_picture():
    assert picture([place("a", "Alder", place("b", "Alder"))]) is None
    many = [place(f"n{number}", "Birch") for number in range(MOST_STOPS)]
    assert picture([place("a", "Alder", *many)]) is None
    wide = [place(f"n{number}", f"School {number}") for number in range(MOST_LANES)]
    assert picture([place("a", "Alder", *wide)]) is None


def test_each_organisation_has_a_lane_and_each_remix_a_way_to_it():
    found = picture([place("a", "Alder", place("b", "Birch", place("c", "Alder"), here=False))])
    assert [name for _, name in found.lanes] == ["Alder", "Birch"]
    assert [(stop.title, stop.is_here) for stop in found.stops] == [("a", True), ("b", False), ("c", True)]
    assert [stop.x for stop in found.stops] == [LANE // 2, LANE + LANE // 2, LANE // 2]
    assert [stop.y for stop in found.stops] == sorted(stop.y for stop in found.stops)
    assert [(leg.x1, leg.x2) for leg in found.legs] == [(LANE // 2, LANE + LANE // 2), (LANE + LANE // 2, LANE // 2)]


def test_long_names_are_cut():
    found = picture([place("a", "The school of everything in the valley", place("b", "Birch"))])
    assert found.lanes[0][1] == "The school of everythin…"
