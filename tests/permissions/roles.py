"""Who asks, what for, and the words of the rules: which roles each of them means, by where the thing is."""

from dataclasses import dataclass, field

OPEN, CLOSED, OWN, ABSENT = PLACES = ("open", "closed", "own", "absent")
NOBODY = "nobody"
ROLES = (
    NOBODY, "suspended", "blocked", "outsider", "neighbour", "member", "author", "facilitator", "steward",
    "server steward", "admin",
)  # fmt: skip
"""`blocked`: by the author. `neighbour`: steward of another community. `suspended` was a member."""
INSIDE = ("suspended", "member", "author", "facilitator", "steward")

_ALL = frozenset(ROLES)
_SIGNED_IN = _ALL - {NOBODY, "suspended"}
_MEMBERS = frozenset(INSIDE) - {"suspended"}
_SITE = frozenset({"server steward", "admin"})
_LEAD = frozenset({"facilitator", "steward"})
_AUTHOR, _BLOCKED, _ADMIN = frozenset({"author"}), frozenset({"blocked"}), frozenset({"admin"})
_LEADS = frozenset({"neighbour"})
_STEWARD = frozenset({"steward"})
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Who:
    """What one word of the rules means: a sentence, and the roles for what is open and for what is for members."""

    sentence: str
    open: frozenset[str]
    closed: frozenset[str] = _NONE
    own: frozenset[str] = field(default=frozenset({"author"}))

    def may(self, place: str) -> frozenset[str]:
        """The roles that may, in a place."""
        return {OPEN: self.open, CLOSED: self.closed, OWN: self.own}.get(place, _NONE)


WHO = {
    "everybody": Who("whoever asks, also without an account", _ALL, _ALL, _ALL),
    "signed in": Who("everybody with an account here, each for themselves", _SIGNED_IN, _SIGNED_IN, _SIGNED_IN),
    "other people": Who("everybody with an account here but the person themselves", _SIGNED_IN - {"member"}),
    "owner": Who("the person whose it is, and nobody else", frozenset({"author"}), frozenset({"author"})),
    "the two of a conversation": Who("who wrote, and to whom", _NONE, own=frozenset({"author", "facilitator"})),
    "the three of a mediation": Who(
        "the two, and the one who helps, each from when they are asked", _NONE, own=frozenset({"author", "facilitator"})
    ),
    "safeguarding": Who("who is responsible for safeguarding, and nobody else, admins included", _LEADS, _NONE, _LEADS),
    "visitors": Who("who may look into the community: everybody, or only its members", _ALL, _MEMBERS),
    "visitors signed in": Who("the same, with an account here", _SIGNED_IN, _MEMBERS),
    "visitors of what is open": Who("everybody, where the community is for everybody; else nobody", _ALL),
    "newcomers": Who("who is not a member, where people may come", _SIGNED_IN - _MEMBERS),
    "members": Who("members of the community", _MEMBERS, _MEMBERS),
    "members but the last steward": Who(
        "members; the last steward hands over first", _MEMBERS - {"steward"}, _MEMBERS - {"steward"}
    ),
    "facilitators": Who("facilitators and stewards of the community", _LEAD, _LEAD),
    "stewards": Who(
        "stewards of the community; admins where they may look", frozenset({"steward", "admin"}), frozenset({"steward"})
    ),
    "stewards alone": Who("stewards of the community, and no admin", _STEWARD, _STEWARD),
    "readers": Who(
        "who may read the post: everybody whom its author has not blocked, or only members", _ALL - _BLOCKED, _MEMBERS
    ),
    "readers signed in": Who("the same, with an account here", _SIGNED_IN - _BLOCKED, _MEMBERS),
    "other readers": Who("the same, but not its author", _SIGNED_IN - _BLOCKED - _AUTHOR, _MEMBERS - _AUTHOR),
    "readers of what is open": Who("who may read the post, where that is everybody; else nobody", _ALL - _BLOCKED),
    "readers of what is open, signed in": Who("the same, with an account here", _SIGNED_IN - _BLOCKED),
    "author": Who("who wrote it", _AUTHOR, _AUTHOR),
    "co-authors": Who("people who agreed to write it together with its author", _NONE),
    "asked to discuss": Who("whom the host of a seminar asked to discuss", _NONE),
    "author and facilitators": Who("who wrote it, and facilitators of the community", _LEAD | _AUTHOR, _LEAD | _AUTHOR),
    "author and moderators": Who("who wrote it, and moderators", _LEAD | _SITE | _AUTHOR, _LEAD | _AUTHOR),
    "moderators": Who(
        "facilitators and stewards of the community; stewards of the server where they may look", _LEAD | _SITE, _LEAD
    ),
    "all who look after something": Who(
        "facilitators and stewards of any community, and stewards of the server", _LEAD | _SITE | {"neighbour"}
    ),
    "stewards of the server": Who("stewards of the server, and admins", _SITE, _SITE, _SITE),
    "admins": Who("admins of the server", _ADMIN, _ADMIN, _ADMIN),
}


def to_ask(may: frozenset[str], place: str, *, all_of_them: bool = False) -> list[str]:
    """Whom to ask of those who may, and of those who may not: all, or the ones nearest to the line between them."""
    if all_of_them:
        return list(ROLES)
    inside = [role for role in ("member", "author", "facilitator", "steward") if role not in may]
    far = {OPEN: ("blocked", "outsider", "admin"), CLOSED: ("outsider", "neighbour", "server steward", "admin")}
    asked = {NOBODY, *far.get(place, ("outsider", "steward", "admin")), *inside[-1:]} - may
    return [role for role in ROLES if role in asked] + [role for role in ROLES if role in may][:1]
