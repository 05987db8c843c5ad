"""What came of jobs, until a person has seen it."""

from __future__ import annotations

from dataclasses import dataclass

from .queue import Job

LONG = 10.0
"""Seconds after which people look elsewhere: what came of a longer job is marked until it is seen."""
KEPT = 8


@dataclass(frozen=True, eq=False)
class Notice:
    """The end of a job in a sentence."""

    job: Job
    text: str

    @property
    def good(self) -> bool:
        return self.job.state == "finished"


_unseen: list[Notice] = []


def tell(job: Job, text: str, *, failed: bool = False) -> None:
    """Mark what came of a job: of a long one, and of one that failed, which must not pass unseen."""
    if failed or job.seconds >= LONG:
        _unseen.append(Notice(job, text))
        del _unseen[:-KEPT]


def unseen() -> list[Notice]:
    """The latest first."""
    return _unseen[::-1]


def about(step: str, subject: int) -> Notice | None:
    """The latest of what a person has not seen of jobs that make a step's result for a subject."""
    return next((n for n in unseen() if (n.job.makes or n.job.kind, n.job.subject) == (step, subject)), None)


def see(job_id: str = "", subject: int = 0) -> None:
    """A person has seen what came of a job, of those for a subject, or, without either, of all."""
    _unseen[:] = [n for n in _unseen if (job_id or subject) and job_id != n.job.id and subject != n.job.subject]
