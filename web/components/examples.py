"""Invented people, posts and audiences for the component page."""

from datetime import UTC, datetime, timedelta
from typing import Any

Example = dict[str, Any]


def everything() -> Example:
    """All examples, by the names the component page uses."""
    now = datetime.now(UTC)
    return {
        "people": [MAYA, TOM, SOFIA],
        "communities": [SCIENCE, READING],
        "audience": AUDIENCE,
        "audiences": AUDIENCES,
        "post": _practice(now),
        "warned": _warned(now),
        "held": _held(now),
        "replies": _replies(now),
        "moments": [
            now - timedelta(seconds=5),
            now - timedelta(minutes=12),
            now - timedelta(hours=5),
            now - timedelta(days=3),
            now + timedelta(days=2),
            now - timedelta(days=40),
            now - timedelta(days=800),
        ],
        "practice": PRACTICE,
        "form_errors": ERRORS,
        "outcomes": OUTCOMES,
    }


MAYA: Example = {
    "display_name": "Maya Lindqvist",
    "handle": "@maya",
    "organisation": "Northfield School",
    "url": "/@maya",
    "avatar_url": None,
    "is_local": True,
}
TOM: Example = {
    "display_name": "Tom Adeyemi",
    "handle": "@tom@riverside.example",
    "organisation": "Riverside College",
    "url": "/@tom@riverside.example",
    "avatar_url": None,
    "is_local": False,
}
SOFIA: Example = {
    "display_name": "Sofia",
    "handle": "@sofia@mastodon.example",
    "organisation": "mastodon.example",
    "url": "/@sofia@mastodon.example",
    "avatar_url": None,
    "is_local": False,
}
SCIENCE: Example = {
    "name": "Science PLC",
    "handle": "@science",
    "organisation": "Northfield School",
    "url": "/c/science",
    "is_local": True,
}
READING: Example = {
    "name": "Reading together",
    "handle": "@reading@hilltop.example",
    "organisation": "Hilltop Primary",
    "url": "/c/reading@hilltop.example",
    "is_local": False,
}
AUDIENCE: Example = {
    "summary": "Members of Science PLC — 23 people on 3 servers",
    "level": "communities",
    "servers": ["northfield.example", "riverside.example", "hilltop.example"],
    "detail": "People who only follow the community do not see it.",
}
AUDIENCES: list[Example] = [
    {"value": "me", "label": "Only me", "summary": "A note to yourself", "servers": [], "level": "lock"},
    {
        "value": "members",
        "label": "Members of Science PLC",
        "summary": "23 people on 3 servers",
        "servers": ["northfield.example", "riverside.example", "hilltop.example"],
        "level": "communities",
    },
    {"value": "public", "label": "Everyone", "summary": "Anyone on the web", "servers": [], "level": "globe"},
]
PRACTICE: Example = {
    "subject": "Science",
    "level": "Year 8",
    "group_size": "Up to 28",
    "minutes": 5,
    "setting": "Classroom",
}
ERRORS: list[Example] = [
    {"field": "title2", "message": "Give the practice a title, so that colleagues can find it."},
    {"field": "minutes2", "message": "Write the minutes as a number, for example 10."},
]
OUTCOMES: list[Example] = [
    {"label": "Worked as it is", "value": 5, "pattern": 0},
    {"label": "Worked with changes", "value": 3, "pattern": 1},
    {"label": "Did not work here", "value": 1, "pattern": 2},
    {"label": "Stopped early", "value": 0, "pattern": 3},
]


