"""The database: engine, fields, migrations, and hand-written SQL for both dialects."""

from server.db.database import Database, Row, query_log
from server.db.fields import JsonField, MomentField, from_milliseconds, id_field, to_milliseconds

__all__ = [
    "Database",
    "JsonField",
    "MomentField",
    "Row",
    "from_milliseconds",
    "id_field",
    "query_log",
    "to_milliseconds",
]
