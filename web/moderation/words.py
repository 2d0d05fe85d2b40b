"""The words for reports: what is wrong, what can be done, what became of it."""

from collections.abc import Sequence

from starlette.requests import Request

from server.moderation import policy
from server.moderation.clauses import Rule
from server.moderation.views import CaseView
from web.i18n import gettext

Option = dict[str, str]


def categories(request: Request) -> list[Option]:
    """What can be wrong, as choices."""
    return [
        {"value": value, "label": label, "hint": hint}
        for value, label, hint in (
            (
                "guidelines",
                gettext(request, "It breaks the guidelines"),
                gettext(request, "Say which one, if you can."),
            ),
            (
                policy.UNSAFE,
                gettext(request, "It is unsafe for a child"),
                gettext(
                    request, "Goes straight to who is responsible for safeguarding here, and never leaves this server."
                ),
            ),
            (
                "privacy",
                gettext(request, "It shows who somebody is"),
                gettext(request, "A pupil, a parent or a colleague can be recognised."),
            ),
            ("harassment", gettext(request, "It hurts or harasses somebody"), ""),
            ("spam", gettext(request, "It is spam"), ""),
            ("copyright", gettext(request, "It uses the work of others without leave"), ""),
            (policy.OTHER, gettext(request, "Something else"), gettext(request, "Say what, in a few words.")),
        )
    ]


def category_labels(request: Request) -> dict[str, str]:
    """The same by value."""
    return {option["value"]: option["label"] for option in categories(request)} | {
        policy.MET: gettext(request, "Met by who looks after the place")
    }


def clause_options(request: Request, rules: Sequence[Rule]) -> list[Option]:
    """Numbered rules, as choices."""
    none = {"value": "", "label": gettext(request, "None of them, or I do not know")}
    return [none, *({"value": rule.value, "label": rule.words[:160]} for rule in rules)]


def measures(request: Request) -> dict[str, str]:
    """What was done, for who it is about and for the course of a case."""
    return {
        policy.NOTE: gettext(request, "A note to you; nothing else was done"),
        policy.EDIT: gettext(request, "You are asked to edit what you wrote"),
        policy.WARN: gettext(request, "A content note was put on it"),
        policy.LOCK: gettext(request, "The conversation was closed"),
        policy.DRAFT: gettext(request, "It was given back to you as a draft: change it, and share it again"),
        policy.REMOVE: gettext(request, "It was hidden; you and those who look after the place still see it"),
        policy.BAN: gettext(request, "You are kept out of the community"),
        policy.LIMIT: gettext(request, "Only those who follow you hear of you here"),
        policy.SUSPEND: gettext(request, "Your account is suspended here"),
    }


def done(request: Request) -> dict[str, str]:
    """What was done, for those who are not concerned."""
    return {
        policy.NOTE: gettext(request, "A word to the author"),
        policy.EDIT: gettext(request, "Its author was asked to edit"),
        policy.WARN: gettext(request, "A content note was put on a post"),
        policy.LOCK: gettext(request, "A conversation was closed"),
        policy.DRAFT: gettext(request, "A post was given back as a draft"),
        policy.REMOVE: gettext(request, "A post was hidden"),
        policy.BAN: gettext(request, "Somebody was kept out"),
        policy.LIMIT: gettext(request, "Somebody elsewhere is heard by their followers alone"),
        policy.SUSPEND: gettext(request, "Somebody was locked out"),
    }


def entries(request: Request) -> dict[str, str]:
    """The course of a case."""
    return {
        "reported": gettext(request, "Somebody reported it"),
        "merged": gettext(request, "Somebody else reported it, too"),
        "taken": gettext(request, "Took the case"),
        "released": gettext(request, "Gave the case back"),
        "passed": gettext(request, "Passed on to those who look after this server"),
        "late": gettext(request, "Nobody had looked in time: they were told again"),
        "decided": gettext(request, "Decided"),
        "objected": gettext(request, "Whom it is about objected"),
        "upheld": gettext(request, "The decision stays, after the objection"),
        "undone": gettext(request, "The decision was undone, after the objection"),
        "referred": gettext(request, "Passed to who is responsible for safeguarding"),
        "recorded": gettext(request, "Wrote down"),
        "exported": gettext(request, "Took it out for the records of the school"),
        "withdrawn": gettext(request, "The report was taken back"),
        "wants_name": gettext(request, "Wants to know who asked without a name; a second person has to want it, too"),
        "named": gettext(request, "Two wanted to know who asked without a name"),
    }


