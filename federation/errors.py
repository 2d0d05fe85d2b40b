"""Every error the protocol engine raises.

::

    FederationError
    ├── InvalidDocument          not JSON, not an object, over a limit, a required key missing or of the wrong kind
    ├── Unauthenticated          no valid signature or proof; answer 401
    ├── Forbidden                authentic, but not allowed: authority rule or peer policy; answer 403
    ├── Ignored                  authentic and harmless, but nothing to do; answer 202 and drop
    ├── Crowded                  more of this sender waits than its share; answer 429
    ├── TryLater                 cannot be decided now (a fetch failed for a while); keep the receipt and retry
    │   └── Held                 waits until somebody here lets it in
    ├── FetchError               fetching a remote document failed
    │   ├── AddressRefused       the address is not one we may connect to
    │   ├── Gone                 410, or a Tombstone: it existed and was deleted
    │   ├── NotFound             404
    │   └── Unreachable          timeout, connection or TLS failure, 5xx, 429: may work later
    └── BudgetExceeded           the activity has used up the fetches, bytes or seconds it may cause

Each also carries one word, out of `WORDS`, for logs and for the admins of a server.
"""

WORDS = {
    "unsigned": "no signature, or one that names no key",
    "coverage": "the signature leaves out the target, host, body or time",
    "digest": "the body is not the one that was signed",
    "repeated": "it came before, and has no second effect",
    "time": "signed too long ago, in the future, or at no time at all",
    "key": "the key cannot be had, is not its owner's, or is too weak or too large",
    "algorithm": "an algorithm that we do not know",
    "signature": "the signature is wrong or malformed",
    "ambiguous": "headers that come twice, or another host's name",
    "proof": "the integrity proof is wrong",
    "authority": "the sender may not do this",
    "origin": "an id, object or address of another server",
    "blocked": "we do not talk to this server",
    "deleted": "the sender was deleted",
    "malformed": "not a document that we can read",
    "too-large": "more bytes than we take",
    "too-complex": "too deep, too many values, or a number too large",
    "content-type": "not ActivityPub by its content type",
    "encoding": "compressed in a way that we do not take, or not as it says",
    "headers": "too many headers",
    "redirects": "too many redirects",
    "address": "an address that we may not reach",
    "slow": "too slow",
    "failing": "this server failed too often just now",
    "unreachable": "no answer, or one that says to try later",
    "not-found": "there is no such thing",
    "gone": "it was deleted",
    "handle": "handle and actor do not agree",
    "fetch": "the answer was of no use",
    "budget": "it caused more work than one activity may",
    "later": "cannot be decided now",
    "nothing-to-do": "harmless, and nothing here to be done with it",
    "crowded": "more of this server waits here than its share",
    "policy": "the rules of a community or person here refuse it",
    "trouble": "we stumbled over it",
}
"""Why something was refused, in one word each. `policy` and `trouble` are the application's."""


class FederationError(Exception):
    """Base of all errors raised by `federation`."""

    word = "malformed"

    def __init__(self, message: str = "", word: str | None = None) -> None:
        """`word` is one of `WORDS`; without it, the usual one of the class."""
        super().__init__(message)
        if word is not None:
            self.word = word


class InvalidDocument(FederationError):
    """The bytes are not a document that we can read."""

    word = "malformed"


class Unauthenticated(FederationError):
    """Nobody we can name said this."""

    word = "signature"


class Forbidden(FederationError):
    """The sender is known, and may not do this."""

    word = "authority"


class Ignored(FederationError):
    """Nothing to do; the reason is logged, the sender sees 202."""

    word = "nothing-to-do"


class Crowded(FederationError):
    """So much of this sender waits that it must send the rest later; others are served meanwhile (R5, R11)."""

    word = "crowded"


class TryLater(FederationError):
    """The answer depends on something that cannot be reached at the moment."""

    word = "later"


class Held(TryLater):
    """Somebody here looks first at everything from there; keep the receipt until they let it in."""


class FetchError(FederationError):
    """A remote document could not be had."""

    word = "fetch"


class AddressRefused(FetchError):
    """The host resolves to an address that outgoing requests may not reach."""

    word = "address"


class Gone(FetchError):
    """The document existed and was deleted."""

    word = "gone"


class NotFound(FetchError):
    """There is no such document."""

    word = "not-found"


class Unreachable(FetchError):
    """The other server did not answer; it may later."""

    word = "unreachable"


class BudgetExceeded(FederationError):
    """One inbound activity tried to cause more work than it may."""

    word = "budget"


def word_of(error: BaseException) -> str:
    """The word for an error: its own, or that of what caused it where it only passes that on."""
    while isinstance(error, FederationError) and error.word == type(error).word:
        cause = error.__cause__
        if not isinstance(cause, FederationError):
            break
        error = cause
    return error.word if isinstance(error, FederationError) else "trouble"
