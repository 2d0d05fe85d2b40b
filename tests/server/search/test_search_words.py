"""Questions: any text is safe in both databases' languages, and both see the same words."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.search.schema import SQLITE
from server.search.words import (
    MAX_QUERY,
    MAX_TERMS,
    MAX_WORD,
    Query,
    Term,
    any_of,
    fts5,
    indexed,
    parse_query,
    tsquery,
    words_of,
)

NASTY = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab\"*-()^:{}[]+~|&!<>\\'% \u0301ßäあ学\x00", max_size=40),
    st.lists(
        st.sampled_from(['"', "-", "AND", "OR", "NOT", "NEAR(", "col:", "*", "a", "b c", ")", "''", "\\"]), max_size=9
    ).map(" ".join),
)


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", check_same_thread=False)
    for statement in SQLITE:
        made.execute(statement)
    for number, text in enumerate(("Éducation für Groß und klein", "exit tickets that work", "学習の記録 retrieval")):
        made.execute("INSERT INTO search_text (rowid, title, body) VALUES (?, ?, '')", (number, indexed(text)))
    return made


def found(index: sqlite3.Connection, text: str) -> list[int]:
    query = parse_query(text)
    if not query:
        return []
    return [row[0] for row in index.execute("SELECT rowid FROM search_text WHERE search_text MATCH ?", (fts5(query),))]


@settings(max_examples=50, deadline=None)
@given(text=NASTY)
def test_any_question_is_safe_in_fts5(index: sqlite3.Connection, text: str) -> None:
    found(index, text)


@settings(max_examples=50, deadline=None)
@given(text=NASTY)
def test_any_question_keeps_its_limits_and_quotes_every_word(text: str) -> None:
    query = parse_query(text * 20)
    terms = (*query.wanted, *query.unwanted)
    assert len(terms) <= MAX_TERMS
    assert all(word.isalnum() and len(word) <= MAX_WORD for term in terms for word in term.words)
    assert sum(len(word) for term in terms for word in term.words) <= MAX_QUERY * 18
    if query:
        assert tsquery(query).count("'") == 2 * sum(len(term.words) for term in terms)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80))
def test_a_text_finds_itself(text: str) -> None:
    assert words_of(indexed(text)) == words_of(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("education", [0]),
        ("ÉDUCATION", [0]),
        ("gross", [0]),
        ("groß", [0]),
        ("exit work", [1]),
        ('"exit tickets"', [1]),
        ('"tickets exit"', []),
        ("exit -work", []),
        ("exit -nothing", [1]),
        ("-exit", []),
        ("tick", [1]),
        ("tick work", []),
        ("学習", [2]),
        ("習学", []),
        ("AND", []),
        ("", []),
        ("***", []),
    ],
)
def test_words_phrases_minus_and_beginnings(index: sqlite3.Connection, text: str, numbers: list[int]) -> None:
    assert found(index, text) == numbers


def test_the_last_word_may_be_unfinished_unless_it_is_closed() -> None:
    assert parse_query("exit tick").wanted[-1] == Term(("tick",), is_prefix=True)
    assert parse_query("exit tick ").wanted[-1] == Term(("tick",))
    assert parse_query("a").wanted == (Term(("a",)),)
    assert parse_query('"exit tick').wanted == (Term(("exit", "tick")),)


def test_both_languages_say_the_same() -> None:
    query = Query((Term(("exit", "tick"), is_prefix=True), Term(("work",))), (Term(("exam",)),))
    assert fts5(query) == '("exit tick"* AND "work") NOT ("exam")'
    assert tsquery(query) == "'exit' <-> 'tick':* & 'work' & !('exam')"


def test_the_telling_words_of_a_sentence() -> None:
    assert any_of("How to use exit tickets, and Exit tickets in year 8") == ("exit", "tickets", "year")
