"""The analysis of an experiment: what is compared, whom it is about, and when it is stopped."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shared.errors import FieldError, Invalid
from shared.field_errors import tree_errors
from shared.money import is_currency
from shared.texts import faults as text_faults

Metric = Literal[
    "recovered_share",
    "settled",
    "cost",
    "attempts",
    "promised",
    "disputed",
    "opted_out",
    "low_score",
    "retained",
]
Start = Literal["entered", "enrolled"]
StopVerdict = Literal["mismatch", "harmed", "better", "worse", "no_difference"]
Role = Literal["primary", "guardrail", "also"]

OF_MONEY: Final = frozenset({"recovered_share", "cost"})  # each is of one currency
LOWER_IS_BETTER: Final = frozenset({"cost", "attempts", "disputed", "opted_out", "low_score"})
UNBOUNDED: Final = frozenset({"cost", "attempts"})  # the others lie between 0 and 1

# Nobody acts on less, and its square is far from what a float cannot tell from nothing.
LEAST_SIZE: Final = 1e-6
Size = Annotated[float, Meta(ge=LEAST_SIZE, le=1e12)]
Currency = Annotated[str, Meta(max_length=3)]


class MetricAim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric, and the smallest effect on it that is worth acting on, in its own unit."""

    metric: Metric
    currency: Currency | None = None
    worthwhile: Size


class Guarded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric that must not become worse by more than the tolerance."""

    metric: Metric
    currency: Currency | None = None
    tolerance: Size


class Analysis(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As it is written; each member has a default."""

    primary: MetricAim = MetricAim(metric="settled", worthwhile=0.02)
    start: Start = "entered"
    horizon_days: Annotated[int, Meta(ge=1, le=365)] = 30
    at_least: Annotated[int, Meta(ge=2, le=1_000_000)] = 100
    guardrails: Annotated[tuple[Guarded, ...], Meta(max_length=20)] = (
        Guarded(metric="opted_out", tolerance=0.01),
        Guarded(metric="low_score", tolerance=0.01),
    )
    also: Annotated[tuple[MetricAim, ...], Meta(max_length=20)] = (
        MetricAim(metric="cost", currency="EUR", worthwhile=50),
    )
    stop_when: Annotated[tuple[StopVerdict, ...], Meta(max_length=5)] = ("harmed",)

    def compared(self) -> "Iterable[Compared]":
        """Every metric with the part it plays, in the order of the answer."""
        first = self.primary
        yield Compared("primary", first.metric, first.currency, first.worthwhile)
        for rail in self.guardrails:
            yield Compared("guardrail", rail.metric, rail.currency, rail.tolerance)
        for other in self.also:
            yield Compared("also", other.metric, other.currency, other.worthwhile)


class Compared(Struct, frozen=True):
    """One metric and the part it plays; `size` is what is worthwhile, or tolerated."""

    role: Role
    metric: Metric
    currency: str | None
    size: float

    @property
    def is_lower_better(self) -> bool:
        return self.metric in LOWER_IS_BETTER


DEFAULT = Analysis()


def read_analysis(raw: Any) -> Analysis:
    """An analysis from plain data. Raises `Invalid`, naming every bad field."""
    if not isinstance(raw, Mapping):
        raise Invalid("An analysis is a JSON object.", [FieldError("", "must be an object")])
    errors = [*text_faults(dict(raw)), *tree_errors(raw, Analysis)]
    for pointer, entry in _entries(raw):
        errors += _sense_faults(pointer, entry)
    errors += _repeats(raw)
    if errors:
        raise Invalid("The analysis is not valid.", errors)
    return msgspec.convert(raw, Analysis)


def _entries(raw: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if isinstance(raw.get("primary"), Mapping):
        yield "/primary", raw["primary"]
    for member in ("guardrails", "also"):
        entries = raw.get(member)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, Mapping):
                yield f"/{member}/{index}", entry


def _sense_faults(pointer: str, entry: Mapping[str, Any]) -> Iterable[FieldError]:
    metric, currency = entry.get("metric"), entry.get("currency")
    if metric in OF_MONEY and currency is None:
        yield FieldError(f"{pointer}/currency", f"is needed: {metric} is of one currency")
    if metric not in OF_MONEY and currency is not None and isinstance(metric, str):
        yield FieldError(f"{pointer}/currency", f"{metric} has none")
    if metric in OF_MONEY and isinstance(currency, str) and not is_currency(currency):
        yield FieldError(f"{pointer}/currency", "must be an ISO 4217 code like EUR")
    for member in ("worthwhile", "tolerance"):
        size = entry.get(member)
        is_share = isinstance(metric, str) and metric not in UNBOUNDED
        if is_share and isinstance(size, int | float) and size >= 1:
            words = f"must be below 1: {metric} lies between 0 and 1 (0.02 are two points)"
            yield FieldError(f"{pointer}/{member}", words)


def _repeats(raw: Mapping[str, Any]) -> Iterable[FieldError]:
    for member in ("guardrails", "also"):
        seen: set[tuple[Any, Any]] = set()
        entries = raw.get(member)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, Mapping):
                continue
            key = (str(entry.get("metric")), str(entry.get("currency")))
            if key in seen:
                yield FieldError(f"/{member}/{index}", f"{key[0]} stands here already")
            seen.add(key)
