"""Parameters of the client API in every form that apps send."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.api import ForApps, answer, endpoint, flag_of, parameters, text_of, texts_of


async def _echo(request: Request) -> Response:
    return answer(await parameters(request, max_files=1))


@pytest.fixture
async def app() -> AsyncIterator[httpx.AsyncClient]:
    made = ForApps(Starlette(routes=[Route("/api/echo", endpoint(_echo), methods=["GET", "POST"])]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="https://alder.example") as client:
        yield client


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("a=1&b=two", {"a": "1", "b": "two"}),
        ("ids[]=1&ids[]=2", {"ids": ["1", "2"]}),
        ("ids=1&ids=2", {"ids": ["1", "2"]}),
        ("ids[1]=b&ids[0]=a", {"ids": ["a", "b"]}),
        ("source[privacy]=unlisted&source[language]=de", {"source": {"privacy": "unlisted", "language": "de"}}),
        (
            "poll[options][]=yes&poll[options][]=no&poll[multiple]=1",
            {"poll": {"options": ["yes", "no"], "multiple": "1"}},
        ),
        (
            "fields_attributes[0][name]=a&fields_attributes[0][value]=b&fields_attributes[1][name]=c",
            {"fields_attributes": [{"name": "a", "value": "b"}, {"name": "c"}]},
        ),
        (
            "keywords_attributes[][keyword]=x&keywords_attributes[][whole_word]=1&keywords_attributes[][keyword]=y",
            {"keywords_attributes": [{"keyword": "x", "whole_word": "1"}, {"keyword": "y"}]},
        ),
        ("[]=1&a[=2&a]b=3&x[b][c][d][e]=deep", {}),
    ],
)
async def test_names_in_brackets(app: httpx.AsyncClient, sent: str, meant: Any) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert (await app.post("/api/echo", content=sent, headers=kind)).json() == meant
    assert (await app.get(f"/api/echo/?{sent}")).json() == meant


async def test_the_body_counts_before_the_address(app: httpx.AsyncClient) -> None:
    assert (await app.post("/api/echo?a=1&b=1", json={"a": None, "c": [1]})).json() == {"a": None, "b": "1", "c": [1]}
    assert (await app.post("/api/echo?a=1")).json() == {"a": "1"}
    assert (await app.post("/api/echo", content=b"", headers={"content-type": "application/json"})).json() == {}


async def test_a_question_may_come_with_a_body_of_json(app: httpx.AsyncClient) -> None:
    answer = await app.request("GET", "/api/echo?a=1", json={"ids": ["1", "2"]})
    assert answer.json() == {"a": "1", "ids": ["1", "2"]}
    assert (await app.request("GET", "/api/echo", content=b"{", headers={"content-type": "application/json"})).is_error


async def test_too_much_and_too_deep_is_refused(app: httpx.AsyncClient) -> None:
    for body in (b"[" * 100_000, b'{"a":' * 50_000):
        answered = await app.post("/api/echo", content=body, headers={"content-type": "application/json"})
        assert answered.status_code == 400
    many = "&".join(f"a{number}=1" for number in range(1001))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert (await app.post("/api/echo", content=many, headers=kind)).status_code == 400


def test_words_for_yes_and_no() -> None:
    found = {"a": "True", "b": 1, "c": "on", "d": "0", "e": False, "f": "", "g": None}
    assert [flag_of(found, name) for name in "abcdefgh"] == [True, True, True, False, False, False, False, False]
    assert flag_of(found, "h", default=True)
    with pytest.raises(Exception, match="neither yes nor no"):
        flag_of({"a": "perhaps"}, "a")


def test_texts_of_whatever_was_sent() -> None:
    found = {"a": ["x", 2, None, True], "b": "y", "c": {"d": 1}, "e": "n\x00ul", "f": True}
    assert texts_of(found, "a") == ["x", "2"]
    assert texts_of(found, "b") == ["y"]
    assert texts_of(found, "c") == texts_of(found, "none") == []
    assert (text_of(found, "b"), text_of(found, "e"), text_of(found, "f"), text_of(found, "c")) == ("y", "nul", "", "")
