"""The PostgreSQL engine: Tortoise's, whose transactions give back their connections, and whose waits all end (R12).

What is left out is the query by which asyncpg resets a connection after each use: we change nothing that outlives a
transaction, and it would be a second way to the server and back for every statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, TransactionManagementError

WAIT_SECONDS = 10.0
"""So long somebody waits for a connection of the pool, or for a new one."""


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that needs no reset between two uses."""

    def get_reset_query(self) -> str:
        """Nothing: no session state is ever changed."""
        return ""


@contextmanager
def _reaching() -> Iterator[None]:
    """Say of whatever the network says that the database is not reached; a wait that was too long is one of them."""
    try:
        yield
    except OSError as error:
        raise DBConnectionError(f"the database is not reached: {error or type(error).__name__}") from error


class _Pooled(PoolConnectionWrapper[Any]):
    """A connection of the pool for one statement, waited for so long and no longer."""

    async def __aenter__(self) -> Any:
        with _reaching():
            await self.ensure_connection()
            self.connection = await self.client._pool.acquire(timeout=WAIT_SECONDS)
        return self.connection


class _Transaction(TransactionContextPooled):
    """A transaction that gives its connection back also when it cannot begin."""

    async def __aenter__(self) -> TransactionalDBClient:
        with _reaching():
            await self.ensure_connection()
            pool = self.client._parent._pool
            self.client._connection = await pool.acquire(timeout=WAIT_SECONDS)
        self.token = get_connections().set(self.connection_name, self.client)
        try:
            await self.client.begin()
        except BaseException:
            get_connections().reset(self.token)
            await pool.release(self.client._connection)
            raise
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        """End it. The task then has no transaction, also where the database went away within it (R10).

        Tortoise gives the connection back first: where that fails, every later statement of the task would go to it.
        """
        try:
            if not self.client._finalized:
                if exc_type is None:
                    await self.client.commit()
                elif exc_type is not TransactionManagementError:
                    await self.client.rollback()
        finally:
            get_connections().reset(self.token)
            if self.client._parent._pool:
                await self.client._parent._pool.release(self.client._connection)


class Client(AsyncpgDBClient):
    """A pool of connections to one database."""

    def acquire_connection(self) -> Any:
        """A connection for one statement."""
        return _Pooled(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client
