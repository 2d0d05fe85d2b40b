"""Riverside Library: learning circles and family reading. Everybody here is invented."""

from server.demo.facts import (
    DemoCommunity,
    DemoEvent,
    DemoOrganisation,
    DemoPerson,
    DemoPractice,
    DemoRemix,
    DemoResource,
    DemoThread,
    DemoTip,
)

GUIDELINES = """1. Everybody here learns and everybody teaches.
2. What somebody tells the circle stays in the circle.
3. Leave room: if you have spoken twice, ask somebody who has not."""

PEOPLE = (
    DemoPerson(
        "tom",
        "Tom Hargreave",
        "Adult learning. Formerly a bus driver.",
        "Evening groups for adults",
        "groups where nobody knows each other",
        "admin",
    ),
    DemoPerson(
        "nadia",
        "Nadia Bensalem",
        "Family reading on Saturdays, in three languages.",
        "Family reading",
        "reading together in several languages",
        "steward",
    ),
    DemoPerson(
        "oskar", "Oskar Wiśniewski", "Repairs things, and shows how.", "Repair café", "teaching with your hands"
    ),
    DemoPerson("lucia", "Lucía Ferrer", "Children's librarian.", "Story time", "shy readers"),
    DemoPerson("bea", "Beatrice Long", "Volunteer; learning to run a circle.", "", "welcoming newcomers"),
)

COMMUNITIES = (
    DemoCommunity(
        slug="circles",
        name="Learning circles",
        kind="informal",
        purpose="Small groups that learn something together in six weeks, without a teacher.",
        time_per_week="2 hours during a circle, nothing in between",
        guidelines=GUIDELINES,
        members=("tom", "bea", "oskar", "nadia", "maya@northfield", "viktor@lakeside"),
    ),
    DemoCommunity(
        slug="families",
        name="Reading with families",
        kind="informal",
        purpose="What brings parents and children to the same page.",
        time_per_week="20 minutes",
        guidelines=GUIDELINES,
        members=("nadia", "lucia", "bea", "hannah@northfield"),
    ),
)

PRACTICES = (
    DemoPractice(
        author="tom",
        community="circles",
        days_ago=17,
        title="The first ten minutes of a circle that lasts",
        promise="Strangers who know what they want from each other before the kettle boils.",
        subject="Adult learning",
        level="Adults",
        group_size=8,
        minutes=10,
        setting="A table, chairs, tea",
        problem="Circles that start with a round of names and jobs lose half of their people by week three.",
        steps=(
            "No names yet. Everybody writes on a card: what do I want to be able to do in six weeks?",
            "Cards into the middle. Each person draws one that is not theirs and reads it out.",
            "The group guesses whose it is. Now the name, from its owner.",
            "On the back the owner writes what they can help somebody else with.",
            "The cards stay on the wall for six weeks.",
        ),
        evidence="**Numbers**\n\nFour circles with it: 27 of 31 people were there in week six. Three circles before it: 14 of 26.",
        certainty="measured",
        would_change="With people who do not like to write, let them draw, or pair them up. Above ten people the guessing "
        "takes too long.",
        replies=(
            (
                "maya@northfield",
                "Used the cards at the start of a school term with Year 9. Guessing was the best part.",
            ),
            ("bea", "My first circle, and it carried me through the scary ten minutes."),
        ),
        useful_to=("bea", "maya@northfield", "viktor@lakeside"),
    ),
    DemoPractice(
        author="nadia",
        community="families",
        days_ago=11,
        title="One story, three languages, one carpet",
        promise="Nobody in the room understands all of it, and everybody understands enough.",
        subject="Reading",
        level="Ages 4 to 7, with parents",
        group_size=20,
        minutes=30,
        setting="Carpet corner, picture book with few words",
        problem="Parents who do not read the language of the school stay at the back and hold the coats.",
        steps=(
            "Choose a book whose pictures tell the story. Copy the three sentences that matter onto big cards, one language a "
            "card.",
            "One parent reads each card before you start. That is the whole rehearsal.",
            "Read the book. At the three places, stop; the parents read their cards, one after the other.",
            "The children say the sentence they liked best, in whichever language.",
        ),
        evidence="**Observation**\n\nAt the fifth Saturday two fathers asked for the card before I had offered one.",
        certainty="tried",
        would_change="Three languages is the limit. With five it became a show.",
        useful_to=("lucia", "hannah@northfield"),
    ),
    DemoPractice(
        author="oskar",
        community="circles",
        days_ago=7,
        title="Hands behind your back",
        promise="The one who knows how explains; the one who wants to know does.",
        subject="Repair",
        level="Any age",
        group_size=6,
        minutes=40,
        setting="Workbench",
        problem="Volunteers repair the toaster for people. People leave with a toaster and no idea.",
        steps=(
            "The helper clasps their hands behind their back, visibly. They stay there.",
            "The owner of the broken thing does every step. The helper may point with the chin.",
            "Before each screw: “what do you think happens next?”.",
            "At the end the owner explains the repair to the next person in the queue.",
        ),
        evidence="**Numbers**\n\nWe count things repaired (slightly fewer) and people who come back to help others (many more: 9 this spring).",
        certainty="tried",
        would_change="Not with mains voltage. There the helper's hands come out.",
        replies=(("joel@northfield", "This is exactly how the role “hands” works in our lab. Taking the chin rule."),),
        useful_to=("tom",),
    ),
)

