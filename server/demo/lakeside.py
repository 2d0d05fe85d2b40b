"""Lakeside University: teacher education and a writing centre. Everybody here is invented."""

from server.demo.facts import (
    DemoAnswer,
    DemoCommunity,
    DemoOrganisation,
    DemoPerson,
    DemoPractice,
    DemoRemix,
    DemoResource,
    DemoThread,
)

GUIDELINES = """1. Say what you saw before you say what you think.
2. Numbers come with how many people they are about.
3. A student's work is shared only with their written consent."""

PEOPLE = (
    DemoPerson(
        "ines",
        "Inês Carvalho",
        "Teacher education. Sits at the back of other people's lessons.",
        "Science education",
        "observing lessons, planning small studies",
        "admin",
    ),
    DemoPerson(
        "viktor",
        "Viktor Sørensen",
        "Runs the writing centre.",
        "Academic writing",
        "peer feedback on drafts",
        "steward",
    ),
    DemoPerson(
        "amina",
        "Amina Diallo",
        "Large lectures, small questions.",
        "Statistics, first year",
        "lectures with 200 people",
    ),
    DemoPerson(
        "yuki", "Yuki Tanabe", "Doctoral student and teaching assistant.", "Statistics tutorials", "explaining p-values"
    ),
    DemoPerson(
        "petra",
        "Petra Novak",
        "Mathematics for future primary teachers.",
        "Mathematics education",
        "mistakes worth keeping",
    ),
)

COMMUNITIES = (
    DemoCommunity(
        slug="teaching",
        name="Teaching at university",
        kind="informal",
        purpose="Big rooms, short terms, real learning: what we try and what the students say.",
        time_per_week="20 minutes",
        guidelines=GUIDELINES,
        members=("ines", "viktor", "amina", "yuki", "petra", "joel@northfield", "tom@riverside"),
    ),
    DemoCommunity(
        slug="writing",
        name="Writing centre",
        kind="programme",
        purpose="Tutors who help writers, and help each other to do so.",
        time_per_week="1 hour",
        guidelines=GUIDELINES,
        members=("viktor", "yuki", "ines"),
        visibility="members",
        join_policy="apply",
        objectives="Each tutor is observed once a term, by another tutor.",
        outcomes="A shared notebook of tutoring moves.",
        cadence="Every second Tuesday",
        digest_day=0,
    ),
)

PRACTICES = (
    DemoPractice(
        author="amina",
        community="teaching",
        days_ago=16,
        title="Vote, argue, vote again: with 200 people",
        promise="The room gets louder, the second vote gets better, and you only speak at the end.",
        subject="Statistics",
        level="First year",
        group_size=200,
        minutes=12,
        setting="Lecture theatre with fixed seats",
        problem="Questions to the room are answered by the same five people in the front rows.",
        steps=(
            "Put up a question with four answers, of which the wrong ones are what people really believe.",
            "One minute alone, in silence. Vote with coloured cards held to the chest.",
            "If between a third and two thirds are right: “find somebody with another colour and convince them”. Three minutes.",
            "Vote again. Ask somebody who changed their mind to say why.",
            "Only now say what you think, in one minute.",
        ),
        evidence="**Numbers**\n\nNine questions this term. On average 46 of 100 cards were right before and 71 after the argument; I photographed "
        "the room and counted.",
        certainty="measured",
        would_change="Below a third right the argument spreads the mistake. Then explain first, and ask another question.",
        replies=(
            ("joel@northfield", "Works with 32 as well, and cards are quicker than any app we have."),
            ("petra", "I collect the questions where the vote got worse. There are three by now, and they are gold."),
        ),
        useful_to=("ines", "joel@northfield", "yuki"),
    ),
    DemoPractice(
        author="petra",
        community="teaching",
        days_ago=10,
        title="My favourite mistake",
        promise="The most useful wrong answer of the week gets five minutes and a round of thanks.",
        subject="Mathematics",
        level="Second year, future teachers",
        group_size=24,
        minutes=8,
        setting="Seminar room",
        problem="Future teachers hide their mistakes from me, and will teach children to hide theirs.",
        steps=(
            "Everybody solves one problem on a card, without a name.",
            "Pick the card with the most interesting mistake and copy it onto the board in your own hand.",
            "“What is right about this?” first, for two minutes. Only then: “where does it turn?”.",
            "Thank the unknown author. Never ask who it was.",
        ),
        evidence="**Quotation**\n\n“That was mine”, people started to say by week five.\n\n**Observation**\n\nI had never asked.",
        certainty="tried",
        would_change="It falls flat if the mistake is careless. Wait for one that somebody could believe.",
        useful_to=("amina", "maya@northfield"),
    ),
)

THREADS = (
    DemoThread(
        "yuki",
        "teaching",
        4,
        "ask",
        "A first tutorial where nobody knows what a p-value is for",
        "Ninety minutes, thirty people who are afraid of symbols. Where would you begin?",
        (
            (
                "amina",
                "With a coin that you suspect. Throw it ten times and let them decide when to call it unfair.",
                True,
            ),
            (
                "maya@northfield",
                "Year 8 understand “how surprised are you?” at once. Give surprise a scale, then give the scale "
                "its name.",
                True,
            ),
        ),
    ),
    DemoThread(
        "ines",
        "teaching",
        1.5,
        "discussion",
        "What do you write down when you observe a colleague?",
        "I write what I see on the left and what I wonder on the right, and hand over only the left side unless asked. What is "
        "your habit?",
        (
            (
                "tom@riverside",
                "One sentence that somebody said, word for word. They choose which of mine to talk about.",
                False,
            ),
        ),
    ),
)

RESOURCES = (
    DemoResource(
        "amina",
        "teaching",
        13,
        "Forty questions that split a room",
        "Questions for first-year statistics whose wrong answers are believable, with the votes we got.",
        "document",
        "Statistics",
        "First year",
        12,
        "https://example.org/forty-questions",
    ),
)

REMIXES = (
    DemoRemix(
        author="ines",
        source="Exit slips for adults who come when they can",
        days_ago=5,
        title="Exit slips that student teachers sort for each other",
        what_changed="Pairs sort the slips of another pair, and have to agree on the pile before they read the next one.",
        why="My students will sort slips for the rest of their lives. Talking about where one belongs is the lesson.",
        steps=(
            "Write one question on the board that can only be answered by somebody who was here today.",
            "Everybody answers on a strip of paper, without a name, in three minutes of silence.",
            "Every pair gets the slips of four others, and makes three piles: got it, nearly, lost. They have to agree.",
            "Two pairs compare one slip that they disagreed about, and say what the writer would need next.",
        ),
        would_change="It takes fifteen minutes. In a fifty-minute class it would be half of the lesson.",
        subject="Teacher education",
        level="University",
        group_size=24,
        setting="Seminar room",
    ),
)

LAKESIDE = DemoOrganisation(
    name="Lakeside University",
    slug="lakeside",
    description="Teacher education and the writing centre of a university by the water.",
    accent="#3b5b8c",
    people=PEOPLE,
    communities=COMMUNITIES,
    practices=PRACTICES,
    threads=THREADS,
    resources=RESOURCES,
    answers=(
        DemoAnswer(
            "amina", 2.5, "Vote, argue, vote again: with 200 people", "I find out too late who did not understand"
        ),
    ),
    remixes=REMIXES,
    follows=(
        ("ines", "maya@northfield"),
        ("ines", "science@northfield"),
        ("viktor", "circles@riverside"),
        ("amina", "joel@northfield"),
        ("petra", "amina"),
        ("yuki", "amina"),
    ),
)
