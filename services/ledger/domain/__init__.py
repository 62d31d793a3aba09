"""The ledger's rules, pure: the state of an account is a function of its facts, its zone, the
begun day and its tenant's policies of each day (docs/ledger.md). No IO, no clock, no settings.

Where to start reading:

1. `facts`         one accepted thing, from a billing platform or a command (`agreements`)
2. `kinds`         what each kind of fact is and does: one file per noun, one `Kind` per kind
3. `state`         an account: its objects, queues and sums, and the undo entries of its last facts
4. `allocation`    where money goes
5. `objects`       what else an account has, and the agenda of its judgements; a `Noun` of `kinds`
                   says what happens there
6. `replay`        a fact acts: on top, or at its place in the past, or all of them from nothing
7. `record`        facts in, decision out; `begin`: what a begun day brings
8. `doors`         what a command may ask, and the facts that it comes to

And, by what they are about:

- facts: `registry` (all kinds and nouns), `intake` (refusals, duplicates, conflicts), `ranks` and
  `ordering` (the one order), `waiting` (what waits for what), `timeless` (what holds for the whole
  history), `recorded_time`, `personal` (what goes when an account is erased)
- acting and acting again: `undo`, `before`, `slipping`, `conclusions` (what follows from each
  fact), `fork` (a copy to try things on), `slices` (long computations give way)
- money: `invoices` and `credits` (the values), `currency_state` (sums and queues), `placing` (money
  on invoices and off), `serving` (in the order of a policy), `recoveries`, `discounts`, `owed`
- age: `stages` (how old a debt is), `stage_events`, `buckets`, `reminders` (instalments due soon)
- agreements: `promises`, `arrangements` (what `plans` and `settlements` have in common), `taken`,
  `disputes`, `holds`, `write_offs`, `placements`, `credit` (limits), `approvals`, `stops`
- charges: `charges` (the values), `charging` (which rules hold), `fees` and `late_fees`, `accruals`
  and `interest`, `rates`, `restating` (by other rates), `waivers`
- policies: `policies` (the documents), `rules` (what holds on each day), `requests` and
  `policy_trials` (dry runs)
- announced: `events`, `news`, `object_news`, `arrangement_news`, `plan_news`, `promise_news`,
  `settlement_news`, `dispute_news`, `write_off_news`, `charge_events`, `consequences`, `registration`, `parts` (of
  what is too long for one event), `builder` and `decision`
- read: `account` (loading and reads), `amounts`, `payoff`, `statement`, `movements` and
  `relief_movements` (its lines), `references`, `erasures` (certificates)
- books: `journal`, `chart` (who may post where), `chain` (hashes and seals), `journal_lines`
  (exported), `integrity` and `account_checks` (what must always hold)
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
