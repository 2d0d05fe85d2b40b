"""A server on loopback that speaks as much of S3 as object storage here needs, and checks every signature (SigV4)."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ACCESS_KEY = "AKIDTESTTESTTESTTEST"
SECRET_KEY = "only/tests+use/this"
BUCKET = "files"


class Objects(ThreadingHTTPServer):
    """The server, with what it holds. `trouble` is a status that every request gets, where one is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.trouble = 0
        self.cut = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def objects() -> Iterator[Objects]:
    server = Objects()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Objects

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        self.server.requests.append(f"{self.command} {self.path}")
        if self.server.trouble:
            self._answer(self.server.trouble, b"<Error><Code>SlowDown</Code></Error>")
            return
        if error := self._wrong_signature(parts.path, parts.query, body):
            self._answer(403, f"<Error><Code>{error}</Code></Error>".encode())
            return
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if bucket != BUCKET:
            self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
            return
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "list-type" in query:
            self._list(query)
        elif "delete" in query:
            names = [name.decode() for name in re.findall(rb"<Key>(.*?)</Key>", body)]
            for name in names:
                self.server.objects.pop(name, None)
            gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
            self._answer(
                200, f'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{gone}</DeleteResult>'.encode()
            )
        else:
            self._object(key, body)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _handle

    def _object(self, key: str, body: bytes) -> None:
        held = self.server.objects
        if self.command == "PUT":
            held[key] = body
            self._answer(200, b"", ETag=f'"{hashlib.md5(body).hexdigest()}"')
        elif self.command == "DELETE":
            held.pop(key, None)
            self._answer(204, b"")
        elif key not in held:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            data, found = held[key], re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
            more = {"ETag": '"x"', "Last-Modified": "Thu, 26 Nov 2026 20:00:00 GMT"}
            if found is None:
                self._answer(200, data, **more)
                return
            start, end = int(found[1]), min(int(found[2]), len(data) - 1)
            part = data[start : end + 1]
            self._answer(206, part, **more, **{"Content-Range": f"bytes {start}-{end}/{len(data)}"})

    def _list(self, query: dict[str, str]) -> None:
        names = sorted(name for name in self.server.objects if name.startswith(query.get("prefix", "")))
        after = query.get("continuation-token") or query.get("start-after") or ""
        page = [name for name in names if name > after][:3]  # small pages, so that they are turned
        more = bool(page) and page[-1] != names[-1]
        items = "".join(
            f"<Contents><Key>{name}</Key><Size>{len(self.server.objects[name])}</Size><ETag>x</ETag>"
            "<LastModified>2026-11-26T20:00:00.000Z</LastModified></Contents>"
            for name in page
        )
        token = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        head = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        text = f"{head}<IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>"
        self._answer(200, text.encode())

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) - self.server.cut] if self.server.cut else body)
            if self.server.cut:
                self.close_connection = True

    def _wrong_signature(self, path: str, query: str, body: bytes) -> str | None:
        """AWS Signature Version 4 of headers, as its documentation describes it."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
            r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})",
            self.headers.get("authorization", ""),
        )
        if found is None:
            return "AccessDenied"
        access, day, region, names, signature = found.groups()
        if access != ACCESS_KEY:
            return "InvalidAccessKeyId"
        payload = self.headers["x-amz-content-sha256"]
        if payload != hashlib.sha256(body).hexdigest() or not {"host", "x-amz-date"} <= set(names.split(";")):
            return "XAmzContentSHA256Mismatch"
        pairs = sorted(
            (quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True)
        )
        canonical = "\n".join(
            [
                self.command,
                quote(unquote(path), safe="/-_.~"),
                "&".join(f"{k}={v}" for k, v in pairs),
                *(f"{name}:{' '.join(self.headers[name].split())}" for name in names.split(";")),
                "",
                names,
                payload,
            ]
        )
        scope = f"{day}/{region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n"
        text += hashlib.sha256(canonical.encode()).hexdigest()
        secret = f"AWS4{SECRET_KEY}".encode()
        for part in (day, region, "s3", "aws4_request"):
            secret = hmac.digest(secret, part.encode(), "sha256")
        right = hmac.digest(secret, text.encode(), "sha256").hex()
        return None if hmac.compare_digest(signature, right) else "SignatureDoesNotMatch"
