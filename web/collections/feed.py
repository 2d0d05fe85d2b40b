"""A collection as an Atom feed (RFC 4287): what is in it, for whoever reads no network."""

from html import escape
from xml.etree.ElementTree import SubElement

from starlette.requests import Request
from starlette.responses import Response

from server.actors.viewer import ANONYMOUS
from server.collections import queries
from server.errors import NotFound
from server.posts import queries as posts
from web.communities.feed import answer, begin, clean, moment
from web.request import here_of


async def atom(request: Request) -> Response:
    """What anybody may read, whoever asks: feed readers have no session."""
    here = here_of(request)
    post = await posts.show(here, ANONYMOUS, request.path_params["name"])
    if post is None or post.kind != "collection" or not post.is_local:
        raise NotFound
    found = await queries.collection(here, ANONYMOUS, post)
    changed = moment(post.edited_at or post.published_at)
    feed = begin(
        here,
        uri=post.uri,
        title=post.title,
        subtitle=found.intro,
        updated=changed,
        language=post.language,
        address=f"{post.url}/feed.atom",
        page=post.url,
    )
    SubElement(SubElement(feed, "author"), "name").text = clean(post.author.display_name)
    for item in found.items:
        address = here.url(item.url) if item.url.startswith("/") else item.url
        entry = SubElement(feed, "entry")
        SubElement(entry, "id").text = item.uri
        SubElement(entry, "title").text = clean(item.title)
        SubElement(entry, "updated").text = changed
        SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
        said = f'<p>{escape(item.why)}</p><p><a href="{escape(address)}">{escape(item.title)}</a></p>'
        SubElement(entry, "content", {"type": "html"}).text = clean(said)
    return answer(feed)
