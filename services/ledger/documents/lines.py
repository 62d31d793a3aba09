"""The text of a statement's line, in any language."""

from services.ledger.documents.words import Words
from services.ledger.domain.statement import Line

_OTHER = "line.other"  # a kind that nobody has named


def text_of(line: Line, words: Words) -> str:
    """`Invoice INV-1`; an invoice is called by its number, else by its id."""
    key = f"line.{line.kind}"
    about = line.of_id or line.number or line.invoice_id
    special = f"{key}.{line.variant}"
    alone = f"{key}.alone"
    if line.variant is not None and words.has(special):
        key = special
    elif about is None and words.has(alone):
        key = alone
    elif not words.has(key):
        key = _OTHER
    return words.text(key, of=about or line.id, id=line.id)
