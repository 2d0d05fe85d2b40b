"""What a proposal says beyond why: what would change, how to answer, and what came of it; in words for everybody."""

from html import escape

from federation.vocab.objects import RemotePost
from server.communities.guidelines import differences
from server.instance import Instance
from server.proposals import policy
from server.proposals.models import Opinion, Proposal
from server.shelf import MadeFrom

MADE_FROM = (MadeFrom("proposal", "t.id = post.id"),)
"""What `ProposalDetail.document` looks at."""
NAMES = {
    "objectives": "Objectives",
    "outcomes": "Outcomes",
    "term_from": "First day",
    "term_until": "Last day",
    "cadence": "Rhythm",
    "channels": "Channels",
    "feedback": "Feedback",
    "guidelines": "Guidelines",
}
HOW = (
    "<p><strong>Members say what they think in an answer</strong> that begins with “I agree”, “I have a concern”"
    " or “I would change it”, and why.</p>"
)
_WORDS = {
    policy.ADOPTED: "Adopted as version {version}",
    policy.DECLINED: "Not adopted",
    policy.WITHDRAWN: "Taken back",
}


class ProposalDetail:
    """`server.posts.details.KindDetail` over the table `proposal`: nothing but words, so that anybody reads them."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """What would change, line by line, and how it stands."""
        found = await Proposal.get_or_none(id=post_id)
        if found is None:
            return {}
        parts = "".join(_part(part, *change) for part, change in found.changes.items())
        return {"after": parts + (HOW if found.state == policy.OPEN else _outcome(found))}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Nothing is kept of those from elsewhere: their words say it all, and their home counts."""

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Opinion.filter(proposal_id=post_id).delete()
        await Proposal.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing that versions are compared by."""
        return {}


def counted(agree: int, concern: int, change: int) -> str:
    """How many think what, in words."""
    return f"{agree} agree, {concern} with a concern, {change} would change it"


def _part(part: str, before: str, after: str) -> str:
    lines = [line for line in differences(before, after) if line.kind != "same" and line.text]
    said = "".join(
        f"<br>{'New' if line.kind == 'added' else 'Gone'}: {escape(line.text, quote=False)}" for line in lines
    )
    return f"<p><strong>{NAMES[part]}</strong>{said}</p>"


def _outcome(found: Proposal) -> str:
    what = _WORDS[found.state].format(version=found.version)
    counts = counted(found.agree, found.concern, found.change)
    note = f"<br>{escape(found.note, quote=False)}" if found.note else ""
    return f"<p><strong>{what}:</strong> {counts}.{note}</p>"
