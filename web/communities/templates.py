"""What a community can begin with: the form filled in, for whoever starts one to change (D8, A22, N20)."""

from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import Request

from server.communities import policy
from server.communities.form import CommunityForm
from web.i18n import gettext
from web.request import here_of

SUPPORT = "support"
TERM = timedelta(weeks=16)
"""A formal community that begins from a template has this long, until somebody changes it."""


@dataclass(frozen=True, slots=True)
class Template:
    """A beginning: what it is called, and what it fills in. `formal`: with a charter, a term and facilitators."""

    key: str
    name: str
    purpose: str
    objectives: str
    outcomes: str
    prompts: tuple[str, str, str]
    formal: bool = False
    kind: str = ""
    visibility: str = policy.PUBLIC


def gallery(request: Request) -> list[Template]:
    """All of them, in the order of the settings that they are for."""
    return [*_schools(request), *_places(request), *_work(request), *_societies(request)]


def name_of(request: Request, text: str | None) -> str:
    """The template of this name; empty for any other."""
    return text if text in {SUPPORT, *(one.key for one in gallery(request))} else ""


def begun(request: Request, form: CommunityForm, template: str) -> CommunityForm:
    """The form as a template begins it."""
    if template == SUPPORT:
        return _support(request, form)
    found = next((one for one in gallery(request) if one.key == template), None)
    if found is None:
        return form
    until = (here_of(request).clock.now() + TERM).date().isoformat()
    return replace(
        form,
        name=found.name,
        purpose=found.purpose,
        kind=found.kind or (policy.FORMAL if found.formal else policy.INFORMAL),
        visibility=found.visibility,
        join_policy=policy.APPLY if found.formal or found.visibility == policy.MEMBERS else policy.OPEN,
        objectives=found.objectives,
        outcomes=found.outcomes,
        term_until=until if found.formal else "",
        cadence=gettext(request, "Every second week, 25 minutes"),
        time_per_week=gettext(request, "30 minutes"),
        gives=gettext(request, "What you tried, also what did not work"),
        gets=gettext(request, "What others tried, and answers when you are stuck"),
        channels=gettext(request, "Here between meetings, so that everybody finds it again."),
        feedback=gettext(request, "Ask first. One thing that worked, one thing to try."),
        goals=(found.outcomes,),
        guidelines="\n".join(f"{number}. {rule}" for number, rule in enumerate(_guidelines(request), 1)),
    )


def prompts(request: Request, template: str) -> tuple[str, ...]:
    """The questions that a template begins with."""
    return next((one.prompts for one in gallery(request) if one.key == template), ())


