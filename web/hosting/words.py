"""The words for roles, next steps and questions to ask."""

from starlette.requests import Request

from server.hosting import policy
from web.i18n import gettext


def roles(request: Request) -> dict[str, tuple[str, str]]:
    """What each role is called, and its card: what one does who has it."""
    return {
        policy.HOST: (
            gettext(request, "Host"),
            gettext(request, "Opens and closes, says what comes next, and sees that everybody is heard."),
        ),
        policy.TIME: (
            gettext(request, "Time-keeper"),
            gettext(request, "Says when half of the time is over, and when it is time for the next thing."),
        ),
        policy.NOTES: (
            gettext(request, "Note-taker"),
            gettext(request, "Writes down what was decided and who does it; three lines are enough."),
        ),
        policy.QUESTIONS: (
            gettext(request, "Questioner"),
            gettext(request, "Asks what everybody takes for granted: how do we know, and for whom does it not work?"),
        ),
        policy.CONNECTS: (
            gettext(request, "Connector"),
            gettext(request, "Links what is said with what others do, and brings in who has said nothing yet."),
        ),
        policy.REVIEWS: (
            gettext(request, "Reviewer"),
            gettext(request, "Asks at the end what worked in this meeting and what you would change next time."),
        ),
    }


def prompts(request: Request, week: int) -> list[str]:
    """Three questions to ask this week; others next week."""
    known = [
        gettext(request, "What did you try last week, and what came of it?"),
        gettext(request, "What is hard for you at the moment?"),
        gettext(request, "What did somebody here do that helped you?"),
        gettext(request, "What would you do if you had ten minutes more?"),
        gettext(request, "Which of your habits would you like to get rid of?"),
        gettext(request, "What do you do differently from last year, and why?"),
        gettext(request, "Whom does what we do not reach yet?"),
        gettext(request, "What should we stop doing?"),
        gettext(request, "What would you like to see at somebody else's place?"),
    ]
    start = (week * 3) % len(known)
    return known[start : start + 3]


def introduction(request: Request) -> list[str]:
    """What a newcomer is asked; every answer may be left out."""
    return [
        gettext(request, "What do you do?"),
        gettext(request, "What brings you here?"),
        gettext(request, "What can others ask you about?"),
    ]
