"""What people keep for later weighs a little in how useful practices are."""

_SAVED = (
    "SELECT mark.post_id AS post_id, min(count(*), 10) AS saved FROM bookmark AS mark JOIN post AS whole"
    " ON whole.id = mark.post_id JOIN actor AS keeper ON keeper.id = mark.actor_id"
    " WHERE whole.kind IN ('practice', 'tip') AND mark.actor_id <> whole.author_id AND keeper.suspended_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM actor_block AS apart WHERE (apart.blocker_id = whole.author_id"
    " AND apart.blocked_id = mark.actor_id) OR (apart.blocker_id = mark.actor_id"
    " AND apart.blocked_id = whole.author_id)) GROUP BY mark.post_id"
)
_TRIED = (
    "SELECT practice_id, sum(number) AS tried,"
    " sum(CASE WHEN outcome IN ('worked', 'worked-with-changes') THEN number ELSE 0 END) AS worked"
    " FROM tried_place GROUP BY practice_id"
)
_WEIGHED = (
    "UPDATE post SET useful = (SELECT CASE WHEN COALESCE(told.tried, 0) > 20"
    " THEN 1000 * (10 * (1 + told.worked * 20 / told.tried) + kept.saved) / (230 + kept.saved)"
    " ELSE 1000 * (10 * (1 + COALESCE(told.worked, 0)) + kept.saved)"
    " / (10 * (3 + COALESCE(told.tried, 0)) + kept.saved) END"
    f" FROM ({_SAVED}) AS kept LEFT JOIN ({_TRIED}) AS told ON told.practice_id = kept.post_id"
    " WHERE kept.post_id = post.id) WHERE id IN (SELECT post_id FROM bookmark) AND kind IN ('practice', 'tip')"
    f" AND id IN (SELECT post_id FROM ({_SAVED}) AS kept)"
)

SQLITE = [_WEIGHED]

POSTGRES = [_WEIGHED.replace("min(count(*), 10)", "least(count(*), 10)")]
