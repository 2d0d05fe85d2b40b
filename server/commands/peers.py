"""`peerhall peers …`."""

import click

from server.commands.common import table, with_instance
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
