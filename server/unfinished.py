"""A data folder that is being restored, or was not to the end: nothing may start on it."""

from pathlib import Path

from server.errors import Refused

RESTORING = "restoring"
"""The marker in the data folder; it holds the checksum of the backup (`server.transfer.restore`)."""


class Unfinished(Refused):
    """A restore was begun there and not finished."""


def refuse_unfinished(data_path: Path) -> None:
    """Raise Unfinished for a folder with the marker."""
    if (data_path / RESTORING).exists():
        raise Unfinished(
            f"a backup is being restored into {data_path}, or that was interrupted: let `peerhall restore` finish, or"
            " repeat it; to give it up, empty the folder"
        )
