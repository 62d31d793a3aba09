"""The ledger's sheets on A4: in the words of whom they are for, with parties at their head."""

from datetime import date

from services.ledger.documents.papers import Party
from services.ledger.documents.words import Words
from shared.pdf.sheet import (
    ASCENT,
    BODY,
    INNER,
    LARGE,
    LEADING,
    LEFT,
    SMALL,
    TITLE,
    Column,
    PaperSheet,
    Table,
)

__all__ = ["BODY", "INNER", "LARGE", "LEFT", "SMALL", "TITLE", "Column", "Sheet", "Table"]


class Sheet(PaperSheet):
    """The page that is drawn on, and how far down."""

    def __init__(self, words: Words, *, title: str, made_on: date, foot: str) -> None:
        self.words = words
        super().__init__(
            language=words.language,
            numbering=lambda page, pages: words.text("page", page=page, pages=pages),
            title=title,
            made_on=made_on,
            foot=foot,
        )

    def blocks(self, *parts: tuple[str, Party]) -> None:
        """Parties side by side."""
        width = INNER / len(parts)
        top, lowest = self._y, self._y
        for number, (label, party) in enumerate(parts):
            y = top
            for text, size, bold, most in (
                (label, SMALL, False, 1),
                (party.name, BODY + 1, True, 3),
                *((line, BODY, False, 2) for line in party.lines),
            ):
                for line in self.letters.lines(text, width - 6, size, bold, most):
                    self._put(LEFT + number * width, y + size * ASCENT, line, size, bold)
                    y += size * LEADING + 0.3
            lowest = max(lowest, y)
        self._y = lowest + 4
