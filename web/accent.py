"""An organisation's accent colour, bent as far as needed to stay readable on our paper, by day and by night."""

import colorsys
import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

DEFAULT_ACCENT = "2f6f5e"
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
CONTROL_CONTRAST = 3.0  # WCAG 2.2, 1.4.11

_HEX = re.compile(r"[0-9a-f]{6}")
_STEPS = 400
_SRGB_LINEAR_BELOW = 0.04045  # IEC 61966-2-1


@dataclass(frozen=True, slots=True)
class Ground:
    """What the accent has to be readable on. The colours are those of `static/css/tokens.css` (a test compares)."""

    paper: str
    surface: str
    ink: str


LIGHT = Ground(paper="f9f6f0", surface="fffdf9", ink="26221c")
DARK = Ground(paper="1a1815", surface="221f1b", ink="ece5d9")


@dataclass(frozen=True, slots=True)
class Tints:
    """The accent of one theme: for text and links, for filled controls and what stands on them, and as a wash."""

    accent: str
    strong: str
    on_accent: str
    wash: str
    line: str


def clean_hex(colour: str | None) -> str:
    """Six lower-case hexadecimal digits, or the default accent where `colour` is not a colour."""
    text = (colour or "").strip().lstrip("#").lower()
    return text if _HEX.fullmatch(text) else DEFAULT_ACCENT


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2), 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def light_tints(colour: str) -> Tints:
    """The accent by day: darkened until it can be read on the wash, the paper and the surface."""
    base = clean_hex(colour)
    wash = _mix(base, LIGHT.paper, 0.09)
    accent = _until(base, "000000", (wash, LIGHT.paper, LIGHT.surface), TEXT_CONTRAST + 0.15)
    return Tints(
        accent=accent,
        strong=_mix("000000", accent, 0.22),
        on_accent="ffffff",
        wash=wash,
        line=_mix(accent, LIGHT.paper, 0.35),
    )


def dark_tints(colour: str) -> Tints:
    """The accent by night: lightened, and a little less saturated, until it can be read."""
    base = _muted(clean_hex(colour))
    wash = _mix(base, DARK.surface, 0.22)
    accent = _until(base, "ffffff", (wash, DARK.paper, DARK.surface), TEXT_CONTRAST + 0.65)
    return Tints(
        accent=accent,
        strong=_mix("ffffff", accent, 0.25),
        on_accent=DARK.paper,
        wash=wash,
        line=_mix(accent, DARK.surface, 0.4),
    )


def accent_css(colour: str) -> str:
    """The style sheet of one accent colour, for both themes."""
    light, dark = _declarations(light_tints(colour)), _declarations(dark_tints(colour))
    return (
        f"@layer tokens{{:root{{{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}}}\n"
    )


async def theme(request: Request) -> Response:
    """`/theme/<hex>.css`: the accent of this organisation. The address is the content, so it is kept for a year."""
    colour = str(request.path_params["colour"])
    headers = {"X-Content-Type-Options": "nosniff"}
    if not _HEX.fullmatch(colour):
        return PlainTextResponse("Not found", status_code=404, headers=headers)
    headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return Response(accent_css(colour), media_type="text/css", headers=headers)


def _declarations(tints: Tints) -> str:
    names = ("accent", "accent-strong", "on-accent", "accent-wash", "accent-line")
    values = (tints.accent, tints.strong, tints.on_accent, tints.wash, tints.line)
    return ";".join(f"--{name}:#{value}" for name, value in zip(names, values, strict=True))


def _until(colour: str, towards: str, grounds: tuple[str, ...], ratio: float) -> str:
    for step in range(_STEPS + 1):
        candidate = _mix(towards, colour, step / _STEPS)
        if all(contrast(candidate, ground) >= ratio for ground in grounds):
            return candidate
    return towards


def _muted(colour: str) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _rgb(colour)))
    red, green, blue = colorsys.hls_to_rgb(hue, max(lightness, 0.35), min(saturation, 0.55))
    return f"{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _mix(colour: str, ground: str, share: float) -> str:
    pairs = zip(_rgb(colour), _rgb(ground), strict=True)
    return "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[0:2], 16), int(colour[2:4], 16), int(colour[4:6], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= _SRGB_LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
