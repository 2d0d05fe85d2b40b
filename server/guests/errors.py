"""Why somebody is no guest."""

from server.errors import Refused


class NoGuest(Refused):
    """They are not let in; the sentence says what to do."""


class NotTheirs(NoGuest):
    """Their server says something else about them than their account does."""

    def __init__(self, detail: str) -> None:
        """People read one sentence; `detail` is for the log."""
        super().__init__("What this server says of you does not fit your account there, so nobody was let in.")
        self.detail = detail
