"""What happens to accounts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountPending:
    """Somebody asks to join, and waits for an admin."""

    account_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class AccountActivated:
    """Somebody is in: they can sign in from now on, and others see them."""

    account_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class AccountSuspended:
    """An admin locked somebody out."""

    account_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """Somebody has a new password: what the old one let in ends."""

    account_id: str


@dataclass(frozen=True, slots=True)
class AccountDeleted:
    """Somebody is gone for good. `report_to` is where they want to read what other servers said; None for nowhere."""

    actor_id: str
    handle: str
    report_to: str | None


@dataclass(frozen=True, slots=True)
class PreferencesChanged:
    """Somebody chose another language, look or time zone."""

    actor_id: str
