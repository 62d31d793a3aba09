"""The segment policy: an ordered list of segments, the first whose conditions all hold wins.

A policy is a YAML (or JSON) document. It is checked as a whole, every fault is named by its place,
and its version is made from its content, so that equal policies are the same policy everywhere.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from services.segmentation.domain.features import Features
from shared.errors import FieldError, Invalid, Unreadable
from shared.money import DECIMALS, is_currency

Risk = Literal["low", "medium", "high"]
Kind = Literal["consumer", "business"]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Share = Annotated[float, Meta(ge=0, le=1)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0)]
Amount = int | float | str  # major units: 500, "49.90"
ANY_CURRENCY = "default"


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions on one account; those left out ask nothing."""

    open: bool | None = None  # has an open invoice
    due_soon: bool | None = None  # has an open invoice that is due within a week
    overdue: bool | None = None  # has something past due
    collectable: bool | None = None  # something past due is neither disputed nor covered
    age_from: Count | None = None  # days past due as announced: 1, 31, 61, 91, 121
    age_below: Count | None = None
    risk: tuple[Risk, ...] | None = None
    kind: tuple[Kind, ...] | None = None
    tags_any: tuple[str, ...] | None = None
    collectable_from: Amount | dict[str, Amount] | None = None  # by currency, or one for all
    collectable_below: Amount | dict[str, Amount] | None = None
    disputed_percent_from: Percent | None = None
    tenure_days_from: Count | None = None
    settled_from: Count | None = None  # invoices settled with cash
    late_percent_from: Percent | None = None
    late_percent_below: Annotated[int, Meta(ge=1, le=101)] | None = None
    failed_payments_from: Count | None = None  # failed or bounced, in the last 180 days
    delay_trend_from: int | None = None  # days by which the last three came later


class Segment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    description: str
    when: When | tuple[When, ...] | None = None  # of several, one must hold; None: all who are left

    @property
    def cases(self) -> tuple[When, ...]:
        if self.when is None:
            return ()
        return self.when if isinstance(self.when, tuple) else (self.when,)


