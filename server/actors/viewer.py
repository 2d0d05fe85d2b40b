"""Who looks at something: the facts that decide what they may see and do."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who is signed in here, or nobody. `role` is that of the account: member, steward or admin.

    Where this server asks people of a role for a second step of signing in, who has none is a member until they set one
    up: `waiting_role` is what they will be then. Until `proven_until` it is known who sits at this browser.
    """

    actor_id: str | None = None
    actor_uri: str = ""
    account_id: str | None = None
    handle: str = ""
    full_handle: str = ""
    display_name: str = ""
    avatar_url: str | None = None
    role: str = ""
    language: str = "en"
    timezone: str = "UTC"
    theme: str = "auto"
    unread_count: int = 0
    onboarded: bool = True
    session_id: str | None = None
    waiting_role: str = ""
    has_second_step: bool = False
    proven_until: datetime | None = None
    communities: tuple[object, ...] = ()

    @property
    def is_signed_in(self) -> bool:
        """Whether this is a person, not nobody."""
        return self.actor_id is not None

    @property
    def time_zone(self) -> str:
        """The zone that times are shown in."""
        return self.timezone

    @property
    def is_admin(self) -> bool:
        """Whether they may administer this server."""
        return self.role == "admin"

    @property
    def is_steward(self) -> bool:
        """Whether they may moderate the whole server."""
        return self.role in {"steward", "admin"}


ANONYMOUS = Viewer()
