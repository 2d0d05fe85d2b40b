"""Northfield High: a school with a science and a literacy community. Everybody here is invented."""

from server.demo.facts import (
    DemoCommunity,
    DemoEvent,
    DemoOrganisation,
    DemoPerson,
    DemoPoll,
    DemoPractice,
    DemoReport,
    DemoResource,
    DemoThread,
    DemoTip,
)
from server.demo.wishes import ANSWERS, COLLECTIONS, IDEAS, ROUNDS, THANKS, TOGETHER, TOLD

GUIDELINES = """1. Talk about teaching, never about an identifiable pupil.
2. Assume that the person who wrote it tried their best on a full timetable.
3. When something did not work, say so: that is what we are here for.
4. Credit the people whose ideas you build on."""

PEOPLE = (
    DemoPerson(
        "maya",
        "Maya Okonjo",
        "Science, mostly Years 7 to 9. Collector of exit tickets.",
        "Science, Years 7 to 9",
        "retrieval practice, exit tickets, quiet starts, copied homework",
        stuck_with="Practical work with 32 pupils and five sets of everything",
    ),
    DemoPerson(
        "ana",
        "Ana Lindqvist",
        "I keep the computers of three schools running.",
        "IT support",
        "accounts, backups, what other servers can see",
        "admin",
    ),
    DemoPerson(
        "joel",
        "Joel Abernathy",
        "Physics and the science department's calendar.",
        "Physics, Years 10 to 13",
        "practical work with big groups",
        "steward",
    ),
    DemoPerson("priya", "Priya Raman", "New to teaching, second year.", "Chemistry, Years 8 to 11", "mini whiteboards"),
    DemoPerson(
        "hannah", "Hannah Voss", "English; reads everything twice.", "English, Years 7 to 11", "talk before writing"
    ),
    DemoPerson("samuel", "Samuel Adeyemi", "Special needs coordinator.", "Learning support", "instructions that stick"),
)

COMMUNITIES = (
    DemoCommunity(
        slug="science",
        name="Science teachers",
        kind="informal",
        purpose="Swap what worked on Tuesday so that somebody else's Wednesday is easier.",
        time_per_week="15 minutes, when you have them",
        guidelines=GUIDELINES,
        members=("joel", "maya", "priya", "samuel", "tom@riverside", "ines@lakeside"),
        topics=("Practicals", "Practicals / Equipment", "Marking"),
    ),
    DemoCommunity(
        slug="literacy",
        name="Reading across subjects",
        kind="formal",
        purpose="Every subject teaches reading; we find out how.",
        time_per_week="30 minutes, one meeting a month",
        guidelines=GUIDELINES,
        members=("hannah", "maya", "samuel", "nadia@riverside"),
        join_policy="apply",
        objectives="Each department tries one reading routine a term and writes down what happened.",
        outcomes="A shared set of six routines that three departments have tried.",
        cadence="First Thursday of the month, 15:45",
        term_until="2027-07-09",
        channels="Here between meetings; in the staff room when it is quick.",
        feedback="Ask before you advise. One thing that worked, one thing to try.",
        goals=("Six reading routines that three departments have tried",),
        digest_day=1,
    ),
    DemoCommunity(
        slug="staffroom",
        name="Northfield staffroom",
        kind="informal",
        purpose="Notices and small questions between us.",
        time_per_week="5 minutes",
        guidelines=GUIDELINES,
        members=("ana", "maya", "joel", "priya", "hannah", "samuel"),
        visibility="instance",
    ),
    DemoCommunity(
        slug="listening",
        name="Somebody who listens",
        kind="support",
        purpose="For weeks that were too much. We listen, and nobody has to explain.",
        time_per_week="One lunch break, when you need it",
        guidelines="1. What is said here stays here.\n2. We listen first; advice only where somebody asks for it.\n3. We name"
        " no pupils.\n4. If somebody is in danger, those who look after this group act.",
        members=("samuel", "hannah"),
        visibility="members",
        join_policy="apply",
    ),
)

