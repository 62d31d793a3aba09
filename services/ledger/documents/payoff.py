"""The texts of what settles everything, in any language."""

from services.ledger.documents.words import Words
from services.ledger.domain.payoff import InvoicePayoff, PayoffPart

_KEYS = {
    "interest": "charge.interest",
    "cost": "charge.cost",
    "fee": "charge.fee",
    "discount": "received.discount",
}


def part_text(part: PayoffPart, invoice: InvoicePayoff | None, words: Words) -> str:
    """`Invoice INV-1`, `Late fee after 31 days`; of a charge without an invoice its kind."""
    if part.kind == "principal" and invoice is not None:
        return words.text("line.invoice-issued", of=invoice.number or invoice.invoice_id)
    if part.step is not None:
        return words.text("charge.late-fee", step=part.step)
    return words.text(_KEYS[part.kind])
