"""An account's statement on A4: a run of pages for each currency."""

import msgspec

from services.ledger.documents.charges import show_charges
from services.ledger.documents.lines import text_of
from services.ledger.documents.papers import StatementPaper
from services.ledger.documents.sheet import BODY, TITLE, Column, Sheet
from services.ledger.documents.words import Words
from services.ledger.domain.references import spaced
from services.ledger.domain.statement import CurrencyStatement


def statement_pdf(content: bytes) -> bytes:
    """The document of an encoded `StatementPaper`."""
    paper = msgspec.msgpack.decode(content, type=StatementPaper)
    words = Words(paper.language, paper.country)
    title = words.text("title.statement")
    foot = f"{title} · {paper.account_id} · {words.day(paper.made_on)}"
    sheet = Sheet(words, title=f"{title} {paper.account_id}", made_on=paper.made_on, foot=foot)
    for number, part in enumerate(paper.parts):
        if number:
            sheet.new_page()
        _currency(sheet, paper, part)
    if not paper.parts:
        _head(sheet, paper, None)
        sheet.skip(6)
        sheet.say(words.text("empty.account"))
    return sheet.finish()


def _head(sheet: Sheet, paper: StatementPaper, currency: str | None) -> None:
    words = sheet.words
    sheet.say(words.text("title.statement"), TITLE, bold=True)
    sheet.skip(4)
    sheet.blocks(
        (words.text("label.creditor"), paper.creditor), (words.text("label.debtor"), paper.debtor)
    )
    sheet.facts(
        [
            (words.text("label.account"), paper.account_id),
            (words.text("label.period"), words.period(paper.from_on, paper.to_on)),
            (words.text("label.made"), words.day(paper.made_on)),
            *([(words.text("label.currency"), currency)] if currency else []),
        ]
    )


def _currency(sheet: Sheet, paper: StatementPaper, part: CurrencyStatement) -> None:
    words, code = sheet.words, part.currency
    _head(sheet, paper, code)
    sheet.heading(words.text("heading.lines"))
    _movements(sheet, part)
    _totals(sheet, part)
    sheet.skip(4)
    state = "owed" if part.closing_minor > 0 else "credit" if part.closing_minor else "none"
    amount = words.money(abs(part.closing_minor), code)
    sheet.say(
        words.text(f"balance.{state}", day=words.day(part.to_on), amount=amount),
        BODY + 2,
        bold=True,
    )
    _open_items(sheet, part)
    show_charges(sheet, part.open_charges, code)
    if part.closing_minor > 0:
        show_reference(sheet, paper.reference)


def _movements(sheet: Sheet, part: CurrencyStatement) -> None:
    words, code = sheet.words, part.currency
    columns = [
        Column(words.text("column.day"), 24),
        Column(words.text("column.text"), 72),
        Column(words.text("column.debit"), 25, "right"),
        Column(words.text("column.credit"), 25, "right"),
        Column(words.text("column.balance"), 28, "right"),
    ]
    opening, closing = (
        words.amount(part.opening_minor, code),
        words.amount(part.closing_minor, code),
    )
    with sheet.table(columns) as table:
        table.row(words.day(part.from_on), words.text("opening"), "", "", opening, bold=True)
        for line in part.lines:
            amount = words.amount(abs(line.amount_minor), code)
            table.row(
                words.day(line.on),
                text_of(line, words),
                amount if line.amount_minor > 0 else "",
                amount if line.amount_minor < 0 else "",
                words.amount(line.balance_minor, code),
            )
        if not part.lines:
            table.row("", words.text("empty.lines"), "", "", "")
        table.row(words.day(part.to_on), words.text("closing"), "", "", closing, bold=True)


def _totals(sheet: Sheet, part: CurrencyStatement) -> None:
    """What each total came to, where it is not nothing."""
    words, code = sheet.words, part.currency
    shown = [
        f"{words.text(f'total.{name}')} {words.amount(minor, code)}"
        for name, minor in part.totals.items()
        if minor
    ]
    if shown:
        sheet.skip(2)
        sheet.say("  ·  ".join(shown), soft=True)


def _open_items(sheet: Sheet, part: CurrencyStatement) -> None:
    if not part.open_items:
        return
    words, code = sheet.words, part.currency
    sheet.heading(words.text("heading.open_items"))
    columns = [
        Column(words.text("column.invoice"), 50),
        Column(words.text("column.issued"), 22),
        Column(words.text("column.due"), 22),
        Column(words.text("column.days"), 16, "right"),
        Column(words.text("column.open"), 22, "right"),
        Column(words.text("column.disputed"), 21, "right"),
        Column(words.text("column.charges"), 21, "right"),
    ]
    with sheet.table(columns) as table:
        for item in part.open_items:
            table.row(
                item.number or item.invoice_id,
                words.day(item.issued_on),
                words.day(item.due_on),
                str(item.days_past_due or ""),
                words.amount(item.principal_minor, code),
                *(
                    words.amount(minor, code) if minor else ""
                    for minor in (item.disputed_minor, item.charges_minor)
                ),
            )
        table.row(
            words.text("total"),
            *("", "", ""),
            *(
                words.amount(minor, code) if minor or not place else ""
                for place, minor in enumerate(
                    (
                        sum(item.principal_minor for item in part.open_items),
                        sum(item.disputed_minor for item in part.open_items),
                        sum(item.charges_minor for item in part.open_items),
                    )
                )
            ),
            bold=True,
        )


def show_reference(sheet: Sheet, reference: str, url: str | None = None) -> None:
    """How to pay."""
    words = sheet.words
    sheet.heading(words.text("heading.pay"))
    if url is not None:
        sheet.say(words.text("pay.online", url=url), most=3)
        sheet.skip(1)
    sheet.say(words.text("pay.reference"))
    sheet.skip(1)
    sheet.need(6)
    sheet.say(spaced(reference), BODY + 2, bold=True)
