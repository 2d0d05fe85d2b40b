"""WebFinger as RFC 7033 wants it, over TLS, from our server as it really runs: every MUST of sections 4 and 5."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.interop.live import Ours, ours_with_maya
from tests.interop.tls import Authority

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

scenario = pytest.mark.scenario

PATH = "/.well-known/webfinger"
SELF = "self"
PROFILE = "http://webfinger.net/rel/profile-page"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody else knows."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ours(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """A Peerhall behind TLS, with Maya and a community."""
    with ours_with_maya(tmp_path_factory.mktemp("ours"), authority=authority, host="localhost") as served:
        yield served


@pytest.fixture(scope="module")
def browser(ours: Ours) -> Iterator[httpx.Client]:
    """Somebody who trusts the authority."""
    with ours.browser() as client:
        yield client


def ask(browser: httpx.Client, resource: str, *more: tuple[str, str], encoded: bool = True) -> httpx.Response:
    """Ask for a resource, percent-encoded as section 4.1 says or as people type it."""
    query = f"resource={quote(resource, safe='') if encoded else resource}"
    query += "".join(f"&{key}={quote(value, safe='')}" for key, value in more)
    return browser.get(f"{PATH}?{query}")


@scenario("RFC 7033", "webfinger", "no resource, two, an empty or a malformed one: 400 (section 4.2)")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?rel=self",
        "?resource=",
        "?resource=maya",
        "?resource=acct:",
        "?resource=%00",
        "?Resource=x",
        "?resource=acct:%27%20OR%201=1%20--@localhost",
    ],
)
def test_a_missing_or_malformed_resource_is_400(browser: httpx.Client, query: str) -> None:
    assert browser.get(PATH + query).status_code == 400


@scenario("RFC 7033", "webfinger", "no resource, two, an empty or a malformed one: 400 (section 4.2)")
def test_two_resources_are_400(ours: Ours, browser: httpx.Client) -> None:
    two = f"resource=acct:maya@{ours.domain}&resource=acct:science@{ours.domain}"
    assert browser.get(f"{PATH}?{two}").status_code == 400


@scenario("RFC 7033", "webfinger", "a resource that nobody here is: 404 (section 4.2)")
@pytest.mark.parametrize("name", ["nobody", "maya.extra", "may", "*", "maya%"])
def test_an_unknown_resource_is_404(ours: Ours, browser: httpx.Client, name: str) -> None:
    assert ask(browser, f"acct:{name}@{ours.domain}").status_code == 404


@scenario("RFC 7033", "webfinger", "a resource that nobody here is: 404 (section 4.2)")
def test_somebody_elsewhere_is_404(browser: httpx.Client) -> None:
    assert ask(browser, "acct:maya@other.example").status_code == 404
    assert ask(browser, "https://other.example/@maya").status_code == 404


@scenario("RFC 7033", "webfinger", "HTTPS and nothing else, with a certificate that is checked (sections 4 and 9.1)")
def test_http_is_not_served_and_the_certificate_counts(ours: Ours) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{ours.domain}{PATH}?resource=acct:maya@{ours.domain}", timeout=10)
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"{ours.origin}{PATH}?resource=acct:maya@{ours.domain}", timeout=10)
    context = ours.verify
    assert isinstance(context, ssl.SSLContext)
    with (
        socket.create_connection(("127.0.0.1", ours.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        assert wrapped.version() in {"TLSv1.2", "TLSv1.3"}


def jrd(answer: httpx.Response) -> dict[str, Any]:
    """The document of an answer, as section 4.4 wants it."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == "application/jrd+json"
    found: dict[str, Any] = answer.json()
    assert isinstance(found["subject"], str)
    assert all(isinstance(alias, str) for alias in found.get("aliases", []))
    for link in found["links"]:
        assert isinstance(link["rel"], str)
        assert set(link) <= {"rel", "type", "href", "titles", "properties", "template"}
        assert all(value is None or isinstance(value, str) for value in link.get("properties", {}).values())
    return found


@scenario("RFC 7033", "webfinger", "a JRD with its media type, readable by any script (sections 4.2, 4.4, 5, 10.2)")
@pytest.mark.parametrize("name", ["maya", "science"])
def test_the_answer_is_a_jrd_for_everybody(ours: Ours, browser: httpx.Client, name: str) -> None:
    answer = ask(browser, f"acct:{name}@{ours.domain}")
    assert jrd(answer)["subject"] == f"acct:{name}@{ours.domain}"
    assert answer.headers["access-control-allow-origin"] == "*"
    for refused in (browser.get(PATH), ask(browser, f"acct:nobody@{ours.domain}")):
        assert refused.headers["access-control-allow-origin"] == "*"