class RiskBands(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Risk by the probability of paying late: low below the first, high from the second."""

    medium_from: Share
    high_from: Share


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    risk: RiskBands
    segments: tuple[Segment, ...]


class Policy(Struct, frozen=True):
    document: Document
    version: str  # name and the beginning of the hash of the content


def parse(raw: Any) -> Policy:
    """A policy from its plain data (what a YAML or JSON reader gives). Raises `Invalid`."""
    errors = _shape_errors(raw)
    if not errors:
        document = msgspec.convert(raw, Document)
        errors = _sense_errors(document)
    if errors:
        raise Invalid("The segment policy is not valid.", errors)
    content = msgspec.json.encode(document, order="deterministic")
    return Policy(document, f"{document.name}-{hashlib.sha256(content).hexdigest()[:12]}")


def parse_text(text: str) -> Policy:
    """A policy from YAML or JSON. Raises `Invalid` for a bad policy, `Unreadable` for neither."""
    try:
        return parse(yaml.load(text, Loader=_PlainLoader))  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise Unreadable(f"The policy is not YAML: {problem}{place}.") from error
    except RecursionError as error:
        raise Unreadable("The policy is nested too deep.") from error


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, with which a short text can stand for an endless one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)


def risk_of(policy: Policy, late_probability: float) -> Risk:
    """The risk band of a probability of paying late."""
    bands = policy.document.risk
    if late_probability >= bands.high_from:
        return "high"
    return "medium" if late_probability >= bands.medium_from else "low"


def classify(policy: Policy, features: Features, risk: Risk) -> str:
    """The name of the first segment whose conditions all hold; the last has none."""
    for segment in policy.document.segments:
        if segment.when is None or any(_holds(when, features, risk) for when in segment.cases):
            return segment.name
    raise AssertionError("a valid policy ends with a segment for everybody")


def _holds(when: When, f: Features, risk: Risk) -> bool:
    return (  # the age first: it settles most cases at once, and this runs at every event
        _within(f.age_days, when.age_from, when.age_below)
        and _same(when.open, f.open_invoices > 0)
        and _same(when.due_soon, f.is_due_soon)
        and _same(when.overdue, f.age_days > 0)
        and _same(when.collectable, f.collectable_minor > 0)
        and (when.risk is None or risk in when.risk)
        and (when.kind is None or f.kind in when.kind)
        and (when.tags_any is None or not set(when.tags_any).isdisjoint(f.tags))
        and _amount_within(f, when.collectable_from, when.collectable_below)
        and _within(f.disputed_percent, when.disputed_percent_from, None)
        and _within(f.tenure_days, when.tenure_days_from, None)
        and _within(f.settled, when.settled_from, None)
        and _within(f.late_percent, when.late_percent_from, when.late_percent_below)
        and _within(f.failed_payments + f.bounced_payments, when.failed_payments_from, None)
        and _within(f.delay_trend_days, when.delay_trend_from, None)
    )


def _same(wanted: bool | None, given: bool) -> bool:
    return wanted is None or wanted is given


def _within(value: float | None, least: int | None, below: int | None) -> bool:
    """Whether least ≤ value < below. A value that is not known fails every condition on it."""
    if least is None and below is None:
        return True
    return (
        value is not None and (least is None or value >= least) and (below is None or value < below)
    )


def _amount_within(
    f: Features,
    least: Amount | dict[str, Amount] | None,
    below: Amount | dict[str, Amount] | None,
) -> bool:
    """The same for the collectable amount. A currency the policy has no amount for fails it."""
    if least is None and below is None:
        return True
    floor = _minor(least, f.currency)
    ceiling = _minor(below, f.currency)
    return (least is None or (floor is not None and f.collectable_minor >= floor)) and (
        below is None or (ceiling is not None and f.collectable_minor < ceiling)
    )


def _minor(amount: Amount | dict[str, Amount] | None, currency: str | None) -> int | None:
    """The amount in minor units of the currency, a part of one rounded down."""
    if isinstance(amount, dict):
        amount = amount.get(currency or "", amount.get(ANY_CURRENCY))
    if amount is None or currency is None:
        return None
    return int(Decimal(str(amount)).scaleb(DECIMALS[currency]))


def _shape_errors(raw: Any) -> list[FieldError]:
    """Faults of form. Each segment is read apart, so that one fault does not hide the next."""
    if not isinstance(raw, Mapping):
        return [FieldError("", "a policy is an object with name, risk and segments")]
    errors = [
        FieldError(f"/{key}", "unknown field; known are: name, risk, segments")
        for key in raw
        if key not in {"name", "risk", "segments"}
    ]
    wanted: list[tuple[str, Any, Any]] = [
        ("/name", raw.get("name", msgspec.UNSET), Name),
        ("/risk", raw.get("risk", msgspec.UNSET), RiskBands),
    ]
    segments = raw.get("segments", msgspec.UNSET)
    if isinstance(segments, list):
        wanted += [(f"/segments/{i}", segment, Segment) for i, segment in enumerate(segments)]
    else:
        wanted.append(("/segments", segments, tuple[Segment, ...]))
    for pointer, value, cls in wanted:
        if value is msgspec.UNSET:
            errors.append(FieldError(pointer, "required"))
            continue
        try:
            msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            errors.append(_field_error(pointer, str(error)))
    return errors


def _field_error(base: str, message: str) -> FieldError:
    """msgspec's `… - at `$.when.age_from`` as a pointer and what is wrong."""
    detail, _, path = message.partition(" - at `$")
    steps = path.rstrip("`").replace("[", ".").replace("]", "").split(".")
    pointer = base + "".join(f"/{step}" for step in steps if step and step != "...")
    return FieldError(pointer, detail)


def _sense_errors(document: Document) -> list[FieldError]:
    """Faults of meaning in a document of the right form."""
    errors = []
    if document.risk.medium_from > document.risk.high_from:
        errors.append(FieldError("/risk/high_from", "must not be below medium_from"))
    if not document.segments:
        return [*errors, FieldError("/segments", "must not be empty")]
    seen: set[str] = set()
    last = len(document.segments) - 1
    for index, segment in enumerate(document.segments):
        at = f"/segments/{index}"
        if segment.name in seen:
            errors.append(FieldError(f"{at}/name", f"{segment.name!r} stands twice"))
        seen.add(segment.name)
        if segment.when is None and index < last:
            errors.append(
                FieldError(at, "takes everybody, so no later segment is ever reached; add `when`")
            )
        if segment.when is not None:
            if index == last:
                errors.append(
                    FieldError(f"{at}/when", "the last segment takes everybody: no conditions")
                )
            if not segment.cases:
                errors.append(FieldError(f"{at}/when", "an empty list never holds"))
            for number, when in enumerate(segment.cases):
                several = isinstance(segment.when, tuple)
                errors += _when_errors(f"{at}/when/{number}" if several else f"{at}/when", when)
    return errors


def _when_errors(at: str, when: When) -> list[FieldError]:
    errors = []
    for name in ("collectable_from", "collectable_below"):
        amount: Amount | dict[str, Amount] | None = getattr(when, name)
        if amount is None:
            continue
        by_currency = amount if isinstance(amount, dict) else {ANY_CURRENCY: amount}
        for code, value in by_currency.items():
            pointer = f"{at}/{name}" + (f"/{code}" if isinstance(amount, dict) else "")
            if code != ANY_CURRENCY and not is_currency(code):
                errors.append(FieldError(pointer, f"{code!r} is not an ISO 4217 code"))
            if not _is_amount(value):
                errors.append(FieldError(pointer, "must be an amount of 0 or more, like 49.90"))
    pairs = (("age_from", "age_below"), ("late_percent_from", "late_percent_below"))
    for low, high in pairs:
        least, below = getattr(when, low), getattr(when, high)
        if least is not None and below is not None and least >= below:
            errors.append(FieldError(f"{at}/{high}", f"must be above {low}"))
    return errors


def _is_amount(value: Amount) -> bool:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and number >= 0
