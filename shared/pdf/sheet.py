"""A document on A4, drawn from top to bottom; pages are numbered when it is done."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Literal

from fpdf import FPDF
from msgspec import Struct

from shared.pdf.letters import Letters, visual

WIDTH, HEIGHT = 210.0, 297.0
LEFT = 18.0
INNER = WIDTH - 2 * LEFT
_TOP, _BOTTOM = 16.0, 276.0
_FOOT = 286.0

SMALL, BODY, LARGE, TITLE = 7.5, 8.5, 10.5, 16.0
LEADING = 0.46  # millimetres of a line for each point of size
ASCENT = 0.3
_INK, _SOFT, _LINE = (0x14, 0x21, 0x1E), (0x53, 0x63, 0x5F), (0xDD, 0xE3, 0xE1)
_CELL_GAP = 2.0
_CELL_LINES = 4


Numbering = Callable[[int, int], str]


class Column(Struct, frozen=True, gc=False):
    """Of a table."""

    heading: str
    width: float
    align: Literal["left", "right"] = "left"


class PaperSheet:
    """The page that is drawn on, and how far down."""

    def __init__(
        self, *, language: str, numbering: Numbering, title: str, made_on: date, foot: str
    ) -> None:
        """`numbering`: the text at the foot, of a page and how many there are."""
        self._numbering = numbering
        pdf = self._pdf = FPDF(format="A4")
        pdf.set_auto_page_break(False)
        pdf.set_creation_date(datetime.combine(made_on, time(), UTC))
        pdf.set_lang(language)
        pdf.set_title(title)
        pdf.set_line_width(0.2)
        self.letters = Letters(pdf)
        self._foot = foot
        self._y = _TOP
        self._on_new_page: Callable[[], None] | None = None
        self.new_page()

    @property
    def bottom(self) -> float:
        return self._y

    def finish(self) -> bytes:
        """Number the pages; the document's bytes."""
        pdf = self._pdf
        pages = pdf.pages_count
        for page in range(1, pages + 1):
            pdf.page = page
            # Another page's stream: nothing that was set before holds in it.
            pdf.current_font_is_set_on_page = False
            self._color(_SOFT)
            text = self._numbering(page, pages)
            room = INNER - self.letters.width(text, SMALL) - 6
            (foot,) = self.letters.lines(self._foot, room, SMALL, False, 1)
            self._put(LEFT, _FOOT, foot, SMALL)
            self._put_right(WIDTH - LEFT, _FOOT, text, SMALL)
        return bytes(pdf.output())

    def new_page(self) -> None:
        self._pdf.add_page()
        self._color(_INK)
        self._pdf.set_draw_color(*_LINE)
        self._y = _TOP
        if self._on_new_page is not None:
            self._on_new_page()

    def need(self, height: float) -> None:
        """Go to a new page where so much does not fit on this one."""
        if self._y + height > _BOTTOM:
            self.new_page()

    def skip(self, height: float) -> None:
        self._y += height

    def say(
        self,
        text: str,
        size: float = BODY,
        *,
        bold: bool = False,
        soft: bool = False,
        most: int = 6,
        indent: float = 0.0,
    ) -> None:
        """A paragraph."""
        for line in self.letters.lines(text, INNER - indent, size, bold, most):
            self.need(size * LEADING)
            if soft:
                self._color(_SOFT)
            self._put(LEFT + indent, self._y + size * ASCENT, line, size, bold)
            if soft:
                self._color(_INK)
            self._y += size * LEADING

    def heading(self, text: str, keep: float = 18.0) -> None:
        """A heading that does not stand alone at the foot of a page."""
        self.skip(5)
        self.need(keep)
        self.say(text, LARGE, bold=True, most=2)
        self.skip(1)

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Names and values, one a line."""
        label_width = 6 + max(
            self.letters.width(self.letters.readable(label), BODY) for label, _ in pairs
        )
        for label, value in pairs:
            self._color(_SOFT)
            self._put(LEFT, self._y + BODY * ASCENT, self.letters.readable(label), BODY)
            self._color(_INK)
            for line in self.letters.lines(value, INNER - label_width, BODY, False, 2):
                self._put(LEFT + label_width, self._y + BODY * ASCENT, line, BODY)
                self._y += BODY * LEADING + 0.5

    def rule(self) -> None:
        self._pdf.line(LEFT, self._y, WIDTH - LEFT, self._y)

    def table(self, columns: Sequence[Column]) -> "Table":
        return Table(self, columns)

    def _color(self, color: tuple[int, int, int]) -> None:
        # Letters are filled: with both alike no text has to carry its own color.
        self._pdf.set_text_color(*color)
        self._pdf.set_fill_color(*color)

    def _put(self, x: float, y: float, text: str, size: float, bold: bool = False) -> None:
        if text:
            self.letters.draw(x, y, visual(text), size, bold)

    def _put_right(self, x: float, y: float, text: str, size: float, bold: bool = False) -> None:
        self._put(x - self.letters.width(text, size, bold), y, text, size, bold)


class Table:
    """Rows under headings, which stand again on each new page."""

    def __init__(self, sheet: PaperSheet, columns: Sequence[Column]) -> None:
        self._sheet = sheet
        self._columns = columns

    def __enter__(self) -> "Table":
        self._head()
        self._sheet._on_new_page = self._head
        return self

    def __exit__(self, *_: object) -> None:
        self._sheet._on_new_page = None

    def row(self, *cells: str, bold: bool = False, ruled: bool = True) -> None:
        """Texts are cut into lines; amounts are made smaller until they fit."""
        sheet, letters = self._sheet, self._sheet.letters
        wrapped = [
            letters.lines(cell, column.width - _CELL_GAP, BODY, bold, _CELL_LINES)
            if column.align == "left"
            else [letters.readable(cell)]
            for cell, column in zip(cells, self._columns, strict=True)
        ]
        leading = BODY * LEADING
        height = leading * max(map(len, wrapped)) + 1.4
        sheet.need(height)
        x = LEFT
        for lines, column in zip(wrapped, self._columns, strict=True):
            y = sheet._y + 0.7 + BODY * ASCENT
            for line in lines:
                if column.align == "right":
                    size = letters.fitted(line, column.width - _CELL_GAP, BODY, bold)
                    sheet._put_right(x + column.width, y, line, size, bold)
                else:
                    sheet._put(x, y, line, BODY, bold)
                y += leading
            x += column.width
        sheet._y += height
        if ruled:
            sheet.rule()

    def _head(self) -> None:
        sheet, letters = self._sheet, self._sheet.letters
        wrapped = [
            letters.lines(column.heading, column.width - _CELL_GAP, SMALL, True, 2)
            for column in self._columns
        ]
        leading = SMALL * LEADING
        most = max(map(len, wrapped))
        sheet.need(leading * most + 8)
        x = LEFT
        for lines, column in zip(wrapped, self._columns, strict=True):
            y = sheet._y + SMALL * ASCENT + (most - len(lines)) * leading
            for line in lines:
                if column.align == "right":
                    sheet._put_right(x + column.width, y, line, SMALL, True)
                else:
                    sheet._put(x, y, line, SMALL, True)
                y += leading
            x += column.width
        sheet._y += leading * most + 1
        sheet.rule()
