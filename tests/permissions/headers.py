"""What every answer has to say of itself (S26): pages, errors, files, feeds, the APIs and OAuth alike."""

from collections.abc import Iterator, Mapping

OPEN_TO_SCRIPTS = ("/api/", "/oauth/token", "/oauth/revoke", "/.well-known/", "/nodeinfo/", "/ap/", "/media/")
"""What scripts of other sites may read, without cookies; pages are never."""
KEEPS_OPENER = ("/oauth/", "/sign-in")
"""Pages that web apps open as a window of their own (`client-api`), and lose where a page cuts itself off."""
WORKERS = ("text/javascript", "application/javascript")
ONCE = ("x-content-type-options", "content-security-policy", "strict-transport-security")


def header_faults(path: str, headers: Mapping[str, str]) -> Iterator[str]:
    """What is missing from the headers of an answer, or says too much."""
    policy = {name: values for name, *values in (part.split() for part in headers.get(ONCE[1], "").split(";") if part)}
    if headers.get("x-content-type-options") != "nosniff":
        yield "without nosniff"
    if "max-age=31536000" not in headers.get("strict-transport-security", ""):
        yield "not kept to HTTPS"
    if headers.get("referrer-policy") not in {"no-referrer", "same-origin"}:
        yield "tells others where somebody comes from"
    told = str(policy)
    if any(word in told for word in ("unsafe", "*", "data:", "blob:", "http")) or "default-src" not in policy:
        yield f"may load what is not ours: {told}"
    is_worker = headers.get("content-type", "").startswith(WORKERS)
    if policy.get("frame-ancestors") != ["'none'"] and not is_worker:
        yield "may stand in a frame"
    if "access-control-allow-credentials" in headers:
        yield "is read by other sites with cookies"
    if "access-control-allow-origin" in headers and not path.startswith(OPEN_TO_SCRIPTS):
        yield "is read by other sites"
    is_page = "script-src" in policy  # other HTML is a piece of one, and may do nothing by itself
    if is_page and "camera=()" not in headers.get("permissions-policy", ""):
        yield "a page that may use the camera"
    if is_page and not policy["script-src"][0].startswith("'nonce-"):
        yield "runs scripts without a nonce"
    if is_page and not ({"form-action", "base-uri"} <= set(policy) and policy["style-src"] == ["'self'"]):
        yield "sends forms or takes styles from elsewhere"
    if is_page and headers.get("cross-origin-opener-policy") != "same-origin" and not path.startswith(KEEPS_OPENER):
        yield "is held on to by whoever opened it"
