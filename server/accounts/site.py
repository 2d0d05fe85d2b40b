"""How the organisation presents itself: choices that admins make in the browser, over the settings."""

import asyncio
import re

from server.accounts.models import SiteValue
from server.actors.policy import clean_name
from server.audit import actions as audit
from server.errors import Invalid
from server.instance import Instance
from server.text import LICENCES, render_markdown

MODES = ("open", "approval", "invite", "closed")
_KEYS = ("name", "description", "accent", "registration", "guidelines", "contact", "default_licence")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


async def load(here: Instance) -> None:
    """Read the choices into `here.site`; called when an instance starts."""
    rows = await here.db.rows("SELECT key, value FROM site_value LIMIT 100")
    values = {row["key"]: row["value"] for row in rows}
    site = here.site
    site.name = values.get("name") or here.settings.name
    site.description = values.get("description", "")
    site.accent = values.get("accent") or site.accent
    site.registration = values.get("registration") or here.settings.registration
    site.contact = values.get("contact", "")
    site.default_licence = values.get("default_licence") or site.default_licence
    site.guidelines_version = int(values.get("guidelines_version", "0"))
    site.guidelines_source = values.get("guidelines", "")
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
    await load(here)


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
    if len(changes.get("guidelines", "")) > 20_000:
        errors.append(Invalid("Use at most 20000 characters.", field="guidelines"))
    if len(changes.get("contact", "")) > 300:
        errors.append(Invalid("Use at most 300 characters.", field="contact"))
    if "default_licence" in changes and changes["default_licence"] not in LICENCES:
        errors.append(Invalid("Choose one of the licences.", field="default_licence"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


async def _rendered(here: Instance, source: str) -> str:
    if not source:
        return ""
    return (await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin)).html
