"""The header, the rules and the periods of limitation as they are written in a rule book."""

import re
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from services.outreach.compliance.question.terms import Channel
from shared.texts import matching

Name = Annotated[str, matching("[a-z][a-z0-9-]{0,63}", 64)]
# Not a `Meta(pattern=…)`: msgspec 0.22 misreads the pattern of a text or list.
PLACE = re.compile(r"any|[A-Z]{2,3}(-[A-Z0-9]{1,3}){0,2}")


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands above the rules of a book."""

    name: Name
    klass: Literal["law", "policy"] = msgspec.field(name="class")
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    version: Annotated[str, matching("[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9A-Za-z.-]{0,16}", 26)]
    tzdata_min: Annotated[str, matching("[0-9]{4}[a-z]", 5)] | None = None
    note: str | None = None


class Effective(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    since: date | None = msgspec.field(name="from", default=None)
    until: date | None = msgspec.field(name="to", default=None)


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as it is written. One that needs several kinds, or several numbers, stands as several
    records of one id, distinguished by `part`."""

    id: Annotated[str, matching("[A-Z][A-Z0-9-]{1,63}", 64)]
    part: Annotated[str, matching("[a-z0-9][a-z0-9-]{0,63}", 64)] | None = None
    kind: Any  # the name of a kind of rule: checked against the registry
    jurisdiction: str | tuple[str, ...]  # see PLACE
    binds: Literal["first", "third", "both"]
    debts: Literal["consumer", "commercial", "both"]
    channels: Literal["all"] | tuple[Channel, ...]
    effective: Effective
    confidence: Literal["S", "M", "G", "D"]
    sources: tuple[str, ...] = ()
    citation: Annotated[str, Meta(min_length=1, max_length=500)]
    note: str | None = None
    because: str | None = None
    speaks_for: tuple[str, ...] = ()
    when: dict[str, Any] | None = None
    unless: dict[str, Any] | None = None
    params: dict[str, Any]


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Periods of limitation of a place. What nobody verified may stop a contact, never permit."""

    jurisdiction: Annotated[str, matching(PLACE.pattern, 16)]
    years: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=100)]], Meta(min_length=1)
    ]  # by type of contract
    statute: str | None = None
    note: str | None = None
    verified_by: str | None = None
    verified_on: date | None = None
