"""Who may see and do what with a practice: pure functions."""

OWN_AUDIENCES = ("public", "followers", "instance")


def audiences(community_visibility: str | None, *, has_network: bool = False) -> tuple[str, ...]:
    """The audiences an author may choose from, the widest first: never wider than the community's own."""
    if community_visibility is None:
        return ("public", "network", *OWN_AUDIENCES[1:]) if has_network else OWN_AUDIENCES
    return (community_visibility, "members") if community_visibility != "members" else ("members",)
