"""Indexes by which a narrowed library finds its practices, or at once that there are none, and one for those of a person.

They are over practices and tips alone, so that everything else costs no more to take in.
"""

_LIBRARY = "state = 'visible' AND kind IN ('practice', 'tip')"

SQLITE = [
    """CREATE INDEX "idx_practice_subject_lower" ON "practice" (lower(subject)) WHERE subject <> ''""",
    """CREATE INDEX "idx_practice_level_lower" ON "practice" (lower(level)) WHERE level <> ''""",
    """CREATE INDEX "idx_practice_group_size" ON "practice" ("group_size") WHERE group_size IS NOT NULL""",
    """CREATE INDEX "idx_practice_minutes" ON "practice" ("minutes") WHERE minutes IS NOT NULL""",
    f"""CREATE INDEX "idx_post_library_language" ON "post" ("language") WHERE {_LIBRARY}""",
    f"""CREATE INDEX "idx_post_library_licence" ON "post" ("licence") WHERE {_LIBRARY}""",
    f"""CREATE INDEX "idx_post_library_by" ON "post" ("author_id", "published_at", "id") WHERE {_LIBRARY}""",
]

POSTGRES = SQLITE
