"""The six probes of fediverse-pasture look at our actors and knock at their inboxes, each in its own way.

Alice and Dean do not sign; Bob, Claire, Emily and Frank do; Claire and Frank show their keys only to those who sign
themselves; Dean, Emily and Frank have no handle.
"""

from typing import Any

import httpx
import pytest

from tests.interop.live import Ours

pytestmark = [pytest.mark.peer, pytest.mark.timeout(300)]

scenario = pytest.mark.scenario

SIGN = {"alice": False, "bob": True, "claire": True, "dean": False, "emily": True, "frank": True}


def probed(probes: str, who: str) -> dict[str, Any]:
    """What the probes find out about somebody of ours."""
    answer = httpx.post(probes, data={"actor_uri": who}, headers={"accept": "application/json"}, timeout=200)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    print(found["messages"])
    result: dict[str, Any] = found["result"]
    return result


@scenario(
    "fediverse-pasture", "signatures", "six actors, signing or not, hidden or not, with a handle or without, knock"
)
@pytest.mark.parametrize("who", ["@maya", "/c/science", "acct"])
def test_those_who_sign_are_heard_and_nobody_else(ours: Ours, probes: str, who: str) -> None:
    address = f"acct:maya@{ours.domain}" if who == "acct" else str(ours.document("/" + who.lstrip("/")).json()["id"])
    found = probed(probes, address)
    assert {name: found[name]["post_inbox"] for name in SIGN} == SIGN
    assert all(found[name]["get_actor"] for name in SIGN), found


@scenario("fediverse-pasture", "webfinger", "WebFinger leads back to the actor")
def test_webfinger_leads_back(ours: Ours, probes: str) -> None:
    assert probed(probes, str(ours.document("/@maya").json()["id"]))["webfinger"] is True


@scenario(
    "fediverse-pasture",
    "inspect",
    "`peerhall inspect` sees who hides from those who do not sign, and who has no handle",
)
def test_inspect_tells_the_probes_apart(ours: Ours, probes: str) -> None:
    shown = {name: ours.run("inspect", f"{probes}/{name}") for name in SIGN}
    for name, result in shown.items():
        assert result.exit_code == 0, result.stderr
        assert ("unsigned      401" in result.stdout) is (name in {"claire", "frank"}), result.stdout
        assert "draft-cavage  200" in result.stdout, result.stdout
        assert ("on which both agree" in result.stdout) is (name in {"alice", "bob", "claire"}), result.stdout
