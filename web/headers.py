"""The security headers of every page."""

from starlette.responses import Response

ONE_YEAR_SECONDS = 31_536_000


def content_security_policy(nonce: str, *, form_action: str = "'self'", frame: str = "") -> str:
    """Nothing but our own things; scripts only with this page's nonce; no inline styles at all."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            *([f"frame-src {frame}"] if frame else []),
            f"form-action {form_action}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def secure(
    response: Response,
    *,
    https: bool,
    nonce: str,
    form_action: str = "'self'",
    frame: str = "",
    keeps_opener: bool = False,
) -> None:
    """Add the security headers to a page.

    `form_action` is for the OAuth consent page only: browsers apply it to the redirect that answers a form too, so
    that page must name the application's origin. `frame` is the one origin of which a page shows something, when its
    reader asked for it. `keeps_opener` is for the pages of that flow: web apps open them as a
    window of their own, and lose it on the way where a page cuts itself off.
    """
    headers = response.headers
    headers["Content-Security-Policy"] = content_security_policy(nonce, form_action=form_action, frame=frame)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
    if not keeps_opener:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if https:
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR_SECONDS}"
