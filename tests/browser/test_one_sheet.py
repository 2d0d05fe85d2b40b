"""A practice of the demo, printed by Chromium: one sheet of A4, with whose it is and where it lives (C18)."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_c18_practices_of_the_demo_fit_on_one_sheet(demo: Demo, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{demo.northfield}/practices")
    found = [link.get_attribute("href") or "" for link in page.query_selector_all(".post-card h3 a")]
    practices = [link for link in found if page.goto(f"{demo.northfield}/p/{link[-8:]}/sheet").ok]  # type: ignore[union-attr]
    assert len(practices) >= 5
    for link in practices:
        page.goto(f"{demo.northfield}/p/{link[-8:]}/sheet")
        sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True))
        assert len(sheets) == 1, link
    assert page.is_visible("[data-print]")  # a button, as there is a script to press it
    page.close()
