"""The ledger's rules, pure: the state of an account is a function of its facts, its zone, the
begun day and nothing else (LEDGER.md). No IO, no clock, no settings.

Where to start reading:

1. `facts`        what we are told, its identity, and the instant at which it acts
2. `steps`        what each kind of fact does to the state: where money goes
3. `stages`       how old a debt is: stages, what was announced, what is refuted
4. `record`       facts in, decision out: on top if it sorts last, else all again
5. `ageing`       what is said about stages, paid and open again; `begin`, the begun day

Beside them: `intake` (refusals, duplicates, conflicts), `timeline` (the one order of facts),
`invoices` and `sources` (the values), `state` (the working copy that steps change), `account`
(the value that callers hold; loading and reads), `registration`, `telling` and `follow` (events),
`journal`, `amounts`, `statement`, `integrity` (what must always hold).
"""

from services.ledger.domain.account import (
    amounts,
    amounts_at,
    as_of,
    as_of_in_slices,
    load_account,
    load_account_in_slices,
    new_account,
    next_on,
)
from services.ledger.domain.credits import Allocation, Credit
from services.ledger.domain.decision import Decision, LedgerAnnouncement
from services.ledger.domain.events import history_of
from services.ledger.domain.facts import Fact, Ineffective, cause_of, fact_id_of
from services.ledger.domain.intake import AmountLimit, check, difference
from services.ledger.domain.integrity import invariants
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.journal import Entry
from services.ledger.domain.record import (
    absorb,
    absorb_in_slices,
    record,
    record_in_slices,
    rezone,
    rezone_in_slices,
)
from services.ledger.domain.slices import Slices, run
from services.ledger.domain.stage_events import begin, begin_in_slices
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState
from services.ledger.domain.statement import Line, Statement, statement

__all__ = [
    "AccountState",
    "Allocation",
    "AmountLimit",
    "Credit",
    "Decision",
    "Entry",
    "Fact",
    "Ineffective",
    "Invoice",
    "LedgerAnnouncement",
    "Line",
    "Slices",
    "StageNotice",
    "Statement",
    "absorb",
    "absorb_in_slices",
    "amounts",
    "amounts_at",
    "as_of",
    "as_of_in_slices",
    "begin",
    "begin_in_slices",
    "cause_of",
    "check",
    "difference",
    "fact_id_of",
    "history_of",
    "invariants",
    "load_account",
    "load_account_in_slices",
    "new_account",
    "next_on",
    "record",
    "record_in_slices",
    "rezone",
    "rezone_in_slices",
    "run",
    "statement",
]
