"""Telling a database or disk that is full, locked or away from everything else that can go wrong (R10)."""

import errno
import sqlite3

import asyncpg
from asyncpg.exceptions import InternalClientError
from tortoise.exceptions import DBConnectionError, OperationalError

from server.errors import Full, Unavailable

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

DATABASE = (
    sqlite3.OperationalError,
    OperationalError,
    DBConnectionError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    InternalClientError,
)
"""What both databases raise; most of it, and all that `trouble_of` does not know, is a mistake of ours."""

_AWAY = (
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionRollbackError,  # one of two that waited for each other: the same again goes through
    ConnectionError,
)
_AWAY_WORDS = (
    *("database is locked", "table is locked", "unable to open database file"),
    *("connection is closed", "connection was closed", "pool is clos", "not connected"),
    "another operation (2) is in progress",  # asyncpg: the server said goodbye, and the end was not seen yet
)
_DEPTH = 6


def trouble_of(error: BaseException) -> Unavailable | None:
    """What to tell people of it; None for an error that is no such trouble."""
    cause: BaseException | None = error
    for _ in range(_DEPTH):
        if cause is None:
            return None
        if isinstance(cause, Unavailable):
            return cause
        if _is_full(cause):
            return Full("This server has no room left at the moment. Nothing was changed. Try again later.")
        if _is_away(cause):
            return Unavailable("The database does not answer at the moment. Nothing was changed. Try again soon.")
        cause = cause.__cause__ or cause.__context__
    return None


def _is_away(error: BaseException) -> bool:
    if isinstance(error, _AWAY):
        return True
    return isinstance(error, DATABASE) and any(words in str(error) for words in _AWAY_WORDS)


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if isinstance(error, asyncpg.DiskFullError):
        return True
    return isinstance(error, DATABASE) and "database or disk is full" in str(error)
