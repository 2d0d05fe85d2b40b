"""What happens to reports, and what is said to people. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportFiled:
    """Somebody, here or elsewhere, says that something is wrong."""

    report_id: str


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
