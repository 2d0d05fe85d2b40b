"""Takes the pictures of the README from a running demo: `make pictures`.

Starts `peerhall demo` on a temporary folder, signs in as invented people, and looks at pages in Chromium at the width
of a desk and of a phone. Needs Chromium; on Debian: apt-get install chromium.
"""

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PASSWORD = "peerhall-demo"  # noqa: S105  # the demo prints it for everybody
DESK, PHONE = (1280, 800), (360, 740)
COLOURS = 128
MAX_BYTES = 150_000
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: who looks at what, where. `links` are words of links to follow from `start`, one after the other."""

    name: str
    organisation: Literal["northfield", "riverside", "lakeside"]
    person: str
    start: str
    links: tuple[str, ...] = ()
    size: tuple[int, int] = DESK
    dark: bool = False


PRACTICE, ASK = "Exit tickets", "mini whiteboards"
TOUR = (
    Picture("week", "northfield", "maya", "/week"),
    Picture("practice", "northfield", "maya", "/practices", (PRACTICE,)),
    Picture("practice-elsewhere", "riverside", "tom", "/practices", (PRACTICE,), PHONE),
    Picture("message", "riverside", "tom", "/practices", (PRACTICE, "signed message")),
    Picture("community", "northfield", "maya", "/c/science"),
    Picture("ask-dark", "northfield", "maya", "/c/science", (ASK,), PHONE, dark=True),
    Picture("servers", "northfield", "ana", "/admin/servers"),
)


def main() -> int:
    """Take all pictures. Returns the exit status."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is missing; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with _demo() as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in TOUR:
            _take(browser, picture, port)
        browser.close()
    return 0


def _take(browser: Browser, picture: Picture, port: int) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1.5 if picture.size == PHONE else 1,
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    number = ("northfield", "riverside", "lakeside").index(picture.organisation)
    origin = f"http://{picture.organisation}.localhost:{port + number}"
    page = context.new_page()
    _sign_in(page, origin, picture.person)
    page.goto(origin + picture.start)
    for words in picture.links:
        page.get_by_role("link", name=words).first.click()
    page.wait_for_load_state("load")
    target = PICTURES / f"{picture.name}.png"
    size = _save(page.screenshot(), target)
    print(f"{target.name:<24} {size / 1000:6.1f} kB  {page.title()}")
    context.close()


def _sign_in(page: Page, origin: str, person: str) -> None:
    page.goto(f"{origin}/sign-in")
    page.locator("input[name=name]").fill(person)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def _save(picture: bytes, target: Path) -> int:
    """Write with as many colours as fit under the limit; pages of text need few."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    colours = COLOURS
    while True:
        packed = io.BytesIO()
        whole.quantize(colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if packed.tell() <= MAX_BYTES or colours <= 16:
            target.write_bytes(packed.getvalue())
            return packed.tell()
        colours //= 2


@contextmanager
def _demo() -> Iterator[int]:
    """A demo on free ports; gives the first of them."""
    port = _free_ports()
    with tempfile.TemporaryDirectory(prefix="peerhall-pictures-") as folder:
        command = [str(Path(sys.executable).parent / "peerhall"), "demo", "--port", str(port), "--keep", folder]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603  # our own command
        try:
            _await(f"http://127.0.0.1:{port + 2}/health", process)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _free_ports() -> int:
    for port in range(8821, 9000, 4):
        try:
            for number in range(4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + number))
        except OSError:
            continue
        return port
    raise SystemExit("there are no four free ports in a row")


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise SystemExit("the demo ended before it had begun; try: peerhall demo")
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310  # our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("the demo did not start")


if __name__ == "__main__":
    sys.exit(main())
