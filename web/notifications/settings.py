"""Settings, "Mail and notifications": the day of the weekly mail, hours without mail, and a pause."""

from datetime import UTC, date, datetime, time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.digest import actions, queries
from server.errors import Invalid
from server.mail.actions import forget_bounce
from server.notifications.spaces import MOST, spaces
from server.notifications.tiers import DEFAULTS, NONE, NOW, TODAY, TOPICS, WEEKLY
from server.notifications.times import Quiet
from server.words import zone_of
from web.i18n import gettext
from web.notifications.words import weekdays
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = "/settings/mail"
USUAL = "usual"
SPACE = "space_"


async def page(request: Request) -> Response:
    """What mail comes, and when."""
    here, viewer = here_of(request), signed_in(request)
    found = await queries.choice(here, viewer)
    paused = found.quiet.paused_until
    is_paused = paused is not None and paused > here.clock.now()
    form = {
        "day": found.day if found.is_chosen else USUAL,
        "quiet_since": found.quiet.since_hour,
        "quiet_until": found.quiet.until_hour,
        "mail_now": found.mail_now,
        **{f"tier_{topic}": tier for topic, tier in found.tiers.items()},
        "paused_until": paused.astimezone(zone_of(viewer.timezone)).date().isoformat() if paused and is_paused else "",
    }
    return await _page(request, found, form)


async def save(request: Request) -> Response:
    """Keep it."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    names = ("day", "quiet_since", "quiet_until", "paused_until")
    filled = {name: text(form, name, 20) for name in (*names, "mail_now", *(f"tier_{topic}" for topic in TOPICS))}
    asked = [name.removeprefix(SPACE) for name in form if name.startswith(SPACE)][:MOST]
    places = {community_id: text(form, SPACE + community_id, 10) for community_id in asked}
    try:
        quiet = Quiet(
            _number(request, filled, "quiet_since"),
            _number(request, filled, "quiet_until"),
            _morning(request, viewer, filled["paused_until"]),
        )
        day = None if filled["day"] == USUAL else _number(request, filled, "day")
        await actions.choose(
            here,
            viewer,
            day=9 if day is None and filled["day"] != USUAL else day,
            quiet=quiet,
            tiers={topic: filled[f"tier_{topic}"] or DEFAULTS[topic] for topic in TOPICS},
            mail_now=bool(filled["mail_now"]),
            spaces=places,
        )
    except Invalid as error:
        found = await queries.choice(here, viewer)
        return await _page(request, found, filled, errors=error.errors, status=422, places=places)
    return redirect(request, PAGE, toast=gettext(request, "Saved."))


async def try_again(request: Request) -> Response:
    """Write to an address again that took no mail."""
    here, viewer = here_of(request), signed_in(request)
    await forget_bounce(here, (await queries.choice(here, viewer)).email)
    return redirect(request, PAGE, toast=gettext(request, "We write to this address again."))


async def _page(
    request: Request,
    found: queries.Choice,
    form: dict[str, Any],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    places: dict[str, str] | None = None,
) -> Response:
    tiers = [
        {"value": NOW, "label": gettext(request, "At once")},
        {"value": TODAY, "label": gettext(request, "Today, at four in the afternoon")},
        {"value": WEEKLY, "label": gettext(request, "With the weekly mail")},
        {"value": NONE, "label": gettext(request, "Not by mail")},
    ]
    mine = await spaces(here_of(request), signed_in(request))
    hours = [{"value": hour, "label": f"{hour:02}:00"} for hour in range(24)]
    return render(
        request,
        "notifications/settings.html",
        status_code=status,
        nav="settings",
        tab="mail",
        found=found,
        form=form,
        errors=errors or [],
        day_options=[
            {"value": USUAL, "label": gettext(request, "As my communities have it, else Monday")},
            *weekdays(request),
            {"value": -1, "label": gettext(request, "Never")},
        ],
        hour_options=[{"value": "", "label": gettext(request, "No quiet hours")}, *hours],
        topics=_topics(request),
        tier_options=tiers,
        spaces=[
            {
                "name": f"{SPACE}{space.community_id}",
                "label": space.name,
                "tier": (places or {}).get(space.community_id, space.tier),
            }
            for space in mine
        ],
        space_options=[{"value": "", "label": gettext(request, "As chosen above")}, *tiers],
        today=here_of(request).clock.now().date().isoformat(),
    )


def _topics(request: Request) -> list[dict[str, str]]:
    labels = {
        "answers": gettext(request, "Answers to me"),
        "tries": gettext(request, "Somebody tried my practice"),
        "mentions": gettext(request, "Somebody names me"),
        "decisions": gettext(request, "Decisions about my applications, and events"),
        "care": gettext(request, "Reports, and words of those who look after this place"),
        "duties": gettext(request, "What I have to decide"),
        "travelled": gettext(request, "Remixes, quotes and changes of what I shared"),
        "others": gettext(request, "New from people I wanted to hear of, new versions of what I tried, and polls"),
        "thanks": gettext(request, "Thanks, and who follows or joins"),
    }
    return [{"name": topic, "label": label} for topic, label in labels.items()]


def _number(request: Request, filled: dict[str, str], name: str) -> int | None:
    if not filled[name]:
        return None
    try:
        return int(filled[name][:4])
    except ValueError:
        raise Invalid(gettext(request, "Choose one of these."), field=name) from None


def _morning(request: Request, viewer: Viewer, day: str) -> datetime | None:
    """The beginning of a day where the person is."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(0), zone_of(viewer.timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(gettext(request, "Write a date, such as 2027-01-10."), field="paused_until") from None


routes = [
    Route(PAGE, page, methods=["GET"]),
    Route(PAGE, save, methods=["POST"]),
    Route(f"{PAGE}/again", try_again, methods=["POST"]),
]
