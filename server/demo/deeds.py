"""What people of the demo do when a visitor of the tour presses a button, and how to find what it shows.

Everything goes through the actions that people use: what Tom says is kept at his server, signed, delivered, and checked.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from server.accounts import actions as accounts
from server.accounts.sessions import SESSION_LIFE
from server.actors import queries as actors
from server.actors.viewer import Viewer
from server.demo.sofia import Sofia
from server.demo.wire import Delivery, Wire
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import NotFound
from server.instance import Instance
from server.posts import actions as posts
from server.posts.addresses import page_path
from server.tries import actions as tries
from server.tries.bands import Bands
from server.tries.form import TryForm

PRACTICE = "Exit tickets that get read before the next lesson"
HOME, ABROAD, FAR = "northfield", "riverside", "lakeside"
TRIED = TryForm(
    outcome="worked-with-changes",
    context=Bands(subject="other", level="adults", size="11-20", minutes="10", setting="library"),
    steps=(2,),
    changed="They answered with a drawing, and the piles became a wall.",
    saw="Nobody left without putting something up.",
    may_contact=True,
)
LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something that one server sent to another: its id, where it stands, and the letter, once that has come.

    `path` is its page at its own server; `is_here` says whether the other has taken it up.
    """

    uri: str
    path: str
    letter: Delivery | None
    is_here: bool


@dataclass(slots=True)
class Cast:
    """The demo while it runs: its servers in order, by slug, the wire into each of them, and Sofia's server."""

    opened: Mapping[str, Instance]
    wires: Mapping[str, Wire]
    sofia: Sofia
    patience_seconds: float = 6.0

    def origin(self, place: str) -> str:
        """The address of a server, or of Sofia's."""
        return self.sofia.origin if place == "sofia" else self.opened[place].settings.origin

    def has(self, place: str) -> bool:
        """Whether this server runs: a demo may have fewer."""
        return place == "sofia" or place in self.opened


async def sign_in(here: Instance, handle: str, user_agent: str) -> str:
    """The token of a new session of somebody of the demo; raises NotFound for anybody else."""
    person = await actors.person_by_handle(here, handle)
    if person is None or not person.label.is_local:
        raise NotFound
    # Nobody of the demo has anything to lose: whoever became Ana with one tap is not asked for her password later.
    return await accounts.start_session(here, person.label.id, user_agent=user_agent, proven_for=SESSION_LIFE)


async def path_of(cast: Cast, place: str, title: str = PRACTICE) -> str | None:
    """The page of a post of Northfield at some server, by its title; None where it is not, or not any more."""
    here, home = cast.opened[place], cast.opened[HOME]
    uri = await _uri(home, title)
    return None if uri is None else await here.run(_path, here, uri)


async def tom_tries(cast: Cast) -> Arrived | None:
    """Tom reports from Riverside how the practice went; if he has before, he takes that back."""
    there, practice = cast.opened[ABROAD], await _uri(cast.opened[HOME], PRACTICE)
    known = await there.run(_known, there, practice) if practice else None
    if known is None:
        return None
    tom = await there.run(_viewer, there, "tom")
    before = await tom_said(cast)
    if before is not None:
        post_id = await there.run(_known, there, before.uri)
        await there.run(tries.withdraw, there, tom, str(post_id))
        await _until(cast, HOME, before.uri, present=False)
        return None
    post = await there.run(tries.report, there, tom, known, TRIED)
    await _until(cast, HOME, post.uri)
    return await tom_said(cast)


async def tom_said(cast: Cast) -> Arrived | None:
    """Tom's report on the practice; None where there is none."""
    practice = await _uri(cast.opened[HOME], PRACTICE)
    if practice is None or ABROAD not in cast.opened:
        return None
    return await _answer(cast, ABROAD, "tom", practice, "AND post.kind = 'tried'")


async def ines_writes(cast: Cast, text: str) -> Arrived | None:
    """Inês answers the practice from Lakeside."""
    there, practice = cast.opened[FAR], await _uri(cast.opened[HOME], PRACTICE)
    known = await there.run(_known, there, practice) if practice else None
    if known is None:
        return None
    ines = await there.run(_viewer, there, "ines")
    post = await there.run(discussions.reply, there, ines, known, ThreadForm(text=text))
    await _until(cast, HOME, post.uri)
    return await ines_said(cast)


async def ines_said(cast: Cast) -> Arrived | None:
    """The last answer of Inês to the practice; None where there is none."""
    practice = await _uri(cast.opened[HOME], PRACTICE)
    if practice is None or FAR not in cast.opened:
        return None
    return await _answer(cast, FAR, "ines", practice, "AND post.kind = 'reply'")


async def _answer(cast: Cast, place: str, handle: str, practice: str, which: str) -> Arrived | None:
    there, home = cast.opened[place], cast.opened[HOME]
    row = await there.run(
        there.db.row,
        "SELECT post.uri, post.id, post.title, post.kind FROM post JOIN actor ON actor.id = post.author_id"
        " JOIN post AS practice ON practice.id = post.parent_id"
        " WHERE actor.is_local AND actor.handle_key = :handle AND practice.uri = :practice"
        f" AND post.state = 'visible' {which} ORDER BY post.id DESC LIMIT 1",
        handle=f"{handle}@{there.settings.domain}",
        practice=practice,
    )
    if row is None:
        return None
    is_here = await home.run(_known, home, row["uri"]) is not None
    path = page_path(row["id"][-8:], row["title"], row["kind"])
    return Arrived(row["uri"], path, cast.wires[HOME].about(row["uri"]), is_here)


async def _until(cast: Cast, place: str, uri: str, *, present: bool = True) -> None:
    """Wait until a server has taken something up, or forgotten it, or refused it, for as long as patience lasts."""
    here, wire = cast.opened[place], cast.wires[place]
    for _ in range(int(cast.patience_seconds / LOOK_AGAIN_SECONDS)):
        letter = wire.about(uri)
        if (await here.run(_known, here, uri) is not None) is present:
            return
        if present and letter is not None and not letter.is_taken:
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _viewer(here: Instance, handle: str) -> Viewer:
    token = await sign_in(here, handle, "the tour")
    viewer = await accounts.viewer_for_token(here, token)
    await accounts.sign_out(here, token)
    if viewer is None:
        raise NotFound
    return viewer


async def _uri(home: Instance, title: str) -> str | None:
    value = await home.run(
        home.db.value,
        "SELECT uri FROM post WHERE title = :title AND is_local AND state = 'visible' ORDER BY id LIMIT 1",
        title=title,
    )
    return None if value is None else str(value)


async def _known(here: Instance, uri: str) -> str | None:
    value = await here.db.value("SELECT id FROM post WHERE uri = :uri AND state <> 'deleted'", uri=uri)
    return None if value is None else str(value)


async def _path(here: Instance, uri: str) -> str | None:
    row = await here.db.row("SELECT id, title, kind FROM post WHERE uri = :uri AND state = 'visible'", uri=uri)
    return None if row is None else page_path(row["id"][-8:], row["title"], row["kind"])


async def let_in(home: Instance, handle: str, uri: str) -> None:
    """A steward lets the first post of a stranger through, who is known from then on."""
    steward, post_id = await _viewer(home, handle), await _known(home, uri)
    if post_id is not None:
        await posts.approve_post(home, steward, post_id)
