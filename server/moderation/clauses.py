"""The numbered rules that hold in a place: those of its community, and those of this server (B2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.instance import Instance
from server.text.clauses import clauses


@dataclass(frozen=True, slots=True)
class Rule:
    """One numbered rule. `value` names it in forms; `place` is the community or server that it is a rule of."""

    value: str
    place: str
    number: str
    text: str

    @property
    def words(self) -> str:
        """How it is written down in a case, where it stays as it was."""
        return f"{self.place}, {self.number}: {self.text}"


async def clauses_for(here: Instance, community_id: str | None) -> list[Rule]:
    """The rules of a community here, if one is meant, and of this server."""
    found: list[Rule] = []
    if community_id is not None:
        row = await here.db.row(
            "SELECT community.guidelines_source, actor.name, actor.username FROM community"
            " JOIN actor ON actor.id = community.id WHERE community.id = :id",
            id=community_id,
        )
        if row is not None:
            found += _rules("c", row["name"] or row["username"], row["guidelines_source"])
    return found + _rules("s", here.site.name, here.site.guidelines_source)


def words_of(known: Sequence[Rule], value: str) -> str:
    """The rule with this value in words; empty where there is none."""
    return next((rule.words for rule in known if rule.value == value), "")


def _rules(prefix: str, place: str, source: str) -> list[Rule]:
    return [Rule(f"{prefix}{clause.number}", place, clause.number, clause.text) for clause in clauses(source)]
