"""The text of an HTML mail, in one pass: what is hostile in it costs no more than what is not."""

import html
import re

HTML_MAX = 400_000  # characters that are read
_HIDDEN = {
    name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("style", "script", "head", "title")
}
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "pre",
        "section",
        "article",
        "blockquote",
    ]
)


def html_to_text(source: str) -> str:
    """The text; what is quoted has `> ` before its lines."""
    return _Page(source[:HTML_MAX]).text()


class _Page:
    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0

    def text(self) -> str:
        source, at = self._source, 0
        while at < len(source):
            opened = source.find("<", at)
            if opened == -1:
                break
            self._add(source[at:opened])
            at = self._tag(opened)
        self._add(source[at:])
        self._end_line()
        return "\n".join(self._lines)

    def _tag(self, opened: int) -> int:
        """Gives where the text goes on."""
        source = self._source
        if source.startswith("<!--", opened):
            return _after(source.find("-->", opened + 4), 3, len(source))
        if source[opened + 1 : opened + 2] not in _NAME_STARTS:
            self._add("<")
            return opened + 1
        closed = source.find(">", opened)
        if closed == -1:
            return len(source)
        tag = source[opened + 1 : min(closed, opened + 40)].lower()
        name = tag.lstrip("/").replace("/", " ").split(" ", 1)[0].split("\n", 1)[0].strip()
        if name in _HIDDEN and not tag.startswith("/"):
            end = _HIDDEN[name].search(source, closed)
            return end.start() if end is not None else len(source)
        self._open_or_close(name, is_end=tag.startswith("/"))
        return closed + 1

    def _open_or_close(self, name: str, *, is_end: bool) -> None:
        if name in _BLOCKS:
            self._end_line()
        if name == "blockquote":
            self._quotes = max(0, self._quotes + (-1 if is_end else 1))

    def _add(self, text: str) -> None:
        if text:
            self._line.append(text)

    def _end_line(self) -> None:
        text = " ".join(html.unescape("".join(self._line)).split())
        self._line = []
        if text or (self._lines and self._lines[-1]):
            self._lines.append(f"> {text}" if self._quotes and text else text)


_NAME_STARTS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?")


def _after(found: int, length: int, end: int) -> int:
    return end if found == -1 else found + length
