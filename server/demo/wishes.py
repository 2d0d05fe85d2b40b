"""What people at Northfield High find hard, would like to do together, and are glad of. Everybody here is invented."""

from server.demo.facts import DemoAnswer, DemoCollection, DemoIdea, DemoRound, DemoThanks, DemoThread, DemoTogether

TOLD = (
    DemoThread(
        "priya",
        "science",
        0.3,
        "ask",
        "What do you say when a whole row has copied?",
        "I do not want a scene, and I do not want to look away. Year 9, homework, six of them word for word.",
        (("tom@riverside", "I ask each of them to explain one line to me, alone. That is the scene.", False),),
        peers_first_hours=24,
    ),
    DemoThread(
        "priya",
        "science",
        2.2,
        "win",
        "The whole of 8c asked a question",
        "I waited ten seconds after every question of mine, and counted them with my fingers behind my back. By the third lesson "
        "somebody from the last row began to ask.",
        (("samuel", "Ten seconds are very long. Well done.", False),),
    ),
    DemoThread(
        "joel",
        "science",
        8,
        "challenge",
        "Thirty-two people, eight sets of equipment",
        "In every practical somebody watches for forty minutes. Smaller groups are not possible before the new timetable. "
        "What gives everybody something to do that matters?",
        (("tom@riverside", "We have the same with two tablets and a queue.", False),),
    ),
    DemoThread(
        "maya",
        "science",
        5,
        "challenge",
        "Half of them are done early, and the others have not begun",
        "Whatever I plan for ten minutes takes some of them four and others twenty. Harder tasks for the quick ones feel like a "
        "punishment to them.",
    ),
    DemoThread(
        "priya",
        "science",
        4,
        "challenge",
        "I find out too late who did not understand",
        "When the test tells me, the next topic has begun. Year 8, fifty minutes, 28 of them.",
    ),
)

IDEAS = (
    DemoIdea(
        "priya",
        "science",
        4.5,
        "We visit each other's first ten minutes, and have coffee afterwards",
        "Ten minutes, no notes, no grading. Then coffee, and one thing each that we take along.",
        ("maya", "joel", "tom@riverside", "ines@lakeside"),
        "joel",
    ),
    DemoIdea(
        "samuel",
        "science",
        1.5,
        "An afternoon to draw instructions for six practicals",
        "Four pictures each, and everybody takes all six home. I bring the pens.",
        ("priya",),
    ),
)

ROUNDS = (
    DemoRound(
        "joel",
        "science",
        6.5,
        "What is one thing we stop doing this term?",
        (
            ("maya", "Marking exercise books that nobody reads again."),
            ("priya", "Copying the aim of the lesson off the board."),
            ("tom@riverside", "Starting with the register. They work, I look around."),
            ("samuel", ""),
        ),
        closed="The term begins on Monday, so we take what we have.",
    ),
    DemoRound(
        "maya",
        "science",
        0.6,
        "What would you like to see in somebody else's lesson?",
        (("priya", "How they end it. Mine stop in the middle."), ("ines@lakeside", "")),
    ),
)

ANSWERS = (
    DemoAnswer(
        "joel",
        7.5,
        "One circuit, seven faults: practical work for 32",
        "Thirty-two people, eight sets of equipment",
    ),
    DemoAnswer(
        "maya",
        3.5,
        "Exit tickets that get read before the next lesson",
        "I find out too late who did not understand",
    ),
)

TOGETHER = (
    DemoTogether(
        "maya",
        "science",
        17,
        "Exit tickets",
        "Who tries exit tickets with me for three weeks?",
        "Each of us with our own group. I want to know whether it survives large rooms, and older people.",
        ("priya", "samuel", "joel", "tom@riverside"),
        5,
        "It worked in small rooms and with adults, with changes. It did not work with 32 people and one door.\n\n"
        "Next time: baskets beside the board instead of strips at the door.",
    ),
    DemoTogether(
        "joel",
        "science",
        3,
        "One circuit",
        "Who builds the circuit with seven faults with me?",
        "I did it with 32. Does it work with twelve, or with people who have never held a wire?",
        ("ines@lakeside",),
    ),
)

COLLECTIONS = (
    DemoCollection(
        "maya",
        "science",
        3,
        "New in science: three things for your first month",
        "For whoever begins with us in the middle of a year. Try one a week, in this order, and say how it went.",
        (
            (
                "The first ten minutes of a circle that lasts",
                "From a library, and the best beginning of a lesson that I know.",
            ),
            ("Exit tickets that get read before the next lesson", "You know from the second week on who is lost."),
            ("One circuit, seven faults: practical work for 32", "Our equipment is what it is. This works with it."),
        ),
    ),
)

THANKS = (
    DemoThanks(
        "priya",
        1.2,
        "For the exit tickets, and for staying after school",
        "I had given up on questions at the end. Maya showed me how she sorts hers, and Tom said what his circle leaves out. "
        "On Monday I knew with whom to begin.",
        ("maya", "tom@riverside"),
        "Exit tickets",
    ),
    DemoThanks(
        "samuel",
        2.6,
        "Nobody was left without a partner for a month",
        "Four weeks, three classes, no empty chair beside anybody. Joel kept the list, and 8c reminded us.",
        ("joel",),
    ),
)
