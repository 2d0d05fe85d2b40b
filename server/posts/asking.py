"""Whether somebody elsewhere is asked before a reply or quote of ours is shown to anybody (FEP-044f, GoToSocial)."""

from dataclasses import dataclass

from federation.vocab.interaction import QUOTE
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import NotAllowed, NotFound
from server.instance import Instance
from server.posts import stamps
from server.posts.consent import ASK, AUTOMATIC, NEVER, said_of
from server.posts.details import extras_of, hides_answers
from server.posts.events import QuoteAllowed
from server.posts.models import Post, PostMention
from server.posts.places import Place
from server.posts.policy import OPEN, PEERS
from server.posts.readable import readable


@dataclass(frozen=True, slots=True)
class Asked:
    """What a new post is about, and whether it waits. A `quoted` post elsewhere always needs a stamp of its author.

    `early`: it answers where others have the word first.
    """

    waits: bool = False
    early: bool = False
    quoted: Post | None = None
    quote_state: str = ""

    @property
    def state(self) -> str:
        """The state that the post begins with."""
        return "waiting" if self.waits else PEERS if self.early else "visible"


async def find(here: Instance, author: Actor, place: Place, quote_id: str | None, *, at_once: bool = False) -> Asked:
    """Look up what is quoted, and what the authors of that and of the parent say. Raises NotFound or NotAllowed.

    `at_once`: it does not wait for those who have the word. Nothing comes past a round that hides its answers: where
    an agreement would be asked for, somebody would see the answer.
    """
    waits, parent, root = False, place.parent, place.root
    hidden = await hides_answers(here, root)
    if parent is not None and not parent.is_local:
        waits = await _reply_waits(parent, author)
    if hidden and (waits or quote_id is not None):
        raise NotAllowed("Nobody sees answers here yet, so yours asks and quotes nobody. Write it without.")
    if quote_id is None:
        says = extras_of(here, root.kind).waits if root is not None and not at_once else None
        early = says is not None and root is not None and await says(here, root, author)
        return Asked(waits=waits, early=early or hidden)
    quoted = await _quotable(here, author, quote_id)
    if quoted.is_local:
        return Asked(waits=waits, quoted=quoted, quote_state="approved")
    return Asked(waits=True, quoted=quoted, quote_state="waiting")


async def is_asked(here: Instance, post: Post, host: str | None) -> bool:
    """Whether a server has the author whom a waiting post answers or quotes, so that it may look at it."""
    return host is not None and bool(
        await here.db.value(
            "SELECT actor.id FROM actor JOIN post AS about ON about.author_id = actor.id"
            " WHERE (about.id = :parent OR about.uri = :quote) AND actor.host = :host AND NOT actor.is_local"
            " AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL LIMIT 1",
            parent=post.parent_id,
            quote=post.quote_uri,
            host=host,
        )
    )


async def agree(here: Instance, post: Post, asked: Asked) -> None:
    """The stamp for a quote of somebody else here, whose post lets itself be quoted; in the caller's transaction."""
    quoted = asked.quoted
    if quoted is None or not quoted.is_local or quoted.author_id == post.author_id:
        return
    stamp = await stamps.give(here, quoted, QUOTE, post.author_id, post.uri, "")
    post.quote_stamp = stamp.uri
    await post.save(update_fields=["quote_stamp"])
    await here.events.emit(QuoteAllowed(quoted.id, post.author_id, stamp.id))


async def _reply_waits(parent: Post, author: Actor) -> bool:
    answered = await Actor.get(id=parent.author_id)
    mentioned = await PostMention.exists(post_id=parent.id, actor_id=author.id)
    said = said_of(parent, answered.uri, author.uri, mentioned=mentioned).reply
    if said == NEVER:
        raise NotAllowed(f"{answered.name or answered.username} takes no answers to this post from you.")
    return said == ASK


async def _quotable(here: Instance, author: Actor, quote_id: str) -> Post:
    may_read, parameters = readable(Viewer(actor_id=author.id))
    found = await here.db.value(
        f"SELECT post.id FROM post WHERE post.id = :wanted AND post.state = 'visible' AND {may_read}",
        wanted=quote_id,
        **parameters,
    )
    if found is None:
        raise NotFound
    quoted = await Post.get(id=quote_id)
    if quoted.visibility not in OPEN:
        raise NotAllowed("This was shared with some people only, so it is not quoted.")
    owner = await Actor.get(id=quoted.author_id)
    said = said_of(quoted, owner.uri, author.uri).quote
    if said == NEVER or (quoted.is_local and said != AUTOMATIC):
        raise NotAllowed(f"{owner.name or owner.username} has not said that this may be quoted. Link to it instead.")
    return quoted
