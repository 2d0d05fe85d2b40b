"""Delivery, retry, audience; signatures cross-checked by a library; the network itself."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import http_message_signatures as library
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from federation.errors import FederationError
from federation.outbox.audience import classify, inboxes
from federation.outbox.retry import GIVE_UP_AFTER_SECONDS, delay_seconds, retry_after_seconds
from federation.signatures import rfc9421
from federation.testing import FakeClock, Network, make_signer
from tests.federation.conftest import Server, World, follow
from tests.federation.test_parsing import few


def answer_with(world: World, respond: Callable[[Request], Response]) -> None:
    async def endpoint(request: Request) -> Response:
        return respond(request)

    world.birch.app.router.routes.insert(0, Route("/ap/inbox", endpoint, methods=["POST"]))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "delivered"),
        (202, "delivered"),
        (204, "delivered"),
        (301, "retry"),
        (307, "retry"),
        (400, "refused"),
        (401, "retry"),
        (403, "refused"),
        (404, "refused"),
        (408, "retry"),
        (410, "gone"),
        (422, "refused"),
        (429, "retry"),
        (500, "retry"),
        (503, "retry"),
    ],
)
async def test_what_an_answer_means(world: World, status: int, kind: str) -> None:
    answer_with(world, lambda _: Response(status_code=status, headers={"Retry-After": "120"}))
    outcome = await world.alder.engine.deliver(sender=world.amara, inbox="https://birch.example/ap/inbox", body=b"{}")
    assert (outcome.kind, outcome.status) == (kind, status)
    assert outcome.retry_after == (120.0 if kind == "retry" else None)


async def test_the_other_scheme_is_tried_once_and_remembered(world: World) -> None:
    def only_rfc9421(request: Request) -> Response:
        return Response(status_code=202 if "signature-input" in request.headers else 401)

    answer_with(world, only_rfc9421)
    for _ in range(2):
        outcome = await world.alder.engine.deliver(
            sender=world.amara, inbox="https://birch.example/ap/inbox", body=b"{}"
        )
        assert outcome.kind == "delivered"
    assert [status for method, _, status in world.network.log if method == "POST"] == [401, 202, 202]
    assert world.alder.peers.schemes == {"birch.example": "rfc9421"}


async def test_ed25519_is_taken_by_ours_and_given_up_where_it_is_not(world: World) -> None:
    courier, inbox = world.alder.engine.courier, "https://birch.example/ap/inbox"
    body = json.dumps(follow(world.amara, world.bruno)).encode()
    outcome = await courier.deliver(sender=world.amara, inbox=inbox, body=body, scheme="ed25519")
    assert (outcome.kind, outcome.scheme, len(world.birch.receipts.stored)) == ("delivered", "ed25519", 1)
    assert courier.signatures_made > 0

    def only_rsa(request: Request) -> Response:
        return Response(status_code=401 if "ed25519" in request.headers.get("signature-input", "") else 202)

    answer_with(world, only_rsa)
    outcome = await courier.deliver(sender=world.amara, inbox=inbox, body=b"{}", scheme="ed25519")
    assert (outcome.kind, outcome.scheme) == ("delivered", "cavage")
    assert world.alder.peers.schemes.get("birch.example") != "ed25519", "whoever says what worked remembers it"


async def test_an_unreachable_server_is_tried_later(world: World) -> None:
    world.network.down.add("birch.example")
    outcome = await world.alder.engine.deliver(sender=world.amara, inbox="https://birch.example/ap/inbox", body=b"{}")
    assert (outcome.kind, outcome.status) == ("retry", None)
    nobody = await world.alder.engine.deliver(
        sender="https://alder.example/ap/u/x", inbox="https://birch.example/ap/inbox", body=b"{}"
    )
    assert nobody.kind == "refused"


async def test_a_long_answer_is_cut_and_counts(world: World) -> None:
    answer_with(world, lambda _: Response(b"x" * 5_000_000, 202))
    outcome = await world.alder.engine.deliver(sender=world.amara, inbox="https://birch.example/ap/inbox", body=b"{}")
    assert outcome.kind == "delivered"


class _Keys(library.HTTPSignatureKeyResolver):  # type: ignore[misc]
    def resolve_public_key(self, key_id: str) -> Any:
        signer = make_signer("https://birch.example/ap/u/bruno")
        return signer.ed25519_key.public_key() if key_id.endswith("ed25519-key") else signer.rsa_key.public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        signer = make_signer("https://birch.example/ap/u/bruno")
        return signer.ed25519_key if key_id.endswith("ed25519-key") else signer.rsa_key


@pytest.mark.parametrize("ed25519", [False, True])
def test_a_library_agrees_with_our_rfc_9421(ed25519: bool) -> None:
    signer, clock = make_signer("https://birch.example/ap/u/bruno"), FakeClock()
    clock.moment = __import__("datetime").datetime.now(__import__("datetime").UTC)
    key_id, key = (signer.ed25519_key_id, signer.ed25519_key) if ed25519 else (signer.rsa_key_id, signer.rsa_key)
    algorithm = library.algorithms.ED25519 if ed25519 else library.algorithms.RSA_V1_5_SHA256
    url, body = "https://alder.example/ap/inbox?a=b%20c", b'{"a":1}'
    headers = rfc9421.headers(
        "POST", "https://alder.example", "/ap/inbox?a=b%20c", body=body, key_id=key_id, key=key, now=clock.now()
    )
    request = httpx.Request("POST", url, headers=headers, content=body)
    verifier = library.HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=_Keys())
    assert verifier.verify(request, max_age=timedelta(minutes=5))
    made = httpx.Request("POST", url, headers={"Content-Digest": headers["Content-Digest"]}, content=body)
    maker = library.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=_Keys())
    maker.sign(
        made,
        key_id=key_id,
        created=clock.now(),
        use_existing_digest=True,
        covered_component_ids=("@method", "@target-uri", "@authority", "content-digest"),
    )
    message = rfc9421.HttpMessage.of("POST", "https://alder.example", "/ap/inbox?a=b%20c", made.headers.items(), body)
    claim = rfc9421.read(message, clock.now())
    assert rfc9421.keys.verifies(key.public_key(), claim.bases[0], claim.signature)


def test_retries_grow_from_a_minute_to_two_days() -> None:
    delays = [delay_seconds(attempt, seed="birch.example") for attempt in range(1, 40)]
    assert delays == [delay_seconds(attempt, seed="birch.example") for attempt in range(1, 40)]
    assert 60 <= delays[0] <= 72
    assert max(delays) <= 2 * 86400
    assert all(delay >= 60 for delay in delays)
    assert delay_seconds(5, seed="a") != delay_seconds(5, seed="b")
    assert delay_seconds(-3, seed="a") >= 60
    assert sum(delays[:8]) < GIVE_UP_AFTER_SECONDS


def test_a_wish_for_later_is_a_number_or_a_date_and_a_day_at_most() -> None:
    now = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)
    for wish, seconds in {
        "5": 5.0,
        " 0 ": 0.0,
        "999999999999": 86_400.0,
        "Thu, 15 Jan 2026 10:02:00 GMT": 120.0,
        "Thu, 15 Jan 2126 10:02:00 GMT": 86_400.0,
        "Thu, 15 Jan 2026 09:00:00 GMT": None,
        "-1": None,
        "x": None,
        "٣": None,
        "5" * 50: None,
    }.items():
        assert retry_after_seconds(wish, now) == seconds, wish
    assert retry_after_seconds(None, now) is None


def test_dialects() -> None:
    assert classify(["https://w3id.org/fep/1b12"], "mastodon", False) == "threadiverse"
    assert classify([], "mastodon", True) == "threadiverse"
    assert classify([], "Lemmy", False) == "threadiverse"
    assert classify([], "mastodon", False) == "microblog"
    assert classify([], None, False) == classify([], "new", False) == "unknown"


addresses = st.sampled_from(
    [
        "https://a.example/u/1/inbox",
        "https://a.example/u/2/inbox",
        "https://b.example/inbox",
        "https://alder.example/inbox",
        "x",
        "",
    ]
)
recipients = st.lists(
    st.tuples(addresses, st.none() | st.sampled_from(["https://a.example/inbox", "https://b.example/inbox"])),
    max_size=8,
)


@few
@given(recipients, recipients)
def test_the_inboxes_of_both_are_those_of_each(
    a: list[tuple[str, str | None]], b: list[tuple[str, str | None]]
) -> None:
    origin = "https://alder.example"
    both = inboxes([*a, *b], origin=origin)
    assert set(both) == set(inboxes(a, origin=origin)) | set(inboxes(b, origin=origin))
    assert len(both) == len(set(both))
    assert not any(inbox.startswith(origin) for inbox in both)


def test_s17_skipped_hosts_get_nothing() -> None:
    assert inboxes(
        [("https://a.example/x", None), ("https://b.example/x", None)],
        origin="https://c.example",
        skip_hosts={"a.example"},
    ) == ("https://b.example/x",)


@pytest.mark.parametrize("seed", range(5))
async def test_a_lossy_network_delivers_everything_at_last_once(seed: int) -> None:
    network, clock = Network(seed, drop=0.3, delay=0.3, duplicate=0.3, reorder=0.2), FakeClock()
    alder, birch = Server("alder.example", network, clock), Server("birch.example", network, clock)
    amara = alder.add_actor("amara").actor
    waiting = {
        number: json.dumps(follow(amara, "https://birch.example/ap/u/b", number)).encode() for number in range(10)
    }
    for _ in range(60):
        for number, body in list(waiting.items()):
            outcome = await alder.engine.deliver(sender=amara, inbox="https://birch.example/ap/inbox", body=body)
            if outcome.kind == "delivered":
                del waiting[number]
        clock.advance(120)
    assert not waiting, f"seed {seed}"
    assert len(birch.receipts.stored) == 10, f"seed {seed}"
    for server in (alder, birch):
        await server.engine.aclose()


async def test_two_handlers_for_one_pair_are_an_error(world: World) -> None:
    async def handler(_: object) -> None: ...

    world.alder.engine.on("Create", "Note", handler)
    for object_type in ("Note", None, "*"):
        with pytest.raises(ValueError, match="handler already"):
            world.alder.engine.on("Create", object_type, handler)


async def test_the_most_specific_handler_gets_it(world: World) -> None:
    called: list[str] = []

    async def handler(_: object) -> None:
        called.append("Note")

    world.alder.engine.on("Create", "Note", handler)
    note = {"id": "https://birch.example/ap/p/1", "attributedTo": world.bruno, "content": "x"}
    for number, object_ in enumerate(
        ({**note, "type": "Note"}, {**note, "type": ["x:y", "Note"]}, {**note, "type": "Article"}, note["id"])
    ):
        document = {"id": f"{world.bruno}/a/{number}", "type": "Create", "actor": world.bruno, "object": object_}
        await world.alder.send(document, world.key(world.bruno))
    unknown = {"id": f"{world.bruno}/a/x", "type": "View", "actor": world.bruno, "object": note["id"]}
    await world.alder.send(unknown, world.key(world.bruno))
    assert await world.alder.work() == ["done"] * 4 + ["Ignored"]
    assert (called, len(world.alder.seen)) == (["Note", "Note"], 2)


def test_every_error_is_in_the_tree() -> None:
    import federation.errors as errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, FederationError) for kind in kinds)
