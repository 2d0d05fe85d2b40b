"""The header that compares followers (FEP-8fcf): digest, header, and what of it is believed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.outbox.synchronization import NOBODY, Synchronization, digest_of, header, read
from federation.signatures import cavage, rfc9421
from federation.signatures.message import HttpMessage
from federation.testing import FakeClock, make_signer

ids = st.lists(st.text(min_size=1, max_size=60), unique=True, max_size=30)
web = st.from_regex(r"https://[a-z]{1,12}\.example/[a-z0-9/]{0,30}", fullmatch=True)


def test_the_digest_is_that_of_the_specification() -> None:
    """The example of FEP-8fcf, with both digests and their combination."""
    one, two = "https://testing.example.org/users/1", "https://testing.example.org/users/2"
    assert digest_of([one]) == hashlib.sha256(one.encode()).hexdigest()
    assert digest_of([one, two]) == "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"
    assert digest_of([]) == NOBODY


@given(ids, st.randoms())
def test_the_order_of_followers_does_not_matter(found: list[str], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert digest_of(shuffled) == digest_of(found)


@given(ids, ids)
def test_digests_of_parts_combine_to_that_of_the_whole(first: list[str], second: list[str]) -> None:
    second = [each for each in second if each not in first]
    whole = int(digest_of(first), 16) ^ int(digest_of(second), 16)
    assert digest_of([*first, *second]) == f"{whole:064x}"


@given(ids, st.text(min_size=1, max_size=60))
def test_one_follower_more_or_less_changes_the_digest(found: list[str], other: str) -> None:
    rest = [each for each in found if each != other]
    assert digest_of(rest) != digest_of([*rest, other])
    assert len(digest_of(rest)) == 64


@given(web, web, ids)
def test_what_is_written_is_read(collection: str, url: str, found: list[str]) -> None:
    said = Synchronization(collection, url, digest_of(found))
    assert read(header(said)) == said


@given(st.text(max_size=300))
def test_s12_any_text_is_read_or_is_nothing(text: str) -> None:
    found = read(text)
    assert found is None or len(found.digest) == 64


@given(web, st.integers(min_value=0, max_value=10_000), st.text(min_size=1, max_size=3))
def test_s12_a_damaged_header_is_read_as_it_stands_or_is_nothing(url: str, place: int, noise: str) -> None:
    whole = header(Synchronization(url, url, NOBODY))
    at = place % len(whole)
    found = read(whole[:at] + noise + whole[at:])
    assert found is None or found.collection.startswith("https://")


GOOD = header(Synchronization("https://a.example/u/1/followers", "https://a.example/u/1/sync", NOBODY))


@pytest.mark.parametrize(
    "value",
    [
        "",
        GOOD + ", ",
        GOOD + ', digest="' + NOBODY + '"',
        GOOD.replace("collectionId", "collection"),
        GOOD.replace(NOBODY, NOBODY[:-1]),
        GOOD.replace(NOBODY, "g" * 64),
        GOOD.replace(NOBODY, ""),
        GOOD.replace("https://a.example/u/1/sync", "/u/1/sync"),
        GOOD.replace("https://a.example/u/1/sync", "javascript:alert(1)"),
        GOOD.replace("https://a.example/u/1/sync", "https://user@a.example/"),
        GOOD.replace('"', "'"),
        GOOD + "x" * 2000,
    ],
)
def test_a_header_that_is_not_exactly_one_is_nothing(value: str) -> None:
    assert read(GOOD) is not None
    found = read(value)
    assert found is None or value == GOOD + ", "


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_s2_both_ways_of_signing_cover_the_header(scheme: str) -> None:
    signer, clock = make_signer("https://a.example/u/1"), FakeClock()
    values = {"key_id": signer.rsa_key_id, "key": signer.rsa_key, "now": clock.now(), "body": b"{}"}
    further = {"Collection-Synchronization": GOOD}
    if scheme == "cavage":
        headers = cavage.headers("POST", "b.example", "/ap/inbox", **values, further=further)
        message = HttpMessage.of("POST", "https://b.example", "/ap/inbox", headers.items(), b"{}")
        claim = cavage.read(message, clock.now())
    else:
        headers = rfc9421.headers("POST", "https://b.example", "/ap/inbox", **values, further=further)
        message = HttpMessage.of("POST", "https://b.example", "/ap/inbox", headers.items(), b"{}")
        claim = rfc9421.read(message, clock.now())
    assert headers["Collection-Synchronization"] == GOOD
    assert "collection-synchronization" in claim.covered
    assert any(GOOD.encode() in base for base in claim.bases)