PRACTICES = (
    DemoPractice(
        author="maya",
        community="science",
        days_ago=19,
        title="Exit tickets that get read before the next lesson",
        promise="Three sorted piles in four minutes, and you know how to start tomorrow.",
        subject="Science",
        level="Year 8",
        group_size=28,
        minutes=5,
        setting="Ordinary classroom, 50-minute lessons",
        problem="I collected exit tickets for a year and read perhaps a third of them. By the time I knew who was lost, "
        "the class had moved on.",
        steps=(
            "Write one question on the board that can only be answered by somebody who understood today. Not “what did you "
            "learn?”.",
            "Everybody answers on a strip of paper, name on the back, in three minutes of silence.",
            "They hand it in at the door, onto one of two chairs: “I could explain this” or “not yet”.",
            "While the room empties, split each chair's pile by reading only the key word. Three piles: got it, nearly, lost.",
            "Tomorrow's starter is made for the middle pile. The lost pile gets two minutes with you while the others do it.",
        ),
        evidence="**Numbers**\n\nOver six weeks with two Year 8 classes the “lost” pile went from 9 and 11 strips to 3 and 4 by the end of "
        "a unit. I sorted every single set, because it took four minutes.",
        certainty="tried",
        would_change="With more than 30 pupils the two chairs jam the door: put them at opposite ends of the room. It says "
        "nothing about pupils who write little; Samuel lets those draw.",
        materials=(("Twelve questions for Year 8 science", "https://example.org/exit-questions"),),
        replies=(
            (
                "nadia@riverside",
                "Did this with an evening group of adults: two baskets instead of chairs. They liked seeing that "
                "they were not the only ones in “not yet”.",
            ),
            (
                "samuel",
                "The drawing version works. I ask for one label on the drawing, so there is still something to sort by.",
            ),
        ),
        useful_to=("priya", "joel", "tom@riverside"),
    ),
    DemoPractice(
        author="joel",
        community="science",
        days_ago=15,
        title="One circuit, seven faults: practical work for 32",
        promise="Everybody has something to do with their hands, and the kit lasts.",
        subject="Physics",
        level="Year 10",
        group_size=32,
        minutes=50,
        setting="Laboratory with eight benches",
        problem="With 32 pupils and eight sets of kit, half of the class watches. Watching is not practical work.",
        steps=(
            "Build seven circuits, each with one fault, and one that works. Number them.",
            "Groups of four with roles on cards: hands, meter, notes, doubter. The doubter asks “how do we know?”.",
            "Six minutes a bench. Hands may not talk; the others tell them what to do.",
            "At the bell the roles move one to the right, the group moves one bench on.",
            "Last eight minutes: each group defends one diagnosis in front of all. The doubter of another group asks.",
        ),
        evidence="**Numbers**\n\nIn a class test on fault finding two weeks later, 24 of 32 found a fault that they had never seen. The year "
        "before, with a worksheet, 13 of 30 did.",
        certainty="measured",
        would_change="Six minutes is too short for the first bench. Give them ten there and four at the last one.",
        replies=(("maya", "I borrowed the role cards for microscopes. The doubter is the best idea on this server."),),
        useful_to=("maya", "ines@lakeside"),
    ),
    DemoPractice(
        author="priya",
        community="science",
        days_ago=9,
        title="Silent mixing: a demonstration without a word",
        promise="They talk because you do not.",
        subject="Chemistry",
        level="Year 9",
        group_size=26,
        minutes=15,
        setting="Laboratory, demonstration bench",
        problem="When I explain a demonstration while doing it, they copy my explanation and look at nothing.",
        steps=(
            "Say that you will not speak for five minutes and that nobody else may either.",
            "Do the reaction slowly. Stop at each stage and point at what changed.",
            "Everybody writes three sentences: I saw, I think, I wonder.",
            "Pairs compare, then the class builds one explanation on the board out of their sentences.",
        ),
        evidence="**Observation**\n\nThree classes. The wonder sentences gave me the plan for the next lesson each time.",
        certainty="tried",
        would_change="It needs a demonstration with at least three visible stages; a single flash is over too soon.",
        useful_to=("maya",),
    ),
    DemoPractice(
        author="hannah",
        community="literacy",
        days_ago=12,
        title="Read it aloud badly",
        promise="Three minutes that show where a text is hard.",
        subject="English",
        level="Year 7",
        group_size=30,
        minutes=10,
        setting="Any classroom, any subject with a page of text",
        problem="“Any questions about the text?” gets silence, and silence looks like understanding.",
        steps=(
            "Read the paragraph aloud with the wrong stresses and pauses, cheerfully.",
            "Pupils put a hand up whenever it sounded wrong and say how it should go.",
            "Ask each time: “what told you?”. Underline the word that did.",
            "They read it to a partner the right way.",
        ),
        evidence="**Observation**\n\nHistory and biology borrowed it. In both, pupils found the sentence that carries the paragraph without "
        "being told to look for it.",
        certainty="tried",
        would_change="Do not use it on a text by a pupil. I did, once.",
        replies=(
            (
                "nadia@riverside",
                "We do this with bilingual families on Saturdays. The children correct the adults, and "
                "everybody laughs.",
            ),
        ),
        useful_to=("samuel", "maya"),
    ),
)

