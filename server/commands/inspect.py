"""`peerhall inspect`: what can be seen from here of somebody or something on another server."""

import json

import click

from federation.errors import AddressRefused, FederationError
from server.commands.common import with_instance
from server.commands.inspection import Inspection
from server.commands.inspection import inspect as find_out
from server.errors import Refused
from server.instance import Instance

WIDTH = 12


@click.command()
@click.argument("what", metavar="URL-OR-HANDLE")
@click.option("--document", "whole", is_flag=True, help="Print the document itself, too.")
@click.pass_context
def inspect(context: click.Context, what: str, whole: bool) -> None:
    """Look something up on another server; show all we learn."""

    async def action(here: Instance) -> Inspection:
        try:
            return await find_out(here, what)
        except AddressRefused as error:
            raise Refused(f"{what}: {error} PEERHALL_ALLOWED_PRIVATE_ADDRESSES can allow it.") from error
        except (FederationError, Refused) as error:
            raise Refused(f"{what}: {error}") from error

    found = with_instance(context, action)
    for line in lines(found):
        click.echo(line)
    if whole:
        click.echo(json.dumps(found.document, indent=2, ensure_ascii=False))


def lines(found: Inspection) -> list[str]:
    """The report, line by line."""
    kind = found.document.get("type")
    shown = "/".join(kind) if isinstance(kind, list) else str(kind)
    return [
        *_block("WebFinger", _finger(found)),
        *_block("redirects", _redirects(found)),
        *_block("document", [f"{shown} {found.document.get('id')}", *_aligned(found.facts)]),
        *_block("keys", [*_of_owner(found), *_aligned(found.keys)] if found.keys else ["none that we can use"]),
        *_block("signatures", _aligned(found.signatures)),
        *_block("proof", [found.proof]),
        *_block("policy", found.policy),
        *_block("software", [f"{found.software.name or 'not said'} {found.software.version}".rstrip()]),
        *_block("dialect", [f"{found.dialect}: {found.evidence}"]),
        *_block("health", found.health),
    ]


def _finger(found: Inspection) -> list[str]:
    if found.finger is None:
        return ["there is no actor to ask for"]
    there = f"{found.finger.asked.lstrip('@!')} → {found.finger.actor}"
    if found.finger.agreed is None:
        return [there, "and back: NOT AGREED, the actor and WebFinger do not name each other"]
    return [there, f"and back: {found.finger.agreed}, on which both agree"]


def _redirects(found: Inspection) -> list[str]:
    if len(found.steps) < 2:
        return ["none"]
    return [f"{status} {url}" for url, status in found.steps]


def _of_owner(found: Inspection) -> list[str]:
    return [f"of {found.owner}"] if found.owner else []


def _aligned(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    width = max((len(name) for name, _ in pairs), default=0)
    return [f"{name.ljust(width)}  {text}" for name, text in pairs]


def _block(title: str, rows: list[str] | tuple[str, ...]) -> list[str]:
    """Rows under a title that stands before the first; what others wrote must not draw on the terminal."""
    clean = ["".join(letter if letter.isprintable() else " " for letter in row) for row in rows]
    return [f"{(title if number == 0 else '').ljust(WIDTH)}{row}".rstrip() for number, row in enumerate(clean)]
