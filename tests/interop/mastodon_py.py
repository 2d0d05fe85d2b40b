"""Mastodon.py as people use it, with a note of every method that did what it should.

A `Client` is one person's. `Noted` stands before the library: a method counts as called when it returned.
"""

import gc
import re
import warnings
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.interop.live import Ours

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mastodon import Mastodon

SCOPES = ["read", "write", "follow", "push"]
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
NOT_SUPPORTED = {
    "account_collections": "collections of accounts come with Mastodon 4.6 (API version 10)",
    "account_in_collections": "as above",
    "collection": "as above",
    "collection_create": "as above",
    "collection_delete": "as above",
    "collection_item_add": "as above",
    "collection_item_delete": "as above",
    "collection_item_revoke": "as above",
    "collection_update": "as above",
    "annual_report": "there are no annual reports",
    "annual_report_generate": "as above",
    "annual_report_read": "as above",
    "annual_report_state": "as above",
    "annual_reports": "as above",
    "announcement_dismiss": "there are no announcements to do anything with: the list is empty",
    "announcement_reaction_create": "as above",
    "announcement_reaction_delete": "as above",
    "await_async_refresh": "no answer of ours comes in parts",
    "get_async_refresh_info": "as above",
    "get_async_refresh_status": "as above",
    "create_account": "people come in by pages, where they read the guidelines",
    "email_resend_confirmation": "as above",
    "decode_blurhash": "worked out by the library alone, of a hash that we do not make",
    "follows": "removed in Mastodon 3: the library itself refuses it",
    "filters_apply": "worked out by the library alone",
    "get_status_length": "worked out by the library alone",
    "instance_activity": "how much is written by week is not published; who was active this month is in the instance",
    "instance_health": "the library looks for the word OK in /health, which is JSON here for whoever watches a server",
    "instance_terms_of_service": "a page, not a document with a date",
    "oauth_userinfo": "the scope profile and OpenID Connect come with Mastodon 4.3; not claimed",
    "profile": "asked from API version 9 on; not claimed",
    "profile_update": "as above",
    "push_subscription_decrypt_push": "worked out by the library alone",
    "push_subscription_generate_keys": "as above",
    "status_quotes": "asked from API version 7 on; not claimed",
    "status_quote_revoke": "as above",
    "status_update_quote_approval_policy": "as above",
    "status_translate": "nothing here translates; the instance says so",
    "stream_open_websocket": "the library's own convenience over streams that are called one by one",
    "suggestion_delete": "nobody is suggested",
    "reports": "a method of administrators in all but name: Mastodon has no such address",
    "accept_notification_request": "nothing is filtered into requests: the list is empty",
    "accept_multiple_notification_requests": "as above",
    "dismiss_notification_request": "as above",
    "dismiss_multiple_notification_requests": "as above",
    "notification_request": "as above",
}
"""What is not called with an effect, each with the reason."""


class Noted:
    """A `Mastodon` that notes what was called in `called`."""

    def __init__(self, inner: Any, called: set[str]) -> None:
        self._inner, self._called = inner, called

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **keywords: Any) -> Any:
            result = found(*arguments, **keywords)
            self._called.add(name)
            return result

        return call


def methods() -> set[str]:
    """Every public method that is not an administrator's."""
    names = {
        name for name in dir(Mastodon) if not name.startswith(("_", "admin_")) and callable(getattr(Mastodon, name))
    }
    return {name for name in names if getattr(Mastodon, name).__module__.startswith("mastodon")}


_open: list[requests.Session] = []


def close_all() -> None:
    """Close what the library leaves open."""
    while _open:
        _open.pop().close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def session(served: Ours) -> requests.Session:
    """Connections of requests, which trust the servers of the test."""
    made = requests.Session()
    _open.append(made)
    made.trust_env = False
    if served.authority is not None:
        made.verify = str(served.authority.ca_file)
    return made


def register(served: Ours, called: set[str], redirect: str = OUT_OF_BAND) -> tuple[str, str]:
    """Make an app known; its id and secret."""
    found = Mastodon.create_app(
        "Test app", scopes=SCOPES, redirect_uris=redirect, api_base_url=served.origin, session=session(served)
    )
    called.add("create_app")
    return str(found[0]), str(found[1])


def sign_in(served: Ours, name: str, called: set[str], *, redirect: str = OUT_OF_BAND) -> Noted:
    """A client that a person let in, by the code on our page or by the address that they were sent back to."""
    client_id, secret = register(served, called, redirect)
    client = Noted(
        Mastodon(client_id=client_id, client_secret=secret, api_base_url=served.origin, session=session(served)), called
    )
    address = client.auth_request_url(redirect_uris=redirect, scopes=SCOPES, state="s")
    client.log_in(code=agree(served, name, address, redirect), redirect_uri=redirect, scopes=SCOPES)
    return client


def agree(served: Ours, name: str, address: str, redirect: str) -> str:
    """What somebody does in their browser: read what the app asks for, say yes, and take the code."""
    with closing(served.browser(name)) as browser:
        page = browser.get(address)
        page.raise_for_status()
        parts = parse_qs(urlsplit(address).query)
        asked = {key: values[0] for key, values in parts.items()}
        browser.follow_redirects = False
        answer = browser.post("/oauth/authorize", data={**asked, "decision": "yes"})
        if redirect == OUT_OF_BAND:
            page = browser.get(answer.headers["location"]) if answer.status_code in {302, 303} else answer
            found = re.search(r"<code[^>]*>([\w-]{20,})</code>|value=\"([\w-]{20,})\"", page.text)
            assert found is not None, page.text
            return found[1] or found[2]
        assert answer.headers["location"].startswith(redirect), (answer.status_code, answer.headers)
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def finish_first_visit(served: Ours, name: str) -> None:
    """Answer the three questions with nothing."""
    with closing(served.browser(name)) as browser:
        answer = browser.post("/welcome", data={"accepts_guidelines": "1"})
        assert answer.status_code < 400, answer.text
