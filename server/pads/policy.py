"""How much shared notes hold, and for how long somebody has a section: pure facts and rules."""

from datetime import datetime, timedelta

TITLE = 150
HEADING = 120
SECTION_CHARACTERS = 20_000
PAD_CHARACTERS = 200_000
MOST_PADS = 100
"""So many notes has one place at most."""
MOST_SECTIONS = 40
MOST_TAKEN_OUT = 40
MOST_REVISIONS = 60
"""So many earlier texts are kept of each section; the oldest go first."""
MOST_LATE = 10
HOLDS = timedelta(minutes=5)
"""So long nobody else writes in a section, counted from the last sign of whoever does."""
ONE_TEXT = timedelta(minutes=10)
"""What somebody writes without a pause within this is one text of the history."""
LINK_LIFE = timedelta(minutes=30)
STAY = timedelta(hours=12)
LINKS_PER_HOUR = 3
"""So many links one member is sent at most."""


def is_held(holder_id: str | None, until: datetime | None, now: datetime, *, but: str) -> bool:
    """Whether somebody else is writing in a section."""
    return holder_id is not None and holder_id != but and until is not None and until > now
