"""`peerhall user …` and `peerhall community …`."""

import secrets
import sys

import click

from server.accounts import actions as accounts
from server.accounts import queries as account_queries
from server.actors import queries as actor_queries
from server.actors import rotating
from server.commands.common import refuse, with_instance
from server.communities import actions as communities
from server.errors import NotFound
from server.factors import actions as factors
from server.instance import Instance


@click.group()
def user() -> None:
    """People with an account here."""


def _password(given: str | None, from_stdin: bool) -> str | None:
    if given is not None and from_stdin:
        refuse("give either --password or --password-stdin")
    if from_stdin:
        text = sys.stdin.readline().rstrip("\r\n")
        if not text:
            refuse("no password came on standard input")
        return text
    return given


@user.command("create")
@click.argument("name")
@click.option("--email", help="Their mail address.")
@click.option("--password", help="Their password; seen by others on this machine: prefer --password-stdin.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--role", type=click.Choice(["member", "steward", "admin"]), default="member", show_default=True)
@click.option("--display-name", help="The name that others see.")
@click.pass_context
def create(
    context: click.Context,
    name: str,
    email: str | None,
    password: str | None,
    password_stdin: bool,
    role: str,
    display_name: str | None,
) -> None:
    """Create a confirmed account and print its handle."""
    chosen = _password(password, password_stdin)

    async def action(here: Instance) -> str:
        await accounts.create_account(
            here,
            name=name,
            email=email,
            password=secrets.token_urlsafe(18) if chosen is None else chosen,
            role=role,
            display_name=display_name or name,
            confirmed=True,
        )
        return f"@{name.lower()}@{here.settings.domain}"

    click.echo(with_instance(context, action))
    if chosen is None:
        click.echo("no password was set; use: peerhall user set-password NAME --password-stdin", err=True)


@user.command("set-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@click.pass_context
def set_password(context: click.Context, name: str, password_stdin: bool) -> None:
    """Set a new password and end all of their sessions."""
    chosen = _password(None, password_stdin) or ""

    async def action(here: Instance) -> None:
        account_id = await account_queries.account_id_of(here, name)
        await accounts.set_password(here, account_id, chosen)

    with_instance(context, action)
    click.echo(f"the password of @{name} is set")


@user.command("reset-factors")
@click.argument("name")
@click.pass_context
def reset_factors(context: click.Context, name: str) -> None:
    """Take away app, passkeys and recovery codes.

    For somebody who lost them, once you know that it is them. Their password alone lets them in then.
    """

    async def action(here: Instance) -> None:
        account_id = await account_queries.account_id_of(here, name)
        await factors.reset(here, account_id, by="command line")

    with_instance(context, action)
    click.echo(f"@{name.lstrip('@')} signs in with the password alone; their sessions have ended")


@user.command("suspend")
@click.argument("name")
@click.pass_context
def suspend(context: click.Context, name: str) -> None:
    """Lock somebody out, hide their profile, delete nothing."""

    async def action(here: Instance) -> None:
        account_id = await account_queries.account_id_of(here, name)
        await accounts.suspend_account(here, account_id, by="command line")

    with_instance(context, action)
    click.echo(f"@{name} is suspended")


@user.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def delete(context: click.Context, name: str, yes: bool) -> None:
    """Delete somebody with all that they wrote, everywhere."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete @{name} and everything they wrote? This cannot be undone.", abort=True)

    async def action(here: Instance) -> None:
        account_id = await account_queries.account_id_of(here, name)
        await accounts.delete_account(here, account_id, by="command line")

    with_instance(context, action)
    click.echo(f"@{name} is deleted; other servers are told when the server runs")


@user.command("rotate-keys")
@click.argument("name")
@click.option("--compromised", is_flag=True, help="Somebody else has the old keys: what they signed is worth nothing.")
@click.pass_context
def rotate_keys(context: click.Context, name: str, compromised: bool) -> None:
    """Give a person or community here new keys."""

    async def action(here: Instance) -> None:
        actor = await actor_queries.actor_by_handle(here, name)
        if actor is None or not actor.is_local:
            raise NotFound(f"Nobody here is called @{name.lstrip('@')}.")
        await rotating.rotate_keys(here, actor.id, by="command line", compromised=compromised)

    with_instance(context, action)
    click.echo(f"@{name.lstrip('@')} has new keys; other servers are told when the server runs")


@click.group()
def community() -> None:
    """Communities."""


@community.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The name that people see.")
@click.option(
    "--kind", type=click.Choice(["informal", "formal", "support", "programme"]), default="informal", show_default=True
)
@click.option("--owner", help="Handle of the person who looks after it; the first admin by default.")
@click.option("--visibility", type=click.Choice(["public", "network", "members"]), default="public", show_default=True)
@click.option("--purpose", default="", help="What it is for, in a sentence.")
@click.pass_context
def create_community(
    context: click.Context, slug: str, name: str, kind: str, owner: str | None, visibility: str, purpose: str
) -> None:
    """Create a community and print its handle."""

    async def action(here: Instance) -> str:
        owner_id = await account_queries.owner_actor_id(here, owner)
        await communities.create_from_command(
            here, owner_id=owner_id, slug=slug, name=name, kind=kind, visibility=visibility, purpose=purpose
        )
        return f"@{slug.lower()}@{here.settings.domain}"

    click.echo(with_instance(context, action))
