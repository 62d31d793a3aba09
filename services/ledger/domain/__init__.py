"""The ledger's rules, pure: the state of an account is a function of its facts, its zone, the
begun day and nothing else (docs/ledger.md). No IO, no clock, no settings.

Where to start reading:

1. `facts`         what a billing platform sent
2. `kinds`         what each kind of fact is and does: one file per noun, one `Kind` per kind
3. `state`         an account: its objects, queues and sums, and the undo entries of its last facts
4. `allocation`    where money goes
5. `replay`        a fact acts: on top, or at its place in the past, or all of them from nothing
6. `record`        facts in, decision out; `stage_events`: what a begun day shows

And: `registry` (all kinds), `intake` (refusals, duplicates, conflicts), `ordering` (the one order
of facts), `invoices` and `credits` (the values), `stages` (how old a debt is), `events`,
`consequences`, `parts` and `registration` (what is announced), `builder` and `decision`, `account`
(loading and reads), `journal`, `chart` (who may post where), `chain` (hashes and seals),
`journal_lines` (exported), `amounts`, `statement`, `integrity` and `account_checks` (what must
always hold), `slices` (long computations give way).
"""

from services.ledger.domain.account import (
    amounts,
    amounts_at,
    as_of,
    as_of_in_slices,
    before_in_slices,
    load_account,
    load_account_in_slices,
    new_account,
    next_on,
)
from services.ledger.domain.begin import begin, begin_in_slices
from services.ledger.domain.credits import Allocation, Credit
from services.ledger.domain.decision import Decision, LedgerAnnouncement
from services.ledger.domain.events import history_of
from services.ledger.domain.facts import Fact, Ineffective
from services.ledger.domain.intake import AmountLimit, check, difference, doubtful_ids
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
from services.ledger.domain.registry import KINDS, cause_of, fact_id_of, kept
from services.ledger.domain.slices import Slices, run
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState
from services.ledger.domain.statement import CurrencyStatement, Line, statement, statement_in_slices

__all__ = [
    "KINDS",
    "AccountState",
    "Allocation",
    "AmountLimit",
    "Credit",
    "CurrencyStatement",
    "Decision",
    "Entry",
    "Fact",
    "Ineffective",
    "Invoice",
    "LedgerAnnouncement",
    "Line",
    "Slices",
    "StageNotice",
    "absorb",
    "absorb_in_slices",
    "amounts",
    "amounts_at",
    "as_of",
    "as_of_in_slices",
    "before_in_slices",
    "begin",
    "begin_in_slices",
    "cause_of",
    "check",
    "difference",
    "doubtful_ids",
    "fact_id_of",
    "history_of",
    "invariants",
    "kept",
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
    "statement_in_slices",
]
