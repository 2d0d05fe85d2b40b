"""Whom one does not want to meet, and what is wrong: blocks, mutes, whole servers, and reports."""

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import Route

from server.actors import actions as actors
from server.actors import muting
from server.api import ApiError, flag_of, text_of, texts_of
from server.mastodon.accounts import account_of, moment
from server.mastodon.answers import Report
from server.mastodon.ids import number_of
from server.mastodon.instance import rules_of
from server.mastodon.paging import cut_of, link_header, ordered, part_by_id
from server.mastodon.people import known_row, people_page, seen_row
from server.mastodon.reading import post_id_of
from server.mastodon.relationships import relationship_with
from server.mastodon.serving import Call, answer, missing, route
from server.moderation import actions as moderation
from server.moderation import policy

BLOCKS, MUTES = "write:blocks", "write:mutes"
CATEGORIES = {"spam": "spam", "violation": "guidelines", "legal": policy.OTHER, "other": policy.OTHER}
"""What apps call what is wrong, and what it is here."""
KNOWN = "NOT actor.hidden"
NO_WORDS = "No words were given."


async def block(call: Call) -> Response:
    """POST /api/v1/accounts/ID/block."""
    row = await seen_row(call.here, call.path())
    await actors.block(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def unblock(call: Call) -> Response:
    """POST /api/v1/accounts/ID/unblock."""
    row = await known_row(call.here, call.path())
    await actors.unblock(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def blocks(call: Call) -> Response:
    """GET /api/v1/blocks."""
    return await people_page(call, "actor_block", "blocker_id", "blocked_id", whom=KNOWN)


async def mute(call: Call) -> Response:
    """POST /api/v1/accounts/ID/mute; `duration` in seconds, none or 0 for good."""
    row = await seen_row(call.here, call.path())
    said = text_of(call.found, "duration", 20)
    if said and not (said.isascii() and said.isdigit()):
        raise ApiError(422, "Validation failed: duration is not a number of seconds")
    await muting.mute(
        call.here,
        call.me,
        row["id"],
        hides_notifications=flag_of(call.found, "notifications", default=True),
        length=timedelta(seconds=min(int(said or 0), 10**10)),
    )
    return await relationship_with(call, row["id"])


async def unmute(call: Call) -> Response:
    """POST /api/v1/accounts/ID/unmute."""
    row = await known_row(call.here, call.path())
    await muting.unmute(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def mutes(call: Call) -> Response:
    """GET /api/v1/mutes, with when each ends."""
    ends = ", actor_mute.expires_at AS mute_ends_at"
    return await people_page(call, "actor_mute", "muter_id", "muted_id", whom=KNOWN, columns=ends)


async def host_blocks(call: Call) -> Response:
    """GET /api/v1/domain_blocks: the names of servers, the newest first."""
    here, cut = call.here, cut_of(call.found, usual=100, most=200)
    part, bounds = part_by_id(cut, "id")
    rows = await here.db.rows(
        f"SELECT id, host FROM host_block WHERE blocker_id = :me{part}"
        f" ORDER BY id {'ASC' if cut.is_upwards else 'DESC'} LIMIT :limit",
        me=call.me,
        limit=cut.limit,
        **bounds,
    )
    rows = ordered(cut, rows)
    links = link_header(here, call.request, [number_of(row["id"]) for row in rows], more=len(rows) >= cut.limit)
    return answer([row["host"] for row in rows], links)


async def block_host(call: Call) -> Response:
    """POST /api/v1/domain_blocks."""
    await muting.block_host(call.here, call.me, text_of(call.found, "domain", 300))
    return answer({})


async def unblock_host(call: Call) -> Response:
    """DELETE /api/v1/domain_blocks, with a body."""
    await muting.unblock_host(call.here, call.me, text_of(call.found, "domain", 300))
    return answer({})


async def report(call: Call) -> Response:
    """POST /api/v1/reports: a person, and posts of theirs that one can read."""
    here, row = call.here, await seen_row(call.here, text_of(call.found, "account_id", 30))
    numbers, rules = texts_of(call.found, "status_ids"), texts_of(call.found, "rule_ids")
    category = text_of(call.found, "category", 20) or ("violation" if rules else "other")
    if category not in CATEGORIES:
        raise ApiError(422, "Validation failed: category is not one of spam, legal, violation and other")
    found = [await post_id_of(here, number) for number in numbers]
    if None in found:
        raise missing()
    filed = await moderation.report(
        here,
        call.viewer,
        moderation.NewReport(
            category=CATEGORIES[category],
            text=_words(call, category, rules),
            person_id=row["id"],
            post_ids=tuple(dict.fromkeys(str(post_id) for post_id in found)),
            forward=flag_of(call.found, "forward"),
        ),
    )
    return answer(
        Report(
            id=number_of(filed.id),
            action_taken=filed.closed_at is not None,
            action_taken_at=None,
            category=category,
            comment=text_of(call.found, "comment"),
            forwarded=flag_of(call.found, "forward"),
            created_at=moment(int(filed.created_at.timestamp() * 1000)),
            status_ids=numbers or None,
            rule_ids=rules or None,
            target_account=account_of(here, row),
        )
    )


def _words(call: Call, category: str, rules: list[str]) -> str:
    """What the stewards read: the words, before them the guidelines that were named, or that it is about the law."""
    texts = {rule["id"]: rule["text"] for rule in rules_of(call.here)}
    named = [texts[number] for number in rules if number in texts]
    lines = ["Against the law."] if category == "legal" else []
    lines += [f"• {text}" for text in named]
    comment = text_of(call.found, "comment").strip()
    return "\n".join([*lines, comment] if comment else lines) or (NO_WORDS if category == "other" else "")


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/accounts/{id}/block", block, "POST", scope=BLOCKS),
        route("/api/v1/accounts/{id}/unblock", unblock, "POST", scope=BLOCKS),
        route("/api/v1/accounts/{id}/mute", mute, "POST", scope=MUTES),
        route("/api/v1/accounts/{id}/unmute", unmute, "POST", scope=MUTES),
        route("/api/v1/blocks", blocks, scope="read:blocks"),
        route("/api/v1/mutes", mutes, scope="read:mutes"),
        route("/api/v1/domain_blocks", host_blocks, scope="read:blocks"),
        route("/api/v1/domain_blocks", block_host, "POST", scope=BLOCKS),
        route("/api/v1/domain_blocks", unblock_host, "DELETE", scope=BLOCKS),
        route("/api/v1/reports", report, "POST", scope="write:reports"),
    ]