THREADS = (
    DemoThread(
        "hannah",
        "listening",
        3,
        "ask",
        "How do you stop taking a bad lesson home?",
        "It was not even a very bad one. I still had it in my head at midnight, and I would like to know what others do.",
        (
            (
                "samuel",
                "I write one line about it before I leave the building. Then it is on paper, and not in me.",
                False,
            ),
        ),
        nameless=True,
    ),
    DemoThread(
        "priya",
        "science",
        6,
        "ask",
        "How do you get mini whiteboards back in under a minute?",
        "I love them, they love them, and then the end of the lesson is a cupboard scene. What do you do?",
        (
            (
                "joel",
                "They never go into the cupboard. One stack per row, the last seat of the row owns it for half a term.",
                True,
            ),
            (
                "tom@riverside",
                "Number the boards and the seats. The board lives on the seat. Two years, none lost.",
                True,
            ),
            ("maya", "Pens are the real problem. I charge one shoe.", False),
            ("samuel", "We laminated a sheet of paper instead, which lives in their exercise book. #anotherway", False),
            (
                "ines@lakeside",
                "I ask for them during the last task, table by table. Nobody notices. #anotherway",
                False,
            ),
        ),
        topic="Equipment",
    ),
    DemoThread(
        "samuel",
        "science",
        3,
        "discussion",
        "Instructions that survive the walk to the bench",
        "Half of my support is repeating what was said two minutes ago. What if each practical had its instructions as four "
        "pictures? I will draw the first set. Who tries them?",
        (
            ("priya", "Me, Year 9 on Thursday.", False),
            ("ines@lakeside", "I would love to watch that and write down what the pupils look at. May I visit?", False),
        ),
        topic="Practicals",
    ),
    DemoThread(
        "joel",
        "science",
        1.5,
        "discussion",
        "Should practicals be marked at all?",
        "I spend Sunday on them, and nobody reads what I write. Convince me, one way or the other.",
        (
            ("priya", "for: Without a mark half of mine do not write anything down.", False),
            (
                "samuel",
                "against: They write for the mark then, and hide what went wrong, which was the interesting part.",
                False,
            ),
            ("maya", "another: I read three aloud the next day, with their mistakes, and mark none.", False),
        ),
        format="sides",
        topic="Marking",
    ),
    DemoThread(
        "ana",
        "staffroom",
        2,
        "discussion",
        "Planned restart on Friday at 17:00",
        "Two minutes without Peerhall. Drafts are kept.",
        (("hannah", "Thank you for saying so beforehand.", False),),
    ),
)

TIPS = (
    DemoTip(
        "maya",
        "science",
        4,
        "Start with the odd one out",
        "Four pictures on the board as they come in. No instructions. By the time you have taken the register they are "
        "arguing about which one does not belong, and all four answers are right.",
    ),
)

