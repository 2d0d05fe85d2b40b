"""`peerhall peers …`."""

from collections.abc import Iterator

import click

from server.commands.common import table, with_instance
from server.instance import Instance
from server.peers import actions, policy, queries


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


def _grade(context: click.Context, domain: str, grade: str, *, dry_run: bool) -> None:
    async def action(here: Instance) -> queries.Consequences:
        change = await queries.consequences(here, policy.host_named(domain), grade)
        if not dry_run:
            await actions.set_grade(here, domain, grade, by="command line")
        return change

    change = with_instance(context, action)
    for words in _words(change):
        click.echo(f"{'would: ' if dry_run else ''}{words}")
    if not dry_run:
        click.echo(f"{domain}: {grade}")


def _words(change: queries.Consequences) -> Iterator[str]:
    """What a grade changes, one line each."""
    if change.cut_off:
        yield (
            f"cut off {change.members} members of {change.communities} communities, {change.our_members} memberships"
            f" of people here, {change.followed} follows and {change.followers} followers"
        )
        yield f"cancel {change.waiting} deliveries and hide {change.copies} posts"
    flags = (
        (change.restored, "let things pass again"),
        (change.held, "let everything from there wait for a steward"),
        (change.quiet, "show people there only to their followers"),
        (change.lost_media, "show no pictures and files from there"),
    )
    yield from (words for applies, words in flags if applies)


_dry_run = click.option("--dry-run", is_flag=True, help="Only say what would change.")


@peers.command()
@click.argument("domain")
@_dry_run
@click.pass_context
def allow(context: click.Context, domain: str, *, dry_run: bool) -> None:
    """Trust a domain: nothing from it is held back."""
    _grade(context, domain, "trusted", dry_run=dry_run)


@peers.command()
@click.argument("domain")
@_dry_run
@click.pass_context
def block(context: click.Context, domain: str, *, dry_run: bool) -> None:
    """Block a domain: nothing comes in, nothing goes out."""
    _grade(context, domain, "blocked", dry_run=dry_run)


@peers.command()
@click.argument("domain")
@_dry_run
@click.pass_context
def limit(context: click.Context, domain: str, *, dry_run: bool) -> None:
    """Limit a domain: its people are seen only by those who follow them."""
    _grade(context, domain, "limited", dry_run=dry_run)


@peers.command()
@click.argument("domain")
@click.pass_context
def forget(context: click.Context, domain: str) -> None:
    """Drop the policy for a domain: it is treated like any other again."""

    async def action(here: Instance) -> None:
        await actions.forget(here, domain, by="command line")

    with_instance(context, action)
    click.echo(f"{domain}: no policy of its own")
