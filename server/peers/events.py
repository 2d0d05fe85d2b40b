"""What happens to our relation with other servers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeerGradeChanged:
    """An admin graded another server anew. `tells`: people here whom it cuts off hear of it."""

    host: str
    before: str
    after: str
    tells: bool = False


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """An admin chose anew with whom this server talks at all."""

    before: str
    after: str
