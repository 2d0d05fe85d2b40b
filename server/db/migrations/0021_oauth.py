"""Apps that people let in, the codes that they exchange, and the tokens that they hold."""

SQLITE = [
    """CREATE TABLE "oauth_app" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "client_id" VARCHAR(64) NOT NULL UNIQUE,
    "secret_hash" VARCHAR(64) NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "website" VARCHAR(500),
    "redirect_uris" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "oauth_code" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "code_hash" VARCHAR(64) NOT NULL UNIQUE,
    "redirect_uri" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "challenge" VARCHAR(64),
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT NOT NULL,
    "used_at" BIGINT,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE,
    "app_id" VARCHAR(26) NOT NULL REFERENCES "oauth_app" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_oauth_code_app_id_de7956" ON "oauth_code" ("app_id")""",
    """CREATE INDEX "idx_oauth_code_account_cff4e2" ON "oauth_code" ("account_id")""",
    """CREATE INDEX "idx_oauth_code_expires_78081b" ON "oauth_code" ("expires_at")""",
    """CREATE TABLE "oauth_token" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "code_id" VARCHAR(26),
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "scopes" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "last_used_at" BIGINT,
    "account_id" VARCHAR(26) REFERENCES "account" ("id") ON DELETE CASCADE,
    "app_id" VARCHAR(26) NOT NULL REFERENCES "oauth_app" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_oauth_token_app_id_aa9468" ON "oauth_token" ("app_id", "account_id")""",
    """CREATE INDEX "idx_oauth_token_account_0dd60c" ON "oauth_token" ("account_id")""",
    """CREATE INDEX "idx_oauth_token_code_id_b055d3" ON "oauth_token" ("code_id")""",
]

POSTGRES = SQLITE
