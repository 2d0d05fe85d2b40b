"""Trying a practice of another school on a phone, in a real Chromium: few taps, one screen, no connection (C2)."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Demo
from tests.browser.test_first_practice import ARRIVES_WITHIN_SECONDS, Pace, Visitor, go_by

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

MOST_TAPS = 10
MOST_SECONDS = 90
PHONE = {"width": 360, "height": 740}


def on_the_practice(demo: Demo, visitor: Visitor, title: str) -> None:
    """Open the copy of a practice of Northfield at Riverside."""
    visitor.page.goto(f"{demo.riverside}/c/science@{demo.northfield.split('//')[1]}")
    go_by(visitor.page.get_by_role("link", name=title).first)


def test_c2_ten_taps_and_ninety_seconds_without_javascript_and_the_grid_of_the_author_has_it(
    demo: Demo, browser: Browser
) -> None:
    maya = Visitor(browser.new_context(viewport=PHONE).new_page(), "phone-maya")
    maya.sign_in(demo.northfield, "maya")
    maya.page.goto(f"{demo.northfield}/c/science")
    go_by(maya.page.get_by_role("link", name="Silent mixing").first)

    tom = Visitor(browser.new_context(viewport=PHONE, java_script_enabled=False).new_page(), "phone-tom")
    tom.sign_in(demo.riverside, "tom")
    on_the_practice(demo, tom, "Silent mixing")
    pace = Pace(tom.page)
    pace.tap(".try-bar a")
    tom.page.wait_for_url("**/tried")
    pace.read()
    tom.picture("tried-1-the-form")
    send = tom.page.locator("main .form-actions button[type=submit]").bounding_box()
    assert send is not None
    assert send["y"] + send["height"] < 900
    pace.tap("input[value=worked-with-changes]")
    pace.tap(".step-chip:nth-child(2)")
    pace.type("[name=changed]", "I hummed while they mixed, so that it was less silent.")
    pace.type("[name=saw]", "They laughed, and looked at each other.")
    pace.tap("[name=may_contact]")
    pace.tap("main .form-actions button[type=submit]")
    assert pace.taps <= MOST_TAPS
    assert pace.seconds < MOST_SECONDS
    tom.page.wait_for_url("**/p/silent-mixing-*")
    assert tom.page.get_by_text("I hummed while they mixed").count()
    tom.picture("tried-2-said")

    # Her page was open all the while: one tap, within reach of a thumb, and no reload.
    maya.page.locator("[data-live-show]").click(timeout=1000 * ARRIVES_WITHIN_SECONDS)
    maya.page.locator("#tried").get_by_text("They laughed, and looked at each other.").wait_for()
    maya.picture("tried-3-at-home")
    assert maya.errors == []


def test_c13_two_browsers_see_each_other_write_within_two_seconds(demo: Demo, browser: Browser) -> None:
    maya = Visitor(browser.new_context().new_page(), "notes-maya")
    joel = Visitor(browser.new_context(viewport=PHONE).new_page(), "notes-joel")
    for visitor, name in ((maya, "maya"), (joel, "joel")):
        visitor.sign_in(demo.northfield, name)
        visitor.page.goto(f"{demo.northfield}/c/science/notes")
        go_by(visitor.page.get_by_role("link", name="Exit tickets: what we do with them"))
    maya.page.locator("[aria-label='What we did'] button[value=write]").click()
    maya.page.wait_for_url("**?edit=*")
    joel.page.get_by_text("Maya Okonjo is writing here").wait_for(timeout=2000)
    joel.page.locator("[aria-label='At the library'] button[value=write]").click()
    joel.page.wait_for_url("**?edit=*")
    maya.page.get_by_text("Joel Abernathy is writing here").wait_for(timeout=2000)
    for visitor, other, words in ((maya, joel, "We laughed."), (joel, maya, "They drew a door.")):
        box = visitor.page.locator("textarea[name=text]")
        box.press("Control+End")
        box.press_sequentially(f" {words}")
        other.page.locator("[data-notes]").get_by_text(words).wait_for(timeout=2000)
        visitor.page.get_by_text("Kept. Others see it.").wait_for()
        assert other.page.locator("textarea[name=text]").count() == 1  # and nobody is thrown out of their own
    maya.picture("notes-two-at-once")
    maya.page.get_by_role("button", name="Save").first.click()
    joel.page.get_by_text("Maya Okonjo is writing here").wait_for(state="detached", timeout=2000)
    assert (maya.errors, joel.errors) == ([], [])


def test_without_a_connection_it_is_kept_and_sent_later(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE)
    bea = Visitor(context.new_page(), "phone-bea")
    bea.sign_in(demo.riverside, "bea")
    on_the_practice(demo, bea, "One circuit")
    practice = bea.page.url
    go_by(bea.page.locator(".try-bar a"))
    context.set_offline(True)
    bea.page.locator("input[value=stopped-early]").check()
    bea.page.fill("[name=saw]", "The bell rang.")
    bea.page.locator("main .form-actions button[type=submit]").click()
    bea.page.get_by_text("It is kept on this device").wait_for()
    assert bea.page.input_value("[name=saw]") == "The bell rang."
    context.set_offline(False)
    bea.page.get_by_role("link", name="What you said about a practice is sent now.").wait_for()
    bea.page.goto(practice)
    assert bea.page.get_by_text("The bell rang.").count()
    assert bea.page.evaluate("JSON.parse(localStorage.getItem('later')).length") == 0
    assert bea.errors == []
