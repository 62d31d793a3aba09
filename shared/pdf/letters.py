"""The two fonts: which letters they have, and how wide a text is."""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection
from fpdf.fonts import TTFFont

from shared.pdf.joining import joined

_FONTS = Path(__file__).parent / "fonts"
_FAMILY = "DejaVu"
_FILES = {"": "DejaVuSansCondensed", "B": "DejaVuSansCondensed-Bold"}
# The same fonts with Latin letters alone, which are read and embedded in a tenth of the time (as
# made by `pyftsubset --no-hinting`). Texts with any other letter take the whole ones.
_LATIN = re.compile(
    "[\n -~\xa0-\u024f\u1e00-\u1eff\u2010-\u2027\u202f-\u203a\u20ac\u2116\u2122\u2212\u25a1]*"
)
_UNKNOWN = "\u25a1"  # for a letter that neither font has
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_CUT = "…"
_PER_POINT = 25.4 / 72 / 1000  # millimetres of a thousandth of the size


class _Codes(dict[int, str]):
    """What a letter is called in the subset that is embedded, by its code point."""

    def __init__(self, font: TTFFont) -> None:
        super().__init__()
        self._font = font

    def __missing__(self, point: int) -> str:
        code = self._font.subset.pick(point)
        self[point] = chr(code) if code is not None else ""
        return self[point]


class Letters:
    """The fonts of one document; subsets of them are embedded."""

    def __init__(self, pdf: FPDF, texts: str | None = None) -> None:
        """`texts`: all that will be written, where that is known; else every letter is had."""
        self._pdf = pdf
        is_latin = texts is not None and _LATIN.fullmatch(texts) is not None
        for style, file in _FILES.items():
            pdf.add_font(_FAMILY, style, _FONTS / f"{file}{'-Latin' if is_latin else ''}.ttf")
        self._fonts: dict[bool, TTFFont] = {
            bold: _font(pdf, style) for bold, style in ((False, ""), (True, "B"))
        }
        self._codes = {bold: _Codes(font) for bold, font in self._fonts.items()}
        self._used: tuple[float, bool] | None = None
        self._units = lru_cache(maxsize=16_384)(self._measure)
        self._readable = lru_cache(maxsize=16_384)(self._read)

    def close(self) -> None:
        """Of a document that is given up: what is finished has closed them by itself."""
        for font in self._fonts.values():
            font.ttfont.close()

    def draw(self, x: float, y: float, text: str, size: float, bold: bool) -> None:
        """Put a readable text on the page, in the color in which areas are filled.

        What `FPDF.text` does, at a third of its cost: documents consist of nothing else.
        """
        pdf, font = self._pdf, self._fonts[bold]
        if self._used != (size, bold):
            self._used = (size, bold)
            pdf.set_font(_FAMILY, "B" if bold else "", size)
        if not pdf.current_font_is_set_on_page:
            pdf._out(pdf._set_font_for_page(font, size))
        escaped = font.escape_text(text.translate(self._codes[bold]))
        pdf._out(f"BT {x * pdf.k:.2f} {(pdf.h - y) * pdf.k:.2f} Td ({escaped}) Tj ET")

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """In millimetres."""
        return self._units(text, bold) * size * _PER_POINT

    def readable(self, text: str) -> str:
        """On one line, and only with letters that the fonts have."""
        return self._readable(text)

    def lines(self, text: str, width: float, size: float, bold: bool, most: int) -> list[str]:
        """Cut into lines at spaces, else anywhere; what does not fit `most` lines ends in `…`."""
        words = self.readable(text).split(" ")
        lines: list[str] = []
        line = ""
        while words and len(lines) < most:
            word = words.pop(0)
            longer = f"{line} {word}" if line else word
            if self.width(longer, size, bold) <= width:
                line = longer
            elif line:
                lines.append(line)
                line = ""
                words.insert(0, word)
            else:
                fits = self._fitting(word, width, size, bold)
                lines.append(word[:fits])
                words.insert(0, word[fits:])
        if line and len(lines) < most:
            lines.append(line)
        elif line or any(words):
            lines[-1] = self._ending(lines[-1], width, size, bold)
        return lines or [""]

    def fitted(self, text: str, width: float, size: float, bold: bool) -> float:
        """The size at which a text that is not to be cut fits."""
        needed = self.width(text, size, bold)
        return size if needed <= width else size * width / needed

    def _fitting(self, word: str, width: float, size: float, bold: bool) -> int:
        """How many letters of a word fit; one at least."""
        used, fits = 0.0, 0
        for letter in word:
            used += self.width(letter, size, bold)
            if used > width:
                break
            fits += 1
        return max(fits, 1)

    def _ending(self, line: str, width: float, size: float, bold: bool) -> str:
        while line and self.width(f"{line}{_CUT}", size, bold) > width:
            line = line[:-1]
        return f"{line.rstrip()}{_CUT}"

    def _measure(self, text: str, bold: bool) -> float:
        widths = self._fonts[bold].cw
        return sum([widths[ord(letter)] for letter in text])

    def _read(self, text: str) -> str:
        if text.isascii() and text.isprintable():
            return " ".join(text.split(" ")) if "  " not in text else " ".join(text.split())
        composed = joined(unicodedata.normalize("NFC", text))
        # No-break spaces stay: they belong to amounts.
        spaced = "".join(
            " " if letter.isspace() and letter not in "\xa0\u202f" else letter
            for letter in composed
        )
        shown = "".join(self._shown(letter) for letter in spaced)
        return " ".join(part for part in shown.split(" ") if part)

    def _shown(self, letter: str) -> str:
        if self._has(letter):
            return letter
        simple = unicodedata.normalize("NFKC", letter)
        if simple != letter and self._has(simple):
            return simple
        if unicodedata.category(letter) in _INVISIBLE or unicodedata.combining(letter):
            return ""
        return _UNKNOWN

    def _has(self, text: str) -> bool:
        return all(ord(letter) in font.cmap for letter in text for font in self._fonts.values())


def _font(pdf: FPDF, style: str) -> TTFFont:
    font = pdf.fonts[f"{_FAMILY.lower()}{style}"]
    assert isinstance(font, TTFFont)
    return font


def visual(text: str) -> str:
    """A line as it is drawn, from left to right."""
    if text.isascii() or not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text):
        return text
    ordered: str = BidiParagraph(text, TextDirection.LTR).get_reordered_string()
    return ordered
