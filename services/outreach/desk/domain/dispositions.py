"""What a collector's disposition of a task leads to: one row of the table for each."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

DispositionName = Literal[
    "promise", "plan", "settlement", "dispute", "payment-claim", "refusal", "callback", "hardship",
    "paid-now", "cease", "attorney", "bankruptcy", "deceased", "wrong-party", "third-party",
    "no-answer", "busy", "voicemail", "not-in-service", "no-call",
]  # fmt: skip
Party = Literal["right", "wrong"]
Outcome = Literal[
    "conversation", "no_answer", "busy", "voicemail_no_message", "not_in_service",
]  # fmt: skip

HARDSHIP_DAYS = 30
AGAIN_BUSINESS_DAYS = 2
ATTEMPTS_MAX = 3


class Disposition(Struct, frozen=True, kw_only=True):
    """`outcome`: as the governor's history has it; none: nobody was called. `collection`: what of
    the account the ledger's command makes. `hold`: a hold of that kind is placed by itself."""

    party: Party | None = None
    outcome: Outcome | None = None
    collection: str | None = None
    hold: str | None = None
    task: Literal["callback", "hardship", "legal"] | None = None
    is_again: bool = False  # the same task in some days


def _agreed(collection: str) -> Disposition:
    return Disposition(party="right", outcome="conversation", collection=collection)


def _spoken(**more: Any) -> Disposition:
    return Disposition(party="right", outcome="conversation", **more)


def _again(outcome: Outcome) -> Disposition:
    return Disposition(outcome=outcome, is_again=True)


DISPOSITIONS: Mapping[str, Disposition] = {
    "promise": _agreed("promises"),
    "plan": _agreed("plans"),
    "settlement": _agreed("settlements"),
    "dispute": _agreed("disputes"),
    "payment-claim": _spoken(),
    "refusal": _spoken(),
    "callback": _spoken(task="callback"),
    "hardship": _spoken(hold="hardship", task="hardship"),
    "paid-now": _spoken(),
    **{kind: _spoken(hold=kind, task="legal") for kind in ("cease", "attorney", "bankruptcy")},
    "deceased": _spoken(hold="deceased", task="legal"),
    "wrong-party": Disposition(party="wrong", outcome="conversation"),
    "third-party": Disposition(party="wrong", outcome="conversation"),
    "no-answer": _again("no_answer"),
    "busy": _again("busy"),
    "voicemail": _again("voicemail_no_message"),
    "not-in-service": _again("not_in_service"),
    "no-call": Disposition(),
}


def cause_again(attempt: int, task_id: str) -> str:
    """Why a task is there that does another one again."""
    return f"again {attempt} of {task_id}"


def task_done_again(cause: str) -> str | None:
    """The task that is done again; None: the cause is another."""
    first, _, task_id = cause.rpartition(" of ")
    return task_id if first.startswith("again ") else None


def cost_micros(seconds: int, minute_micros: int) -> int:
    """What a person's time costs, by begun minutes."""
    return -(-seconds // 60) * minute_micros
