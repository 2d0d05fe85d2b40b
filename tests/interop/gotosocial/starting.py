"""Starts a GoToSocial of its own on loopback, with people; they are reached through its client API."""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.interop.live import Process, alive, free_port, until

Json = dict[str, Any]

PASSWORD = "a very long and unlikely sentence, 2026!"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = "read write admin"


class Theirs:
    """One person of a GoToSocial, through its client API."""

    def __init__(self, origin: str, name: str, token: str) -> None:
        self.name = name
        self.host = urlsplit(origin).netloc
        self.handle = f"@{name}@{self.host}"
        self.api = httpx.Client(base_url=origin, headers={"authorization": f"Bearer {token}"}, timeout=30)

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        answer = self.api.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **values: Any) -> Any:
        """Do something."""
        answer = self.api.post(path, json=values)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def account(self, handle: str) -> str:
        """The id of somebody there."""
        found = self.get("/api/v2/search", q=handle, resolve="true", type="accounts")["accounts"]
        assert found, f"GoToSocial does not find {handle}"
        return str(found[0]["id"])

    def knows(self, handle: str) -> bool:
        """Whether the handle leads to anybody."""
        return bool(self.get("/api/v2/search", q=handle, resolve="true", type="accounts")["accounts"])

    def relationship(self, handle: str) -> Json:
        """How this person and somebody stand to each other."""
        found: list[Json] = self.get("/api/v1/accounts/relationships", **{"id[]": self.account(handle)})
        return found[0]

    def follow(self, handle: str) -> None:
        """Ask to follow somebody."""
        self.post(f"/api/v1/accounts/{self.account(handle)}/follow")

    def write(self, text: str, **more: Any) -> Json:
        """Publish a status."""
        status: Json = self.post("/api/v1/statuses", status=text, **({"visibility": "public"} | more))
        return status

    def home(self) -> list[Json]:
        """The home timeline, boosts replaced by what they pass on."""
        found: list[Json] = self.get("/api/v1/timelines/home", limit=40)
        return [(status["reblog"] or status) | {"boosted_by": status["account"]["acct"]} for status in found]

    def sees(self, words: str) -> Json | None:
        """The newest status with these words in the home timeline."""
        return next((status for status in self.home() if words in status["content"]), None)

    def notified(self, kind: str, words: str = "") -> Json | None:
        """The newest notification of a kind."""
        found: list[Json] = self.get("/api/v1/notifications", limit=40)
        for each in found:
            if each["type"] == kind and words in str((each.get("status") or {}).get("content", "")):
                return each
        return None

    def status(self, status_id: str) -> httpx.Response:
        """A status as it is now."""
        return self.api.get(f"/api/v1/statuses/{status_id}")


@dataclass
class Started:
    """A running GoToSocial, its file and its people. Close them."""

    origin: str
    version: str
    process: Process
    database: Path
    people: list[Theirs]

    def close(self) -> None:
        """End it."""
        for person in self.people:
            person.api.close()
        self.process.close()


def home() -> Path | None:
    """The folder with its program and its ``web`` folder that PEERHALL_GOTOSOCIAL names; None without one."""
    named = os.environ.get("PEERHALL_GOTOSOCIAL", "")
    return Path(named) if named and (Path(named) / "gotosocial").is_file() else None


def start(
    folder: Path, home: Path, names: Sequence[str], *, admin: str = "", settings: Mapping[str, str] | None = None
) -> Started:
    """A fresh one in an empty folder, with these people; `settings` go before the usual ones."""
    port = _port()
    (folder / "storage").mkdir()
    environment = _environment(folder, home, port, settings or {})
    program = str(home / "gotosocial")
    running = Process([program, "server", "start"], log=folder / "gotosocial.log", cwd=home, env=environment)
    origin = f"http://{_host(port)}"
    people: list[Theirs] = []
    try:
        running.wait_for(lambda: alive(f"{origin}/api/v1/instance"))
        for name in names:
            words = ["--username", name, "--email", f"{name}@example.org", "--password", PASSWORD]
            _administer(program, ["create", *words], folder, environment)
        if admin:
            _administer(program, ["promote", "--username", admin], folder, environment)
        version = httpx.get(f"{origin}/api/v1/instance", timeout=30).json()["version"].split("+")[0].split(" ")[0]
        people += [Theirs(origin, name, _token(origin, name)) for name in names]
        return Started(origin, version, running, folder / "gotosocial.sqlite3", people)
    except BaseException:
        running.close()
        raise


def _token(origin: str, name: str) -> str:
    """A token for somebody, through the sign-in that their browser would go through."""
    with httpx.Client(base_url=origin, timeout=30, follow_redirects=True) as browser:
        app = browser.post(
            "/api/v1/apps", json={"client_name": "peerhall tests", "redirect_uris": OUT_OF_BAND, "scopes": SCOPES}
        ).json()
        query = {
            "client_id": app["client_id"],
            "redirect_uri": OUT_OF_BAND,
            "response_type": "code",
            "scope": SCOPES,
        }
        browser.get("/oauth/authorize", params=query).raise_for_status()
        signed = browser.post("/auth/sign_in", data={"username": f"{name}@example.org", "password": PASSWORD})
        signed.raise_for_status()
        allowed = browser.post("/oauth/authorize")
        allowed.raise_for_status()
        code = re.search(r"code=([\w-]+)", str(allowed.url)) or re.search(r"<code>([\w-]+)</code>", allowed.text)
        assert code is not None, allowed.text
        answer = browser.post(
            "/oauth/token",
            json={
                "client_id": app["client_id"],
                "client_secret": app["client_secret"],
                "redirect_uri": OUT_OF_BAND,
                "grant_type": "authorization_code",
                "code": code[1],
                "scope": SCOPES,
            },
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def _port() -> int:
    """80 where we may listen there, for no report leaves a GoToSocial whose address has a port; else any."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", 80))
        except OSError:
            return free_port()
        return 80


def _host(port: int) -> str:
    return "127.0.0.1" if port == 80 else f"localhost:{port}"


def _environment(folder: Path, home: Path, port: int, chosen: Mapping[str, str]) -> dict[str, str]:
    """Loopback only, plain http, nothing limited, nothing kept."""
    settings: dict[str, str] = {
        "host": _host(port),
        "protocol": "http",
        "bind-address": "127.0.0.1",
        "port": str(port),
        "db-type": "sqlite",
        "db-address": str(folder / "gotosocial.sqlite3"),
        "storage-local-base-path": str(folder / "storage"),
        "web-template-base-dir": f"{home / 'web' / 'template'}/",
        "web-asset-base-dir": f"{home / 'web' / 'assets'}/",
        "log-level": "info",
        "advanced-rate-limit-requests": "0",
        "advanced-throttling-multiplier": "0",
        "http-client-allow-ips": "127.0.0.1/32,::1/128",
        "http-client-insecure-outgoing": "true",
        "instance-expose-public-timeline": "true",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {f"GTS_{name.upper().replace('-', '_')}": value for name, value in (settings | dict(chosen)).items()}


def _administer(program: str, words: list[str], folder: Path, environment: dict[str, str]) -> None:
    process = Process([program, "admin", "account", *words], log=folder / "administration.log", env=environment)
    until(lambda: process.ended, seconds=90)
