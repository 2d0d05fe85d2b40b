"""Who looks at something: the facts that decide what they may see and do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who is signed in here, or nobody. `role` is that of the account: member, steward or admin."""

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
