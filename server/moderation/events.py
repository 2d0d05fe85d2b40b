"""What happens to reports, and what is said to people. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportFiled:
    """Somebody has to look at a case: it is new, was reported again, or came to another desk."""

    case_id: str


@dataclass(frozen=True, slots=True)
class CaseLate:
    """Nobody has looked at a case in time. `reminders` counts how often that was said."""

    case_id: str
    reminders: int


@dataclass(frozen=True, slots=True)
class CaseRuled:
    """Something was decided about a person, who reads why and may object."""

    ruling_id: str


@dataclass(frozen=True, slots=True)
class Objected:
    """They object: somebody else than who decided has to look."""

    ruling_id: str


@dataclass(frozen=True, slots=True)
class ObjectionAnswered:
    """Somebody else decided about the objection."""

    ruling_id: str


@dataclass(frozen=True, slots=True)
class ReportClosed:
    """Nobody has to look at a report any more: somebody decided, or it was taken back."""

    report_id: str


@dataclass(frozen=True, slots=True)
class ReportAnswered:
    """Another server says what became of a report that it was told of."""

    report_id: str
    uri: str


@dataclass(frozen=True, slots=True)
class NoticeGiven:
    """Somebody who looks after a community or server says something to a person here."""

    notice_id: str
