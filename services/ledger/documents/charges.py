"""Open charges on a document: each with its reason and, of interest, its days and rates."""

from collections.abc import Sequence

from services.ledger.documents.sheet import Column, Sheet
from services.ledger.domain.movements import OpenCharge


def show_charges(sheet: Sheet, charges: Sequence[OpenCharge], currency: str) -> None:
    """A table, where there are any."""
    if not charges:
        return
    words = sheet.words
    sheet.heading(words.text("heading.charges"))
    columns = [
        Column(words.text("column.day"), 24),
        Column(words.text("column.text"), 100),
        Column(words.text("column.amount"), 25, "right"),
        Column(words.text("column.open"), 25, "right"),
    ]
    with sheet.table(columns) as table:
        for charge in charges:
            details = _details(sheet, charge, currency)
            table.row(
                words.day(charge.charged_on),
                _name(sheet, charge),
                words.amount(charge.amount_minor, currency),
                words.amount(charge.open_minor, currency),
                ruled=not details,
            )
            for number, detail in enumerate(details, start=1):
                table.row("", detail, "", "", ruled=number == len(details))


def _name(sheet: Sheet, charge: OpenCharge) -> str:
    key = f"charge.{charge.kind}"
    name = sheet.words.text(key if sheet.words.has(key) else "charge.fee")
    about = charge.number or charge.invoice_id
    return sheet.words.text("charge.of", charge=name, number=about) if about else name


def _details(sheet: Sheet, charge: OpenCharge, currency: str) -> list[str]:
    words = sheet.words
    days = [
        words.text(
            "charge.days",
            from_on=words.day(run.from_on),
            to_on=words.day(run.to_on),
            days=run.days,
            percent=words.percent(run.percent),
            basis=words.money(run.basis_minor, currency),
        )
        for run in charge.days
    ]
    return [*([charge.reason] if charge.reason else []), *days]
