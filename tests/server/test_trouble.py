"""What is trouble of the database, and worth another try, and what is a mistake of ours (R10)."""

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from server.errors import Unavailable
from server.trouble import trouble_of


@pytest.mark.parametrize("kind", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
def test_r3_whoever_lost_against_another_transaction_tries_again(kind: type[Exception]) -> None:
    with pytest.raises(OperationalError) as caught:
        try:
            raise kind("one of two")
        except asyncpg.PostgresError as error:
            raise OperationalError(error) from None
    assert isinstance(trouble_of(caught.value), Unavailable)


def test_a_wrong_statement_is_no_trouble() -> None:
    assert trouble_of(OperationalError("near SELEC: syntax error")) is None
    assert trouble_of(asyncpg.UniqueViolationError("twice")) is None
