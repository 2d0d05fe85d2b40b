"""What happens to polls. Emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PollEnded:
    """A poll is over; those who voted here, and its author, may look at the result."""

    post_id: str
