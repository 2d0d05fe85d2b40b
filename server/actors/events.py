"""What happens to actors and between them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FollowRequested:
    """Somebody asked to follow an actor, and waits for an answer."""

    follower_id: str
    target_id: str


@dataclass(frozen=True, slots=True)
class FollowAccepted:
    """From now on the follower gets what the target shares."""

    follower_id: str
    target_id: str


@dataclass(frozen=True, slots=True)
class FollowTuned:
    """A follower here chose what they want of the target."""

    follower_id: str
    target_id: str
    shows_boosts: bool


@dataclass(frozen=True, slots=True)
class FollowEnded:
    """A follow or a request to follow is over, whoever ended it."""

    follower_id: str
    target_id: str


@dataclass(frozen=True, slots=True)
class ActorBlocked:
    """One actor blocked another: neither has anything to do with the other from now on."""

    blocker_id: str
    blocked_id: str


@dataclass(frozen=True, slots=True)
class ActorUnblocked:
    """A block was taken back."""

    blocker_id: str
    blocked_id: str


@dataclass(frozen=True, slots=True)
class PicturesChanged:
    """A local actor shows itself with other pictures: addresses of those that are used no more, and of new ones."""

    actor_id: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActorChanged:
    """An actor is new to us, or something that people see of it changed."""

    actor_id: str


@dataclass(frozen=True, slots=True)
class GroupRead:
    """The document of a community elsewhere was read from its own server: the topics that it names, in their order."""

    actor_id: str
    topics: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class SuspensionChanged:
    """An actor was suspended here, or is let in again."""

    actor_id: str


@dataclass(frozen=True, slots=True)
class ActorDeleted:
    """An actor is gone for good, with everything it published."""

    actor_id: str


@dataclass(frozen=True, slots=True)
class FollowerCarried:
    """Somebody here whom they follow moved; they follow the new account now, or wait for its answer."""

    follower_id: str
    old_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class ActorMuted:
    """Somebody here does not want to meet another any more; `hides_notifications`: nor hear of them."""

    muter_id: str
    muted_id: str
    hides_notifications: bool


@dataclass(frozen=True, slots=True)
class HostBlocked:
    """Somebody here wants nothing from a whole server any more."""

    blocker_id: str
    host: str
