"""What an organisation says about privacy, acceptable use and accessibility, in its own words."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from server.accounts.models import SiteValue
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.text import render_markdown

KINDS = ("privacy", "acceptable_use", "accessibility")
MOST_LETTERS = 30_000


@dataclass(frozen=True, slots=True)
class PolicyText:
    """One text, as it is written and as it is shown; `changed_at` is None for one that nobody wrote yet."""

    kind: str
    source: str = ""
    html: str = ""
    changed_at: datetime | None = None


async def policy(here: Instance, kind: str) -> PolicyText:
    """The text of one kind, empty where there is none."""
    row = await SiteValue.filter(key=_key(kind)).first()
    if row is None or not row.value:
        return PolicyText(kind)
    html = (await asyncio.to_thread(render_markdown, row.value, base_url=here.settings.origin)).html
    return PolicyText(kind, row.value, html, row.updated_at)


async def changed(here: Instance) -> dict[str, datetime]:
    """When each text was last changed, of those that there are."""
    rows = await SiteValue.filter(key__in=[_key(kind) for kind in KINDS]).order_by("key").limit(len(KINDS))
    return {row.key.removeprefix("policy."): row.updated_at for row in rows if row.value}


async def save_policy(here: Instance, by: Viewer, kind: str, text: str) -> None:
    """Write one; an empty one is taken away. Raises Invalid that names `text`."""
    if not by.is_admin:
        raise NotAllowed("Only admins can do this.")
    if kind not in KINDS:
        raise Invalid("There is no such text.")
    text = text.strip()
    if len(text) > MOST_LETTERS:
        raise Invalid(f"Use at most {MOST_LETTERS} characters.", field="text")
    now = here.clock.now()
    async with here.db.transaction():
        await SiteValue.update_or_create(defaults={"value": text, "updated_at": now}, key=_key(kind))
        await audit.record(
            here, by=by.handle, action="site.change", subject=here.settings.domain, detail={"what": [kind]}
        )


def _key(kind: str) -> str:
    return f"policy.{kind}"
