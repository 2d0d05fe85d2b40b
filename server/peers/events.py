"""What happens to our relation with other servers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeerGradeChanged:
    """An admin graded another server anew."""

    host: str
    before: str
    after: str
