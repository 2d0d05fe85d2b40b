"""The PostgreSQL engine: Tortoise's, whose transactions give back their connections, and whose waits all end (R12).

What is left out is the query by which asyncpg resets a connection after each use: we change nothing that outlives a
transaction, and it would be a second way to the server and back for every statement.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from asyncpg.exceptions import InternalClientError
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

_NOT_SENT = ("cannot switch to state", "not connected")


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


async def _unless_cut(client: Any, act: Callable[[], Awaitable[Any]]) -> Any:
    """Do it; once more where the server had said goodbye on a connection of which we had not yet seen the end (R10).

    asyncpg refuses then to send anything, so that doing it again does nothing twice. All connections are made anew.
    """
    try:
        return await act()
    except InternalClientError as error:
        if not str(error).startswith(_NOT_SENT):
            raise
        await client._pool.expire_connections()
        return await act()


class _Pooled(PoolConnectionWrapper[Any]):
    """A connection of the pool for one statement, waited for so long and no longer."""

    async def __aenter__(self) -> Any:
        with _reaching():
            await self.ensure_connection()
            self.connection = await self.client._pool.acquire(timeout=WAIT_SECONDS)
        return self.connection

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        if isinstance(exc_val, InternalClientError) and self.connection:
            self.connection.terminate()
        await super().__aexit__(exc_type, exc_val, exc_tb)


class _Transaction(TransactionContextPooled):
    """A transaction that gives its connection back also when it cannot begin."""

    async def __aenter__(self) -> TransactionalDBClient:
        await _unless_cut(self.client._parent, self._begin)
        return self.client

    async def _begin(self) -> None:
        with _reaching():
            await self.ensure_connection()
            pool = self.client._parent._pool
            self.client._connection = await pool.acquire(timeout=WAIT_SECONDS)
        self.token = get_connections().set(self.connection_name, self.client)
        try:
            await self.client.begin()
        except BaseException as error:
            get_connections().reset(self.token)
            if isinstance(error, InternalClientError):
                self.client._connection.terminate()
            await pool.release(self.client._connection)
            raise

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

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        """One row, as Tortoise asks for it."""
        return await _unless_cut(self, lambda: super(Client, self).execute_insert(query, values))

    async def execute_query(self, query: str, values: list[Any] | None = None) -> Any:
        """How many rows it concerned, and these."""
        return await _unless_cut(self, lambda: super(Client, self).execute_query(query, values))

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> Any:
        """The rows, as mappings."""
        return await _unless_cut(self, lambda: super(Client, self).execute_query_dict(query, values))

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client
