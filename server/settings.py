"""Settings: from `peerhall.toml` and the environment; the environment wins. README.md has the table.

An unknown or malformed setting stops the start with one line that names it.
"""

import ipaddress
import os
import re
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

PREFIX = "PEERHALL_"
NOT_SETTINGS = {
    *("PEERHALL_CONFIG", "PEERHALL_REQUIRE_BROWSER", "PEERHALL_REQUIRE_PEERS"),
    *("PEERHALL_TEST_DATABASE", "PEERHALL_TEST_LAYOUT"),
}


_RANGES = {"video_mb": (0, 95)}
"""What a number may be, where it is another one than of most."""


class SettingsError(Exception):
    """A setting is unknown or malformed; the message is one line that names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is known before the database is open."""

    origin: str = "http://localhost:8000"
    domain: str = ""
    name: str = "Peerhall"
    data_dir: str = "./peerhall-data"
    database_url: str = ""
    database_connections: int = 12
    secret_key: str = ""
    registration: Literal["open", "approval", "invite", "closed"] = "invite"
    federation: Literal["closed", "consortium", "careful", "open"] = "careful"
    authorized_fetch: bool = False
    allowed_private_addresses: tuple[str, ...] = ()
    ca_file: str = ""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    smtp_url: str = ""
    reply_address: str = ""
    imap_url: str = ""
    media_url: str = ""
    video_mb: int = 50
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = ""
    oidc_scopes: str = "openid profile email"
    oidc_parameters: tuple[str, ...] = ()
    oidc_required: tuple[str, ...] = ()
    oidc_roles: tuple[str, ...] = ()
    oidc_create: Literal["approval", "everybody", "invited", "nobody"] = "approval"
    oidc_link_verified: bool = False
    log: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @property
    def is_https(self) -> bool:
        """Whether people reach us over TLS."""
        return self.origin.startswith("https://")

    @property
    def data_path(self) -> Path:
        """The data folder."""
        return Path(self.data_dir)

    @property
    def private_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Networks that outgoing requests may reach although not public."""
        return tuple(ipaddress.ip_network(item, strict=False) for item in self.allowed_private_addresses)


def load(environment: Mapping[str, str] | None = None, config: Path | None = None) -> Settings:
    """Read the settings. Raises SettingsError, naming the variable, for anything unknown or malformed."""
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    config = config or (Path(environment["PEERHALL_CONFIG"]) if environment.get("PEERHALL_CONFIG") else None)
    if config is None and Path("peerhall.toml").is_file():
        config = Path("peerhall.toml")
    if config is not None:
        values.update(_from_file(config))
    known = {field.name for field in fields(Settings)}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in known or variable != PREFIX + name.upper():
            raise SettingsError(f"{variable}: there is no such setting")
        values[name] = text
    return _checked(values)


def _from_file(path: Path) -> dict[str, object]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: {error}") from None
    known = {field.name for field in fields(Settings)}
    for name in found:
        if name not in known:
            raise SettingsError(f"{name} in {path}: there is no such setting")
    return found


def _checked(values: Mapping[str, object]) -> Settings:
    types = get_type_hints(Settings)
    converted: dict[str, Any] = {name: _convert(name, types[name], value) for name, value in values.items()}
    settings = Settings(**converted)
    origin = _check_origin(settings.origin)
    domain = settings.domain.lower() or origin.split("://", 1)[1]
    if not re.fullmatch(r"[a-z0-9.\-\[\]:]+", domain):
        raise SettingsError(f"PEERHALL_DOMAIN: {settings.domain!r} is not a host name")
    database = settings.database_url or f"sqlite:///{Path(settings.data_dir).absolute() / 'peerhall.sqlite3'}"
    if not re.match(r"(sqlite:///.|postgres://.|postgresql://.)", database):
        raise SettingsError("PEERHALL_DATABASE_URL: must start with sqlite:/// or postgres://")
    if not database.startswith("sqlite:"):
        _check_host("DATABASE_URL", database)
    for name in ("name", "data_dir"):
        if not getattr(settings, name):
            raise SettingsError(f"PEERHALL_{name.upper()}: must not be empty")
    for item in settings.allowed_private_addresses:
        if not _is_network(item):
            raise SettingsError(f"PEERHALL_ALLOWED_PRIVATE_ADDRESSES: {item!r} is not a network such as 10.0.0.0/8")
    for item in settings.trusted_proxies:
        if item != "*" and not _is_network(item):
            raise SettingsError(f"PEERHALL_TRUSTED_PROXIES: {item!r} is not an address such as 127.0.0.1 or 10.0.0.0/8")
    for name, value, schemes in (
        ("SMTP_URL", settings.smtp_url, ("smtp", "smtps")),
        ("IMAP_URL", settings.imap_url, ("imap", "imaps")),
        ("MEDIA_URL", settings.media_url, ("file", "s3")),
    ):
        if value and urlsplit(value).scheme not in schemes:
            raise SettingsError(f"PEERHALL_{name}: must start with {' or '.join(s + '://' for s in schemes)}")
    if settings.smtp_url:
        _check_host("SMTP_URL", settings.smtp_url)
    _check_answers(settings)
    _check_oidc(settings)
    if settings.secret_key and len(settings.secret_key) < 32:
        raise SettingsError("PEERHALL_SECRET_KEY: must have at least 32 characters")
    if settings.ca_file:
        _check_authorities(settings.ca_file)
    return replace(settings, origin=origin, domain=domain, database_url=database)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _check_host(name: str, url: str) -> None:
    """The message does not repeat the address: there may be a password in it."""
    try:
        parts = urlsplit(url)
        found = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        found = False
    if not found:
        raise SettingsError(f"PEERHALL_{name}: names no host, or no port that can be")


def _check_answers(settings: Settings) -> None:
    """What stands after the plus has 49 letters, and all before the @ at most 64 (RFC 5321 section 4.5.3.1.1)."""
    if settings.imap_url:
        _check_host("IMAP_URL", settings.imap_url)
    if settings.imap_url and not settings.reply_address:
        raise SettingsError("PEERHALL_IMAP_URL: needs PEERHALL_REPLY_ADDRESS, the address that this mailbox is for")
    address = settings.reply_address
    if address and not re.fullmatch(r"[a-z0-9._-]{1,14}@[a-z0-9-]+(\.[a-z0-9-]+)*", address):
        raise SettingsError(
            f"PEERHALL_REPLY_ADDRESS: {address!r} is not an address such as answers@hall.example: small letters,"
            " at most 14 before the @"
        )


_CONDITION = r"[^\s=:]{1,100}=\S.{0,199}"
_OIDC_LISTS = {
    "oidc_parameters": (r"[a-z_]{1,40}=\S{1,200}", "prompt=consent"),
    "oidc_required": (_CONDITION, "groups=staff"),
    "oidc_roles": (rf"(member|steward|admin):{_CONDITION}", "admin:groups=it-team"),
}
_OIDC_OURS = ("client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce")


def _check_oidc(settings: Settings) -> None:
    """Signing in elsewhere: all three of issuer, id and secret, or none, and rules that can be read."""
    given = {name: getattr(settings, name) for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret")}
    for name, value in given.items():
        if any(given.values()) and not value:
            raise SettingsError(f"PEERHALL_{name.upper()}: is needed with the other settings of OIDC")
    issuer = urlsplit(settings.oidc_issuer)
    if settings.oidc_issuer and (issuer.scheme not in {"https", "http"} or issuer.query or issuer.fragment):
        raise SettingsError(
            "PEERHALL_OIDC_ISSUER: must be an address such as https://login.school.example/realms/staff"
        )
    if settings.oidc_issuer:
        _check_host("OIDC_ISSUER", settings.oidc_issuer)
    if "openid" not in settings.oidc_scopes.split():
        raise SettingsError("PEERHALL_OIDC_SCOPES: must name openid, as in: openid profile email")
    for name, (pattern, example) in _OIDC_LISTS.items():
        for item in getattr(settings, name):
            if not re.fullmatch(pattern, item) or item.partition("=")[0] in _OIDC_OURS:
                raise SettingsError(f"PEERHALL_{name.upper()}: {item!r} is nothing such as {example}")


def _check_authorities(file: str) -> None:
    if not Path(file).is_file():
        raise SettingsError(f"PEERHALL_CA_FILE: there is no file {file}")
    try:
        ssl.create_default_context(cafile=file)
    except OSError:
        raise SettingsError(f"PEERHALL_CA_FILE: {file} holds no certificates that can be read (PEM)") from None


def _convert(name: str, kind: object, value: object) -> object:
    variable = PREFIX + name.upper()
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise SettingsError(f"{variable}: must be one of {', '.join(get_args(kind))}, not {value!r}")
        return value
    if kind is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
            return value.lower() in {"true", "1", "yes", "on"}
        raise SettingsError(f"{variable}: must be true or false, not {value!r}")
    if kind is int:
        least, most = _RANGES.get(name, (2, 1000))
        if isinstance(value, bool) or not str(value).isdecimal() or not least <= int(str(value)) <= most:
            raise SettingsError(f"{variable}: must be a number from {least} to {most}, not {value!r}")
        return int(str(value))
    if kind is str:
        if not isinstance(value, str):
            raise SettingsError(f"{variable}: must be a text, not {value!r}")
        return value.strip()
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise SettingsError(f"{variable}: must be a list of texts, not {value!r}")


def _check_origin(text: str) -> str:
    problem = SettingsError(
        f"PEERHALL_ORIGIN: {text!r} is not an address such as https://hall.example (scheme, host, optional port)"
    )
    parts = urlsplit(text.rstrip("/"))
    try:
        port = parts.port
    except ValueError:
        raise problem from None
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host or parts.path or parts.query or parts.username is not None:
        raise problem
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != default else "")