def _schools(request: Request) -> list[Template]:
    return [
        Template(
            "data-team",
            gettext(request, "Data team"),
            gettext(request, "We look at what our numbers say about learning, and try one thing because of it."),
            gettext(request, "Ask one question of our data, and answer it together."),
            gettext(request, "One change that was tried, with numbers before and after"),
            (
                gettext(request, "Which question would you like our data to answer?"),
                gettext(request, "What do we have already that says something about it?"),
                gettext(request, "What surprised you when you looked?"),
            ),
            formal=True,
            visibility=policy.MEMBERS,
        ),
        Template(
            "outreach",
            gettext(request, "Outreach"),
            gettext(request, "We reach the families and neighbours who do not come by themselves."),
            gettext(request, "Find out whom we do not reach, and why."),
            gettext(request, "Three ways in that were tried, with who came"),
            (
                gettext(request, "Who has never been here, and what might keep them away?"),
                gettext(request, "Where do they go instead?"),
                gettext(request, "Whom could we ask to come along?"),
            ),
            formal=True,
        ),
        Template(
            "literacy",
            gettext(request, "Literacy advocacy"),
            gettext(
                request, "We make reading and writing everybody's business, in every subject and outside of school."
            ),
            gettext(request, "Each of us brings one reading habit to people who had none."),
            gettext(request, "A shared list of habits, with where they lasted"),
            (
                gettext(request, "When did you last see somebody read because they wanted to?"),
                gettext(request, "Which text would you give to somebody who says that they do not read?"),
                gettext(request, "What gets in the way where you are?"),
            ),
        ),
        Template(
            "sel",
            gettext(request, "Network for social and emotional learning"),
            gettext(request, "We try short routines that help people to feel safe and be heard, and tell how it went."),
            gettext(request, "Everybody tries one routine a month."),
            gettext(request, "A set of routines, each tried in three places"),
            (
                gettext(request, "How do your days begin, and how would you like them to?"),
                gettext(request, "Which routine did you keep for more than a month?"),
                gettext(request, "What did somebody say that told you it helped?"),
            ),
        ),
        Template(
            "writing",
            gettext(request, "Writing sites"),
            gettext(request, "We write ourselves, show each other drafts, and take what we learn to our classes."),
            gettext(request, "Everybody writes, and everybody gives feedback, in every meeting."),
            gettext(request, "A collection of our own texts and the tasks that came of them"),
            (
                gettext(request, "What are you writing, or would you like to?"),
                gettext(request, "Which feedback on a text of yours helped you?"),
                gettext(request, "Which task got more out of your students than you expected?"),
            ),
        ),
        Template(
            "curriculum",
            gettext(request, "Faculty curriculum network"),
            gettext(request, "We look at each other's courses, and agree on what students meet where."),
            gettext(request, "Every course is read by somebody who does not teach it."),
            gettext(request, "A map of what is taught where, and three gaps that were closed"),
            (
                gettext(request, "Which part of your course would you like somebody to look at?"),
                gettext(request, "What do students already know when they come to you?"),
                gettext(request, "What do we all teach, each a little differently?"),
            ),
            formal=True,
            visibility=policy.MEMBERS,
        ),
    ]


def _places(request: Request) -> list[Template]:
    return [
        Template(
            "library-circles",
            gettext(request, "Library circles"),
            gettext(request, "Small groups learn something in the library that none of them could alone."),
            gettext(request, "Each circle decides what it learns, and shows it at the end."),
            gettext(request, "An afternoon at which every circle shows what it made"),
            (
                gettext(request, "What would you like to learn with others?"),
                gettext(request, "What could you show somebody in ten minutes?"),
                gettext(request, "When do people near you have time?"),
            ),
        ),
        Template(
            "onboarding",
            gettext(request, "New staff"),
            gettext(request, "Whoever is new finds people to ask, and whoever is not new remembers what it was like."),
            gettext(request, "Everybody who is new knows three people to ask after two weeks."),
            gettext(request, "A page of answers that new people wrote for the next ones"),
            (
                gettext(request, "What did you wish somebody had told you on your first day?"),
                gettext(request, "Which word do we all use that nobody explains?"),
                gettext(request, "Whom did you ask, and for what?"),
            ),
            kind=policy.PROGRAMME,
            visibility=policy.MEMBERS,
        ),
        Template(
            "skill-share",
            gettext(request, "Skill-share"),
            gettext(request, "Everybody shows something that they can do, and learns something that they cannot."),
            gettext(request, "One person shows one thing each time, and another one the next time."),
            gettext(request, "Ten things that were shown, each with three lines on how to do it"),
            (
                gettext(request, "What can you do that others here cannot?"),
                gettext(request, "What would you like somebody to show you?"),
                gettext(request, "What did you use again after somebody showed it to you?"),
            ),
        ),
        Template(
            "lunch",
            gettext(request, "Lunch series"),
            gettext(request, "Over lunch, somebody tells what they are working on, and the others ask."),
            gettext(request, "A different person tells something each time."),
            gettext(request, "A list of what was told, with what it led to"),
            (
                gettext(request, "What are you working on that others should hear about?"),
                gettext(request, "Whom should we invite from elsewhere?"),
                gettext(request, "What did you do differently after a lunch?"),
            ),
        ),
    ]


