"""Cases, the tasks in them, and how people worked on them. Notes and names stay in outreach."""

from datetime import date, datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class CaseOpened(Struct, frozen=True, kw_only=True):
    """An account is being worked on; a case that opens again has the next number."""

    case_id: str
    account_id: str
    number: int  # 1, 2, 3… of the account
    because: Literal["overdue", "reopened", "task"]
    opened_at: datetime


class CaseClosed(Struct, frozen=True, kw_only=True):
    case_id: str
    account_id: str
    number: int
    because: Literal["paid", "written-off", "corrected", "erased", "done"]
    closed_at: datetime


class TaskCreated(Struct, frozen=True, kw_only=True):
    """There is something for a person to do about an account."""

    task_id: str
    account_id: str
    debtor_id: str | None = None
    kind: str = "call"
    queue: str | None = None
    skill: str | None = None  # the certificate that it needs
    due_at: datetime | None = None
    case_id: str | None = None
    contact_id: str | None = None  # of the contact that hands it over
    strategy: str | None = None
    strategy_version: str | None = None
    step: str | None = None
    due_on: date | None = None
    invoice_ids: tuple[str, ...] = ()
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class _Task(Struct, frozen=True, kw_only=True):
    task_id: str
    account_id: str
    kind: str
    queue: str
    case_id: str | None = None


class TaskClaimed(_Task, frozen=True, kw_only=True):
    collector: str
    until: datetime  # machine time: the end of the lease


class TaskReleased(_Task, frozen=True, kw_only=True):
    """Its lease ended: it is open again."""

    collector: str


class TaskCancelled(_Task, frozen=True, kw_only=True):
    """Its reason fell away."""

    because: str


class TaskCompleted(_Task, frozen=True, kw_only=True):
    disposition: str
    collector: str
    seconds: int
    cost_micros: int = 0
    cost_currency: str | None = None
    contact_id: str | None = None
    completed_at: datetime


class InteractionReviewed(Struct, frozen=True, kw_only=True):
    """A completed call was listened to. The note stays in outreach."""

    task_id: str
    account_id: str
    collector: str
    reviewer: str
    score: float  # mean of the criteria, 0 to 5
    scores: dict[str, int] = {}
    passed: bool  # no must-pass failed
    failed: tuple[str, ...] = ()
    recognition: bool = False
    reviewed_at: datetime
