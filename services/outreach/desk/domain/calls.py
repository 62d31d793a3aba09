"""A call that a person is about to make: whom it may reach now, and what has to be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.outreach.activity.domain.decisions import Decision, Reason, RecordedDecision, decide
from services.outreach.channels.domain.phone_numbers import e164
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.domain.governor_question import governor_question
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain.live_check import CheckedAccount
from services.outreach.rulebooks.domain.versions import RuleBookVersions

# What a call of the ladder is about; other calls were asked for, or answer something.
_LADDER = frozenset({"call"})


@dataclass(frozen=True)
class CallFacts:
    """What is known of whoever is called, as committed now."""

    profile: DebtorProfile
    account_id: str
    invoices: tuple[Invoice, ...]
    rulebooks: RuleBookVersions
    unusable: frozenset[str] = frozenset()  # numbers, in E.164

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of the person, those of the account first."""
        accounts = sorted(
            self.profile.accounts, key=lambda a: (a.account_id != self.account_id, a.account_id)
        )
        found = [
            e164(phone.number, account.country)
            for account in accounts
            if account.details is not None
            for phone in account.details.phones
        ]
        return tuple(n for n in dict.fromkeys(found) if n is not None and n not in self.unusable)

    def govern(self, at: datetime, to: str | None, channel: str = "voice") -> RecordedDecision:
        """What the rules in force at that instant decide of a call."""
        asked = governor_question(self.profile, at, channel=channel, to=to, invoices=self.invoices)
        in_force = self.rulebooks.at(at)
        return decide(asked, in_force.books, in_force.packs, at)


def deferred_until(facts: CallFacts, at: datetime) -> datetime | None:
    """Until when the rules put the call off, by whichever number; None: they don't."""
    instants: list[datetime] = []
    for to in facts.numbers or (None,):
        decision = facts.govern(at, to).decision
        if decision.verdict != "defer" or decision.until is None:
            return None
        instants.append(decision.until)
    until = min(instants)
    return until if until > at else None


def live_refusal(kind: str, checked: CheckedAccount, at: datetime) -> Decision | None:
    """Why the ledger's check forbids the call; None: it does not. A hold forbids every call; for
    what is paid, promised or disputed meanwhile nobody is called of our own accord."""
    holds = [stop for stop in checked.stops if stop.kind == "hold" and stop.invoice_ids is None]
    if holds:
        kinds = ", ".join(sorted({stop.hold_kind or "hold" for stop in holds}))
        return blocked("hold", f"a hold stands: {kinds}", at)
    if kind not in _LADDER or any(a.collectable_minor > 0 for a in checked.amounts):
        return None
    reasons = [stop.because for stop in checked.stops] or ["paid"]
    return blocked(reasons[0], "nothing is collectable now", at)


def blocked(rule: str, because: str, at: datetime) -> Decision:
    reason = Reason(rule, "block", None, because=because)
    return Decision("block", at, (reason,))


def verdict_view(decision: Decision) -> dict[str, Any]:
    """A decision as the desk shows it."""
    return {
        "verdict": decision.verdict,
        "until": decision.until,
        "role": decision.role,
        "decided_by": [
            {
                "rule": each.rule,
                "effect": each.effect,
                "until": each.until,
                "citation": each.citation,
                "because": each.because,
                "role": each.role,
            }
            for each in decision.decided_by
        ],
    }


def prompts_of(facts: CallFacts, kind: str, checked: CheckedAccount | None) -> list[str]:
    """What whoever calls should bear in mind, the most important first."""
    found = ["Find out who speaks before anything of the debt is said."]
    names = {a.details.language for a in facts.profile.accounts if a.details}
    languages = sorted(name for name in names if name)
    if languages:
        found.append(f"Language: {', '.join(languages)}.")
    if kind == "early-warning":
        found.append("Nothing need be overdue: ask how things are, demand nothing.")
    if kind == "callback":
        found.append("The call was asked for.")
    for stop in _once(checked.stops if checked is not None else ()):
        found.append(f"Stands: {stop}.")
    if checked is not None:
        found += [
            f"May be asked for: {amount.currency} {amount.collectable_minor} (minor units)."
            for amount in checked.amounts
            if amount.collectable_minor > 0
        ]
    return found


def _once(stops: Iterable[Any]) -> Sequence[str]:
    return list(dict.fromkeys(f"{s.kind} {s.hold_kind}" if s.hold_kind else s.kind for s in stops))
