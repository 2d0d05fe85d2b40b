"""Caddy in front of everything: a site for each name, certificates of its own authority, a record of what was asked."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.interop.clients.inside import HOSTS, program
from tests.interop.live import Process

LONG = re.compile(r"(?<=/)(\d{6,}|[0-9A-HJKMNP-TV-Z]{26})(?=/|$)")
API = ("/api/", "/oauth/", "/nodeinfo", "/.well-known/")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached a server, and how it ended."""

    at: float
    host: str
    method: str
    path: str
    query: str
    status: int
    kind: str

    @property
    def shape(self) -> str:
        """The path with ids left out."""
        return LONG.sub(":id", self.path)

    @property
    def is_api(self) -> bool:
        """Whether an app asked for it and not a person."""
        return self.path.startswith(API)

    def __str__(self) -> str:
        return f"{self.status} {self.method} {self.shape}"


class Front:
    """Sites by name: either a folder or the port of what serves it. Close it."""

    def __init__(self, folder: Path, sites: dict[str, Path | int]) -> None:
        self._folder = folder
        self._log = folder / "asked.jsonl"
        self._sites = sites
        self._process: Process | None = None
        self.ca_file = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def start(self) -> None:
        """Serve; the certificate of the authority is in `ca_file` afterwards."""
        config = self._folder / "Caddyfile"
        config.write_text(self._config(), encoding="utf-8")
        command = [program("caddy", "caddy"), "run", "--config", str(config), "--adapter", "caddyfile"]
        log = self._folder / "caddy.log"
        environment = os.environ | {"XDG_DATA_HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder)}
        self._process = Process(command, log=log, cwd=self._folder, env=environment)
        self._process.wait_for(self.ca_file.is_file)

    def asked(self) -> Iterator[Asked]:
        """Every request so far, in their order."""
        if not self._log.is_file():
            return
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # it is being written
            request, kind = entry["request"], entry.get("resp_headers", {}).get("Content-Type", [""])
            path, _, query = request["uri"].partition("?")
            yield Asked(entry["ts"], request["host"], request["method"], path, query, entry["status"], kind[0])

    def close(self) -> None:
        """Stop serving."""
        if self._process is not None:
            self._process.close()

    def _config(self) -> str:
        words = [
            "{",
            "\tadmin off",
            "\tauto_https disable_redirects",
            "\tskip_install_trust",
            "\tlog default {\n\t\tlevel WARN\n\t}",
            "\tservers {\n\t\tprotocols h1 h2\n\t}",
            "}",
        ]
        for host, target in self._sites.items():
            lines = [f"bind {HOSTS[host]}", "tls internal"]
            if isinstance(target, int):
                lines += [f"reverse_proxy 127.0.0.1:{target}"]
            else:
                lines += [f"root * {target}", "file_server"]
            lines += ["log {", f"\toutput file {self._log}", "\tformat json", "}"]
            words += [f"https://{host} {{", *("\t" + line for line in lines), "}"]
        return "\n".join(words) + "\n"
