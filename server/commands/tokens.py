"""`peerhall token …`."""

import click

from server.accounts import queries as accounts
from server.commands.common import with_instance
from server.instance import Instance
from server.oauth import actions


@click.group()
def token() -> None:
    """Tokens with which scripts act in somebody's name."""


@token.command("create")
@click.argument("name")
@click.option("--scopes", default="read write follow push", show_default=True, help="What it may do.")
@click.option("--app", default="Command line", show_default=True, help="What it is for, as its owner sees it.")
@click.pass_context
def create(context: click.Context, name: str, scopes: str, app: str) -> None:
    """Print a bearer token for the client API. It is not shown again; its owner ends it in their settings."""

    async def action(here: Instance) -> str:
        account_id = await accounts.account_id_of(here, name)
        return await actions.create_token(here, account_id, scopes_text=scopes, app_name=app)

    click.echo(with_instance(context, action))
