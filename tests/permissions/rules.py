"""The rules of `rules.txt`: who may use which route. ``make permissions`` writes docs/permissions.md from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.permissions.roles import WHO

LIST = Path(__file__).parent / "rules.txt"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
HEAD = """# Who may do what

`make permissions` writes this page from [tests/permissions/rules.txt](../tests/permissions/rules.txt), which a test
compares with what the server does: every route is asked by everybody, for things that are open to all, that are for the
members of a community, that are somebody's own, and that are not there. A route without a rule fails the test. Whoever
may not know that something is there gets the same answer as where there is nothing.

Roles: nobody; somebody suspended; somebody whom the author blocked; somebody in no community; the steward of another
community; a member, the author, a facilitator and a steward of the community; a steward of the server; an admin.

| Who | That is |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: who may use a route, for what kind of thing, and what the form says. `is_asked`: also who may."""

    method: str
    path: str
    who: str
    kind: str
    form: str = ""
    is_asked: bool = True

    @property
    def route(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


def _lines() -> Iterator[str | Rule]:
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            yield line
        elif line.strip() and not line.startswith("#"):
            route, who, kind, form = (part.strip() for part in (line + " | | ").split("|")[:4])
            method, _, path = route.partition(" ")
            yield Rule(method, path.strip(), who, kind.removeprefix("~"), form, not kind.startswith("~"))


@cache
def rules() -> tuple[Rule, ...]:
    """All of them."""
    return tuple(line for line in _lines() if isinstance(line, Rule))


def page() -> str:
    """docs/permissions.md."""
    parts = [HEAD, *(f"| {who} | {said.sentence} |\n" for who, said in WHO.items())]
    for line in _lines():
        if isinstance(line, str):
            parts.append(f"\n{line}\n\n| Route | Who | For |\n|---|---|---|\n")
        else:
            parts.append(f"| `{line.route}` | {line.who} | {line.kind} |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
