"""Consortium."""

SQLITE = [
    """CREATE TABLE "peer_vouch" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "network" VARCHAR(500) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "vouch" VARCHAR(10) NOT NULL,
    CONSTRAINT "uid_peer_vouch_network_90535c" UNIQUE ("network", "host")
)""",
    """CREATE TABLE "consortium" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "slug" VARCHAR(80) NOT NULL UNIQUE,
    "host" VARCHAR(255) NOT NULL,
    "url" VARCHAR(1000) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "name" VARCHAR(120) NOT NULL,
    "purpose" TEXT NOT NULL,
    "guidelines" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "join_uri" VARCHAR(500),
    "reason" TEXT NOT NULL,
    "look_first" INT NOT NULL,
    "trouble" VARCHAR(12) NOT NULL,
    "changes" TEXT NOT NULL,
    "valid_until" BIGINT,
    "fetched_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    "changed_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "consortium_member" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "applied" INT NOT NULL,
    "join_uri" VARCHAR(500),
    "message" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "changed_at" BIGINT NOT NULL,
    "consortium_id" VARCHAR(26) NOT NULL REFERENCES "consortium" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_consortium__consort_9b6430" UNIQUE ("consortium_id", "uri")
)""",
]

POSTGRES = [
    """CREATE TABLE "peer_vouch" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "network" VARCHAR(500) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "vouch" VARCHAR(10) NOT NULL,
    CONSTRAINT "uid_peer_vouch_network_90535c" UNIQUE ("network", "host")
)""",
    """CREATE TABLE "consortium" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "slug" VARCHAR(80) NOT NULL UNIQUE,
    "host" VARCHAR(255) NOT NULL,
    "url" VARCHAR(1000) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "name" VARCHAR(120) NOT NULL,
    "purpose" TEXT NOT NULL,
    "guidelines" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "join_uri" VARCHAR(500),
    "reason" TEXT NOT NULL,
    "look_first" BOOL NOT NULL,
    "trouble" VARCHAR(12) NOT NULL,
    "changes" TEXT NOT NULL,
    "valid_until" BIGINT,
    "fetched_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    "changed_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "consortium_member" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "applied" BOOL NOT NULL,
    "join_uri" VARCHAR(500),
    "message" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "changed_at" BIGINT NOT NULL,
    "consortium_id" VARCHAR(26) NOT NULL REFERENCES "consortium" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_consortium__consort_9b6430" UNIQUE ("consortium_id", "uri")
)""",
]
