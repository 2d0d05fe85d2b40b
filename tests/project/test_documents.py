"""The documents tell the truth: settings, commands, links, and what goes over the wire."""

import ast
import dataclasses
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from federation.vocab import activities
from federation.vocab.objects import POST_TYPES
from server.cli import main
from server.settings import PREFIX, Settings
from tests.project.reading import ROOT, calls, documents, modules, table

README = ROOT / "README.md"
FEDERATION = ROOT / "FEDERATION.md"

BUILDERS = {
    name: "".join(part.title() for part in name.split("_"))
    for name in vars(activities)
    if "".join(part.title() for part in name.split("_")) in activities.ACTIVITY_TYPES
}


def codes(cell: str) -> list[str]:
    """What stands between backquotes."""
    return re.findall(r"`([^`]+)`", cell)


# README


def test_every_setting_is_in_the_readme_and_nothing_else() -> None:
    rows = table(README, "## Settings")
    documented = [code for row in rows for code in codes(row[0])]
    assert documented == [PREFIX + field.name.upper() for field in dataclasses.fields(Settings)]


def test_the_readme_gives_the_defaults_of_settings() -> None:
    for row, field in zip(table(README, "## Settings"), dataclasses.fields(Settings), strict=True):
        if field.default in ("", ()):
            continue
        default: Any = field.default
        shown = str(default).lower() if isinstance(default, bool | int) else default
        shown = ",".join(shown) if isinstance(shown, tuple) else shown
        assert codes(row[1]) == [shown], row[0]


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that does something, by its words."""
    if isinstance(command, click.Group):
        for inner in commands_of(command):
            yield from leaves(inner, (*path, str(inner.name)))
    else:
        yield path


def commands_of(group: click.Group) -> list[click.Command]:
    """The commands of a group, also of one that loads them as they are called."""
    context = click.Context(group)
    found = [group.get_command(context, name) for name in group.list_commands(context)]
    assert None not in found
    return [command for command in found if command is not None]


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    for path in leaves(main):
        assert re.search(rf"`peerhall {' '.join(path)}[ `]", text), f"peerhall {' '.join(path)} is not in the README"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_only_commands_that_exist(document: Path) -> None:
    known = {path[:length] for path in leaves(main) for length in range(1, len(path) + 1)}
    for code in codes(document.read_text(encoding="utf-8")):
        words = code.split()
        if len(words) > 1 and words[0] == "peerhall" and words[1].isalpha():
            path = tuple(word for word in words[1:3] if re.fullmatch(r"[a-z-]+", word))
            assert path in known or path[:1] in {one for one in known if one in set(leaves(main))}, code


def test_every_command_has_one_line_of_help() -> None:
    commands: list[click.Command] = [main]
    while commands:
        command = commands.pop()
        assert command.get_short_help_str(limit=200), f"{command.name} does not say what it does"
        if isinstance(command, click.Group):
            commands += commands_of(command)


# Links


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        assert file.exists(), f"{document.name} links to {target}, which is not there"
        if anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{document.name} links to {target}"


# FEDERATION.md


async def test_everything_we_accept_is_in_federation_md_and_nothing_else(fediverse: Any) -> None:
    here = await fediverse.start("alder.example")
    registered: dict[str, set[str]] = {}
    for activity_type, object_type in here.engine.dispatcher.registered:
        registered.setdefault(activity_type, set()).add(object_type or "any")
    for types in registered.values():
        if types >= POST_TYPES:
            types -= POST_TYPES
            types.add("posts")
    documented = {
        codes(row[0])[0]: {item.strip().strip("`") for item in row[1].split(",")}
        for row in table(FEDERATION, "### What we accept")
    }
    assert documented == registered


async def test_every_root_under_ap_is_in_federation_md(fediverse: Any) -> None:
    here = await fediverse.start("alder.example")
    documented = {code for row in table(FEDERATION, "### Addresses") for code in codes(row[0])}
    roots = {match[1] for code in documented if (match := re.match(r"/ap/(\w+)", code))}
    assert roots == {*here.documents, "inbox"}


def sent() -> dict[str, set[str]]:
    """Types of activity that the server can write, with the modules that do."""
    found: dict[str, set[str]] = {}
    for path, tree in modules().items():
        if not path.startswith("server/"):
            continue
        imported = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "federation.vocab.activities"
            for alias in node.names
        }
        for node in ast.walk(tree):
            name = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            builder = imported.get(name, name.removeprefix("activities.") if name.startswith("activities.") else "")
            if builder in BUILDERS:
                found.setdefault(BUILDERS[builder], set()).add(path)
        for called, call in calls(tree):
            if imported.get(called, called) in {"activity", "activities.activity"}:
                kind = call.args[0]
                assert isinstance(kind, ast.Constant), f"{path}:{call.lineno}: the type of an activity must be plain"
                found.setdefault(str(kind.value), set()).add(path)
    return found


def test_everything_we_send_is_in_federation_md_and_nothing_else_leaves() -> None:
    """The closed list: what is not on it has no way out."""
    documented = {code for row in table(FEDERATION, "### What we send") for code in codes(row[0])}
    assert documented == set(sent())


def test_no_activity_is_written_by_hand_elsewhere() -> None:
    """Only the builders of `federation.vocab.activities` write activities, so the closed list sees them all.

    What somebody sent is quoted back to them (the Join inside an Accept) in `activities/`.
    """
    for path, tree in modules().items():
        if not path.startswith(("server/", "web/")) or "/activities/" in path:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant):
                        assert value.value not in activities.ACTIVITY_TYPES, f"{path}:{node.lineno}"


# docs/adr


def test_every_runtime_dependency_has_its_line() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {re.split(r"[\[<>=;! ]", requirement)[0] for requirement in configuration["project"]["dependencies"]}
    documented = {codes(row[0])[0] for row in table(ROOT / "docs" / "adr" / "0008-dependencies.md", "## Decision")}
    assert documented == needed


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
