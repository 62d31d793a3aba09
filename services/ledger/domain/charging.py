"""Which charge rules hold for a debt on a day, and what stops them (docs/charges.md)."""

from datetime import date, timedelta

from services.ledger.domain.arrangements import frozen
from services.ledger.domain.facts import Position
from services.ledger.domain.holds import stops_fees, stops_interest
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.owed import owed
from services.ledger.domain.policies.charges import ChargeRule, Charging, Disclosure
from services.ledger.domain.policies.debts import Debt
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from shared.clock import day_start, local_day


def charging_on(state: AccountState, day: date) -> Charging:
    return state.rules.charges.at(day)


def debt_of(state: AccountState, invoice: Invoice | None, currency: str, day: date) -> Debt:
    """What rules look at, at the present place; without an invoice: a debt of the account."""
    profile = state.profile
    country = None
    if profile is not None:
        country = next((place.country for place in profile.addresses if place.country), None)
    return Debt(
        currency=currency,
        kind=profile.kind if profile is not None else None,
        country=country,
        tags=profile.tags if profile is not None else (),
        purpose=invoice.data.purpose if invoice is not None else None,
        product=invoice.data.product if invoice is not None else None,
        owed_minor=owed(state, invoice.invoice_id) if invoice is not None else None,
        age_days=(day - invoice.due_on).days if invoice is not None else None,
    )


def first_charging(state: AccountState, invoice_id: str) -> Position | None:
    """Before the first place at which anything could be charged on an invoice; None: it is not
    there."""
    invoice = state.invoices.get(invoice_id)
    if invoice is None:
        return None
    first = day_start(invoice.due_on + timedelta(days=1), state.zone)
    return (max(first, invoice.at), Rank.BOUNDARY, "")


# ── Disclosure ──────────────────────────────────────────────────────────────────────────────────


def disclosed_from(state: AccountState, disclosure: Disclosure) -> date | None:
    """The first day on which what depends on it may be charged; None: never, by what is known."""
    days = [
        local_day(at, state.zone)
        for text_id in disclosure.texts
        for contact_id, at in state.timeless.disclosures.get(text_id, {}).items()
        if contact_id not in state.timeless.failed_contacts
    ]
    return min(days) + timedelta(days=disclosure.days_before) if days else None


def is_disclosed(state: AccountState, rule: ChargeRule, day: date) -> bool:
    if rule.disclosure is None:
        return True
    first = disclosed_from(state, rule.disclosure)
    return first is not None and first <= day


def disclose(state: AccountState, day: date) -> list[str]:
    """The texts that rules which fit what is open, or would, still need: none of a rule's texts was
    disclosed yet."""
    charging = charging_on(state, day)
    needed: set[str] = set()
    debts = [
        debt_of(state, invoice, invoice.currency, day)
        for invoice in state.invoices.values()
        if invoice.balance_minor
    ]
    rules: list[ChargeRule] = [one.rule for one in charging.steps]
    rules += [known.rule for known in charging.interest]
    rules += [returned.rule for returned in charging.bounce_fees]
    for rule in rules:
        if rule.disclosure is None or disclosed_from(state, rule.disclosure) is not None:
            continue
        if any(rule.when.fits(debt) for debt in debts):
            needed.add(rule.disclosure.texts[0])
    return sorted(needed)


# ── Stops ───────────────────────────────────────────────────────────────────────────────────────


def fees_stopped(state: AccountState, invoice: Invoice | None, day: date) -> bool:
    """Whether a hold, an arrangement or a placement stops fees on a day (None: of the account)."""
    if stops_fees(state, invoice, day):
        return True
    if invoice is None:
        return False
    placed = any(
        invoice.invoice_id in value.takes for value in state.objects.of("placement").values()
    )
    return placed or frozen(state, invoice.invoice_id, day, "fees")


def interest_stopped(state: AccountState, invoice: Invoice, day: date) -> bool:
    """Whether a hold or an arrangement stops interest for a day."""
    return stops_interest(state, invoice, day) or frozen(state, invoice.invoice_id, day, "interest")
