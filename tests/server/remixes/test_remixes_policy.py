"""The licence gate, cell by cell, and who may read a remix of what."""

from itertools import product

import pytest

from server.posts.policy import VISIBILITIES
from server.remixes.policy import Allowed, Denied, fits, licence_choices, licence_gate, may_offer, may_publish
from server.text import LICENCES

BY, SA, NC, NC_SA, ND, NC_ND, ZERO, RESERVED = (
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-NC-ND-4.0",
    "CC0-1.0",
    "ARR",
)
UNKNOWN = ("", "CC-BY-SA-3.0", "https://example.org/licence", "Ask me")

# Rows: the source. Columns: what the remix is to have, in the order of WANTED. x may be published.
WANTED = (BY, SA, NC, NC_SA, ND, NC_ND, ZERO, RESERVED)
TABLE = {
    ZERO: "x x x x x x x x",
    BY: "x x x x x x . x",
    SA: ". x . . . . . .",
    NC: ". . x x . x . .",
    NC_SA: ". . . x . . . .",
    ND: ". . . . . . . .",
    NC_ND: ". . . . . . . .",
    RESERVED: ". . . . . . . .",
} | {name: ". . . . . . . ." for name in UNKNOWN}
CELLS = [
    (source, wanted, mark == "x")
    for source, marks in TABLE.items()
    for wanted, mark in zip(WANTED, marks.split(), strict=True)
]


def test_the_table_has_a_cell_for_every_licence():
    assert set(WANTED) == set(LICENCES)
    assert set(TABLE) == set(LICENCES) | set(UNKNOWN)


@pytest.mark.parametrize(("source", "wanted", "allowed"), CELLS)
def test_publishing(source, wanted, allowed):
    verdict = licence_gate(source, wanted, "publish")
    assert isinstance(verdict, Allowed) == allowed
    if isinstance(verdict, Denied):
        assert verdict.reason.endswith(".")


@pytest.mark.parametrize(("source", "wanted"), list(product(TABLE, (*WANTED, ""))))
def test_to_keep_it_for_oneself_is_always_possible(source, wanted):
    assert licence_gate(source, wanted, "keep") == Allowed()


@pytest.mark.parametrize(("source", "wanted"), list(product(TABLE, WANTED)))
def test_who_wrote_the_source_has_the_rights_to_it(source, wanted):
    assert licence_gate(source, wanted, "publish", is_own=True) == Allowed()


@pytest.mark.parametrize(("source", "is_own"), list(product(TABLE, (True, False))))
def test_nothing_is_published_under_a_licence_that_nobody_knows(source, is_own):
    for wanted in UNKNOWN:
        assert isinstance(licence_gate(source, wanted, "publish", is_own=is_own), Denied)


def test_the_choices_begin_with_the_licence_of_the_source():
    assert licence_choices(SA) == (SA,)
    assert licence_choices(NC) == (NC, NC_SA, NC_ND)
    assert licence_choices(BY)[0] == BY
    assert ZERO not in licence_choices(BY)
    assert licence_choices(ZERO)[0] == ZERO
    assert len(licence_choices(ZERO)) == 8
    for source in (ND, NC_ND, RESERVED, *UNKNOWN):
        assert licence_choices(source) == ()


def test_who_may_not_publish_is_told_what_they_can_do():
    assert may_publish(BY) == Allowed()
    for source in (ND, NC_ND):
        assert may_publish(source).reason.startswith("Its licence lets nobody share a changed version.")
    for source in (RESERVED, *UNKNOWN):
        assert may_publish(source).reason.startswith("Its author allows no changed versions")
    assert may_publish(RESERVED, is_own=True) == Allowed()


# Rows: the audience of the source. Which audiences a remix may have, of somebody else's practice elsewhere.
AUDIENCES = {
    "public": set(VISIBILITIES),
    "unlisted": set(VISIBILITIES) - {"public"},
    "network": {"network", "instance", "private"},
    "instance": {"instance", "private"},
    "members": {"private"},
    "followers": {"private"},
    "direct": {"private"},
    "private": {"private"},
}


@pytest.mark.parametrize(("source", "wanted"), list(product(VISIBILITIES, VISIBILITIES)))
def test_a_remix_is_never_for_more_people_than_its_source(source, wanted):
    fitting = wanted in AUDIENCES[source]
    assert fits(source, wanted, same_community=False) == fitting
    assert fits(source, wanted, same_community=True) == (fitting or source == wanted == "members")
    own = fits(source, wanted, same_community=False, is_own=True)
    assert own == (fitting or source == wanted == "followers")


def test_only_ones_own_remix_is_offered_to_somebody_who_can_read_it():
    assert may_offer(is_mine=True, source_is_mine=False, visibility="public") == Allowed()
    for facts in (
        {"is_mine": False, "source_is_mine": False, "visibility": "public"},
        {"is_mine": True, "source_is_mine": True, "visibility": "public"},
        {"is_mine": True, "source_is_mine": False, "visibility": "instance"},
        {"is_mine": True, "source_is_mine": False, "visibility": "private"},
        {"is_mine": True, "source_is_mine": False, "visibility": "direct"},
    ):
        assert isinstance(may_offer(**facts), Denied)
