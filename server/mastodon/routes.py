"""Every endpoint of the client API."""

from starlette.routing import BaseRoute

from server.mastodon import (
    avoiding,
    conversations,
    discovery,
    filters,
    grouped,
    hashtags,
    instance,
    kept,
    lists,
    markers,
    news,
    people,
    profile,
    reacting,
    relationships,
    scheduled,
    searching,
    streaming,
    threads,
    timelines,
    uploads,
    voting,
    writing,
)


def routes() -> list[BaseRoute]:
    """All of them; what is more certain than a number or a name stands before it."""
    return [
        *timelines.routes(),
        *writing.routes(),
        *reacting.routes(),
        *kept.routes(),
        *uploads.routes(),
        *scheduled.routes(),
        *voting.routes(),
        *threads.routes(),
        *relationships.routes(),
        *markers.routes(),
        *grouped.routes(),
        *news.routes(),
        *conversations.routes(),
        *profile.routes(),
        *lists.routes(),
        *avoiding.routes(),
        *discovery.routes(),
        *searching.routes(),
        *filters.routes(),
        *hashtags.routes(),
        *streaming.routes(),
        *people.routes(),
        *instance.routes(),
    ]
