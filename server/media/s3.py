"""Files in object storage that speaks S3: Amazon's, MinIO, Garage, Ceph and others. Needs the extra `s3`.

``s3://BUCKET/PREFIX?endpoint=https://…&region=…&style=path``: without `endpoint` it is Amazon's. Credentials come from
``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, or from the role of the machine; never from the address, which is
shown in logs and by `peerhall check`.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from server.errors import Unavailable
from server.media.keys import CHUNK_BYTES, checked_key, is_key
from server.settings import SettingsError

try:
    import obstore
    from obstore.exceptions import BaseError
    from obstore.exceptions import NotFoundError as Missing
    from obstore.store import S3Store
except ImportError:  # the base installation is without it
    obstore = None  # type: ignore[assignment]

CONNECT = timedelta(seconds=5)
REQUEST = timedelta(seconds=60)
RETRIES = 2
RETRY = timedelta(seconds=20)
ALL_SECONDS = 90
LIST_AT_ONCE = 500

_PARAMETERS = {"endpoint", "region", "style"}
_STYLES = {"path": False, "host": True}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files are, from the setting."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    is_host_style: bool

    def __str__(self) -> str:
        """As it is shown to people."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/") + (f" at {self.endpoint}" if self.endpoint else "")


def parse_place(url: str) -> Place:
    """Understand the setting. Raises SettingsError, which never repeats it: somebody may have put a secret into it."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            "PEERHALL_MEDIA_URL: credentials do not belong there; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if not parts.hostname or parts.port is not None:
        raise SettingsError("PEERHALL_MEDIA_URL: must be s3://BUCKET or s3://BUCKET/PREFIX")
    values = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := values.keys() - _PARAMETERS:
        raise SettingsError(f"PEERHALL_MEDIA_URL: unknown {min(unknown)}; there are endpoint, region and style")
    endpoint = values.get("endpoint", "").rstrip("/")
    if endpoint:
        _check_endpoint(endpoint)
    style = values.get("style", "path" if endpoint else "host")
    if style not in _STYLES:
        raise SettingsError("PEERHALL_MEDIA_URL: style must be path or host")
    return Place(
        parts.netloc, unquote(parts.path).strip("/"), endpoint, values.get("region", "us-east-1"), _STYLES[style]
    )


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or parts.query or parts.path:
        raise SettingsError("PEERHALL_MEDIA_URL: endpoint must be https://HOST or https://HOST:PORT")
    if parts.scheme == "http" and not _is_near(host):
        raise SettingsError(
            "PEERHALL_MEDIA_URL: http:// is for this machine and private networks only, use an endpoint with https://"
        )


def _is_near(host: str) -> bool:
    """Whether a host is this machine, in a private network, or has a name that only a private network knows."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".internal", ".local"))
    return address.is_private and not address.is_link_local


class S3Storage:
    """Files in a bucket. Every operation ends within a time; what fails raises Unavailable, and says what to do."""

    def __init__(self, url: str) -> None:
        """Prepare, without connecting. Raises SettingsError."""
        self.place = parse_place(url)
        if obstore is None:
            raise SettingsError("PEERHALL_MEDIA_URL: s3:// needs the extra `s3` (deploy/README.md, Object storage)")
        options: dict[str, Any] = {"region": self.place.region}
        if self.place.endpoint:
            options["endpoint"] = self.place.endpoint
        self._store = S3Store(
            self.place.bucket,
            prefix=self.place.prefix or None,
            virtual_hosted_style_request=self.place.is_host_style,
            client_options={
                "timeout": REQUEST,
                "connect_timeout": CONNECT,
                "allow_http": self.place.endpoint.startswith("http://"),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY},
            **options,
        )

    async def save(self, key: str, data: bytes | bytearray) -> None:
        """One PUT: it is there whole, or not at all."""
        async with self._troubles():
            await obstore.put_async(self._store, checked_key(key), data, use_multipart=False)

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """One GET of the range, passed on as it comes."""
        if length <= 0:
            return
        async with self._troubles():
            found = await obstore.get_async(self._store, checked_key(key), options={"range": (start, start + length)})
            pieces = aiter(found.stream(min_chunk_size=CHUNK_BYTES))
        left = length
        while True:
            async with self._troubles():
                piece = await anext(pieces, None)
            if piece is None:
                break
            left -= len(piece)
            yield bytes(piece)
        if left > 0:
            raise Unavailable(f"{key} ended {left} bytes early in {self.place}.")

    async def delete(self, key: str) -> None:
        """Remove the object."""
        try:
            async with self._troubles():
                await obstore.delete_async(self._store, checked_key(key))
        except FileNotFoundError:
            return

    async def size(self, key: str) -> int | None:
        """Ask for the headers."""
        try:
            async with self._troubles():
                return int((await obstore.head_async(self._store, checked_key(key)))["size"])
        except FileNotFoundError:
            return None

    async def all_keys(self) -> AsyncIterator[str]:
        """List the bucket below the prefix."""
        listing = aiter(obstore.list(self._store, chunk_size=LIST_AT_ONCE))
        while True:
            async with self._troubles():
                batch = await anext(listing, None)
            if batch is None:
                return
            for item in batch:
                if is_key(item["path"]):
                    yield item["path"]

    @asynccontextmanager
    async def _troubles(self) -> AsyncIterator[None]:
        """Say what is wrong in one sentence, without what the library says of requests, which may hold credentials."""
        try:
            async with asyncio.timeout(ALL_SECONDS):
                yield
        except (FileNotFoundError, Missing) as error:
            if "NoSuchBucket" in str(error):
                raise Unavailable(
                    f"There is no bucket for files: {self.place}. Make it, or mend PEERHALL_MEDIA_URL."
                ) from None
            raise FileNotFoundError(f"there is no such file in {self.place}") from None
        except (BaseError, TimeoutError, OSError) as error:
            raise Unavailable(f"Files cannot be reached in {self.place}: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    text = str(error)
    for sign, words in (
        ("InvalidAccessKeyId", "it does not know AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY is not the right one"),
        ("AccessDenied", "these credentials may not read, write and delete there"),
        ("Forbidden", "these credentials may not read, write and delete there"),
        ("QuotaExceeded", "it is full"),
        ("169.254.169.254", "there are no credentials, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("NoSuchBucket", "there is no such bucket"),
        ("RequestTimeTooSkewed", "the clock of this machine is wrong"),
    ):
        if sign in text:
            return words
    return "it does not answer" if isinstance(error, TimeoutError | OSError) else "it answers with an error, try later"