RESOURCES = (
    DemoResource(
        "joel",
        "science",
        14,
        "Role cards for practical work",
        "Eight cards to print: hands, meter, notes, doubter, twice. The doubter's questions are on the back.",
        "document",
        "Physics",
        "Year 10",
        50,
        "https://example.org/role-cards",
    ),
    DemoResource(
        "maya",
        "science",
        10,
        "Cell explorer",
        "An interactive cell that can be taken apart.\n\nI use it after the microscope lesson, never before: then "
        "they look for what they drew.",
        "interactive",
        "Science",
        "Year 8",
        20,
        "https://example.org/cell-explorer",
    ),
    DemoResource(
        "joel",
        "science",
        8,
        "Three seconds of silence",
        "What happens when a teacher waits three seconds longer for an answer.",
        "article",
        "Science",
        "All years",
        10,
        "https://example.org/three-seconds",
        "We counted the seconds. After three of them hands went up that we had not seen all year, and the answers were "
        "twice as long.",
        "Ines Invented",
    ),
    DemoResource(
        "maya",
        "science",
        5,
        "Two learners explain why ice floats",
        "Recorded by a pair of learners for the other pairs: hands, a glass and an ice cube.",
        "clip",
        "Science",
        "Year 8",
        2,
        "https://example.org/why-ice-floats",
        teaches="why ice floats",
    ),
)

POLLS = (
    DemoPoll(
        "joel",
        "science",
        2,
        "Which part of a practical do your pupils find hardest?",
        "I am planning next term and would rather not guess. One answer, the first that comes to mind.",
        ("Reading the instructions", "Sharing the equipment", "Writing down what they see", "Cleaning up in time"),
        "7d",
        (("maya", 0), ("priya", 2), ("samuel", 0), ("tom@riverside", 2), ("ines@lakeside", 2)),
    ),
)

EVENTS = (
    DemoEvent(
        "joel",
        "science",
        2,
        "Half an hour in the lab: the circuit lesson, with its faults",
        "I set up the five boards of the circuit lesson, and you are the class. Bring a lesson of yours that needs more"
        " equipment than we have.",
        5,
        16,
        30,
        "Europe/London",
        "Lab 2, Northfield High",
        12,
        participants=("priya", "tom@riverside"),
        pack=(
            ("One circuit, seven faults: practical work for 32", 5),
            ("Instructions that survive the walk to the bench", 2),
        ),
        read=("priya",),
    ),
    DemoEvent(
        "hannah",
        "literacy",
        2,
        "Seminar: when a text is too hard",
        "We read first, ask in advance, and talk for three quarters of an hour. Two of us begin with where it went wrong.",
        12,
        16,
        45,
        "Europe/London",
        "Library, Northfield High",
        20,
        participants=("priya",),
        pack=(("Read it aloud badly", 4),),
        discussants=("maya",),
        questions=(
            ("priya", "How do you know beforehand that it is too hard, and not just new?"),
            ("samuel", "What do you do with the three for whom it is too hard every time?"),
        ),
    ),
)

NORTHFIELD = DemoOrganisation(
    name="Northfield High",
    slug="northfield",
    description="A secondary school. Our science and literacy departments share what they try, and what came of it.",
    accent="#2f6f5e",
    people=PEOPLE,
    communities=COMMUNITIES,
    practices=PRACTICES,
    threads=(*THREADS, *TOLD),
    leads=("samuel", "hannah"),
    reports=(
        DemoReport(
            "priya",
            "Two learners explain why ice floats",
            4.5,
            "guidelines",
            "I think that the idea of the ice cube was Samuel’s, and he is not named.",
            "c4",
            ("joel", "note", "c4", "A lovely clip. Please say in a sentence whose idea it was; then all is well."),
        ),
        DemoReport(
            "samuel",
            "Silent mixing: a demonstration without a word",
            6,
            "other",
            "Is it safe to do this without saying anything first?",
            "",
            ("joel", "none", "", "The practice says so in its second step: goggles first."),
        ),
        DemoReport(
            "joel",
            "Instructions that survive the walk to the bench",
            1,
            "privacy",
            "Could we leave out which group this is about? In a school of our size everybody knows who is meant.",
        ),
    ),
    tips=TIPS,
    resources=RESOURCES,
    polls=POLLS,
    events=EVENTS,
    ideas=IDEAS,
    collections=COLLECTIONS,
    together=TOGETHER,
    rounds=ROUNDS,
    thanks=THANKS,
    answers=ANSWERS,
    follows=(
        ("maya", "tom@riverside"),
        ("maya", "ines@lakeside"),
        ("maya", "circles@riverside"),
        ("priya", "maya"),
        ("hannah", "nadia@riverside"),
        ("joel", "teaching@lakeside"),
        ("ana", "maya"),
    ),
)
