"""Who may do what in a conversation: pure functions."""

ASK_STATES = ("open", "answered", "closed")


def ask_state(*, is_closed: bool, helped_count: int, unclear: str) -> str:
    """``closed`` when the asker says so, ``answered`` when something helped and nothing is unclear, else ``open``."""
    if is_closed:
        return "closed"
    return "answered" if helped_count and not unclear else "open"
