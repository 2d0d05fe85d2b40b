"""Plans of networks: what a network began with."""

SQLITE = [
    """CREATE TABLE "network_plan" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "steps" TEXT NOT NULL,
    "communities" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
]

POSTGRES = [
    """CREATE TABLE "network_plan" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "steps" TEXT NOT NULL,
    "communities" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
]
