"""What a public community shares, as an Atom feed (RFC 4287)."""

from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import ANONYMOUS
from server.communities import policy, queries
from server.errors import NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from web.request import here_of

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 30


async def atom(request: Request) -> Response:
    """What anybody may read, whoever asks: feed readers have no session."""
    here = here_of(request)
    page = await queries.community_by_slug(here, request.path_params["slug"], ANONYMOUS)
    if page is None or not page.is_local or not policy.may_see(page.facts):
        raise NotFound
    found = await posts.listing(here, ANONYMOUS, community_id=page.id, limit=ENTRIES, top_level=True)
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": page.language, "xml:base": here.url("/")})
    SubElement(feed, "id").text = page.label.uri
    SubElement(feed, "title").text = _clean(page.label.name)
    SubElement(feed, "subtitle").text = _clean(page.purpose)
    changes = [post.edited_at or post.published_at for post in found.items]
    SubElement(feed, "updated").text = _time(max(changes, default=page.created_at))
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": here.url(f"{page.url}/feed.atom")})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": here.url(page.url)})
    SubElement(SubElement(feed, "author"), "name").text = _clean(here.site.name)
    for post in found.items:
        _entry(feed, post, here.url(post.url))
    body = tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml", headers={"Cache-Control": "public, max-age=300"})


def _entry(feed: Element, post: PostView, address: str) -> None:
    entry = SubElement(feed, "entry", {"xml:lang": post.language} if post.language else {})
    SubElement(entry, "id").text = post.uri
    SubElement(entry, "title").text = _clean(post.title or post.excerpt[:80] or post.kind_label)
    SubElement(entry, "updated").text = _time(post.edited_at or post.published_at)
    SubElement(entry, "published").text = _time(post.published_at)
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
    author = SubElement(entry, "author")
    SubElement(author, "name").text = _clean(post.author.display_name)
    SubElement(author, "uri").text = post.author.uri
    if post.content_warning:
        SubElement(entry, "summary").text = _clean(post.content_warning)
    else:
        SubElement(entry, "content", {"type": "html"}).text = _clean(post.content_html)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot say."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n\r" or (letter >= " " and not "\ud800" <= letter <= "\udfff" and letter not in "\ufffe\uffff")
    )


routes = [Route("/c/{slug}/feed.atom", atom)]
