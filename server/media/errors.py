"""Why a file is not taken.

::

    Invalid
    ├── TooLarge        over the limit for its kind
    ├── UnknownKind     not one of the kinds of file that may be shared here
    ├── Unreadable      says what it is, and cannot be read as that
    └── TooManyUploads  this person has many files waiting that belong to nothing
"""

from server.errors import Invalid


class MediaRefused(Invalid):
    """Base of the refusals of this feature; the field is always the file."""

    def __init__(self, message: str) -> None:
        """One sentence that says what to do."""
        super().__init__(message, field="files")


class TooLarge(MediaRefused):
    """It is over the limit for its kind."""


class UnknownKind(MediaRefused):
    """It is not a kind of file that may be shared here."""


class Unreadable(MediaRefused):
    """It says what it is, and cannot be read as that."""


class TooManyUploads(MediaRefused):
    """Many files of theirs wait already without belonging to anything."""
