"""Work for a person, as the areas that find it ask for it. The desk is where it is done."""

from datetime import date, datetime
from typing import Literal, get_args

from msgspec import Struct

TaskKind = Literal[
    "call", "callback", "early-warning", "find-contact-data", "verify-party", "opt-out", "legal",
    "hardship", "dispute-review", "promise", "check-payment", "reply", "review", "failed-command",
    "set-aside",
]  # fmt: skip

TASK_KINDS: frozenset[str] = frozenset(get_args(TaskKind))
# For these somebody picks up the phone: the governor is asked before.
CALL_KINDS: frozenset[str] = frozenset({"call", "callback", "early-warning"})
QUEUE_DEFAULT = "collectors"


class NewTask(Struct, frozen=True, kw_only=True):
    """Something to be done about an account. `cause` names it: a task is opened once per cause."""

    kind: TaskKind
    account_id: str
    cause: str  # of what it comes: contact …, inbound …, warning …
    due_at: datetime  # business time
    queue: str = QUEUE_DEFAULT
    skill: str | None = None  # the certificate that it needs
    contact_id: str | None = None
    debtor_id: str | None = None
    strategy: str | None = None
    strategy_version: str | None = None
    step: str | None = None
    script: str | None = None  # template that is read out
    due_on: date | None = None
    invoice_ids: tuple[str, ...] = ()
    note: str | None = None  # stays in outreach
    escalated: bool = False
    opened_at: datetime | None = None  # business time of what it comes of; none: recorded then
    account_ids: tuple[str, ...] = ()  # further accounts in whose timelines it stands
    attempt: int = 1  # so often it has been tried, this one included
