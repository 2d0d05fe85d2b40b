"""What a feature says of itself."""

from collections.abc import Callable
from dataclasses import dataclass

from server.instance import Instance


@dataclass(frozen=True, slots=True)
class Feature:
    """A folder of `server/`: its tables, and what it registers with an instance."""

    name: str
    models: str | None
    install: Callable[[Instance], None]
