"""Filling the demo: everything through the actions that people use, in the order of its days, federating as it goes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from server.accounts import actions as accounts
from server.accounts import site
from server.actors import actions as actors
from server.actors.viewer import Viewer
from server.challenges import actions as challenges
from server.collections import actions as collections
from server.collections.form import CollectionForm, ItemForm
from server.communities import actions as communities
from server.communities import queries as community_queries
from server.communities.form import CommunityForm
from server.demo import elsewhere
from server.demo.communities import work_together
from server.demo.facts import (
    DemoAnswer,
    DemoCollection,
    DemoCommunity,
    DemoEvent,
    DemoIdea,
    DemoOrganisation,
    DemoPerson,
    DemoPoll,
    DemoPractice,
    DemoRemix,
    DemoReport,
    DemoResource,
    DemoRound,
    DemoThanks,
    DemoThread,
    DemoTip,
    DemoTogether,
    DemoTry,
)
from server.demo.sofia import Sofia
from server.demo.sorting import make_topics, topic_of
from server.demo.together import form_network, offer_subject, write_together
from server.demo.tried import TRIES
from server.demo.writing import write_notes
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.ideas import actions as ideas
from server.instance import Instance
from server.moderation import actions as moderation
from server.moderation import sealed
from server.moderation.actions import Decision, NewReport
from server.needs import actions as needs
from server.needs.actions import CardForm
from server.peers import actions as peers
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts import actions as posts
from server.practices import actions as practices
from server.practices.form import Material, PracticeForm
from server.remixes import actions as remixing
from server.remixes import queries as remixes
from server.remixes.actions import ChangeNote
from server.resources import actions as resources
from server.resources.form import ResourceForm
from server.rounds import actions as rounds
from server.rounds.actions import RoundForm
from server.sessions import actions as sessions
from server.sessions import later, preparing, seminar
from server.sessions.form import SessionForm
from server.sessions.pack import PackForm
from server.settings import Settings
from server.thanks import actions as saying
from server.thanks.form import ThanksForm
from server.together import actions as together
from server.together.actions import ProposeForm
from server.tries import actions as tries
from server.tries.bands import Bands
from server.tries.form import TryForm

PASSWORD = "peerhall-demo"  # noqa: S105  # printed for everybody: the demo listens on this machine only
REPLY_DELAY = timedelta(hours=5)


class MovableClock(Protocol):
    """A clock whose offset from the real time can be set."""

    offset: timedelta


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens on a day of the demo's past."""

    days_ago: float
    do: Callable[[], Awaitable[None]]


HELPLINES = (
    "Everybody in this demo is invented, so no numbers stand here. A school writes down who can be called in its place,"
    " and when."
)
BEGINS_SO = "SELECT id FROM post WHERE is_local AND kind = :kind AND title LIKE :title ORDER BY id LIMIT 1"


async def is_seeded(settings: Settings) -> bool:
    """Whether this data folder holds a finished demo organisation."""
    return _mark(settings).exists()


def _mark(settings: Settings) -> Path:
    return settings.data_path / "demo-is-ready"


