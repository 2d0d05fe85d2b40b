"""Every error the protocol engine raises.

::

    FederationError
    ├── InvalidDocument          not JSON, not an object, over a limit, a required key missing or of the wrong kind
    ├── Unauthenticated          no valid signature or proof; answer 401
    ├── Forbidden                authentic, but not allowed: authority rule or peer policy; answer 403
    ├── Ignored                  authentic and harmless, but nothing to do; answer 202 and drop
    ├── TryLater                 cannot be decided now (a fetch failed for a while); keep the receipt and retry
    ├── FetchError               fetching a remote document failed
    │   ├── AddressRefused       the address is not one we may connect to
    │   ├── Gone                 410, or a Tombstone: it existed and was deleted
    │   ├── NotFound             404
    │   └── Unreachable          timeout, connection or TLS failure, 5xx, 429: may work later
    └── BudgetExceeded           the activity has used up the fetches, bytes or seconds it may cause
"""


class FederationError(Exception):
    """Base of all errors raised by `federation`."""


class InvalidDocument(FederationError):
    """The bytes are not a document that we can read."""


class Unauthenticated(FederationError):
    """Nobody we can name said this."""


class Forbidden(FederationError):
    """The sender is known, and may not do this."""


class Ignored(FederationError):
    """Nothing to do; the reason is logged, the sender sees 202."""


class TryLater(FederationError):
    """The answer depends on something that cannot be reached at the moment."""


class FetchError(FederationError):
    """A remote document could not be had."""


class AddressRefused(FetchError):
    """The host resolves to an address that outgoing requests may not reach."""


class Gone(FetchError):
    """The document existed and was deleted."""


class NotFound(FetchError):
    """There is no such document."""


class Unreachable(FetchError):
    """The other server did not answer; it may later."""


class BudgetExceeded(FederationError):
    """One inbound activity tried to cause more work than it may."""