THREADS = (
    DemoThread(
        "bea",
        "circles",
        5,
        "ask",
        "Somebody talks all the time. What do I say?",
        "It is my second circle. One person is kind and knows a lot and fills every silence. I do not want to hurt anybody.",
        (
            ("tom", "Give them a job that needs listening: they write down one good sentence of everybody else.", True),
            (
                "samuel@northfield",
                "A round where people may pass. Say it at the beginning, then it is about nobody.",
                True,
            ),
        ),
    ),
    DemoThread(
        "lucia",
        "families",
        2,
        "discussion",
        "Quiet corner on story days",
        "I put two beanbags behind the shelf for children who want to listen without being seen. Four of them came out by "
        "themselves before the end. Has anybody tried something like it?",
        (("hannah@northfield", "A “listening pass” for reading aloud: no reason asked. Used less every week.", False),),
    ),
)

TIPS = (
    DemoTip(
        "lucia",
        "families",
        8,
        "Let the book be the prize",
        "Instead of a sticker, the child who was brave may choose which book waits on the carpet next week.",
    ),
)

RESOURCES = (
    DemoResource(
        "tom",
        "circles",
        16,
        "Six weeks on one page",
        "The plan we hand out on the first evening: what happens each week, who brings what, and how to leave without "
        "explaining yourself.",
        "document",
        "Adult learning",
        "Adults",
        15,
        "https://example.org/six-weeks",
    ),
)

EVENTS = (
    DemoEvent(
        "tom",
        "circles",
        3,
        "Open evening: try a learning circle for an hour",
        "Come and sit in on a circle before you join one. We read two pages together, and everybody says what they did not "
        "understand. Bring nothing.",
        9,
        18,
        60,
        "Europe/London",
        "Reading room, Riverside Library",
        20,
        ("bea", "oskar", "maya@northfield", "viktor@lakeside"),
    ),
    DemoEvent(
        "tom",
        "circles",
        9,
        "An hour about the first evening of a circle",
        "What do you do in the first twenty minutes, so that people come back? Bring one thing that went wrong.",
        -4,
        18,
        60,
        "Europe/London",
        "Reading room, Riverside Library",
        20,
        ("bea", "maya@northfield"),
        recap=(
            2.5,
            "We begin with names and one question, and read nothing on the first evening.\nOpen: what to do when"
            " somebody wants to leave after ten minutes.",
        ),
        later=(
            ("viktor@lakeside", "I could not come. With us the first question is what people do not want to be asked."),
        ),
    ),
)

REMIXES = (
    DemoRemix(
        author="tom",
        source="Exit tickets that get read before the next lesson",
        days_ago=8,
        title="Exit slips for adults who come when they can",
        what_changed="No names on the back, and one pile in place of two chairs: they put the slip face up or face down. I read them "
        "with the next group in the room.",
        why="In an evening circle nobody is there every week, so that sorting by person makes no sense, and two of mine did not want "
        "to be seen at the “not yet” chair.",
        steps=(
            "Write one question on the board that can only be answered by somebody who was here tonight.",
            "Everybody answers on a strip of paper, without a name, in three minutes of silence.",
            "They lay it on the table by the door: face up for “I could explain this”, face down for “not yet”.",
            "Next week, read the face-down ones aloud with whoever is there, and let them answer.",
        ),
        would_change="With fewer than six people everybody knows the handwriting. Let them type it.",
        subject="Learning circles",
        level="Adults",
        group_size=9,
        setting="Library, evenings",
    ),
)

RIVERSIDE = DemoOrganisation(
    name="Riverside Library",
    slug="riverside",
    description="A public library where people learn from each other in small circles, and families read together.",
    accent="#7a4a2b",
    people=PEOPLE,
    communities=COMMUNITIES,
    practices=PRACTICES,
    threads=THREADS,
    tips=TIPS,
    resources=RESOURCES,
    events=EVENTS,
    remixes=REMIXES,
    follows=(
        ("tom", "science@northfield"),
        ("tom", "maya@northfield"),
        ("nadia", "hannah@northfield"),
        ("oskar", "joel@northfield"),
        ("bea", "tom"),
        ("tom", "teaching@lakeside"),
    ),
)
