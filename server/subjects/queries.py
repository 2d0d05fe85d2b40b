"""Subjects ready to show: the list of all, and one with its practices."""

from dataclasses import dataclass

from server.errors import NotFound
from server.instance import Instance
from server.subjects import policy


@dataclass(frozen=True, slots=True)
class SubjectView:
    """A subject that people can follow."""

    id: str
    handle: str
    full_handle: str
    subject: str
    level: str
    name: str
    is_on: bool
    followers_count: int

    @property
    def url(self) -> str:
        """Its page."""
        return f"/subjects/{self.handle}"


_ALL = (
    "SELECT subject.id, subject.subject, subject.level, subject.is_on, actor.username, actor.name,"
    " actor.followers_count FROM subject JOIN actor ON actor.id = subject.id"
)


async def subjects(here: Instance, *, everything: bool = False) -> list[SubjectView]:
    """Those that are on, by name; `everything`: all of them, for those who choose. One query."""
    which = "" if everything else " WHERE subject.is_on"
    rows = await here.db.rows(f"{_ALL}{which} ORDER BY actor.name, subject.id LIMIT :most", most=policy.MAX_SUBJECTS)
    return [_view(here, row) for row in rows]


async def subject(here: Instance, handle: str) -> SubjectView:
    """One that is on. Raises NotFound. One query."""
    row = await here.db.row(
        f"{_ALL} WHERE actor.handle_key = :key AND subject.is_on", key=f"{handle.lower()}@{here.settings.domain}"
    )
    if row is None:
        raise NotFound
    return _view(here, row)


def _view(here: Instance, row: dict[str, object]) -> SubjectView:
    handle = str(row["username"])
    return SubjectView(
        id=str(row["id"]),
        handle=handle,
        full_handle=f"@{handle}@{here.settings.domain}",
        subject=str(row["subject"]),
        level=str(row["level"]),
        name=str(row["name"]),
        is_on=bool(row["is_on"]),
        followers_count=int(str(row["followers_count"])),
    )