def _work(request: Request) -> list[Template]:
    return [
        Template(
            "clinical",
            gettext(request, "Clinical skill buddies"),
            gettext(
                request,
                "Two by two, we practise skills that have to sit, and never talk about an identifiable patient.",
            ),
            gettext(request, "Everybody practises one skill with a buddy every two weeks."),
            gettext(request, "A checklist for each skill that pairs wrote themselves"),
            (
                gettext(request, "Which skill would you like to be surer of?"),
                gettext(request, "What do you check twice, and why?"),
                gettext(request, "What did your buddy see that you did not?"),
            ),
            formal=True,
            visibility=policy.MEMBERS,
        ),
        Template(
            "shop-floor",
            gettext(request, "Shop floor"),
            gettext(request, "Who does the work tells how it could be done better and more safely."),
            gettext(request, "One small improvement is tried each week, by who had the idea."),
            gettext(request, "Improvements that lasted, each with what it saved or prevented"),
            (
                gettext(request, "What do you do by hand that annoys you every day?"),
                gettext(request, "Where did something nearly go wrong?"),
                gettext(request, "Which trick of yours should everybody know?"),
            ),
        ),
        Template(
            "build-day",
            gettext(request, "Build day"),
            gettext(request, "For one day we build something that nobody had time for, and show it in the evening."),
            gettext(request, "Everybody works on something with people they do not work with otherwise."),
            gettext(request, "Something that runs at the end of the day, and one that is used a month later"),
            (
                gettext(request, "What would you build if you had a day?"),
                gettext(request, "Who would use it on the next morning?"),
                gettext(request, "Which skill does your idea need that you do not have?"),
            ),
        ),
    ]


def _societies(request: Request) -> list[Template]:
    return [
        Template(
            "book-club",
            gettext(request, "Reading together"),
            gettext(request, "We read one text at a time and try one thing from it."),
            gettext(request, "Everybody reads, and everybody says one thing."),
            gettext(request, "One thing from each text that was tried"),
            (
                gettext(request, "What should we read next, and why?"),
                gettext(request, "Which sentence stayed with you?"),
                gettext(request, "What did you try because of it?"),
            ),
        ),
    ]


def _guidelines(request: Request) -> list[str]:
    return [
        gettext(request, "Talk about your work, never about somebody who could be identified."),
        gettext(request, "Say so when something did not work: that helps as much."),
        gettext(request, "Ask before you advise. Speak about the practice, not the person."),
        gettext(request, "What is said here stays here unless the person who said it agrees."),
        gettext(
            request, "Talk to each other first when something is wrong. If that does not help, ask who looks after us."
        ),
    ]


def _support(request: Request, form: CommunityForm) -> CommunityForm:
    return replace(
        form,
        kind=policy.SUPPORT,
        visibility=policy.MEMBERS,
        join_policy=policy.APPLY,
        gives=gettext(request, "Listening, and your own experience where somebody asks for it"),
        gets=gettext(request, "People who listen, and who know something like it"),
        questions=(
            gettext(request, "What would you like support with? Say as much or as little as you want."),
            gettext(request, "Is there somebody whom you would rather not meet in this group?"),
        ),
        guidelines="\n".join(f"{number}. {rule}" for number, rule in enumerate(_rules(request), 1)),
    )


def _rules(request: Request) -> list[str]:
    return [
        gettext(request, "What is said here stays here. Nobody passes it on, quotes it or takes pictures of it."),
        gettext(request, "We listen first. Advice only where somebody asks for it."),
        gettext(request, "Nobody has to speak, and everybody may leave at any time without a reason."),
        gettext(request, "We name no pupils, and nobody who is not here."),
        gettext(
            request,
            "There is one limit: if somebody is in danger, those who look after this group act and tell who can help."
            " They tell you first where that is possible.",
        ),
    ]
