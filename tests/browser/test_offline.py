"""This week in a train: an app without a connection, a report sent later, and nothing left for the next (O6)."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Demo
from tests.browser.test_first_practice import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

KEPT = """async () => {
  if (!await caches.has('week')) return [];
  return (await (await caches.open('week')).keys()).map(({ url }) => new URL(url).pathname);
}"""
GONE = "async () => !(await caches.has('week')) && localStorage.getItem('draft:secret') === null"
WORKERS = "async () => (await navigator.serviceWorker.getRegistrations()).length"


def test_o6_this_week_opens_without_a_connection_and_leaves_nothing_behind(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    tom = Visitor(context.new_page(), "phone-tom")
    tom.sign_in(demo.riverside, "tom")
    page = tom.page
    page.goto(f"{demo.riverside}/week")
    page.wait_for_selector("body[data-kept]")
    kept = page.evaluate(KEPT)
    forms = [path for path in kept if path.endswith("/tried")]
    assert "/week" in kept
    assert forms
    assert not [path for path in kept if path.startswith(("/notifications", "/settings", "/@", "/c/"))]

    page.reload()  # the worker looks after pages that were opened after it
    context.set_offline(True)
    page.goto(f"{demo.riverside}/week")
    page.get_by_text("No connection. This page is as it was").wait_for()
    tom.picture("offline-1-week")
    page.goto(f"{demo.riverside}{forms[0]}")
    page.locator("input[value=worked]").check()
    page.fill("[name=saw]", "In the train it is quiet.")
    page.locator("main .form-actions button[type=submit]").click()
    page.get_by_text("It is kept on this device").wait_for()
    context.set_offline(False)
    page.get_by_role("link", name="What you said about a practice is sent now.").wait_for()

    # Somebody else's first page in the same browser takes everything away, without Tom signing out.
    page.evaluate("localStorage.setItem('draft:secret', '1')")
    context.clear_cookies()
    bea = Visitor(context.new_page(), "phone-bea")
    bea.sign_in(demo.riverside, "bea")
    assert bea.page.evaluate("localStorage.getItem('draft:secret')") is None
    bea.page.goto(f"{demo.riverside}/week")
    bea.page.wait_for_selector("body[data-kept]")
    bea.page.evaluate("localStorage.setItem('draft:secret', '1')")
    bea.page.evaluate("fetch('/sign-out', { method: 'POST' })")
    bea.page.wait_for_function(GONE)

    assert bea.page.evaluate(WORKERS) == 0