def _post(identifier: str, author: Example, content: str, published_at: datetime, **more: Any) -> Example:
    is_local = bool(author["is_local"])
    return {
        "id": identifier,
        "url": f"/p/{identifier}",
        "title": None,
        "kind": "reply",
        "kind_label": "Reply",
        "author": author,
        "community": None,
        "published_at": published_at,
        "edited_at": None,
        "content_html": content,
        "excerpt": None,
        "content_warning": None,
        "visibility_label": "Members",
        "visibility_icon": "communities",
        "is_local": is_local,
        "home_host": None if is_local else author["handle"].rpartition("@")[2],
        "original_url": None if is_local else f"https://{author['handle'].rpartition('@')[2]}/posts/{identifier}",
        "attachments": [],
        "replies": [],
        "replies_count": 0,
        "likes_count": 0,
        "liked_by_me": False,
        "can_edit": is_local,
        "can_delete": is_local,
        "can_reply": True,
        "held": False,
        "edited": False,
        "language": "en",
        "licence_label": None,
        **more,
    }


def _practice(now: datetime) -> Example:
    content = (
        "<p>Five minutes before the end, everyone answers <strong>one</strong> question on a slip of paper and hands"
        " it over at the door. I sort the slips into three piles on the way to the staff room: <em>got it</em>,"
        " <em>nearly</em>, <em>not yet</em>.</p><blockquote><p>It takes me four minutes and changes what I do"
        " tomorrow.</p></blockquote><ul><li>One question, never two.</li><li>No names on the slips for the first"
        " month.</li></ul>"
    )
    return _post(
        "exit-tickets-that-work-3f9k",
        MAYA,
        content,
        now - timedelta(hours=5),
        title="Exit tickets that work",
        kind="practice",
        kind_label="Practice",
        community=SCIENCE,
        edited_at=now - timedelta(hours=1),
        excerpt="Five minutes before the end, everyone answers one question on a slip of paper and hands it over at"
        " the door. I sort the slips into three piles on the way to the staff room.",
        facts=["Science", "Year 8", "5 minutes"],
        attachments=[
            {
                "kind": "file",
                "url": "/media/slips.pdf",
                "name": "Slips to print",
                "media_type": "PDF, 84 kB",
                "alt": None,
            }
        ],
        replies_count=4,
        likes_count=6,
        liked_by_me=True,
        can_share=True,
        licence_label="CC BY 4.0",
    )


def _warned(now: datetime) -> Example:
    return _post(
        "assembly-7d2m",
        TOM,
        "<p>After the assembly two pupils stayed behind. We talked for twenty minutes; this is what I would do"
        " differently.</p>",
        now - timedelta(days=2),
        title="When an assembly brings up grief",
        kind="practice",
        kind_label="Practice",
        content_warning="About the death of a pupil",
        visibility_label="Everyone",
        visibility_icon="globe",
    )


def _held(now: datetime) -> Example:
    content = "<p>I tried this with adults in an evening class. Sticky notes on the door instead of slips.</p>"
    return _post("held-1", SOFIA, content, now - timedelta(minutes=12), held=True, can_edit=False)


def _replies(now: datetime) -> list[Example]:
    fifth = _post("r5", SOFIA, "<p>Thank you both.</p>", now - timedelta(minutes=20))
    fourth = _post("r4", MAYA, "<p>Then I would keep it at that.</p>", now - timedelta(minutes=31), replies=[fifth])
    third = _post(
        "r3", TOM, "<p>Only on Fridays, when we have time.</p>", now - timedelta(hours=1, minutes=10), replies=[fourth]
    )
    second = _post(
        "r2",
        MAYA,
        "<p>Did you sort them with the group, or alone?</p>",
        now - timedelta(hours=2),
        replies=[third],
        likes_count=1,
    )
    first = _post(
        "r1",
        TOM,
        "<p>Tried with Year 10. Worked, with one change: the question goes up at the <em>start</em> of the lesson, so"
        " nobody is surprised.</p>",
        now - timedelta(hours=3),
        kind="tried",
        kind_label="I tried this · worked with changes",
        replies=[second],
        likes_count=2,
    )
    other = _post("r6", SOFIA, "<p>How do you keep the slips from one week to the next?</p>", now - timedelta(hours=2))
    return [first, other]
