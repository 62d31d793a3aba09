"""How a file is written: what a mapping's `file` says of it."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.csv_events.conditions import Condition, ConditionReader, is_plain
from shared.csv_events.document import near
from shared.csv_events.files import FORMATS
from shared.errors import FieldError

FILE_KEYS = frozenset(
    {"format", "encoding", "delimiter", "header_row", "skip", "sheet", "group_rows"}
)
GROUP_KEYS = frozenset({"column", "as", "where"})
_HEADER_ROW_MAX = 1000
_SHEET_NAME_MAX = 100


@dataclass(frozen=True)
class Skip:
    """Rows that are no data."""

    blank: str | None = None  # a column that is empty in them
    starts: tuple[str, ...] = ()  # what their first filled cell begins with


@dataclass(frozen=True)
class GroupRows:
    """Rows that head those below them: a cell of theirs is a column of these."""

    column: str
    name: str  # of the column that is made
    where: Condition


@dataclass(frozen=True)
class FileForm:
    """How the file is written; what is None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None  # its line; 0: there is none
    skip: Skip = Skip()
    format: str | None = None
    sheet: str | None = None  # of a workbook; None: the first
    groups: GroupRows | None = None

    def columns(self) -> Iterator[str]:
        """The columns that are read to know which rows are data."""
        if self.skip.blank is not None:
            yield self.skip.blank
        if self.groups is not None:
            yield self.groups.column
            yield from self.groups.where.columns()


class FormReader:
    """Reads `file` (and what may stand at the top too), and collects what is wrong with it."""

    def __init__(
        self, content: Mapping[Any, Any], conditions: ConditionReader, errors: list[FieldError]
    ) -> None:
        self._content = content
        self._conditions = conditions
        self._errors = errors

    def read(self) -> FileForm:
        form = self._content.get("file", {})
        if not isinstance(form, dict):
            self._fault("/file", "must be a mapping")
            form = {}
        self._known(form, FILE_KEYS, "/file")
        kind = form.get("format")
        if kind is not None and kind not in FORMATS:
            self._fault("/file/format", f"must be one of {', '.join(FORMATS)}{near(kind, FORMATS)}")
            kind = None
        header = form.get("header_row")
        if header is not None and not (type(header) is int and 0 <= header <= _HEADER_ROW_MAX):
            self._fault(
                "/file/header_row", f"must be a line, 1 to {_HEADER_ROW_MAX}, or 0 for none"
            )
            header = None
        return FileForm(
            self._encoding(form),
            self._delimiter(form),
            header,
            self._skip(form.get("skip", {})),
            kind,
            self._sheet(form),
            self._groups(form),
        )

    def _sheet(self, form: Mapping[str, Any]) -> str | None:
        name = form.get("sheet")
        if name is None or (is_plain(name) and 0 < len(str(name)) <= _SHEET_NAME_MAX):
            return None if name is None else str(name)
        self._fault("/file/sheet", "must be the name of a sheet, in quotes if need be")
        return None

    def _groups(self, form: Mapping[str, Any]) -> GroupRows | None:
        rule, path = form.get("group_rows"), "/file/group_rows"
        if rule is None:
            return None
        if not isinstance(rule, dict):
            self._fault(path, "must say {column: …, as: …, where: …}")
            return None
        self._known(rule, GROUP_KEYS, path)
        column, name = self._name(rule, "column", path), self._name(rule, "as", path)
        if "where" not in rule:
            self._fault(f"{path}/where", "is missing: which rows head those below them?")
            return None
        where = self._conditions.read(rule["where"], f"{path}/where")
        return GroupRows(column, name, where)

    def _name(self, rule: Mapping[str, Any], key: str, path: str) -> str:
        name = rule.get(key)
        if name is None or not is_plain(name) or not str(name).strip():
            self._fault(f"{path}/{key}", "must name a column, in quotes if need be")
            return ""
        return str(name).strip()

    def _setting(self, form: Mapping[str, Any], name: str) -> tuple[Any, str]:
        """A setting of the file, which may stand at the top too, and where it stands."""
        if name in form and name in self._content:
            self._fault(f"/{name}", f"stands in /file/{name} too: one is enough")
        if name in form:
            return form[name], f"/file/{name}"
        return self._content.get(name), f"/{name}"

    def _encoding(self, form: Mapping[str, Any]) -> str | None:
        name, path = self._setting(form, "encoding")
        if name is None:
            return None
        try:
            codecs.lookup(str(name))
            b"a".decode(str(name), "replace")  # `hex` is a codec, but of no texts
        except (LookupError, ValueError):
            self._fault(path, f"{name!r} is not known")
        return str(name)

    def _delimiter(self, form: Mapping[str, Any]) -> str | None:
        name, path = self._setting(form, "delimiter")
        if name is None:
            return None
        name = {"tab": "\t", "\\t": "\t"}.get(str(name), str(name))
        if len(name) != 1 or name in '"\r\n\0':
            self._fault(path, "must be one character, and no quotation mark or line end")
        return name

    def _skip(self, rule: Any) -> Skip:
        if not isinstance(rule, dict):
            self._fault("/file/skip", "must be a mapping")
            return Skip()
        self._known(rule, frozenset({"blank", "starts"}), "/file/skip")
        starts = rule.get("starts", [])
        starts = starts if isinstance(starts, list) else [starts]
        if not all(is_plain(entry) and str(entry).strip() for entry in starts):
            self._fault("/file/skip/starts", "must list texts: write what is not plain in quotes")
        blank = rule.get("blank")
        if blank is not None and not (isinstance(blank, str) and blank.strip()):
            self._fault("/file/skip/blank", "must name a column")
            blank = None
        return Skip(blank.strip() if blank else None, tuple(str(entry).strip() for entry in starts))

    def _known(self, rule: Mapping[Any, Any], known: frozenset[str], path: str) -> None:
        for name in sorted(rule.keys() - known, key=str):
            self._fault(f"{path}/{name}", f"is not known here{near(name, known)}")

    def _fault(self, path: str, detail: str) -> None:
        self._errors.append(FieldError(path, detail))
