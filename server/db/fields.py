"""Column types that hold the same bytes on SQLite and PostgreSQL, so that hand-written SQL reads both alike."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tortoise import Model, fields
from tortoise import models as tortoise_models

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _no_comments(cls: type[Model]) -> dict[str, str]:
    return {}


# Tortoise parses the source of every model in search of comments that begin with "#:", and we have none: that was a
# quarter of the CPU that it takes to start.
tortoise_models._get_comments = _no_comments


def to_milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(number: int) -> datetime:
    """The aware UTC time of a stored number."""
    return _EPOCH + timedelta(milliseconds=number)


class MomentField(fields.Field[datetime], datetime):
    """An aware UTC time, stored as milliseconds since 1970."""

    SQL_TYPE = "BIGINT"
    indexable = True

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> int | None:
        """Turn a time into the stored number."""
        return to_milliseconds(value) if isinstance(value, datetime) else value

    def to_python_value(self, value: Any) -> datetime | None:
        """Turn the stored number into a time."""
        return from_milliseconds(value) if isinstance(value, int) else value


class JsonField(fields.Field[Any]):
    """A JSON value, stored as text: never filtered on, so plain text serves both databases."""

    SQL_TYPE = "TEXT"
    indexable = False

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> str | None:
        """Serialise."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def to_python_value(self, value: Any) -> Any:
        """Parse what the database holds; values that were just set pass through."""
        return json.loads(value) if isinstance(value, str) else value


def id_field(**kwargs: Any) -> Any:
    """The primary key of a table: see `server.ids`."""
    return fields.CharField(max_length=26, primary_key=True, **kwargs)
