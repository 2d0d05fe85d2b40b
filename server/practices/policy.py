"""Who may see and do what with a practice: pure functions."""

OWN_AUDIENCES = ("public", "followers", "instance")


def audiences(community_visibility: str | None) -> tuple[str, ...]:
    """The audiences an author may choose from, the widest first: never wider than the community's own."""
    if community_visibility is None:
        return OWN_AUDIENCES
    return (community_visibility, "members") if community_visibility != "members" else ("members",)
