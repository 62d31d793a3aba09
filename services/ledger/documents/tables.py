"""A statement as JSON and as CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import Struct, field

from services.ledger.documents.lines import text_of
from services.ledger.documents.papers import StatementPaper
from services.ledger.documents.words import Words
from services.ledger.domain.movements import TotalName
from services.ledger.domain.statement import CurrencyStatement, OpenItem
from shared.money import to_text
from shared.texts import plain_cell

COLUMNS = (
    *("on", "kind", "id", "invoice_id", "number", "text"),
    *("currency", "debit", "credit", "balance"),
)


class LineShown(Struct, frozen=True, gc=False):
    on: date
    kind: str
    id: str
    invoice_id: str | None
    number: str | None
    text: str
    amount_minor: int
    balance_minor: int


class StatementShown(Struct, frozen=True, gc=False):
    currency: str
    from_on: date = field(name="from")
    to_on: date = field(name="to")
    opening_minor: int
    lines: tuple[LineShown, ...]
    closing_minor: int
    totals: dict[TotalName, int]
    open_items: tuple[OpenItem, ...]


class AccountStatement(Struct, frozen=True, gc=False):
    account_id: str
    language: str
    from_on: date = field(name="from")
    to_on: date = field(name="to")
    currencies: tuple[StatementShown, ...]


def statement_json(content: bytes) -> bytes:
    """The whole answer of an encoded `StatementPaper`."""
    paper = msgspec.msgpack.decode(content, type=StatementPaper)
    words = Words(paper.language, paper.country)
    shown = tuple([_shown(part, words) for part in paper.parts])
    return msgspec.json.encode(
        AccountStatement(paper.account_id, paper.language, paper.from_on, paper.to_on, shown)
    )


def _shown(part: CurrencyStatement, words: Words) -> StatementShown:
    return StatementShown(
        part.currency,
        part.from_on,
        part.to_on,
        part.opening_minor,
        tuple(
            [
                LineShown(
                    line.on,
                    line.kind,
                    line.id,
                    line.invoice_id,
                    line.number,
                    text_of(line, words),
                    line.amount_minor,
                    line.balance_minor,
                )
                for line in part.lines
            ]
        ),
        part.closing_minor,
        part.totals,
        part.open_items,
    )


def statement_csv(content: bytes) -> bytes:
    """A row for each line, between one for the opening and one for the closing of each currency."""
    paper = msgspec.msgpack.decode(content, type=StatementPaper)
    words = Words(paper.language, paper.country)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for part in paper.parts:
        writer.writerows(_rows(part, words))
    return out.getvalue().encode()


def _rows(part: CurrencyStatement, words: Words) -> Iterator[tuple[object, ...]]:
    code = part.currency
    opening, closing = to_text(part.opening_minor, code), to_text(part.closing_minor, code)
    yield (part.from_on, "opening", "", "", "", words.text("opening"), code, "", "", opening)
    for line in part.lines:
        amount = to_text(abs(line.amount_minor), code)
        yield (
            line.on,
            line.kind,
            plain_cell(line.id),
            plain_cell(line.invoice_id or ""),
            plain_cell(line.number or ""),
            plain_cell(text_of(line, words)),
            code,
            amount if line.amount_minor > 0 else "",
            amount if line.amount_minor < 0 else "",
            to_text(line.balance_minor, code),
        )
    yield (part.to_on, "closing", "", "", "", words.text("closing"), code, "", "", closing)
