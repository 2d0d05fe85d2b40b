"""Links of people who are new: few at first, because that is what spam is made of (product row 5.6)."""

import re
from datetime import timedelta

from server.accounts import throttle
from server.accounts.throttle import TooMany
from server.actors.models import Actor
from server.errors import Invalid
from server.instance import Instance
from server.peers import queries as peers
from server.posts.form import NewPost

NEW_FOR = timedelta(days=3)
MOST_LINKS = 5
"""In one post."""
MOST_POSTS = 30
"""With links, in one day."""
MADE_OF_FIELDS = frozenset({"practice", "tip", "resource", "session", "collection", "challenge", "proposal"})
"""We put links into their texts: chapters, sources, what to read before. There it is servers that are counted."""

_ADDRESS = re.compile(r"https?://([^\s/<>\"')]+)")
_ANCHOR = re.compile(r"<a\b(?![^>]*\b(?:mention|hashtag)\b)[^>]*\bhref=[\"']?https?://([^\s/<>\"')]+)", re.IGNORECASE)


def check(here: Instance, author: Actor, new: NewPost) -> None:
    """Raise Invalid where somebody here who is new writes too many links at once, or in a day."""
    if not _is_new(here, author):
        return
    found = _ADDRESS.findall(f"{new.source_md} {new.content_html or ''}")
    hosts = [host.lower() for host in found if not here.settings.origin.endswith(f"//{host.lower()}")]
    is_made = new.kind in MADE_OF_FIELDS
    links = len(set(hosts)) if is_made else len(hosts)
    if links > MOST_LINKS:
        raise Invalid(
            f"Your account is new: use at most {MOST_LINKS} links in a post for the first three days.", field="text"
        )
    if links and not is_made:
        try:
            throttle.limit(here, f"links {author.id}", "", MOST_POSTS, window=timedelta(days=1))
        except TooMany as error:
            words = "Your account is new, and wrote many posts with links today. Go on tomorrow, or without links."
            raise Invalid(words, field="text") from error


def is_pushy(here: Instance, author: Actor, html: str) -> bool:
    """Whether a post from elsewhere waits, because its author is new here and it is full of links."""
    if not _is_new(here, author) or peers.effects_for(here, author.host).is_network:
        return False
    hosts = {host.lower() for host in _ANCHOR.findall(html)}
    return len(hosts - {author.host}) > MOST_LINKS


def _is_new(here: Instance, author: Actor) -> bool:
    return author.kind == "Person" and here.clock.now() - author.created_at < NEW_FOR