class Seeder:
    """Fills all organisations. Handles like ``tom@riverside`` name people of another one."""

    def __init__(
        self,
        organisations: Sequence[DemoOrganisation],
        opened: Mapping[str, Instance],
        clock: MovableClock,
        sofia: Sofia,
    ) -> None:
        """Seed these open instances, by slug, and what reaches Sofia of them."""
        self._organisations = organisations
        self._opened = opened
        self._clock = clock
        self._sofia = sofia
        self._home = opened[organisations[0].slug]
        self._viewers: dict[str, Viewer] = {}
        self._groups: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        """Everything, the oldest first."""
        self._clock.offset = timedelta(days=-30)
        for organisation in self._organisations:
            await self._people(organisation)
        for organisation in self._organisations:
            await self._trust(organisation)
            for community in organisation.communities:
                await self._community(organisation, community)
        await self._settle()
        await form_network(self._opened, self._settle)
        await offer_subject(self._opened, self._viewers, self._settle)
        self._clock.offset = timedelta(days=-25)
        for organisation in self._organisations:
            for community in organisation.communities:
                await self._join(organisation, community)
            for follower, target in organisation.follows:
                await self._follow(organisation, follower, target)
        await elsewhere.follow(self._sofia, self._home)
        await self._settle()
        for act in sorted(self._acts(), key=lambda act: -act.days_ago):
            self._clock.offset = timedelta(days=-act.days_ago)
            await act.do()
            await self._settle()
        self._clock.offset = timedelta(0)
        await self._settle()
        for here in self._opened.values():
            _mark(here.settings).write_text("ready\n", encoding="ascii")

    def _acts(self) -> Iterator[Act]:
        for one in self._organisations:
            for practice in one.practices:
                yield Act(practice.days_ago, _bound(self._practice, one, practice))
            for remix in one.remixes:
                yield Act(remix.days_ago, _bound(self._remix, one, remix))
            for tip in one.tips:
                yield Act(tip.days_ago, _bound(self._tip, one, tip))
            for thread in one.threads:
                yield Act(thread.days_ago, _bound(self._thread, one, thread))
            for resource in one.resources:
                yield Act(resource.days_ago, _bound(self._resource, one, resource))
            for answer in one.answers:
                yield Act(answer.days_ago, _bound(self._answer, one, answer))
            for one_round in one.rounds:
                yield Act(one_round.days_ago, _bound(self._round, one, one_round))
            for idea in one.ideas:
                yield Act(idea.days_ago, _bound(self._idea, one, idea))
            for thanks in one.thanks:
                yield Act(thanks.days_ago, _bound(self._thanks, one, thanks))
            for wish in one.together:
                yield Act(wish.days_ago, _bound(self._together, one, wish))
                if wish.ended_days_ago is not None:
                    yield Act(wish.ended_days_ago, _bound(self._summed_up, one, wish))

            for collection in one.collections:
                yield Act(collection.days_ago, _bound(self._collection, one, collection))
            for tried in TRIES:
                if any(practice.title.startswith(tried.title) for practice in one.practices):
                    yield Act(tried.days_ago, _bound(self._tried, one, tried))
            for report in one.reports:
                yield Act(report.days_ago, _bound(self._report, one, report))
            for poll in one.polls:
                yield Act(poll.days_ago, _bound(self._poll, one, poll))
            for event in one.events:
                yield Act(event.days_ago, _bound(self._event, one, event))
                if event.recap is not None:
                    yield Act(event.recap[0], _bound(self._recap, one, event))
        if literacy := self._groups.get((self._home.settings.domain, "literacy")):  # a demo may have fewer communities
            yield Act(1.9, lambda: work_together(self._opened, self._viewers, literacy, self._settle))
        yield Act(4.5, lambda: write_together(self._opened, self._viewers, self._settle))
        yield Act(1.5, lambda: write_notes(self._opened, self._viewers))
        yield Act(6, lambda: elsewhere.speak(self._sofia, self._home, self._settle))

    async def _people(self, organisation: DemoOrganisation) -> None:
        here = self._opened[organisation.slug]
        changes = {"name": organisation.name, "description": organisation.description, "accent": organisation.accent}
        changes["helplines"] = HELPLINES
        await here.run(site.save, here, "demo", changes)
        made = [here.run(self._person, here, organisation.slug, person) for person in organisation.people]
        await asyncio.gather(*made)
        admin = next((person.handle for person in organisation.people if person.role == "admin"), "")
        for name in organisation.leads:
            await here.run(sealed.appoint, here, self._viewer(organisation, admin), name)

    async def _person(self, here: Instance, slug: str, person: DemoPerson) -> None:
        account = await accounts.create_account(
            here,
            name=person.handle,
            email=f"{person.handle}@{slug}.example",
            password=PASSWORD,
            role=person.role,
            display_name=person.name,
        )
        token = await accounts.start_session(here, account.actor_id, user_agent="demo")
        viewer = await accounts.viewer_for_token(here, token)
        if viewer is None:
            raise LookupError(person.handle)
        await accounts.sign_out(here, token)
        self._viewers[f"{person.handle}@{slug}"] = viewer
        await actors.update_profile(here, str(viewer.actor_id), actors.ProfileChange(summary_source=person.about))
        card = CardForm(
            teaches=person.teaches,
            stuck_with=person.stuck_with,
            ask_me_about=person.ask_me_about,
            may_be_asked=person.role == "member",
        )
        await needs.answer(here, viewer, card, accepts_guidelines=True)

    async def _trust(self, organisation: DemoOrganisation) -> None:
        here = self._opened[organisation.slug]
        for slug, other in self._opened.items():
            if slug != organisation.slug:
                await here.run(
                    peers.set_grade, here, other.settings.domain, "trusted", by="demo", note="A partner in the demo."
                )

    async def _community(self, organisation: DemoOrganisation, community: DemoCommunity) -> None:
        here = self._opened[organisation.slug]
        form = CommunityForm(
            name=community.name,
            purpose=community.purpose,
            slug=community.slug,
            kind=community.kind,
            visibility=community.visibility,
            join_policy=community.join_policy,
            time_per_week=community.time_per_week,
            objectives=community.objectives,
            outcomes=community.outcomes,
            cadence=community.cadence,
            term_until=community.term_until,
            channels=community.channels,
            feedback=community.feedback,
            goals=community.goals,
            digest_day=community.digest_day,
            facilitators=tuple(name for name in community.members[:2] if "@" not in name),
            guidelines=community.guidelines,
        )
        owner = self._viewer(organisation, community.members[0])
        group = await here.run(communities.create_community, here, owner, form)
        self._groups[here.settings.domain, community.slug] = group.id
        await make_topics(here, owner, group.id, community.topics)

    async def _join(self, organisation: DemoOrganisation, community: DemoCommunity) -> None:
        home = self._opened[organisation.slug]
        owner = self._viewer(organisation, community.members[0])
        for handle in community.members[1:]:
            name, slug = self._named(organisation, handle)
            if slug not in self._opened:
                continue
            viewer, here = self._viewers[f"{name}@{slug}"], self._opened[slug]
            group_id = await self._group(here, home, community.slug)
            if await self._become_member(here, viewer, group_id, community) == "applied":
                await self._admit(home, owner, community, viewer)

    async def _become_member(self, here: Instance, viewer: Viewer, group_id: str, community: DemoCommunity) -> str:
        answers: tuple[str, ...] = ()
        if community.join_policy == "apply":
            answers = ("To try things with others.", "What I tried, and what came of it.", "Most weeks.")
        state = await here.run(communities.join, here, viewer, group_id, answers=answers)
        if community.visibility == "public":
            await here.run(actors.request_follow, here, str(viewer.actor_id), group_id)
        await self._settle()
        return state

    async def _admit(self, home: Instance, owner: Viewer, community: DemoCommunity, viewer: Viewer) -> None:
        person = await home.run(actors.resolve, home, viewer.actor_uri)
        group_id = await self._group(home, home, community.slug)
        facts = await home.run(community_queries.membership, home, group_id, person.id)
        if facts is None or facts.state != "applied":
            return
        await home.run(communities.decide_application, home, owner, group_id, person.id, accept=True, note="Welcome!")
        await self._settle()

    async def _follow(self, organisation: DemoOrganisation, follower: str, target: str) -> None:
        here = self._opened[organisation.slug]
        name, slug = self._named(organisation, target)
        if slug not in self._opened:
            return
        other = self._opened[slug]
        found = await here.run(actors.resolve, here, f"@{name}@{other.settings.domain}")
        await here.run(actors.request_follow, here, str(self._viewer(organisation, follower).actor_id), found.id)

    async def _practice(self, organisation: DemoOrganisation, practice: DemoPractice) -> None:
        here = self._opened[organisation.slug]
        form = PracticeForm(
            entry="full",
            title=practice.title,
            promise=practice.promise,
            subject=practice.subject,
            level=practice.level,
            group_size=practice.group_size,
            minutes=practice.minutes,
            setting=practice.setting,
            problem=practice.problem,
            steps=practice.steps,
            evidence=practice.evidence,
            certainty=practice.certainty,
            would_change=practice.would_change,
            materials=tuple(Material(url=url, name=name) for name, url in practice.materials),
            community_id=await self._group(here, here, practice.community),
            visibility="public",
            nobody_identifiable=True,
        )
        post = await here.run(practices.share, here, self._viewer(organisation, practice.author), form)
        await self._settle()
        for handle, text in practice.replies:
            await self._reply(organisation, post.uri, handle, text)
        for handle in practice.useful_to:
            name, slug = self._named(organisation, handle)
            if slug in self._opened:
                there = self._opened[slug]
                known = await _known(there, post.uri)
                if known is not None:
                    await there.run(posts.like_post, there, self._viewers[f"{name}@{slug}"], known)

    async def _remix(self, organisation: DemoOrganisation, remix: DemoRemix) -> None:
        here, author = self._opened[organisation.slug], self._viewer(organisation, remix.author)
        uri = await self._uri_of(remix.source)
        if uri is None:
            return
        source_id = (await here.run(posts.fetch_post, here, uri)).id
        source = await here.run(remixes.source, here, author, source_id)
        changes = {
            name: value for name in ("subject", "level", "group_size", "setting") if (value := getattr(remix, name))
        }
        form = replace(
            remixes.begun(source),
            title=remix.title,
            steps=remix.steps,
            would_change=remix.would_change,
            visibility="public",
            **changes,
        )
        note = ChangeNote(remix.what_changed, remix.why)
        await here.run(remixing.share, here, author, source_id, form, note)

    async def _uri_of(self, title: str) -> str | None:
        """The id of what was written under this title in one of the organisations that are open."""
        for here in self._opened.values():
            uri = await here.run(here.db.value, "SELECT uri FROM post WHERE title = :title AND is_local", title=title)
            if uri is not None:
                return str(uri)
        return None

    async def _tried(self, organisation: DemoOrganisation, tried: DemoTry) -> None:
        here = self._opened[organisation.slug]
        practice = next(one for one in organisation.practices if one.title.startswith(tried.title))
        uri = await here.run(
            here.db.value, "SELECT uri FROM post WHERE title = :title AND is_local", title=practice.title
        )
        subject, level, size, minutes, setting = tried.context
        form = TryForm(
            outcome=tried.outcome,
            context=Bands(subject=subject, level=level, size=size, minutes=minutes, setting=setting),
            steps=tried.steps,
            changed=tried.changed,
            saw=tried.saw,
            may_contact=True,
        )
        async for there, viewer, known in self._copies(organisation, tried.who, str(uri)):
            post = await there.run(tries.report, there, viewer, known, form)
            await self._settle()
            if tried.thanked and (report_id := await _known(here, post.uri)) is not None:
                await here.run(posts.like_post, here, self._viewer(organisation, practice.author), report_id)

    async def _tip(self, organisation: DemoOrganisation, tip: DemoTip) -> None:
        here = self._opened[organisation.slug]
        form = PracticeForm(
            entry="tip",
            title=tip.title,
            text=tip.text,
            community_id=await self._group(here, here, tip.community),
            visibility="public",
        )
        await here.run(practices.share, here, self._viewer(organisation, tip.author), form)

    async def _thread(self, organisation: DemoOrganisation, thread: DemoThread) -> None:
        here = self._opened[organisation.slug]
        community = next(one for one in organisation.communities if one.slug == thread.community)
        group_id = await self._group(here, here, thread.community)
        form = ThreadForm(
            kind=thread.kind,
            title=thread.title,
            text=thread.text,
            community_id=group_id,
            visibility=community.visibility,
            peers_first_hours=thread.peers_first_hours,
            format=thread.format,
            topic_id=await topic_of(here, group_id, thread.topic),
            nameless=thread.nameless,
        )
        author = self._viewer(organisation, thread.author)
        post = await here.run(discussions.start, here, author, form)
        await self._settle()
        for handle, text, helped in thread.replies:
            part, _, words = text.partition(": ") if thread.format else ("", "", text)
            uri = await self._reply(organisation, post.uri, handle, words, part)
            if helped and uri is not None:
                reply_id = await _known(here, uri)
                if reply_id is not None:
                    await here.run(posts.mark_helped, here, author, reply_id)

    async def _reply(
        self, organisation: DemoOrganisation, uri: str, handle: str, text: str, part: str = ""
    ) -> str | None:
        """Write a reply where its author lives, to the copy of the post that has arrived there; returns its id."""
        name, slug = self._named(organisation, handle)
        if slug not in self._opened:
            return None
        self._clock.offset += REPLY_DELAY
        here = self._opened[slug]
        parent_id = await _known(here, uri)
        if parent_id is None:
            parent_id = (await here.run(posts.fetch_post, here, uri)).id
        reply = await here.run(
            discussions.reply, here, self._viewers[f"{name}@{slug}"], parent_id, ThreadForm(text=text, part=part)
        )
        await self._settle()
        return str(reply.uri)

    async def _resource(self, organisation: DemoOrganisation, resource: DemoResource) -> None:
        here = self._opened[organisation.slug]
        text, _, use = resource.text.partition("\n\n")
        form = ResourceForm(
            resource_type=resource.resource_type,
            title=resource.title,
            text=text,
            link=resource.link,
            excerpt=resource.excerpt,
            excerpt_by=resource.excerpt_by,
            subject=resource.subject,
            level=resource.level,
            minutes=resource.minutes,
            how_i_use_it=use,
            captions="pending" if resource.resource_type == "clip" else "",
            teaches=resource.teaches,
            community_id=await self._group(here, here, resource.community),
            visibility="members" if resource.resource_type == "clip" else "public",
            nobody_identifiable=True,
        )
        await here.run(resources.add_resource, here, self._viewer(organisation, resource.author), form)

    async def _answer(self, organisation: DemoOrganisation, answer: DemoAnswer) -> None:
        here, author = self._opened[organisation.slug], self._viewer(organisation, answer.author)
        known = [
            await here.run(here.db.value, "SELECT id FROM post WHERE title = :title", title=title)
            for title in (answer.practice, answer.challenge)
        ]
        if all(known):
            await here.run(challenges.add_answer, here, author, *(str(post_id) for post_id in known))

    async def _idea(self, organisation: DemoOrganisation, idea: DemoIdea) -> None:
        here = self._opened[organisation.slug]
        group = await self._group(here, here, idea.community)
        form = ThreadForm(kind="idea", title=idea.title, text=idea.text, community_id=group, visibility="public")
        post = await here.run(discussions.start, here, self._viewer(organisation, idea.author), form)
        await self._settle()
        for handle in idea.interested:
            async for there, viewer, known in self._copies(organisation, handle, post.uri):
                await there.run(posts.like_post, there, viewer, known)
        if idea.host:
            await here.run(ideas.volunteer, here, self._viewer(organisation, idea.host), post.id)

    async def _thanks(self, organisation: DemoOrganisation, said: DemoThanks) -> None:
        here = self._opened[organisation.slug]
        named = [self._named(organisation, handle) for handle in said.people]
        people = [f"@{name}@{self._opened[slug].settings.domain}" for name, slug in named if slug in self._opened]
        act_id = await here.run(here.db.value, BEGINS_SO, kind="practice", title=f"{said.act}%") if said.act else None
        kind = "thanks" if act_id else "celebration"
        form = ThanksForm(kind, said.title, said.text, " ".join(people), str(act_id) if act_id else None)
        await here.run(saying.say, here, self._viewer(organisation, said.author), form)

    async def _together(self, organisation: DemoOrganisation, wish: DemoTogether) -> None:
        here = self._opened[organisation.slug]
        practice_id = await here.run(here.db.value, BEGINS_SO, kind="practice", title=f"{wish.practice}%")
        form = ProposeForm(wish.title, wish.text, await self._group(here, here, wish.community))
        post = await here.run(together.propose, here, self._viewer(organisation, wish.author), str(practice_id), form)
        await self._settle()
        for handle in wish.participants:
            async for there, viewer, known in self._copies(organisation, handle, post.uri):
                await there.run(sessions.take_part, there, viewer, known)

    async def _summed_up(self, organisation: DemoOrganisation, wish: DemoTogether) -> None:
        here, author = self._opened[organisation.slug], self._viewer(organisation, wish.author)
        post_id = str(await here.run(here.db.value, BEGINS_SO, kind="session", title=f"{wish.title}%"))
        await here.run(together.end_now, here, author, post_id)
        title = f"What came of “{wish.practice}”"
        words = {"title": title, "text": wish.came, "closing": "Thank you for trying it.", "language": "en"}
        await here.run(partial(together.sum_up, here, author, post_id, **words))

    async def _round(self, organisation: DemoOrganisation, asked: DemoRound) -> None:
        here, host = self._opened[organisation.slug], self._viewer(organisation, asked.author)
        group = await self._group(here, here, asked.community)
        form = RoundForm(title=asked.title, community_id=group, is_hidden=asked.is_hidden)
        post = await here.run(rounds.open_round, here, host, form)
        await self._settle()
        for handle, text in asked.answers:
            async for there, viewer, known in self._copies(organisation, handle, post.uri):
                if text:
                    await there.run(
                        discussions.reply, there, viewer, known, ThreadForm(text=text, visibility="members")
                    )
                else:
                    await there.run(rounds.pass_turn, there, viewer, known)
        await self._settle()
        if asked.closed:
            await here.run(rounds.close, here, host, post.id, asked.closed)

    async def _collection(self, organisation: DemoOrganisation, kept: DemoCollection) -> None:
        here, author = self._opened[organisation.slug], self._viewer(organisation, kept.author)
        found = [
            (await here.run(here.db.value, "SELECT uri FROM post WHERE title = :title", title=title), why)
            for title, why in kept.things
        ]
        form = CollectionForm(
            title=kept.title,
            intro=kept.intro,
            is_path=True,
            members_add=True,
            items=tuple(ItemForm(str(uri), why) for uri, why in found if uri is not None),
            community_id=await self._group(here, here, kept.community),
        )
        post = await here.run(collections.gather, here, author, form)
        owner = next(one.members[0] for one in organisation.communities if one.slug == kept.community)
        await here.run(collections.start_here, here, self._viewer(organisation, owner), post.id, starts=True)

    async def _report(self, organisation: DemoOrganisation, report: DemoReport) -> None:
        here, reporter = self._opened[organisation.slug], self._viewer(organisation, report.reporter)
        post_id = await here.run(here.db.value, "SELECT id FROM post WHERE title = :title", title=report.title)
        new = NewReport(category=report.category, text=report.text, post_id=str(post_id), clause=report.clause)
        filed = await here.run(moderation.report, here, reporter, new)
        if report.decided is not None:
            name, action, clause, why = report.decided
            decision = Decision(action, why, clause=clause)
            await here.run(moderation.decide, here, self._viewer(organisation, name), filed.case_id, decision)

    async def _poll(self, organisation: DemoOrganisation, poll: DemoPoll) -> None:
        here = self._opened[organisation.slug]
        form = PollForm(
            question=poll.question,
            text=poll.text,
            options=poll.options,
            lasts=poll.lasts,
            community_id=await self._group(here, here, poll.community),
        )
        post = await here.run(polls.start_poll, here, self._viewer(organisation, poll.author), form)
        await self._settle()
        for handle, choice in poll.votes:
            async for there, viewer, known in self._copies(organisation, handle, post.uri):
                await there.run(polls.vote, there, viewer, known, {choice})

    async def _event(self, organisation: DemoOrganisation, event: DemoEvent) -> None:
        here = self._opened[organisation.slug]
        day = (here.clock.now() - self._clock.offset + timedelta(days=event.days_ahead)).replace(
            hour=event.hour, minute=0, second=0, microsecond=0
        )
        form = SessionForm(
            title=event.title,
            text=event.text,
            starts=f"{day:%Y-%m-%dT%H:%M}",
            ends=f"{day + timedelta(minutes=event.minutes):%Y-%m-%dT%H:%M}",
            timezone=event.timezone,
            place=event.place,
            capacity=event.capacity,
            community_id=await self._group(here, here, event.community),
            format="seminar" if event.discussants else "",
            discussants=event.discussants,
        )
        post = await here.run(sessions.publish_event, here, self._viewer(organisation, event.author), form)
        await self._settle()
        if event.pack:
            await self._pack(organisation, event, post.id)
        for handle in event.discussants:
            await here.run(seminar.answer, here, self._viewer(organisation, handle), post.id, comes=True)
        for handle, words in event.questions:
            async for there, viewer, known in self._copies(organisation, handle, post.uri):
                await there.run(discussions.reply, there, viewer, known, ThreadForm(kind="reply", text=words))
        for handle in event.participants:
            async for there, viewer, known in self._copies(organisation, handle, post.uri):
                await there.run(sessions.take_part, there, viewer, known)

    async def _recap(self, organisation: DemoOrganisation, event: DemoEvent) -> None:
        here = self._opened[organisation.slug]
        post_id = str(await here.run(here.db.value, BEGINS_SO, kind="session", title=event.title))
        words = event.recap[1] if event.recap else ""
        await here.run(later.recap, here, self._viewer(organisation, event.author), post_id, words)
        await self._settle()
        uri = str(await here.run(here.db.value, "SELECT uri FROM post WHERE id = :id", id=post_id))
        for handle, text in event.later:
            async for there, viewer, known in self._copies(organisation, handle, uri):
                await there.run(discussions.reply, there, viewer, known, ThreadForm(kind="reply", text=text))

    async def _pack(self, organisation: DemoOrganisation, event: DemoEvent, post_id: str) -> None:
        here = self._opened[organisation.slug]
        items = []
        for title, minutes in event.pack:
            row = await here.run(here.db.row, "SELECT uri, url FROM post WHERE title = :title", title=title)
            items += [PackForm(row["url"], title, minutes, row["uri"])] if row else []
        await here.run(preparing.set_pack, here, self._viewer(organisation, event.author), post_id, items)
        await self._settle()
        for handle in event.read if items else ():
            viewer = self._viewer(organisation, handle)
            await here.run(preparing.tick, here, viewer, post_id, items[0].url, done=True)

    async def _copies(
        self, organisation: DemoOrganisation, handle: str, uri: str
    ) -> AsyncIterator[tuple[Instance, Viewer, str]]:
        """Where somebody lives, who they are there, and our id of a post that has arrived there."""
        name, slug = self._named(organisation, handle)
        known = await _known(self._opened[slug], uri) if slug in self._opened else None
        if known is not None:
            yield self._opened[slug], self._viewers[f"{name}@{slug}"], known

    async def _group(self, here: Instance, home: Instance, slug: str) -> str:
        if here is home:
            return self._groups[here.settings.domain, slug]
        return str((await here.run(actors.resolve, here, f"@{slug}@{home.settings.domain}")).id)

    def _named(self, organisation: DemoOrganisation, handle: str) -> tuple[str, str]:
        name, _, slug = handle.partition("@")
        return name, slug or organisation.slug

    def _viewer(self, organisation: DemoOrganisation, handle: str) -> Viewer:
        return self._viewers[f"{handle}@{organisation.slug}"]

    async def _settle(self) -> None:
        """Let every server work until none has anything left to do."""
        busy = True
        while busy:
            busy = await self._sofia.work()
            for here in self._opened.values():
                busy = await here.run(here.worker.run_until_idle) or busy


async def _known(here: Instance, uri: str) -> str | None:
    """Our id of a post that has arrived here."""
    value = await here.run(here.db.value, "SELECT id FROM post WHERE uri = :uri", uri=uri)
    return None if value is None else str(value)


def _bound(
    action: Callable[..., Awaitable[None]], organisation: DemoOrganisation, fact: object
) -> Callable[[], Awaitable[None]]:
    async def do() -> None:
        await action(organisation, fact)

    return do
