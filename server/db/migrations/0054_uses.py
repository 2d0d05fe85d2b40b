"""What uses a resource."""

_COLUMNS = """
    "post_id" VARCHAR(26) NOT NULL,
    "resource_id" VARCHAR(26) NOT NULL,
    CONSTRAINT "uid_resource_us_post_id_849b8f" UNIQUE ("post_id", "resource_id")
)"""
_INDEX = """CREATE INDEX "idx_resource_us_resourc_761d46" ON "resource_use" ("resource_id", "post_id")"""

SQLITE = [
    f"""CREATE TABLE "resource_use" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,{_COLUMNS}""",
    _INDEX,
]

POSTGRES = [
    f"""CREATE TABLE "resource_use" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,{_COLUMNS}""",
    _INDEX,
]
