"""docs/features.md, from the list of features and the tests that name them. ``make features`` writes it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.project.reading import NOT_OURS, ROOT

PAGE = ROOT / "docs" / "features.md"
LIST = Path(__file__).parent / "features.txt"
STATES = ("built", "partly", "not yet")
GROUPS = {
    "A": "Communities",
    "B": "Belonging",
    "C": "Practices and resources",
    "D": "Conversations",
    "K": "Recognition",
    "L": "Finding things and people",
    "M": "Across servers",
    "N": "Running it, and working with others",
    "O": "The rhythm of a week",
}
HEAD = """# Features, and the tests that prove them

`make features` writes this page from [tests/project/features.txt](../tests/project/features.txt) and from the tests,
and `make check` fails where it is not up to date. A test names the row that it proves, as in `test_c3_…`; a module does
so in its docstring, in brackets. *Built*: a person can do it, and tests say so. *Partly*: what is missing stands with
it. *Not yet*: no test names it.
"""


@dataclass(frozen=True, slots=True)
class Feature:
    """One row: `missing` where it is there partly, `places` are files and folders whose tests are all about it."""

    id: str
    state: str
    what: str
    missing: str
    places: tuple[str, ...]


@cache
def features() -> tuple[Feature, ...]:
    """The list, as it is written."""
    found = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            id_, state, what, missing, places = (part.strip() for part in line.split("|"))
            found.append(
                Feature(id_, state, what, missing, tuple(place.strip() for place in places.split(",") if place))
            )
    return tuple(found)


@cache
def named() -> dict[str, set[str]]:
    """The files whose tests name each row: in their name, their docstring, or that of their module."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = str(path.relative_to(ROOT))
        if NOT_OURS & set(path.relative_to(ROOT).parts):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        about = {feature.id for feature in features() if any(_is_in(file, place) for place in feature.places)}
        about |= _in_brackets(tree)
        for test in _tests(tree):
            for id_ in about | _in_name(test.name) | _in_brackets(test):
                found.setdefault(id_, set()).add(file)
    return found


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for letter, title in GROUPS.items():
        rows = [_row(feature) for feature in features() if feature.id[0] == letter]
        parts.append(f"## {title}\n\n| | What it is | How far | Tests |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(feature: Feature) -> str:
    links = [f"[{Path(file).name}](../{file})" for file in sorted(named().get(feature.id, ()))]
    state = f"partly; missing: {feature.missing}" if feature.state == "partly" and feature.missing else feature.state
    return f"| {feature.id} | {feature.what} | {state} | {', '.join(links)} |"


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def _in_name(name: str) -> set[str]:
    """The IDs that a name begins with: ``test_d3_d17_s15_…`` is about two rows, and about an invariant."""
    first = re.match(r"test_((?:[a-z]\d+_)+)", name)
    return {id_.upper() for id_ in first[1].rstrip("_").split("_") if id_[0].upper() in GROUPS} if first else set()


def _in_brackets(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    found = re.findall(r"\(([A-Z]\d+(?:, [A-Z]\d+)*)\)", ast.get_docstring(node) or "")
    known = {feature.id for feature in features()}
    return {id_ for group in found for id_ in group.split(", ") if id_ in known}


def _is_in(file: str, place: str) -> bool:
    return file == place or file.startswith(f"{place}/")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
