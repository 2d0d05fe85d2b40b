"""What happens in a mediation. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediationMoved:
    """Something is new for these people: they are asked, somebody agreed, said something, or it is over."""

    mediation_id: str
    reader_ids: tuple[str, ...]
    key: str
