"""Who wrote a post besides its author, as everybody reads it: kept with the post, and told to others.

`attributedTo` stays the one author, whose server is the home of the post. The others stand in ``ph:coAuthors``, which
software that does not know it leaves alone, and at the end of the text, in words. Being named here lets nobody do
anything: who may change a practice is known to its home (`server.coauthors`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from federation.vocab.base import host_of, id_of, is_web_uri
from federation.vocab.objects import RemotePost
from server.actors.models import Actor
from server.text import clean_text

TERM = "ph:coAuthors"
COAUTHOR = "co-author"
"""What it is called among the facts of a post (`Post.particulars`)."""
MOST = 10
NAME_CHARACTERS = 100
_MAX_URI = 500

Facts = Sequence[Sequence[str]] | None


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who wrote a post with its author. `uri` is their id, `url` the page of their own server."""

    uri: str
    url: str
    name: str

    @property
    def host(self) -> str:
        """Their server."""
        return host_of(self.uri)


def named(actor: Actor) -> Named:
    """How somebody is named."""
    words = " ".join((actor.name or actor.username).split())[:NAME_CHARACTERS]
    return Named(actor.uri, actor.url or actor.uri, words)


def of(facts: Facts) -> tuple[Named, ...]:
    """Who is named among the facts of a post."""
    found = (item[1].split("\n", 2) for item in facts or () if item[0] == COAUTHOR)
    return tuple(Named(*parts) for parts in found if len(parts) == 3)


def with_names(facts: Facts, people: Iterable[Named]) -> list[list[str]]:
    """The facts of a post with these people in place of those who were named before."""
    others = [list(item) for item in facts or () if item[0] != COAUTHOR]
    return others + [[COAUTHOR, f"{person.uri}\n{person.url}\n{person.name}"] for person in people]


def wire(facts: Facts) -> dict[str, object]:
    """The term of a document of ours; none where nobody is named."""
    people = of(facts)
    if not people:
        return {}
    return {TERM: [{"ph:id": item.uri, "ph:url": item.url, "ph:name": item.name} for item in people]}


def read(remote: RemotePost) -> list[list[str]]:
    """Whom anybody's post names so, as facts; what is no address or has no name is left out."""
    listed = remote.raw.get(TERM) if remote.kind == "practice" else None
    found: dict[str, Named] = {}
    for item in listed[:MOST] if isinstance(listed, list) else [listed]:
        if not isinstance(item, Mapping):
            continue
        uri, url, name = id_of(item.get("ph:id")), item.get("ph:url"), item.get("ph:name")
        if uri is None or len(uri) > _MAX_URI or not is_web_uri(uri) or uri == remote.attributed_to:
            continue
        words = " ".join(clean_text(name[:500]).split())[:NAME_CHARACTERS] if isinstance(name, str) else ""
        page = url if isinstance(url, str) and len(url) <= _MAX_URI and is_web_uri(url) and "\n" not in url else uri
        if words and "\n" not in uri:
            found[uri] = Named(uri, page, words)
    return with_names((), found.values())


def under(facts: Facts, author: Named) -> str:
    """The line at the end of the text, as HTML: names are links, so that they call nobody."""
    people = of(facts)
    if not people:
        return ""
    names = [
        f'<a href="{escape(item.url)}">{escape(item.name)}</a> ({escape(item.host)})' for item in (author, *people)
    ]
    return f"<p>Written by {', '.join(names[:-1])} and {names[-1]}.</p>"
