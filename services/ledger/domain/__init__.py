"""The ledger's rules, pure: the state of an account is a function of its facts, its zone, the
begun day and nothing else (LEDGER.md). No IO, no clock, no settings.

Where to start reading:

1. `facts`        what we are told, its identity, and the instant at which it acts
2. `steps`        what each kind of fact does to the books: where money goes
3. `stages`       how old a debt is: stages, what was announced, what is refuted
4. `record`       facts in, decision out: on top if it sorts last, else all again
5. `ageing`       what is said about stages, paid and open again; `begin`, the begun day

Beside them: `intake` (refusals, duplicates, conflicts), `timeline` (the one order of facts),
`invoices` and `sources` (the values), `books` (the working copy that steps change), `account`
(the value that callers hold; loading and reads), `registration`, `telling` and `follow` (events),
`journal`, `amounts`, `statement`, `integrity` (what must always hold).
"""

from services.ledger.domain.account import (
    Account,
    amounts,
    amounts_at,
    as_of,
    load_account,
    new_account,
    next_on,
)
from services.ledger.domain.ageing import begin
from services.ledger.domain.days import NOTHING_BEGUN, Begun
from services.ledger.domain.decision import Decision, Said
from services.ledger.domain.facts import Fact, Notice, cause_of, fact_id_of
from services.ledger.domain.intake import check, difference
from services.ledger.domain.integrity import invariants
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.journal import Entry
from services.ledger.domain.record import record, rezone
from services.ledger.domain.sources import Piece, Source
from services.ledger.domain.stages import Announcement
from services.ledger.domain.statement import Line, Statement, statement
from services.ledger.domain.telling import history_of

__all__ = [
    "NOTHING_BEGUN",
    "Account",
    "Announcement",
    "Begun",
    "Decision",
    "Entry",
    "Fact",
    "Invoice",
    "Line",
    "Notice",
    "Piece",
    "Said",
    "Source",
    "Statement",
    "amounts",
    "amounts_at",
    "as_of",
    "begin",
    "cause_of",
    "check",
    "difference",
    "fact_id_of",
    "history_of",
    "invariants",
    "load_account",
    "new_account",
    "next_on",
    "record",
    "rezone",
    "statement",
]
