"""NodeInfo 2.0 and 2.1, with the instance actor in the index (FEP-2677, FEP-0151)."""

from federation.ports import NodeInfoFacts

SOFTWARE = "peerhall"
VERSIONS = ("2.1", "2.0")


def index(origin: str, instance_actor: str) -> dict[str, object]:
    """``/.well-known/nodeinfo``."""
    links = [
        {"rel": f"http://nodeinfo.diaspora.software/ns/schema/{version}", "href": f"{origin}/nodeinfo/{version}"}
        for version in VERSIONS
    ]
    links.append({"rel": "https://www.w3.org/ns/activitystreams#Application", "href": instance_actor})
    return {"links": links}


def document(facts: NodeInfoFacts, version: str) -> dict[str, object]:
    """``/nodeinfo/2.0`` and ``/nodeinfo/2.1``."""
    software: dict[str, object] = {"name": SOFTWARE, "version": facts.version}
    if version == "2.1":
        repository = facts.metadata.get("repository")
        if isinstance(repository, str):
            software["repository"] = repository
    metadata = {key: value for key, value in facts.metadata.items() if key != "repository"}
    return {
        "version": version,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": ["rss2.0"]},
        "openRegistrations": facts.open_registrations,
        "usage": {
            "users": {
                "total": facts.users_total,
                "activeMonth": facts.users_active_month,
                "activeHalfyear": facts.users_active_halfyear,
            },
            "localPosts": facts.local_posts,
            "localComments": facts.local_comments,
        },
        "metadata": {"nodeName": facts.name, "nodeDescription": facts.description, **metadata},
    }


def content_type(version: str) -> str:
    """The media type NodeInfo documents come with."""
    return f'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/{version}#"'
