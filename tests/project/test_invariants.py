"""Every security invariant about signatures, authority, fetching, parsing and audience has tests of its number."""

import ast
import re
from functools import cache

import pytest

from tests.project.reading import NOT_OURS, ROOT

# The numbers of security.md, in short. S18, S23 and S24 are about requests as well as about what is fetched.
INVARIANTS = {
    "S1": "nothing has an effect without a valid signature by a key of its owner",
    "S2": "a signature covers method, target, host, body and time",
    "S3": "signed in time, and without a second effect",
    "S4": "a key belongs to the actor that lists it",
    "S5": "people act on what they own, moderators in their community",
    "S6": "documents are believed with an ActivityPub content type only",
    "S7": "an id belongs to its own server",
    "S8": "nobody occupies an id in advance",
    "S9": "WebFinger and actor agree before a handle is shown",
    "S10": "links and names pretend nothing",
    "S11": "JSON-LD tricks change nothing",
    "S12": "any bytes get a clear answer, without a stall",
    "S13": "only public addresses are reached",
    "S14": "a Move needs both accounts",
    "S15": "content reaches its audience and nobody else",
    "S16": "nothing remote points us at others",
    "S17": "the blocked get in nowhere and get nothing",
    "S18": "sizes are limited while streaming",
    "S19": "mentions, tags and recipients are capped",
    "S20": "HTML is sanitised",
    "S21": "raw HTTP tricks yield no second answer",
    "S22": "an activity has a budget",
    "S23": "slow answers hold up nobody",
    "S24": "failures are remembered, and nobody is attacked through us",
    "S25": "media are inert",
    "S26": "pages carry strict headers",
}
ENOUGH = 2
"""One test is a sample; an invariant is a class."""


@cache
def by_number() -> dict[str, set[str]]:
    """The tests that name an invariant: in their name, their docstring, or as an attack on it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if NOT_OURS & set(path.relative_to(ROOT).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for number in _numbers(node):
                    found.setdefault(number, set()).add(f"{path.name}::{node.name}")
    return found


def _numbers(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    attacks = [
        decorator.args[0].value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and ast.unparse(decorator.func) == "attack"
        and isinstance(decorator.args[0], ast.Constant)
    ]
    if attacks:
        return set(str(attacks[0]).split())
    if not node.name.startswith("test_"):
        return set()
    named = {number.upper() for number in re.findall(r"(?<![a-z0-9])s\d+(?=_)", node.name)}
    return named | set(re.findall(r"\bS\d+\b", ast.get_docstring(node) or ""))


@pytest.mark.parametrize("number", INVARIANTS)
def test_every_invariant_is_tested(number: str) -> None:
    assert len(by_number().get(number, ())) >= ENOUGH, f"{number}: {INVARIANTS[number]}"


def test_a_test_names_only_invariants_that_there_are() -> None:
    assert {number for number in by_number() if int(number[1:]) > 36} == set()
