"""Every endpoint of the client API."""

from starlette.routing import BaseRoute

from server.mastodon import instance, markers, news, people, relationships, threads, timelines


def routes() -> list[BaseRoute]:
    """All of them; what is more certain than a number or a name stands before it."""
    return [
        *timelines.routes(),
        *threads.routes(),
        *relationships.routes(),
        *people.routes(),
        *news.routes(),
        *markers.routes(),
        *instance.routes(),
    ]
