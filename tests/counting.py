"""Counting what is asked of a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def statements(here: Any) -> Iterator[list[str]]:
    """Everything that is asked of the database of an instance, also through models."""
    log: list[str] = []
    with here.db.bind():
        client = type(here.db.connection())
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute_query", "execute_query_dict"):
            patch.setattr(client, name, _counting(getattr(client, name), log))
        yield log


def _counting(run: Any, log: list[str]) -> Any:
    async def counted(self: Any, query: str, values: Any = None) -> Any:
        log.append(query)
        return await run(self, query, values)

    return counted
