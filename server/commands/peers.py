"""`peerhall peers …` and `peerhall inspect`."""

import json

import click

from federation.errors import FederationError
from server.commands.common import table, with_instance
from server.errors import Refused
from server.instance import Instance
from server.peers import actions, queries

GRADES = {"allow": "trusted", "block": "blocked", "limit": "limited"}


@click.group()
def peers() -> None:
    """Federation policy for single domains."""


@peers.command("list")
@click.pass_context
def list_(context: click.Context) -> None:
    """List the other servers that we know."""

    async def action(here: Instance) -> list[queries.PeerView]:
        return await queries.peers(here)

    found = with_instance(context, action)
    if not found:
        click.echo("no other server is known yet")
        return
    table([("DOMAIN", "POLICY", "SOFTWARE", "STATE"), *((p.host, p.grade, p.software or "-", p.state) for p in found)])


def _grade(context: click.Context, domain: str, grade: str) -> None:
    async def action(here: Instance) -> None:
        await actions.set_grade(here, domain, grade, by="command line")

    with_instance(context, action)
    click.echo(f"{domain}: {grade}")


@peers.command()
@click.argument("domain")
@click.pass_context
def allow(context: click.Context, domain: str) -> None:
    """Trust a domain: nothing from it is held back."""
    _grade(context, domain, "trusted")


@peers.command()
@click.argument("domain")
@click.pass_context
def block(context: click.Context, domain: str) -> None:
    """Block a domain: nothing comes in, nothing goes out."""
    _grade(context, domain, "blocked")


@peers.command()
@click.argument("domain")
@click.pass_context
def limit(context: click.Context, domain: str) -> None:
    """Limit a domain: its people are seen only by those who follow them."""
    _grade(context, domain, "limited")


@peers.command()
@click.argument("domain")
@click.pass_context
def forget(context: click.Context, domain: str) -> None:
    """Drop the policy for a domain: it is treated like any other again."""

    async def action(here: Instance) -> None:
        await actions.forget(here, domain, by="command line")

    with_instance(context, action)
    click.echo(f"{domain}: no policy of its own")


@click.command()
@click.argument("what", metavar="URL-OR-HANDLE")
@click.pass_context
def inspect(context: click.Context, what: str) -> None:
    """Look something up on another server and show all that we learn."""

    async def action(here: Instance) -> None:
        try:
            await _inspect(here, what)
        except FederationError as error:
            raise Refused(f"{what}: {error}") from error

    with_instance(context, action)


async def _inspect(here: Instance, what: str) -> None:
    engine, uri = here.engine, what
    if not what.startswith(("http://", "https://")):
        uri = await engine.resolve_handle(what)
        click.echo(f"WebFinger   {what.lstrip('@')} → {uri}")
    document = await engine.fetch(uri)
    click.echo(f"document    {document.get('type')} {document.get('id')}")
    proof = "none" if "proof" not in document else "valid" if await engine.proof_valid(document) else "INVALID"
    click.echo(f"proof       {proof}")
    host = uri.split("/")[2]
    click.echo(f"policy      {host}: {queries.grade_of(here, host)}")
    click.echo(f"receive     {'yes' if queries.may_receive(here, host) else 'no'}")
    click.echo(f"send        {'yes' if queries.may_send(here, host) else 'no'}")
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
