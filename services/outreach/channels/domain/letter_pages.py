"""A letter as pages: A4 with the address in the window of DIN 5008 form B, or US letter for a #10
envelope with a window. Pure: the same letter is the same bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, Literal

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from fpdf import FPDF

from shared.pdf.letters import Letters, visual

LetterFormat = Literal["A4", "US"]

PAGES_MAX: Final = 20  # a letter with more is no letter
TEXT_MAX: Final = 40_000
_LINES_MAX = 60  # of one paragraph
_LEADING = 0.47  # millimetres of a line for each point of size
_ASCENT = 0.33
_BODY, _SMALL, _TINY = 10.5, 8.5, 7.0
_INK, _SOFT, _LINE = (0x1A, 0x1F, 0x26), (0x55, 0x5F, 0x6B), (0xC9, 0xCF, 0xD6)
# A line of a list, as templates write it: indented, an amount behind the last colon.
_ROW = re.compile(r"(?P<indent> {2,8})(?P<label>[^ ].{0,400}): (?P<amount>[^:]{1,60})")
_PAGE = {"en": "Page {} of {}", "de": "Seite {} von {}", "fr": "Page {} sur {}",
         "es": "Página {} de {}"}  # fmt: skip


@dataclass(frozen=True)
class _Paper:
    """Where things stand, in millimetres from the left and the top."""

    width: float
    height: float
    left: float
    right: float  # margin
    address: tuple[float, float, float]  # left, top and width of the address itself
    address_leading: float
    return_line: float | None  # top of the sender's line above it, in the window
    sender: tuple[float, float]  # left and top of the block that says who writes
    text: float  # top of the text on the first page
    bottom: float
    marks: tuple[float, ...]  # where it is folded


_PAPERS: Final = {
    # Form B: the window is 45 mm from the top, 20 mm from the left, 85 × 45 mm. The upper
    # 17.7 mm are for the sender's line and notes of the post, the lower 27.3 mm for the address.
    "A4": _Paper(210, 297, 25, 20, (25, 63.2, 75), 4.35, 58.2, (125, 50), 103.5, 268, (105, 210)),
    # The window of a #10 envelope, 4.5 × 1.125 inches, shows 52 to 80 mm of the folded sheet.
    "US": _Paper(
        215.9, 279.4, 25.4, 25.4, (25.4, 56.5, 95), 3.9, None, (25.4, 12.7), 101.6, 254, ()
    ),
}  # fmt: skip


@dataclass(frozen=True)
class LetterSender:
    """Who writes."""

    name: str
    lines: tuple[str, ...] = ()  # postal address
    phone: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class LetterPdf:
    content: bytes
    pages: int


class LetterTooLong(ValueError):
    """It would have more pages than are sent."""


def letter_pdf(
    text: str,
    *,
    to: tuple[str, ...],
    sender: LetterSender,
    on: date,
    language: str,
    format_: LetterFormat = "A4",
) -> LetterPdf:
    """`to`: the lines of the address, the name first. Raises `LetterTooLong`."""
    page = _Letter(_PAPERS[format_], sender, on, language, "\n".join((text, *to)))
    try:
        page.address(to)
        page.sender()
        for block in _blocks(text[:TEXT_MAX]):
            page.block(block)
        return page.finish()
    finally:
        page.close()


def _blocks(text: str) -> Iterator[list[str]]:
    """Paragraphs: lines between blank ones."""
    block: list[str] = []
    for line in text.splitlines():
        if line.strip():
            block.append(line.rstrip())
        elif block:
            yield block
            block = []
    if block:
        yield block


class _Letter:
    """One letter while it is drawn, from top to bottom."""

    def __init__(
        self, paper: _Paper, sender: LetterSender, on: date, language: str, texts: str
    ) -> None:
        self._paper, self._sender = paper, sender
        self._language = language.replace("_", "-").partition("-")[0].lower()
        self._locale = _locale(language)
        pdf = self._pdf = FPDF(unit="mm", format=(paper.width, paper.height))
        pdf.set_auto_page_break(False)
        pdf.set_creation_date(datetime.combine(on, time(), UTC))
        pdf.set_lang(self._language)
        pdf.set_title(sender.name)
        pdf.set_line_width(0.15)
        day = self._day = format_date(on, "long", locale=self._locale)
        own = (day, sender.name, *sender.lines, sender.phone or "", sender.url or "")
        self._letters = Letters(pdf, "\n".join((texts, *own, *_PAGE.values())))
        self._y = paper.text
        self._new_page()
        self._y = paper.text

    @property
    def _width(self) -> float:
        return self._paper.width - self._paper.left - self._paper.right

    def address(self, lines: tuple[str, ...]) -> None:
        """In the window: above it, small, who gets it back."""
        left, top, width = self._paper.address
        if self._paper.return_line is not None:
            back = " · ".join((self._sender.name, *self._sender.lines))
            size = self._letters.fitted(self._letters.readable(back), width, _TINY, False)
            (line,) = self._letters.lines(back, width, max(size, 5.5), False, 1)
            y = self._paper.return_line
            self._color(_SOFT)
            self._put(left, y + 2.3, line, max(size, 5.5))
            self._pdf.line(left, y + 3.4, left + width, y + 3.4)
            self._color(_INK)
        for number, text in enumerate(lines):
            y = top + (number + 0.78) * self._paper.address_leading
            size = self._letters.fitted(self._letters.readable(text), width, _BODY, False)
            (line,) = self._letters.lines(text, width, max(size, 7), False, 1)
            self._put(left, y, line, max(size, 7))

    def sender(self) -> None:
        """Who writes, how to reach them, and the day."""
        left, y = self._paper.sender
        width = self._paper.width - self._paper.right - left
        for line in self._letters.lines(self._sender.name, width, _BODY, True, 2):
            self._put(left, y + _BODY * _ASCENT, line, _BODY, bold=True)
            y += _BODY * _LEADING
        y += 0.8
        rest = [*self._sender.lines, *filter(None, (self._sender.phone, self._sender.url))]
        for text in rest[:6]:
            for line in self._letters.lines(text, width, _SMALL, False, 2):
                self._put(left, y + _SMALL * _ASCENT, line, _SMALL)
                y += _SMALL * _LEADING
        day = self._day
        if self._paper.return_line is not None:
            y += 3
            self._put(left, y + _SMALL * _ASCENT, day, _SMALL)
        else:
            width = self._letters.width(self._letters.readable(day), _BODY)
            right = self._paper.width - self._paper.right
            self._put(right - width, 90 + _BODY * _ASCENT, day, _BODY)

    def block(self, lines: list[str]) -> None:
        """A paragraph, or a list: a line above indented ones is its heading."""
        is_list = any(line.startswith("  ") for line in lines)
        height = sum(self._line_height(line) for line in lines)
        if is_list or len(lines) <= 4:
            self._need(min(height, 60))
        for number, line in enumerate(lines):
            follows = lines[number + 1] if number + 1 < len(lines) else ""
            if row := _ROW.fullmatch(line):
                self._row(len(row["indent"]), row["label"], row["amount"], follows)
            elif is_list and not line.startswith("  ") and follows.startswith("  "):
                self._say(line.strip(), bold=True)
                self._y += 0.8
            else:
                indent = (len(line) - len(line.lstrip(" "))) * 1.2
                self._say(line.strip(), indent=min(indent, 12))
        self._y += 2.6

    def finish(self) -> LetterPdf:
        """Number the pages, where there are several; the document's bytes."""
        pdf, pages = self._pdf, self._pdf.pages_count
        for page in range(1, pages + 1):
            pdf.page = page
            pdf.current_font_is_set_on_page = False
            self._color(_SOFT)
            y = self._paper.height - 14
            if pages > 1:
                words = _PAGE.get(self._language, _PAGE["en"]).format(page, pages)
                width = self._letters.width(words, _SMALL)
                self._put(self._paper.width - self._paper.right - width, y, words, _SMALL)
                room = self._width - width - 8
                (name,) = self._letters.lines(self._sender.name, room, _SMALL, False, 1)
                self._put(self._paper.left, y, name, _SMALL)
        return LetterPdf(bytes(pdf.output()), pages)

    def close(self) -> None:
        self._letters.close()

    # ------------------------------------------------------------------------------- on the page

    def _row(self, spaces: int, label: str, amount: str, follows: str) -> None:
        """A label and, under each other at the right, the amounts; a rule under the last one."""
        is_part = spaces > 2
        size = _SMALL + 1 if is_part else _BODY
        indent = 4.0 if is_part else 0.0
        amount = self._letters.readable(amount.strip())
        right = self._paper.width - self._paper.right
        room = self._width * 0.42
        shown = self._letters.fitted(amount, room, size, False)
        taken = self._letters.width(amount, shown)
        lines = self._letters.lines(label, self._width - indent - taken - 5, size, False, 4)
        self._need(len(lines) * size * _LEADING + 1)
        self._color(_SOFT if is_part else _INK)
        self._put(right - taken, self._y + size * _ASCENT, amount, shown)
        for line in lines:
            self._put(self._paper.left + indent, self._y + size * _ASCENT, line, size)
            self._y += size * _LEADING
        self._color(_INK)
        if not follows.startswith("    "):
            self._y += 0.9
            self._pdf.line(self._paper.left, self._y, right, self._y)
            self._y += 1.3

    def _say(self, text: str, *, bold: bool = False, indent: float = 0.0) -> None:
        leading = _BODY * _LEADING
        for line in self._letters.lines(text, self._width - indent, _BODY, bold, _LINES_MAX):
            self._need(leading)
            x = self._paper.left + indent
            self._put(x, self._y + _BODY * _ASCENT, line, _BODY, bold=bold)
            self._y += leading

    def _line_height(self, line: str) -> float:
        count = len(self._letters.lines(line.strip(), self._width, _BODY, False, _LINES_MAX))
        return count * _BODY * _LEADING + 1.5

    def _need(self, height: float) -> None:
        if self._y + height > self._paper.bottom:
            self._new_page()

    def _new_page(self) -> None:
        pdf = self._pdf
        if pdf.pages_count >= PAGES_MAX:
            raise LetterTooLong(f"a letter has at most {PAGES_MAX} pages")
        pdf.add_page()
        pdf.set_draw_color(*_LINE)
        self._color(_INK)
        if pdf.pages_count == 1:
            for y in self._paper.marks:
                pdf.line(5, y, 9, y)
        self._y = 25.0

    def _color(self, color: tuple[int, int, int]) -> None:
        self._pdf.set_text_color(*color)
        self._pdf.set_fill_color(*color)

    def _put(self, x: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
        if text:
            self._letters.draw(x, y, visual(self._letters.readable(text)), size, bold)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")
