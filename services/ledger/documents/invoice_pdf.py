"""A copy of an invoice on A4, and what has become of it."""

import msgspec

from services.ledger.documents.charges import show_charges
from services.ledger.documents.papers import DiscountOffer, InvoicePaper
from services.ledger.documents.sheet import BODY, TITLE, Column, Sheet
from services.ledger.documents.statement_pdf import show_reference
from services.ledger.documents.words import Words


def invoice_pdf(content: bytes) -> bytes:
    """The document of an encoded `InvoicePaper`."""
    paper = msgspec.msgpack.decode(content, type=InvoicePaper)
    words = Words(paper.language, paper.country)
    title = words.text("title.copy", number=paper.number or paper.invoice_id)
    foot = f"{title} · {paper.account_id} · {words.day(paper.made_on)}"
    sheet = Sheet(words, title=title, made_on=paper.made_on, foot=foot)
    sheet.say(title, TITLE, bold=True, most=4)
    sheet.skip(1)
    sheet.say(words.text("note.copy", creditor=paper.creditor.name), soft=True)
    if paper.status == "void":
        sheet.say(words.text("note.void"), BODY + 2, bold=True)
    sheet.skip(4)
    sheet.blocks(
        (words.text("label.creditor"), paper.creditor), (words.text("label.debtor"), paper.debtor)
    )
    sheet.facts(
        [
            (words.text("label.number"), paper.number or paper.invoice_id),
            (words.text("label.account"), paper.account_id),
            (words.text("label.issued"), words.day(paper.issued_on)),
            (words.text("label.due"), words.day(paper.due_on)),
            (words.text("label.made"), words.day(paper.made_on)),
            (words.text("label.currency"), paper.currency),
        ]
    )
    _items(sheet, paper)
    if paper.status != "void":
        _received(sheet, paper)
        show_charges(sheet, paper.charges, paper.currency)
        _open(sheet, paper)
    return sheet.finish()


def _columns(sheet: Sheet) -> list[Column]:
    words = sheet.words
    return [
        Column(words.text("column.text"), 140),
        Column(words.text("column.amount"), 34, "right"),
    ]


def _items(sheet: Sheet, paper: InvoicePaper) -> None:
    words, code = sheet.words, paper.currency
    sheet.heading(words.text("heading.invoice_lines"))
    with sheet.table(_columns(sheet)) as table:
        for item in paper.items:
            minor = item.amount_minor
            amount = words.amount(minor, code) if minor is not None else ""
            table.row(item.description or words.text("invoice.item"), amount)
        table.row(words.text("invoice.amount"), words.money(paper.amount_minor, code), bold=True)
    if paper.discount is not None:
        sheet.skip(2)
        sheet.say(_offer(words, paper.discount, code))


def _offer(words: Words, offer: DiscountOffer, code: str) -> str:
    percent, day = words.percent(offer.percent), words.day(offer.until_on)
    if offer.rest_minor is None:
        return words.text("discount.past", percent=percent, day=day)
    return words.text(
        "discount.offer",
        percent=percent,
        discount=words.money(offer.discount_minor, code),
        amount=words.money(offer.rest_minor, code),
        day=day,
    )


def _received(sheet: Sheet, paper: InvoicePaper) -> None:
    words, code = sheet.words, paper.currency
    sheet.heading(words.text("heading.received"))
    if not paper.received:
        sheet.say(words.text("empty.received"))
        return
    columns = [Column(words.text("column.day"), 24), *_columns(sheet)]
    columns[1] = Column(words.text("column.text"), 116)
    with sheet.table(columns) as table:
        for each in paper.received:
            key = f"received.{each.kind}"
            name = words.text(key if words.has(key) else "received.other", id=each.id)
            table.row(words.day(each.on), name, words.amount(-each.amount_minor, code))


def _open(sheet: Sheet, paper: InvoicePaper) -> None:
    words, code = sheet.words, paper.currency
    charges_minor = sum(charge.open_minor for charge in paper.charges)
    sheet.skip(4)
    sheet.need(20)
    lines = [("invoice.open", paper.balance_minor)]
    if charges_minor:
        lines.append(("invoice.open_with_charges", paper.balance_minor + charges_minor))
    for key, minor in lines:
        sheet.say(f"{words.text(key)}: {words.money(minor, code)}", BODY + 2, bold=True)
    if paper.balance_minor or charges_minor:
        show_reference(sheet, paper.reference, paper.payment_url)
