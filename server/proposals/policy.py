"""Who may do what with a proposal, and how an answer says what somebody thinks."""

import re

from server.communities import policy
from server.communities.policy import Denied, MembershipFacts, Verdict

CHARTER, GUIDELINES = "charter", "guidelines"
ABOUT = (CHARTER, GUIDELINES)
ANSWERS = AGREE, CONCERN, CHANGE = ("agree", "concern", "change")
OPEN, ADOPTED, DECLINED, WITHDRAWN = ("open", "adopted", "declined", "withdrawn")
TITLES = {CHARTER: "A change of the charter", GUIDELINES: "A change of the guidelines"}
MAX_REASON = 2_000
MAX_NOTE = 1_000

SAID = {AGREE: "I agree", CONCERN: "I have a concern", CHANGE: "I would change it"}
"""How an answer that was given with a button begins."""
_BEGINNINGS = (
    (CONCERN, ("i have a concern", "concern", "ich habe bedenken", "bedenken")),
    (CHANGE, ("i would change it", "change", "ich würde es ändern", "ändern", "änderung")),
    (AGREE, ("i agree", "agreed", "agree", "ich stimme zu", "einverstanden", "zustimmung")),
)
_MENTIONS = re.compile(r"^(?:@\S+\s+)*")


def understood(text: str) -> str | None:
    """What the first words of a plain text say, whatever software wrote it; None where they say nothing of it."""
    begins = _MENTIONS.sub("", text.strip()).lstrip("#*_\"'“„ ").casefold()
    for answer, beginnings in _BEGINNINGS:
        for beginning in beginnings:
            if begins.startswith(beginning) and not begins[len(beginning) : len(beginning) + 1].isalnum():
                return answer
    return None


def may_decide(facts: MembershipFacts) -> Verdict:
    """Say what came of it: those who look after the community."""
    return Denied("This community is archived.") if facts.is_archived else policy.may_set_guidelines(facts)
