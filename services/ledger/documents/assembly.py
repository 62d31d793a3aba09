"""What stands on a document, read from an account."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from services.ledger.documents.papers import (
    DiscountOffer,
    InvoicedItem,
    InvoicePaper,
    Party,
    Received,
    StatementPaper,
)
from services.ledger.documents.words import Words, language_of
from services.ledger.domain import AccountState, Credit, CurrencyStatement, Invoice
from services.ledger.domain.facts import Position
from services.ledger.domain.references import reference_of
from services.ledger.domain.statement import open_charges
from shared.clock import local_day
from shared.events import billing


def statement_paper(
    account: AccountState,
    parts: Sequence[CurrencyStatement],
    *,
    tenant_id: str,
    language: str | None,
    from_on: date,
    to_on: date,
    made_on: date,
) -> StatementPaper:
    """An account's statement in a language, else in the account's own."""
    profile = account.profile
    chosen, country = _reader(profile, language)
    return StatementPaper(
        language=chosen,
        country=country,
        made_on=made_on,
        creditor=Party(tenant_id),
        debtor=_debtor(account, Words(chosen, country)),
        account_id=account.account_id,
        reference=reference_of(tenant_id, account.account_id),
        from_on=from_on,
        to_on=to_on,
        parts=tuple(parts),
    )


def invoice_paper(
    account: AccountState,
    invoice: Invoice,
    *,
    tenant_id: str,
    language: str | None,
    made_on: date,
) -> InvoicePaper:
    """A copy of an invoice, and what lies on it now."""
    chosen, country = _reader(account.profile, language)
    sent = invoice.data
    return InvoicePaper(
        language=chosen,
        country=country,
        made_on=made_on,
        creditor=Party(tenant_id),
        debtor=_debtor(account, Words(chosen, country)),
        account_id=account.account_id,
        reference=reference_of(tenant_id, account.account_id, invoice.invoice_id),
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        currency=invoice.currency,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        amount_minor=invoice.amount_minor,
        balance_minor=invoice.balance_minor,
        status=invoice.status,
        items=tuple([InvoicedItem(line.description, line.amount_minor) for line in sent.lines]),
        discount=_discount(account, invoice, made_on),
        received=tuple(_received(account, invoice)),
        charges=tuple(open_charges(account, invoice.invoice_id)),
        payment_url=sent.payment_url,
    )


def _reader(
    profile: billing.AccountRegistered | None, language: str | None
) -> tuple[str, str | None]:
    """The reader's language and country."""
    country = next((a.country for a in profile.addresses if a.country), None) if profile else None
    return language_of(language, profile.language if profile else None), country


def _debtor(account: AccountState, words: Words) -> Party:
    profile = account.profile
    if profile is None:
        return Party(account.account_id)
    lines: list[str] = []
    for address in profile.addresses[:1]:
        town = " ".join(part for part in (address.postal_code, address.city) if part)
        country = words.country(address.country)
        listed = (address.line1, address.line2, town, address.region, country)
        lines += [line for line in listed if line]
    return Party(profile.name or account.account_id, tuple(lines))


def _discount(account: AccountState, invoice: Invoice, today: date) -> DiscountOffer | None:
    """The offer that the invoice came with."""
    offer = invoice.data.early_discount
    if offer is None or invoice.status == "void":
        return None
    noted = sum(
        lying.amount_minor
        for lying in invoice.holdings
        if lying.kind == "credit_note"
        and account.credits[lying.kind, lying.credit_id].invoice_id == invoice.invoice_id
    )
    percent = Decimal(str(offer.percent))
    share = (invoice.amount_minor - noted) * percent / 100
    discount = int(share.quantize(Decimal(1), ROUND_HALF_UP))
    rest = invoice.balance_minor - discount
    holds = today <= offer.until_on and rest > 0
    return DiscountOffer(f"{percent:f}", offer.until_on, discount, rest if holds else None)


def _received(account: AccountState, invoice: Invoice) -> list[Received]:
    """What lies on the invoice, each source once, in the order in which it came."""
    sums: dict[tuple[str, str], int] = {}
    for lying in invoice.holdings:
        key = (lying.kind, lying.credit_id)
        sums[key] = sums.get(key, 0) + lying.amount_minor
    sources = [account.credits[key] for key in invoice.credit_keys if key in sums]
    return [
        Received(
            credit.issued_on or local_day(credit.at, account.zone),
            credit.kind,
            credit.credit_id,
            sums[credit.key],
        )
        for credit in sorted(sources, key=_order)
    ]


def _order(credit: Credit) -> Position:
    return credit.order[1:]  # in fact order: credit notes not before cash
