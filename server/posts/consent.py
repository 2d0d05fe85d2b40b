"""What the author of a post lets others do with it: interaction policies (GoToSocial, FEP-044f), as we keep them.

A post from elsewhere keeps what its author said. A post from here says what we do anyway, so that other servers know
before they ask: what is public may be liked, passed on and quoted by everybody, unless its author forbade quotes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from federation.vocab.base import PUBLIC
from federation.vocab.interaction import (
    ANNOUNCE,
    ASK,
    AUTOMATIC,
    INTERACTIONS,
    LIKE,
    NEVER,
    QUOTE,
    REPLY,
    Policy,
    SubPolicy,
    policy_document,
    verdict,
)
from server.posts.models import Post
from server.posts.policy import OPEN

__all__ = [
    "ANNOUNCE",
    "ASK",
    "AUTOMATIC",
    "LIKE",
    "NEVER",
    "QUOTE",
    "REPLY",
    "Consent",
    "consent",
    "kept",
    "ours",
    "policy_from",
    "said_of",
    "searchable_by",
    "wire",
    "with_quote",
]


@dataclass(frozen=True, slots=True)
class Consent:
    """What one reader may do with one post: ``automatic``, ``ask`` (its author first) or ``never``."""

    like: str = AUTOMATIC
    reply: str = AUTOMATIC
    announce: str = AUTOMATIC
    quote: str = NEVER


def kept(policy: Policy) -> dict[str, Any] | None:
    """A policy as it is stored; None where it says nothing."""
    return {kind: {"auto": list(part.automatic), "ask": list(part.manual)} for kind, part in policy.items()} or None


def policy_from(stored: Any) -> dict[str, SubPolicy]:
    """A policy from what is stored, as text or as JSON."""
    found = json.loads(stored) if isinstance(stored, str) else stored
    if not isinstance(found, Mapping):
        return {}
    return {
        kind: SubPolicy(tuple(found[kind].get("auto", ())), tuple(found[kind].get("ask", ())))
        for kind in INTERACTIONS
        if kind in found
    }


def ours(*, visibility: str, locked: bool, author_uri: str, stored: Any) -> dict[str, SubPolicy]:
    """What a post from here says; what its author chose (`stored`) stands above what follows from its audience."""
    nobody, everybody = SubPolicy((author_uri,), ()), SubPolicy((PUBLIC,), ())
    if visibility not in OPEN:
        # It is not passed on, so nobody is asked (S15).
        return {ANNOUNCE: nobody, QUOTE: nobody}
    found = {LIKE: everybody, REPLY: nobody if locked else everybody, ANNOUNCE: everybody, QUOTE: everybody}
    return found | policy_from(stored)


def wire(post: Post, author_uri: str) -> dict[str, object]:
    """What the document of a post from here says of all this: its policy, its quote, and the proofs it has."""
    said = ours(visibility=post.visibility, locked=post.locked, author_uri=author_uri, stored=post.interaction)
    found: dict[str, object] = {"interactionPolicy": policy_document(said)}
    if post.quote_uri:
        # The later names are what Fedibird and Misskey read.
        found |= dict.fromkeys(("quote", "quoteUri", "_misskey_quote"), post.quote_uri)
    for key, stamp in (("quoteAuthorization", post.quote_stamp), ("approvedBy", post.approved_by)):
        if stamp:
            found[key] = stamp
    return found


def with_quote(content: str, post: Post) -> str:
    """The content of a post, with a link to what it quotes for those who cannot show quotes (FEP-044f)."""
    if not post.quote_uri:
        return content
    address = escape(post.quote_uri)
    return f'{content}<p class="quote-inline">RE: <a href="{address}">{address}</a></p>'


def searchable_by(post: Post, author_uri: str) -> str:
    """FEP-268d: everybody for what is public, nobody but its author otherwise."""
    return PUBLIC if post.visibility == "public" else author_uri


def said_of(post: Post, author_uri: str, actor_uri: str, *, mentioned: bool = False) -> Consent:
    """What an actor may do with a post, from its row."""
    return consent(
        is_local=post.is_local,
        visibility=post.visibility,
        locked=post.locked,
        author_uri=author_uri,
        stored=post.interaction,
        actor_uri=actor_uri,
        mentioned=mentioned,
    )


def consent(
    *,
    is_local: bool,
    visibility: str,
    locked: bool,
    author_uri: str,
    stored: Any,
    actor_uri: str,
    mentioned: bool = False,
) -> Consent:
    """What somebody may do with a post, as far as its author has a say in it."""
    policy = (
        ours(visibility=visibility, locked=locked, author_uri=author_uri, stored=stored)
        if is_local
        else policy_from(stored)
    )

    def said(kind: str) -> str:
        return verdict(policy, kind, actor_uri, author=author_uri, mentioned=mentioned)

    # Whether a closed conversation takes replies is not a matter of consent; a locked post has its own sentence.
    reply = AUTOMATIC if is_local else said(REPLY)
    quote = said(QUOTE) if visibility in OPEN else NEVER
    return Consent(like=said(LIKE), reply=reply, announce=said(ANNOUNCE), quote=quote)