def choices(request: Request, case: CaseView, *, is_steward: bool, is_admin: bool) -> list[Option]:
    """What can be done in this case, the least first."""
    there = [post for post in case.posts if post.state in {"visible", "held"}]
    ours = [post for post in there if post.is_local]
    person, here = case.about.kind == "Person", case.about.is_local
    name = case.community.name if case.community is not None else ""
    offered = [
        (
            policy.NOTHING,
            True,
            gettext(request, "Nothing has to be done"),
            gettext(request, "The case is closed. Whoever reported it learns that you looked."),
        ),
        (
            policy.NOTE,
            person and here,
            gettext(request, "A note to the author"),
            gettext(request, "They read what you write below, and the clause. Often that is enough."),
        ),
        (
            policy.MEDIATE,
            person and here and any(report.host == "" for report in case.reports),
            gettext(request, "Offer a mediation, with your help"),
            gettext(request, "Whoever reported it is asked first. The other person learns of it when they agree."),
        ),
        (policy.EDIT, bool(ours) and here, gettext(request, "Ask them to edit it"), ""),
        (
            policy.WARN,
            bool(ours),
            gettext(request, "Put a content note on it"),
            gettext(request, "Readers see the note first, here and elsewhere. Write it below."),
        ),
        (policy.LOCK, bool(there), gettext(request, "Close the conversation"), gettext(request, "Nothing is added.")),
        (
            policy.DRAFT,
            any(post.kind in {"practice", "tip"} for post in ours),
            gettext(request, "Give it back as a draft"),
            gettext(request, "Out of sight everywhere; its author changes it and shares it again."),
        ),
        (
            policy.REMOVE,
            bool(there),
            gettext(request, "Hide the post"),
            gettext(request, "Its author still sees it, with the reason. Other servers are asked as well."),
        ),
        (
            policy.BAN,
            case.community is not None and case.community.is_local and person,
            gettext(request, "Keep the person out of %(name)s", name=name),
            gettext(request, "For a time or for good. They are told why."),
        ),
        (
            policy.LIMIT,
            is_steward and not here and person,
            gettext(request, "Hear less of this person"),
            gettext(request, "Only those who follow them see what they write, and nobody else is told of it."),
        ),
        (
            policy.SUSPEND,
            (is_steward and not here and person) or (is_admin and here and person),
            gettext(request, "Lock this person out")
            if here
            else gettext(request, "Take nothing more from this person"),
            gettext(request, "For the whole server. It can be undone."),
        ),
        (
            policy.REFER,
            case.desk != policy.SEALED,
            gettext(request, "Pass it to safeguarding"),
            gettext(request, "A child may be unsafe. From then on only who is responsible for that sees it."),
        ),
    ]
    return [{"value": value, "label": label, "hint": hint} for value, possible, label, hint in offered if possible]


def outcomes(request: Request) -> dict[str, str]:
    """What became of a report, for everybody who may know."""
    return {
        policy.ACTED: gettext(request, "Something was done"),
        policy.NONE: gettext(request, "Looked at; nothing had to be done"),
        policy.WITHDRAWN: gettext(request, "Taken back"),
        policy.ANSWERED: gettext(request, "Looked at and settled"),
        "": gettext(request, "Nobody has decided yet"),
    }


def lengths(request: Request) -> list[Option]:
    """For how long somebody is kept out."""
    return [
        {"value": "7", "label": gettext(request, "7 days")},
        {"value": "30", "label": gettext(request, "30 days")},
        {"value": "", "label": gettext(request, "For good")},
    ]


def tabs(request: Request, current: str, path: str = "/moderation") -> list[dict[str, object]]:
    """The lists for those who look after a place; of what is sealed there are no receipts, for nothing of it leaves."""
    lists = [
        ("waiting", gettext(request, "Waiting"), path),
        ("closed", gettext(request, "Decided"), f"{path}?show=closed"),
        ("receipts", gettext(request, "Receipts"), "/moderation/receipts"),
    ]
    shown = lists if path == "/moderation" else lists[:2]
    return [{"label": label, "href": href, "current": current == name} for name, label, href in shown]
