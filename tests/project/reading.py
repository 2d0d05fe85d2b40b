"""Reads the project's own files, for the tests that hold it to its rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("federation", "server", "web")
NOT_OURS = {".venv", ".fuzz", "node_modules", ".git", "dist", "build", "peerhall-data", ".dev"}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the three packages, parsed, by path from the root."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call below a node, with what is called as dotted text: ``asyncio.create_task``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def listed(name: str) -> dict[str, str]:
    """A list of exceptions beside this file: one ``path  reason`` a line, ``#`` for remarks."""
    found = {}
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            path, _, reason = line.partition("  ")
            assert reason.strip(), f"{name}: {path} is listed without a reason"
            found[path] = reason.strip()
    return found


def documents() -> list[Path]:
    """Every Markdown file of the project."""
    return [path for path in sorted(ROOT.rglob("*.md")) if not NOT_OURS & set(path.relative_to(ROOT).parts)]


def table(path: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a Markdown heading, without its head."""
    text = path.read_text(encoding="utf-8")
    marker = f"\n{heading}\n"
    assert marker in text, f"{path.name} has no heading {heading!r}"
    rows: list[list[str]] = []
    for line in text.split(marker, 1)[1].splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows or line.startswith("#"):
            break
    assert len(rows) > 2, f"{path.name} has no table under {heading!r}"
    return rows[2:]
