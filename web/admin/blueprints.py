"""The networks that one can begin from, in the language of the page; every word can be changed before it is kept."""

from dataclasses import dataclass

from starlette.requests import Request

from server.blueprints.actions import Blueprint, Survey
from web.i18n import gettext


@dataclass(frozen=True, slots=True)
class Beginning:
    """A template: what fills the form, and what is made with it."""

    key: str
    label: str
    name: str
    purpose: str
    guidelines: str
    made: Blueprint


def beginnings(request: Request) -> list[Beginning]:
    """All templates."""
    return [_feelings(request), _writing(request), _faculty(request)]


def beginning(request: Request, key: str) -> Beginning | None:
    """One of them."""
    return next((item for item in beginnings(request) if item.key == key), None)


def _feelings(request: Request) -> Beginning:
    return Beginning(
        key="sel",
        label=gettext(request, "Social and emotional learning"),
        name=gettext(request, "Social and emotional learning together"),
        purpose=gettext(request, "Schools that help each other to teach how to get on with oneself and with others."),
        guidelines=gettext(
            request,
            "1. We speak about what we do, never about a child or a family.\n"
            "2. What worries us about somebody goes to the safeguarding lead of that school, not in here.\n"
            "3. We say what a practice asks of the adults, too.\n"
            "4. *It did not work here* is as welcome as *it worked*.\n"
            "5. Each school answers reports within two working days.",
        ),
        made=Blueprint(
            communities=(
                (
                    gettext(request, "Calm starts and hard days"),
                    gettext(request, "Routines for the beginning of a day, and for when it goes wrong."),
                ),
                (
                    gettext(request, "Talking circles"),
                    gettext(request, "How we lead conversations in class, with prompts that worked."),
                ),
                (
                    gettext(request, "Adults first"),
                    gettext(request, "How staff look after themselves and each other."),
                ),
            ),
            steps=(
                _first(request, gettext(request, "How sure are you of what to do when a child has a hard day?")),
                gettext(request, "Week 1: two schools agree on the guidelines, and each names a contact."),
                gettext(request, "Week 2: every member shares one practice it uses every day."),
                gettext(
                    request, "Weeks 3 to 8: everybody tries one practice of another school and reports how it went."
                ),
                gettext(request, "Week 9: meet for an hour, and choose what all of you keep."),
                _last(request, gettext(request, "How sure are you of what to do when a child has a hard day?")),
            ),
        ),
    )


def _writing(request: Request) -> Beginning:
    return Beginning(
        key="writing",
        label=gettext(request, "Writing project sites"),
        name=gettext(request, "Writing project"),
        purpose=gettext(request, "Sites where teachers write themselves, and teach each other how to teach writing."),
        guidelines=gettext(
            request,
            "1. Whoever teaches writing, writes: every site begins its meetings with ten minutes of it.\n"
            "2. Drafts of colleagues stay where they were shared.\n"
            "3. Pupils’ texts are shown only with consent, and without anything that names their authors.\n"
            "4. What we take up, we credit, with its licence.\n"
            "5. Each site answers for itself; nobody speaks for the network.",
        ),
        made=Blueprint(
            communities=(
                (
                    gettext(request, "Teachers who write"),
                    gettext(request, "Drafts, prompts, and answers to each other’s texts."),
                ),
                (
                    gettext(request, "Teaching writing"),
                    gettext(request, "Practices for all ages, tried and revised at several sites."),
                ),
                (
                    gettext(request, "Site leaders"),
                    gettext(request, "Summer institutes, dates and money: how a site is run."),
                ),
            ),
            steps=(
                _first(request, gettext(request, "How much do you feel like somebody who writes?")),
                gettext(request, "Month 1: each site names two leaders, who join “Site leaders”."),
                gettext(request, "Month 2: a first demonstration lesson of each site is shared as a practice."),
                gettext(request, "Months 3 to 5: every site tries a lesson of two others and reports."),
                gettext(request, "Month 6: plan the summer institute, and read the report of the network."),
                _last(request, gettext(request, "How much do you feel like somebody who writes?")),
            ),
        ),
    )


def _faculty(request: Request) -> Beginning:
    return Beginning(
        key="faculty",
        label=gettext(request, "Faculty curriculum network (hub and sites)"),
        name=gettext(request, "Curriculum network"),
        purpose=gettext(request, "A hub and its sites that design courses together and look at what students learn."),
        guidelines=gettext(
            request,
            "1. The hub invites and keeps the calendar; the sites decide about their courses.\n"
            "2. Course material is shared with a licence that lets others change it.\n"
            "3. Student work is shown only with consent, and never with names.\n"
            "4. Results are compared to learn, not to rank: no site is shown by itself without its leave.\n"
            "5. A site that leaves takes its material along, and what others made of it stays.",
        ),
        made=Blueprint(
            communities=(
                (
                    gettext(request, "Hub"),
                    gettext(request, "The people who bring the sites together: dates, invitations, decisions."),
                ),
                (
                    gettext(request, "Course design"),
                    gettext(request, "Syllabi, assignments and rubrics, worked on across faculties."),
                ),
                (
                    gettext(request, "What students learn"),
                    gettext(request, "What we look at, what we found, and what we change because of it."),
                ),
            ),
            steps=(
                _first(request, gettext(request, "How well do you know what is learnt in courses beside yours?"), 2),
                gettext(request, "Before term: the hub invites the sites, and all agree on two shared aims."),
                gettext(request, "Weeks 1 to 4: each site shares one assignment, and takes up one of another site."),
                gettext(request, "Mid-term: a visit between two sites, in person or on a screen."),
                gettext(request, "End of term: every site reports how it went, and the hub reads the numbers."),
                _last(request, gettext(request, "How well do you know what is learnt in courses beside yours?"), 2),
            ),
        ),
    )


def _first(request: Request, question: str, community: int = 0) -> Survey:
    words = gettext(request, "At the beginning: ask all members with a poll, and keep the numbers.")
    return Survey(words, question, _scale(request), community)


def _last(request: Request, question: str, community: int = 0) -> Survey:
    words = gettext(request, "At the end: ask the same again, and compare.")
    return Survey(words, question, _scale(request), community)


def _scale(request: Request) -> tuple[str, ...]:
    return (
        gettext(request, "Not at all yet"),
        gettext(request, "A little"),
        gettext(request, "Quite"),
        gettext(request, "Very much"),
    )
