"""What a practice says of its source on the wire: what others make up is left out, and what we say comes back."""

from hypothesis import given
from hypothesis import strategies as st

from server.remixes.attribution import attribution
from server.remixes.wire import FIELDS, MAX_ANCESTORS, Ancestor, Basis, ancestors_of, based_on, read_based_on
from server.text import render_markdown

OWN = "https://birch.example/ap/p/2"
FIRST = Ancestor(
    "https://alder.example/ap/p/1",
    "https://alder.example/p/exit-1",
    "Exit tickets",
    "Amara",
    "https://alder.example/@amara",
    "CC-BY-4.0",
)
SECOND = Ancestor("https://cedar.example/ap/p/0", title="Slips")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("https://a.example/1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "@id", "url", "ph:id", "ph:url", "ph:title", "ph:author", "ph:authorUrl", "ph:licence"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["isBasedOn", "ph:basedOn", "ph:whatChanged", "ph:whyChanged"]), JSON, max_size=4)
)
def test_whatever_is_said_is_read_within_bounds(learning):
    basis = read_based_on(learning, OWN)
    if basis is None:
        return
    assert 1 <= len(basis.lineage) <= MAX_ANCESTORS
    for item in basis.lineage:
        assert item.uri != OWN
        assert all(len(value) <= FIELDS[name] for name, value in item.as_row().items())
        assert item.address.startswith(("https://", "http://"))


def test_what_we_say_is_what_is_read():
    basis = Basis((FIRST, SECOND), "Pairs.", "Odd number.")
    assert read_based_on(based_on(basis), OWN) == basis
    assert ancestors_of([item.as_row() for item in basis.lineage]) == basis.lineage


def test_other_software_says_only_where_it_is():
    for said in (FIRST.uri, [FIRST.uri], {"id": FIRST.uri}, {"@id": FIRST.uri}):
        assert read_based_on({"isBasedOn": said}, OWN) == Basis((Ancestor(FIRST.uri),))


def test_nothing_is_based_on_itself_or_on_no_address():
    for said in (
        OWN,
        "javascript:alert(1)",
        "mailto:a@b.example",
        "",
        None,
        7,
        {},
        [],
        "https://a.example/" + "x" * 500,
    ):
        assert read_based_on({"isBasedOn": said}, OWN) is None


def test_a_list_that_begins_with_something_else_is_not_believed():
    learning = based_on(Basis((SECOND, FIRST))) | {"isBasedOn": FIRST.uri}
    assert read_based_on(learning, OWN) == Basis((Ancestor(FIRST.uri),))


def test_addresses_that_are_none_are_left_out():
    learning = {
        "isBasedOn": FIRST.uri,
        "ph:basedOn": {"ph:id": FIRST.uri, "ph:url": "javascript:alert(1)", "ph:authorUrl": "x", "ph:title": "T\u202e"},
    }
    assert read_based_on(learning, OWN) == Basis((Ancestor(FIRST.uri, title="T"),))


def test_names_in_the_line_call_nobody_and_mark_up_nothing():
    loud = Ancestor(
        "https://alder.example/ap/p/1",
        title="[x](https://evil.example) #tag **b**",
        author="@eve@evil.example <script>",
    )
    found = render_markdown(attribution(Basis((loud,))), base_url="https://birch.example")
    assert found.mentions == ()
    assert found.hashtags == ()
    assert "<script>" not in found.html
    assert "<strong>" not in found.html
    assert 'href="https://evil.example' not in found.html
