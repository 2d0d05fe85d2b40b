"""The database: engine, fields, migrations, and hand-written SQL for both dialects."""

from server.db.among import among
from server.db.bulk import insert_many
from server.db.bus import Bus, Kept
from server.db.database import Database, Row, query_log
from server.db.fields import JsonField, MomentField, from_milliseconds, id_field, to_milliseconds
from server.db.gathering import gathered, insert
from server.db.holding import InUse

__all__ = [
    "Bus",
    "Database",
    "InUse",
    "JsonField",
    "Kept",
    "MomentField",
    "Row",
    "among",
    "from_milliseconds",
    "gathered",
    "id_field",
    "insert",
    "insert_many",
    "query_log",
    "to_milliseconds",
]
