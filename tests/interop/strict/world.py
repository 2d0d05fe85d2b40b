"""What a stand-in may know of the servers around it: which ids are communities, which are private, which are ours."""

import re
from typing import Any

_OUR_GROUP = re.compile(r"https?://[^/]+/ap/c/[0-9a-z]+\Z")


class World:
    """Learns from every document that passes."""

    def __init__(self) -> None:
        self.origins: set[str] = set()
        self.groups: dict[str, bool | None] = {}

    def learn(self, document: Any) -> None:
        """Remember communities."""
        if isinstance(document, dict) and document.get("type") == "Group" and isinstance(document.get("id"), str):
            self.groups[document["id"]] = document.get("manuallyApprovesFollowers") is True

    def is_ours(self, uri: str) -> bool:
        """Whether one of the instances under test made this."""
        return any(uri.startswith(f"{origin}/") for origin in self.origins)

    def is_group(self, uri: str) -> bool:
        """Whether this is a community."""
        return uri in self.groups or (self.is_ours(uri) and _OUR_GROUP.match(uri) is not None)

    def is_private(self, uri: str) -> bool | None:
        """Whether a community is for its members only; None where nobody has looked yet."""
        return self.groups.get(uri)
