"""activitypub-testing's assertions about actors and what hangs on them, made of our server as it really runs."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.live import Ours, ours_with_maya
from tests.interop.node import node, package

pytestmark = [pytest.mark.peer, pytest.mark.timeout(300)]

scenario = pytest.mark.scenario

FOLDER = Path(__file__).parent

MUST_PASS = {
    "actor-must-serve-as2-object-to-get",
    "actor-objects-must-have-inbox-outbox-properties",
    "followers-collection-must-be-a-collection",
    "following-collection-must-be-a-collection",
    "inbox-must-be-an-orderedcollection",
    "outbox-must-be-an-orderedcollection",
}
"""The rest is about clients that post to an outbox, and about collections that an actor need not have."""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """A Peerhall with Maya and a community."""
    package(FOLDER, "activitypub-testing")
    with ours_with_maya(tmp_path_factory.mktemp("ours")) as served:
        yield served


def assertions(*words: str) -> list[dict[str, Any]]:
    """What it says, one assertion a line."""
    command = [node(), "node_modules/activitypub-testing/src/cli.js", *words]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@scenario("activitypub-testing", "actor", "its assertions about actors, inboxes, outboxes and collections")
@pytest.mark.parametrize("path", ["/@maya", "/c/science", "/ap/actor"])
def test_no_assertion_fails(ours: Ours, path: str) -> None:
    actor = ours.document(path).json()["id"]
    found = {each["test"]["slug"]: each["result"] for each in assertions("test", "actor", actor)}
    outcomes = {slug: result["outcome"] for slug, result in found.items()}
    assert {slug for slug, outcome in outcomes.items() if outcome == "passed"} >= MUST_PASS
    assert set(outcomes.values()) <= {"passed", "inapplicable"}, json.dumps(found, indent=1)
