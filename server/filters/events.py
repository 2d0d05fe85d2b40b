"""What becomes of filters. The event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FiltersChanged:
    """Somebody does not want to meet something else than before."""

    owner_id: str
