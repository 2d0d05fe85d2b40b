"""Why somebody is not signed in by the provider.

::

    SignInFailed        carries one sentence that says what to do
    ├── NotBegun        the answer belongs to no sign-in of this browser
    ├── NotVerified     the provider's word cannot be believed
    ├── NotLetIn        the provider knows them, and the rules here do not let them in
    └── Away            the provider cannot be asked at the moment
"""

from server.errors import Refused


class SignInFailed(Refused):
    """Base of every reason."""


class NotBegun(SignInFailed):
    """The answer belongs to no sign-in that this browser began, or comes too late, or a second time."""

    def __init__(self) -> None:
        """One sentence for all of them, for whoever tries learns nothing."""
        super().__init__("This sign-in was not begun in this browser, or it took too long. Begin again.")


class NotVerified(SignInFailed):
    """What the provider says does not hold; `detail` is for the log."""

    def __init__(self, detail: str) -> None:
        """People read that it is no fault of theirs."""
        super().__init__(
            "The answer of the sign-in service could not be verified, so nobody was signed in. Tell an admin here."
        )
        self.detail = detail


class NotLetIn(SignInFailed):
    """They are who they say, and may not come in."""


class Away(SignInFailed):
    """The provider cannot be asked, or answers with nothing of use; `detail` is for admins."""

    def __init__(self, detail: str) -> None:
        """It may work later."""
        super().__init__("The sign-in service cannot be reached at the moment. Try again in a few minutes.")
        self.detail = detail
