"""A real GoToSocial beside us, where one runs: it follows, reads and answers, and so do we.

Start GoToSocial on loopback with plain http, then name it: ``PEERHALL_GOTOSOCIAL=http://localhost:8911`` and
``PEERHALL_GOTOSOCIAL_TOKEN`` with a token of one of its people (scopes read and write), whose name is
``PEERHALL_GOTOSOCIAL_USER``. Without these the test is skipped: nothing installs GoToSocial here.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.peer, pytest.mark.timeout(120)]

PEER = os.environ.get("PEERHALL_GOTOSOCIAL", "")
PORT = 18790
ORIGIN = f"http://127.0.0.1:{PORT}"
PASSWORD = "correct horse battery staple"
ARRIVES_WITHIN_SECONDS = 20


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[httpx.Client]:
    """Our server on an address that GoToSocial can reach, with Maya signed in."""
    if not PEER:
        pytest.skip("PEERHALL_GOTOSOCIAL names no running GoToSocial")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PEERHALL_")} | {
        "PEERHALL_ORIGIN": ORIGIN,
        "PEERHALL_DATA_DIR": str(tmp_path / "data"),
        "PEERHALL_FEDERATION": "open",
        "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8,::1/128",
    }
    command = str(Path(sys.executable).with_name("peerhall"))
    name = f"maya{int(time.time()) % 100_000}"
    create = [command, "user", "create", name, "--password-stdin", "--role", "admin", "--display-name", "Maya"]
    subprocess.run(create, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    science = [command, "community", "create", f"science-{name}", "--name", "Science", "--owner", name]
    subprocess.run(science, env=environment, check=True, capture_output=True)
    process = subprocess.Popen([command, "serve", "--port", str(PORT)], env=environment, cwd=tmp_path)
    try:
        with httpx.Client(base_url=ORIGIN, headers={"origin": ORIGIN}, follow_redirects=True, timeout=20) as client:
            until(lambda: _alive(client))
            client.post("/sign-in", data={"name": name, "password": PASSWORD}).raise_for_status()
            client.headers["x-name"] = name
            yield client
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def theirs() -> Iterator[httpx.Client]:
    """GoToSocial's client API, as one of its people."""
    token = os.environ.get("PEERHALL_GOTOSOCIAL_TOKEN", "")
    with httpx.Client(base_url=PEER, headers={"authorization": f"Bearer {token}"}, timeout=20) as client:
        yield client


def _alive(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def until(found: Callable[[], Any]) -> Any:
    """What is found in the end; fails when it does not come in time."""
    begun = time.monotonic()
    while not (value := found()):
        assert time.monotonic() - begun < ARRIVES_WITHIN_SECONDS
        time.sleep(0.3)
    return value


def _follow(theirs: httpx.Client, handle: str) -> None:
    found = theirs.get("/api/v2/search", params={"q": handle, "resolve": "true", "type": "accounts"}).json()
    account = found["accounts"][0]["id"]
    theirs.post(f"/api/v1/accounts/{account}/follow", json={}).raise_for_status()
    query = {"id[]": account}
    until(lambda: theirs.get("/api/v1/accounts/relationships", params=query).json()[0]["following"])


def test_gotosocial_follows_reads_and_answers_and_so_do_we(ours: httpx.Client, theirs: httpx.Client) -> None:
    name, user = ours.headers["x-name"], os.environ.get("PEERHALL_GOTOSOCIAL_USER", "gtsuser")
    _follow(theirs, f"@{name}@127.0.0.1:{PORT}")
    _follow(theirs, f"@science-{name}@127.0.0.1:{PORT}")
    theirs.patch("/api/v1/accounts/update_credentials", data={"locked": "false"}).raise_for_status()
    handle = f"@{user}@{PEER.split('//')[1]}"
    ours.get("/search", params={"q": handle}).raise_for_status()
    ours.post(f"/{handle}/follow").raise_for_status()

    practice = {
        "speed": "quick",
        "community": f"science-{name}",
        "title": "Two questions",
        "steps": ["First ask.", "Then wait."],
        "would_change": "More time.",
        "visibility": "public",
        "licence": "CC-BY-4.0",
        "language": "en",
        "share": "1",
    }
    page = str(ours.post("/practices/new", data=practice).url)
    assert "/p/two-questions-" in page

    def arrived() -> Any:
        home = theirs.get("/api/v1/timelines/home").json()
        boosted = [status["reblog"] for status in home if status["account"]["acct"].startswith(f"science-{name}@")]
        return next((status for status in boosted if status and "Then wait." in status["content"]), None)

    status = until(arrived)
    assert "First ask." in status["content"]
    assert "More time." in status["content"]
    answer = {"status": f"@{name}@127.0.0.1:{PORT} So do we!", "in_reply_to_id": status["id"], "visibility": "public"}
    theirs.post("/api/v1/statuses", json=answer).raise_for_status()
    until(lambda: "So do we!" in ours.get(page).text)

    words = f"Hello from the other side {time.time_ns()}"
    theirs.post("/api/v1/statuses", json={"status": words, "visibility": "public"}).raise_for_status()
    until(lambda: words in ours.get("/week").text)
