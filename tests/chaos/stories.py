"""Stories of people on three servers, who follow each other and share a community, made from a seed.

A story says what they do, and what each server must know in the end.
"""

import random
from dataclasses import dataclass, field

NAMES = ("amara", "bruno", "chloe")
PEOPLE = len(NAMES)
ROUTING = frozenset({"unfollow", "leave", "delete"})
"""What decides who gets what comes after, or ends something that others may act on: everything else waits for it."""


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody (by number, one on each server) does something; `label` names a post, `other` a person or a post."""

    who: int
    verb: str
    label: str = ""
    other: str = ""
    number: int = 0
    sync: bool = False
    """Whether everybody has heard everything before this happens."""


@dataclass
class _Post:
    label: str
    author: int
    in_group: bool
    parent: str = ""
    edits: int = 0
    touched: set[int] = field(default_factory=set)
    likes: set[int] = field(default_factory=set)
    boosts: set[int] = field(default_factory=set)


@dataclass
class Story:
    """Acts in order, and what is left out of the comparison: `blind` are (person, author) who lost touch."""

    seed: int
    people: int
    acts: list[Act]
    blind: set[tuple[int, int]]
    left: set[int]
    """Who left the community, and what is posted there is not compared on their servers."""
    in_group: set[str]
    authors: dict[str, int]
    standing: "dict[str, _Post]"
    """The posts that are there in the end."""

    def seen_by(self, who: int, label: str) -> bool:
        """Whether a server must know what became of a post."""
        return (who, self.authors[label]) not in self.blind and not (who in self.left and label in self.in_group)

    def known(self) -> dict[str, object]:
        """What every server knows in the end, in the words of `network.Play.state`."""
        known: dict[str, object] = {}
        for who, place in enumerate(NAMES):
            for other, name in enumerate(NAMES):
                if who != other and (who, other) not in self.blind:
                    known |= {f"{here} {place} follows {name}": "accepted" for here in (place, name)}
            for post in self.standing.values():
                if self.seen_by(who, post.label):
                    parent = post.parent if post.parent and self.seen_by(who, post.parent) else None
                    known[f"{place} {post.label}"] = ("visible", (post.label, str(post.edits)), parent)
                    known |= self._reactions(who, post)
                if post.parent and who == self.authors[post.parent] != post.author and self.seen_by(who, post.label):
                    known[f"{place} told reply {NAMES[post.author]} {post.label}"] = 1
        return known

    def _reactions(self, who: int, post: "_Post") -> dict[str, object]:
        known: dict[str, object] = {}
        for table, kind, done in (("post_like", "like", post.likes), ("boost", "boost", post.boosts)):
            for actor in done:
                if who in {actor, post.author}:
                    known[f"{NAMES[who]} {table} {NAMES[actor]} {post.label}"] = True
                if who == post.author:
                    known[f"{NAMES[who]} told {kind} {NAMES[actor]} {post.label}"] = 1
        return known


class _Teller:
    def __init__(self, seed: int, length: int) -> None:
        self.rng = random.Random(f"story {seed}")
        self.story = Story(seed, PEOPLE, [], set(), set(), set(), {}, {})
        self.posts = self.story.standing
        for _ in range(length):
            self._next()

    def _add(self, act: Act) -> None:
        if act.sync:
            for post in self.posts.values():
                post.touched.clear()
        self.story.acts.append(act)

    def _next(self) -> None:
        who = self.rng.randrange(self.story.people)
        known = [post for post in self.posts.values() if self.story.seen_by(who, post.label)]
        mine = [post for post in known if post.author == who]
        roll = self.rng.random()
        if roll < 0.05:
            self._lose_touch(who)
        elif roll < 0.08 and who != 0 and who not in self.story.left:
            self.story.left.add(who)
            self._add(Act(who, "leave", sync=True))
        elif roll < 0.18 and mine:
            self._delete(self.rng.choice(mine))
        elif roll < 0.38 and mine:
            post = self.rng.choice(mine)
            post.edits += 1
            self._add(Act(who, "edit", post.label, number=post.edits))
        elif roll < 0.62 and known:
            self._react(who, self.rng.choice(known))
        else:
            self._write(who, self.rng.choice(known) if known and roll < 0.85 else None)

    def _lose_touch(self, who: int) -> None:
        others = [other for other in range(self.story.people) if other != who and (who, other) not in self.story.blind]
        if others:
            other = self.rng.choice(others)
            self.story.blind.add((who, other))
            self._add(Act(who, "unfollow", other=str(other), sync=True))

    def _delete(self, post: _Post) -> None:
        others = post.touched - {post.author}
        self._add(Act(post.author, "delete", post.label, sync=bool(others)))
        del self.posts[post.label]
        # Whoever answers or likes what is gone by then gets a refusal, which is another story.

    def _react(self, who: int, post: _Post) -> None:
        if post.author == who:
            return
        verb, done = self.rng.choice((("like", post.likes), ("boost", post.boosts)))
        self._add(Act(who, f"un{verb}" if who in done else verb, post.label))
        done ^= {who}
        post.touched.add(who)

    def _write(self, who: int, parent: _Post | None) -> None:
        label = f"P{len(self.story.authors)}"
        in_group = parent.in_group if parent else (who not in self.story.left and self.rng.random() < 0.3)
        if in_group and who in self.story.left:
            return
        self.posts[label] = _Post(label, who, in_group, parent.label if parent else "", touched={who})
        self.story.authors[label] = who
        if in_group:
            self.story.in_group.add(label)
        if parent is not None:
            parent.touched.add(who)
        self._add(Act(who, "reply" if parent else "post", label, parent.label if parent else "", int(in_group)))


def story(seed: int, length: int = 10) -> Story:
    """The story of a seed."""
    return _Teller(seed, length).story
