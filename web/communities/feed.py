"""What a public community shares, as an Atom feed (RFC 4287)."""

from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import ANONYMOUS
from server.communities import policy, queries
from server.errors import NotFound
from server.instance import Instance
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
    changes = [post.edited_at or post.published_at for post in found.items]
    feed = begin(
        here,
        uri=page.label.uri,
        title=page.label.name,
        subtitle=page.purpose,
        updated=moment(max(changes, default=page.created_at)),
        language=page.language,
        address=f"{page.url}/feed.atom",
        page=page.url,
    )
    SubElement(SubElement(feed, "author"), "name").text = clean(here.site.name)
    for post in found.items:
        _entry(feed, post, here.url(post.url))
    return answer(feed)


def begin(
    here: Instance, *, uri: str, title: str, subtitle: str, updated: str, language: str, address: str, page: str
) -> Element:
    """The head of a feed at `address` about what has its page at `page`."""
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language, "xml:base": here.url("/")})
    SubElement(feed, "id").text = uri
    SubElement(feed, "title").text = clean(title)
    SubElement(feed, "subtitle").text = clean(subtitle)
    SubElement(feed, "updated").text = updated
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": here.url(address)})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": here.url(page)})
    return feed


def answer(feed: Element) -> Response:
    """A whole feed as it is answered with."""
    body = tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml", headers={"Cache-Control": "public, max-age=300"})


def _entry(feed: Element, post: PostView, address: str) -> None:
    entry = SubElement(feed, "entry", {"xml:lang": post.language} if post.language else {})
    SubElement(entry, "id").text = post.uri
    SubElement(entry, "title").text = clean(post.title or post.excerpt[:80] or post.kind_label)
    SubElement(entry, "updated").text = moment(post.edited_at or post.published_at)
    SubElement(entry, "published").text = moment(post.published_at)
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
    author = SubElement(entry, "author")
    SubElement(author, "name").text = clean(post.author.display_name)
    SubElement(author, "uri").text = post.author.uri
    for person in post.coauthors:
        author = SubElement(entry, "author")
        SubElement(author, "name").text = clean(person.name)
        SubElement(author, "uri").text = person.uri
    if post.content_warning:
        SubElement(entry, "summary").text = clean(post.content_warning)
    else:
        SubElement(entry, "content", {"type": "html"}).text = clean(post.content_html)


def moment(at: datetime) -> str:
    """A time as feeds say it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def clean(text: str) -> str:
    """Without what XML 1.0 cannot say."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n\r" or (letter >= " " and not "\ud800" <= letter <= "\udfff" and letter not in "\ufffe\uffff")
    )


routes = [Route("/c/{slug}/feed.atom", atom)]