@scenario(
    "RFC 7033", "webfinger", "percent-encoded or not, parameters in any order, unknown ones ignored (section 4.1)"
)
def test_every_spelling_of_the_question_is_understood(ours: Ours, browser: httpx.Client) -> None:
    resource = f"acct:maya@{ours.domain}"
    wanted = jrd(ask(browser, resource))
    assert jrd(ask(browser, resource, encoded=False)) == wanted
    assert jrd(browser.get(f"{PATH}?unknown=1&resource={quote(resource, safe='')}&x=%20")) == wanted
    assert jrd(ask(browser, f"acct:MAYA@{ours.domain.upper()}")) == wanted


@scenario("RFC 7033", "webfinger", "`rel`, once or more, narrows the links and leaves the rest (section 4.3)")
def test_rel_narrows_the_links(ours: Ours, browser: httpx.Client) -> None:
    resource = f"acct:maya@{ours.domain}"
    whole = jrd(ask(browser, resource))
    assert len(whole["links"]) > 2
    one = jrd(ask(browser, resource, ("rel", SELF)))
    assert [link["rel"] for link in one["links"]] == [SELF]
    two = jrd(ask(browser, resource, ("rel", PROFILE), ("rel", SELF)))
    assert {link["rel"] for link in two["links"]} == {SELF, PROFILE}
    none = jrd(ask(browser, resource, ("rel", "http://example.org/none")))
    assert none["links"] == []
    assert (none["subject"], none["aliases"]) == (whole["subject"], whole["aliases"])


@scenario("RFC 7033", "webfinger", "HEAD says what GET says; nothing else is a method (section 4.2)")
def test_head_says_what_get_says(ours: Ours, browser: httpx.Client) -> None:
    address = f"{PATH}?resource=acct:maya@{ours.domain}"
    got, head = browser.get(address), browser.head(address)
    assert (head.status_code, head.content) == (200, b"")
    for header in ("content-type", "access-control-allow-origin", "content-length"):
        assert head.headers[header] == got.headers[header]
    assert browser.head(f"{PATH}?resource=acct:nobody@{ours.domain}").status_code == 404
    assert browser.post(address).status_code == 405


@scenario("RFC 7033", "webfinger", "subject, aliases, actor and page name each other, from every address")
@pytest.mark.parametrize("name", ["maya", "science"])
def test_everything_agrees(ours: Ours, browser: httpx.Client, name: str) -> None:
    wanted = jrd(ask(browser, f"acct:{name}@{ours.domain}"))
    address = next(link for link in wanted["links"] if link["rel"] == SELF)
    assert address["type"] == "application/activity+json"
    actor = ours.document(address["href"]).json()
    assert actor["id"] == address["href"]
    assert wanted["subject"] == f"acct:{actor['preferredUsername']}@{ours.domain}" == f"acct:{actor['webfinger']}"
    page = next(link for link in wanted["links"] if link["rel"] == PROFILE)
    assert page["href"] == actor["url"]
    for alias in (*wanted["aliases"], actor["id"], actor["url"]):
        assert urlsplit(alias).scheme == "https"
        assert jrd(ask(browser, alias)) == wanted


@scenario("RFC 7033", "webfinger", "the server itself is found by its address and its name (FEP-d556)")
def test_the_server_itself_is_found(ours: Ours, browser: httpx.Client) -> None:
    for resource in (ours.origin, f"{ours.origin}/", f"acct:{ours.domain}@{ours.domain}"):
        found = jrd(ask(browser, resource))
        link = next(link for link in found["links"] if link["rel"] == SELF)
        assert ours.document(link["href"]).json()["type"] == "Application"


@scenario("RFC 7033", "inspect", "`peerhall inspect` asks another server over TLS; PEERHALL_CA_FILE says whom to trust")
def test_another_server_is_trusted_for_its_authority_alone(
    ours: Ours, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    trusting = Ours(tmp_path_factory.mktemp("trusting"), authority=authority, host="localhost")
    shown = trusting.run("inspect", f"@science@{ours.domain}")
    assert shown.exit_code == 0, shown.stderr
    for words in (f"science@{ours.domain}, on which both agree", "document    Group https://localhost:", "peerhall"):
        assert words in shown.stdout, shown.stdout

    wary = Ours(tmp_path_factory.mktemp("wary"), host="localhost", log="error")
    refused = wary.run("inspect", f"@science@{ours.domain}")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("peerhall: @science@")
    assert "certificate is not to be trusted" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert trusting.run("inspect").exit_code == 2
