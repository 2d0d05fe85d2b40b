"""What other servers of the network were asked to tell their people, and how many they told."""

SQLITE = [
    """CREATE TABLE "need_offer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "ask_id" VARCHAR(26) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "seats" INT NOT NULL,
    "told" INT,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_need_offer_ask_id_38071a" UNIQUE ("ask_id", "host")
)""",
]

POSTGRES = [
    """CREATE TABLE "need_offer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "ask_id" VARCHAR(26) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "seats" INT NOT NULL,
    "told" INT,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_need_offer_ask_id_38071a" UNIQUE ("ask_id", "host")
)""",
]
