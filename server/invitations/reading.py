"""Reading a list of people that somebody made in a spreadsheet: what is right in it, and what is not, line by line."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from server.accounts.joining import ROLES, check_email
from server.actors.policy import clean_name
from server.errors import Invalid

MAX_BYTES = 200_000
MAX_ROWS = 500
MAX_NAME = 100
COLUMNS = ("name", "email", "role")
_CALLED = {
    "name": "name", "names": "name", "full name": "name", "e-mail": "email", "email": "email", "mail": "email",
    "email address": "email", "mail address": "email", "role": "role", "rolle": "role", "e-mail-adresse": "email",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One person of a list; `line` counts from 1, as spreadsheets do."""

    line: int
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be used, as it was written, and why."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a list says."""

    rows: tuple[Row, ...]
    wrong: tuple[Wrong, ...]


def text_of(data: bytes) -> str:
    """A file as text: UTF-8, or what spreadsheets on Windows write. Raises Invalid."""
    if len(data) > MAX_BYTES:
        raise Invalid("This file is too large. Split it into lists of up to 500 people.", field="list")
    try:
        text = data.decode("utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\x00" in text:
        raise Invalid("This is no list in text. Save it as CSV, and choose that file.", field="list")
    return text


def read(text: str) -> Read:
    """Every line, sorted into what can be used and what cannot. Raises Invalid where it is no list at all.

    Columns are told by their names in the first line; without these they are name, mail address, role. Between them
    stands a comma, a semicolon or a tab.
    """
    if not text.strip():
        raise Invalid("Write a line for each person: name, mail address, role.", field="list")
    rows: list[Row] = []
    wrong: list[Wrong] = []
    seen: dict[str, int] = {}
    order: tuple[str, ...] | None = None
    for line, cells in _lines(text):
        if order is None:
            order = _named(cells)
            if order:
                continue
            order = COLUMNS
        if len(rows) + len(wrong) >= MAX_ROWS:
            raise Invalid(f"A list has at most {MAX_ROWS} people. Split it.", field="list")
        found = dict(zip(order, cells, strict=False))
        written = as_line(*(found.get(name, "") for name in COLUMNS))
        try:
            row = _row(line, found)
        except Invalid as error:
            wrong.append(Wrong(line, written, error.message))
            continue
        if row.email in seen:
            wrong.append(Wrong(line, written, f"This address stands in line {seen[row.email]} already."))
            continue
        seen[row.email] = line
        rows.append(row)
    if not rows and not wrong:
        raise Invalid("There is nobody in this list.", field="list")
    return Read(tuple(rows), tuple(wrong))


def as_line(*cells: str) -> str:
    """A line that is read as the same again, however it was written."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([cell[:300] for cell in cells])
    return out.getvalue()


def _row(line: int, found: dict[str, str]) -> Row:
    email, name = check_email(found.get("email", "")), clean_name(found.get("name", ""))
    if not name or len(name) > MAX_NAME:
        raise Invalid("Write a name of at most 100 letters.")
    role = found.get("role", "").lower() or "member"
    if role not in ROLES:
        raise Invalid("A role is member, steward or admin; leave it empty for a member.")
    return Row(line, name, email, role)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip().partition("\n")[0]
    between = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} cannot be read: it is too long, or not text.", field="list") from error


def _named(cells: list[str]) -> tuple[str, ...]:
    """The columns that a first line names; nothing where it is a person already."""
    named = tuple(_CALLED.get(cell.lower(), "") for cell in cells)
    return named if "email" in named else ()
