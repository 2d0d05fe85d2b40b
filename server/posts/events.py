"""What happens to posts. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PostPublished:
    """A post can be read by its audience from now on: written here, received, or approved.

    `is_direct`: by those alone whom it names. `parent_kind` spares looking: the kind of what it answers, empty where it
    answers nothing, None where whoever says so did not have it at hand.
    """

    post_id: str
    author_id: str
    community_id: str | None
    parent_id: str | None
    kind: str
    is_local: bool
    is_direct: bool = False
    parent_kind: str | None = None

    def answers(self, *kinds: str) -> bool:
        """Whether it may be an answer to a post of one of these kinds; the others need not be looked at."""
        return self.parent_id is not None and (self.parent_kind is None or self.parent_kind in kinds)


@dataclass(frozen=True, slots=True)
class PostVouched:
    """A post from elsewhere that was fetched came by itself too, so that a community here can pass it on."""

    post_id: str


@dataclass(frozen=True, slots=True)
class PostEdited:
    """A visible post changed: text, or the facts of its kind."""

    post_id: str


@dataclass(frozen=True, slots=True)
class FilesReplaced:
    """An edit took files off a post; who listens may keep them, in its transaction, else they are forgotten."""

    post_id: str
    media_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostNarrowed:
    """Fewer people may read a post than before, when its audience was `before`."""

    post_id: str
    before: str


@dataclass(frozen=True, slots=True)
class PostDeleted:
    """A post is being erased. Its row is whole until everybody has heard of it, then empty, and says ``deleted``."""

    post_id: str
    uri: str


@dataclass(frozen=True, slots=True)
class PostHeld:
    """A stranger's post waits for somebody to look at it."""

    post_id: str


@dataclass(frozen=True, slots=True)
class PostRemoved:
    """A moderator took a post out of sight."""

    post_id: str
    by_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PostRestored:
    """A moderator took a removal back."""

    post_id: str
    by_id: str


@dataclass(frozen=True, slots=True)
class PostLiked:
    """Somebody found a post useful."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PostUnliked:
    """Somebody took that back."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PostSaved:
    """Somebody here keeps a post for later, or no longer. Nobody is told who."""

    post_id: str


@dataclass(frozen=True, slots=True)
class PostEchoed:
    """Somebody has the same question, or would try the same."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PostUnechoed:
    """Somebody took that back."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PostBoosted:
    """Somebody passed a post on, or a community did."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PostUnboosted:
    """Somebody took that back."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class ReplyHelped:
    """Who asked says that a reply helped. `post_id` is the reply."""

    post_id: str
    ask_id: str
    by_id: str


@dataclass(frozen=True, slots=True)
class ReplyUnhelped:
    """Who asked took that back."""

    post_id: str
    ask_id: str
    by_id: str


@dataclass(frozen=True, slots=True)
class ThreadLocked:
    """A thread takes no more replies (`locked`), or does again; `reason` is for everybody there."""

    post_id: str
    by_id: str
    locked: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PostWaits:
    """Somebody here wrote an answer or a quote that its addressee is asked about before anybody else sees it."""

    post_id: str


@dataclass(frozen=True, slots=True)
class PostQueued:
    """Somebody wrote a draft that is published when their turn comes."""

    post_id: str
    person_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AnswerEarly:
    """An answer waits, and only its author sees it: peers have the word first, or a round hides answers (`ask_id`)."""

    post_id: str
    ask_id: str


@dataclass(frozen=True, slots=True)
class ReactionWaits:
    """Somebody here likes a post, or passes it on (`kind`: ``like``, ``announce``), and its author is asked first."""

    kind: str
    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class PostRefused:
    """Who is answered or quoted does not want a post; it is out of sight. `by_id` is who said so, if known."""

    post_id: str
    by_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuoteSettled:
    """It is known now whether a quote may be shown: ``approved``, ``unproved``, ``refused`` or ``revoked``."""

    post_id: str
    state: str


@dataclass(frozen=True, slots=True)
class QuoteAllowed:
    """Somebody quotes a post of somebody here, and was given a stamp."""

    post_id: str
    actor_id: str
    stamp_id: str


@dataclass(frozen=True, slots=True)
class QuoteRevoked:
    """The author of a post here took their agreement to a quote back."""

    stamp_id: str


@dataclass(frozen=True, slots=True)
class PostSorted:
    """Something was put into another topic of its community; `before_id` is the one that it was in."""

    post_id: str
    by_id: str
    before_id: str | None


@dataclass(frozen=True, slots=True)
class PostPinned:
    """A conversation stands at the top of its community (`pinned`), or does no more."""

    post_id: str
    by_id: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class ProfilePinned:
    """A post stands at the top of its author's profile (`pinned`), or does no more."""

    post_id: str
    pinned: bool
