"""What happens to times of trying together. Emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TogetherOver:
    """It is over, or was called off; who takes part here, and whoever proposed it, may look at what came of it."""

    post_id: str
