"""What happens in conversations. The event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """There is a new post in somebody's conversation."""

    owner_id: str
    root_id: str
