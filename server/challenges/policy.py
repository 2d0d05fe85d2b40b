"""What answers a challenge, and who is told of it: pure rules."""

from server.posts.policy import OPEN

ANSWERING = ("practice", "resource")
"""Kinds of posts that answer challenges."""
MOST = 5
"""So many challenges one practice answers."""
REASON = 500


def may_be_named(challenge: tuple[str, str | None], answer: tuple[str, str | None]) -> bool:
    """Whether an answer may name a challenge to its readers, and count under it; each is visibility and community.

    What everybody may read is named everywhere. Else both are for the same readers: nobody learns of what is not
    theirs (S15).
    """
    return challenge[0] in OPEN or (challenge == answer and challenge[0] == "members")


def counts(challenge: tuple[str, str | None], answer: tuple[str, str | None]) -> bool:
    """Whether everybody who can read the challenge may know that there is this answer."""
    return answer[0] in OPEN or (challenge == answer and challenge[0] in {"members", "network", "instance"})
