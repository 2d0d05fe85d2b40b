"""How many topics there are at most, and what somebody may choose about one."""

NAME = 60
MOST = 40
"""So many topics a community has, those aside that were retired."""
MOST_RETIRED = 160
FOLLOW, MUTE = CHOICES = ("follow", "mute")
