"""What people are told when something they asked for is refused.

::

    Refused            carries one sentence that says what to do
    ├── NotFound       absent, or private: both look the same
    ├── NotAllowed     visible, but not theirs to change
    ├── Invalid        a form or call is wrong; `field` names the part
    └── Unavailable    something that we need is away: it is worth trying again
        └── Full       there is no room left
"""


class Refused(Exception):
    """Base of every refusal. `message` is shown to people as it is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Say what is wrong and what to do; `field` is the name of the form field, if one is to blame."""
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(Refused):
    """There is no such thing for this person."""

    def __init__(self, message: str = "There is nothing here, or it is not shared with you.") -> None:
        """The sentence does not tell the two apart."""
        super().__init__(message)


class NotAllowed(Refused):
    """They may see it, and may not do this."""


class Invalid(Refused):
    """What they sent cannot be used; `others` holds further errors of the same form."""

    def __init__(self, message: str, *, field: str | None = None, others: "tuple[Invalid, ...]" = ()) -> None:
        """The first error, and the rest of them."""
        super().__init__(message, field=field)
        self.others = others

    @property
    def errors(self) -> list[dict[str, str]]:
        """All errors as `{"field", "message"}`, for an error summary."""
        return [{"field": item.field or "", "message": item.message} for item in (self, *self.others)]


class Unavailable(Refused):
    """A database or storage that we need is away; nothing was done, and it is worth trying again."""

    retry_after_seconds = 60


class Full(Unavailable):
    """There is no room left, on the disk or in the storage; nothing was done."""

    retry_after_seconds = 300
