"""How the organisation presents itself: choices that admins make in the browser, over the settings."""

import asyncio
import re
from datetime import date, timedelta

from federation.outbox.audience import THREADIVERSE_SOFTWARE
from server.accounts.models import SiteValue
from server.actors.policy import clean_name
from server.audit import actions as audit
from server.errors import Invalid
from server.instance import Instance
from server.text import LICENCES, render_markdown

MODES = ("open", "approval", "invite", "closed")
SECOND_STEP_FOR = ("", "admins", "stewards")
"""Of whom a second step of signing in is asked: of nobody, of admins, or of stewards, too."""
CHANNEL = "site"
LONGEST_BREAK = timedelta(days=190)
_KEYS = (
    *("name", "description", "accent", "registration", "guidelines", "contact", "default_licence"),
    *("threadiverse_software", "break_from", "break_until", "helplines", "second_step_for"),
)
_BETWEEN = re.compile(r"[\s,;]+")
_SOFTWARE = re.compile(r"[a-z0-9][a-z0-9_.+-]{0,58}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


async def load(here: Instance) -> None:
    """Read the choices into `here.site`, where an instance keeps them: `save` says when they changed."""
    rows = await here.db.rows("SELECT key, value FROM site_value LIMIT 100")
    values = {row["key"]: row["value"] for row in rows}
    site = here.site
    site.name = values.get("name") or here.settings.name
    site.description = values.get("description", "")
    site.accent = values.get("accent") or site.accent
    site.registration = values.get("registration") or here.settings.registration
    site.contact = values.get("contact", "")
    site.default_licence = values.get("default_licence") or site.default_licence
    site.threadiverse_software = software_named(values.get("threadiverse_software", "")) or THREADIVERSE_SOFTWARE
    site.break_from, site.break_until = _day(values.get("break_from")), _day(values.get("break_until"))
    site.second_step_for = values.get("second_step_for", "")
    site.guidelines_version = int(values.get("guidelines_version", "0"))
    site.guidelines_source = values.get("guidelines", "")
    site.helplines_source = values.get("helplines", "")
    site.helplines_html = await _rendered(here, site.helplines_source)
    site.guidelines_html = await _rendered(here, site.guidelines_source)


async def save(here: Instance, by: str, changes: dict[str, str]) -> None:
    """Write some of the choices. A change of the guidelines gives them a new version, to be accepted anew."""
    changes = {key: value.strip() for key, value in changes.items() if key in _KEYS}
    _check(changes)
    now = here.clock.now()
    async with here.db.transaction():
        if "guidelines" in changes and changes["guidelines"] != here.site.guidelines_source:
            changes["guidelines_version"] = str(here.site.guidelines_version + 1)
        for key, value in changes.items():
            await SiteValue.update_or_create(defaults={"value": value, "updated_at": now}, key=key)
        await audit.record(
            here, by=by, action="site.change", subject=here.settings.domain, detail={"what": sorted(changes)}
        )
        await here.bus.publish(CHANNEL)
    await load(here)


async def threadiverse_software(here: Instance) -> frozenset[str]:
    """Software of servers with communities, as the admins have it now; other processes change it too."""
    value = await here.db.value("SELECT value FROM site_value WHERE key = 'threadiverse_software'")
    return software_named(value or "") or THREADIVERSE_SOFTWARE


def software_named(text: str) -> frozenset[str]:
    """Names of software in a text, one to a line or between commas, in the form that NodeInfo has them."""
    return frozenset(name.lower() for name in _BETWEEN.split(text) if _SOFTWARE.fullmatch(name.lower()))


def _check(changes: dict[str, str]) -> None:
    errors: list[Invalid] = []
    if "name" in changes:
        changes["name"] = clean_name(changes["name"])
        if not changes["name"]:
            errors.append(Invalid("Write the name of your organisation.", field="name"))
    if len(changes.get("description", "")) > 2000:
        errors.append(Invalid("Use at most 2000 characters.", field="description"))
    if "accent" in changes:
        changes["accent"] = changes["accent"].lower()
        if not _COLOUR.fullmatch(changes["accent"]):
            errors.append(Invalid("Write a colour such as #2f6f5e.", field="accent"))
    if changes.get("registration", "open") not in MODES:
        errors.append(Invalid("Choose who may join.", field="registration"))
    if changes.get("second_step_for", "") not in SECOND_STEP_FOR:
        errors.append(Invalid("Choose of whom a second step is asked.", field="second_step_for"))
    if len(changes.get("guidelines", "")) > 20_000:
        errors.append(Invalid("Use at most 20000 characters.", field="guidelines"))
    if len(changes.get("helplines", "")) > 2000:
        errors.append(Invalid("Use at most 2000 characters.", field="helplines"))
    if "threadiverse_software" in changes:
        text = changes["threadiverse_software"]
        wrong = [name for name in _BETWEEN.split(text) if name and not _SOFTWARE.fullmatch(name.lower())]
        if wrong or len(text) > 2000:
            errors.append(
                Invalid("Write names of software as NodeInfo has them, such as lemmy.", field="threadiverse_software")
            )
    if len(changes.get("contact", "")) > 300:
        errors.append(Invalid("Use at most 300 characters.", field="contact"))
    if "default_licence" in changes and changes["default_licence"] not in LICENCES:
        errors.append(Invalid("Choose one of the licences.", field="default_licence"))
    errors += _break_errors(changes)
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def _break_errors(changes: dict[str, str]) -> list[Invalid]:
    """Both days of a term break, or neither."""
    if "break_from" not in changes and "break_until" not in changes:
        return []
    texts = [changes.setdefault(name, "") for name in ("break_from", "break_until")]
    days = [_day(text) for text in texts]
    errors = [
        Invalid("Write a date, such as 2027-01-10.", field=name)
        for name, text, day in zip(("break_from", "break_until"), texts, days, strict=True)
        if day is None and (text or any(texts))
    ]
    if not errors and days[0] is not None and days[1] is not None and not days[0] < days[1] <= days[0] + LONGEST_BREAK:
        errors.append(Invalid("A break ends after it begins, and lasts at most half a year.", field="break_until"))
    return errors


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


async def _rendered(here: Instance, source: str) -> str:
    if not source:
        return ""
    return (await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin)).html
