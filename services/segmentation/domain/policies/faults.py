"""What is wrong with a policy: all of it at once, each fault by its place, segment and reason."""

import difflib
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from services.segmentation.domain.policies.conditions import ANY_CURRENCY
from services.segmentation.domain.policies.document import RISKS, Document, Segment
from services.segmentation.domain.policies.vocabulary import VOCABULARY, Condition
from shared.errors import FieldError
from shared.field_errors import escape, explain
from shared.money import is_currency

KINDS = ("consumer", "business")
LIMIT_MAX = 2**53
FAULTS_SHOWN = 100  # nobody reads on, and looking for near names takes its time
SEGMENTS_MAX, CASES_MAX = 200, 50


def faults_of(raw: Any) -> list[FieldError]:
    """Every fault of a policy's plain data; none: it can be converted to a `Document`."""
    if not isinstance(raw, Mapping):
        return [FieldError("", "a policy is an object with name, risk and segments")]
    errors = _struct_faults(raw, Document, "", skip={"segments"})
    segments = raw.get("segments")
    if "segments" not in raw:
        errors.append(FieldError("/segments", "required"))
    elif not isinstance(segments, list):
        errors.append(FieldError("/segments", "must be a list of segments"))
    elif not 0 < len(segments) <= SEGMENTS_MAX:
        words = f"has at most {SEGMENTS_MAX} segments" if segments else "must not be empty"
        errors.append(FieldError("/segments", words))
    else:
        errors += _segments_faults(segments)
    errors += _band_faults(raw.get("risk"), raw.get("warnings"))
    return errors[:FAULTS_SHOWN]


def _band_faults(risk: Any, warnings: Any) -> list[FieldError]:
    errors = []
    if isinstance(risk, Mapping):
        low, high = risk.get("medium_from"), risk.get("high_from")
        if _is_number(low) and _is_number(high) and low > high:
            errors.append(FieldError("/risk/high_from", "must not be below medium_from"))
    exposure = warnings.get("exposure_over_limit") if isinstance(warnings, Mapping) else None
    if isinstance(exposure, Mapping):
        above, rearmed = exposure.get("percent_above", 100), exposure.get("rearmed_at_percent", 95)
        if _is_number(above) and _is_number(rearmed) and rearmed > above:
            pointer = "/warnings/exposure_over_limit/rearmed_at_percent"
            errors.append(FieldError(pointer, "must not be above percent_above"))
    return errors


def _segments_faults(segments: list[Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    first: dict[str, int] = {}
    last = len(segments) - 1
    for index, raw in enumerate(segments):
        if len(errors) >= FAULTS_SHOWN:
            break
        at = f"/segments/{index}"
        if not isinstance(raw, Mapping):
            errors.append(FieldError(at, "must be an object with name, description and when"))
            continue
        name = raw.get("name")
        found = _struct_faults(raw, Segment, at, skip={"when", "keep_when"})
        for member in ("when", "keep_when"):
            found += _cases_faults(f"{at}/{member}", raw.get(member))
        found += _place_faults(at, raw, is_last=index == last)
        if isinstance(name, str):
            if name in first:
                place = f"/segments/{first[name]}"
                found.append(FieldError(f"{at}/name", f"there is another one at {place}"))
            first.setdefault(name, index)
            found = [FieldError(e.pointer, f"segment {name!r}: {e.detail}") for e in found]
        errors += found
    return errors


def _place_faults(at: str, raw: Mapping[str, Any], *, is_last: bool) -> list[FieldError]:
    """A segment without conditions takes everybody, and must be the last, which must have none."""
    when = raw.get("when")
    if not is_last:
        if when is None or when == {}:
            words = "takes everybody, so no later segment is ever reached; add `when`"
            return [FieldError(at, words)]
        return []
    errors = []
    if when is not None:
        errors.append(FieldError(f"{at}/when", "the last segment takes everybody: no conditions"))
    errors += [
        FieldError(f"{at}/{member}", "says nothing of the last segment, which takes who is left")
        for member in ("keep_when", "stay_days")
        if raw.get(member)
    ]
    return errors


def _cases_faults(at: str, when: Any) -> list[FieldError]:
    if when is None:
        return []
    if isinstance(when, list):
        if not 0 < len(when) <= CASES_MAX:
            words = f"has at most {CASES_MAX} cases" if when else "an empty list never holds"
            return [FieldError(at, words)]
        return [e for i, case in enumerate(when) for e in _case_faults(f"{at}/{i}", case)]
    return _case_faults(at, when)


def _case_faults(at: str, case: Any) -> list[FieldError]:
    if not isinstance(case, Mapping):
        return [FieldError(at, "must be an object of conditions, or a list of such")]
    if len(case) > len(VOCABULARY):
        return [FieldError(at, f"there are only {len(VOCABULARY)} conditions")]
    errors = []
    for name, wanted in case.items():
        pointer = f"{at}/{escape(str(name))}"
        condition = VOCABULARY.get(name) if isinstance(name, str) else None
        if condition is None:
            words = f"there is no condition {str(name)!r}{_nearest(str(name), VOCABULARY)}"
            errors.append(FieldError(pointer, words))
        else:
            errors += _value_faults(pointer, condition, wanted)
    if not errors:
        errors += _pair_faults(at, case)
    return errors


def _pair_faults(at: str, case: Mapping[str, Any]) -> list[FieldError]:
    """A lower bound that is not below its upper bound leaves nothing between them."""
    errors = []
    for name, below in case.items():
        low = name.removesuffix("_below") + "_from"
        if not name.endswith("_below") or low not in case:
            continue
        for code, limit in _by_currency(below).items():  # or by the name of an index
            least = _by_currency(case[low]).get(code)
            if least is not None and Decimal(str(least)) >= Decimal(str(limit)):
                errors.append(FieldError(f"{at}/{name}", f"must be above {low}"))
                break
    return errors


def _by_currency(amount: Any) -> Mapping[str, Any]:
    return amount if isinstance(amount, Mapping) else {ANY_CURRENCY: amount}


def _value_faults(at: str, condition: Condition, wanted: Any) -> list[FieldError]:
    if condition.form == "flag":
        return [] if isinstance(wanted, bool) else [FieldError(at, "must be true or false")]
    if condition.form in ("words", "risk", "tags"):
        return list(_list_faults(at, condition, wanted))
    if condition.form == "amount":
        return list(_amount_faults(at, wanted))
    if condition.form == "index":
        return list(_index_faults(at, wanted))
    if not _is_number(wanted):
        return [FieldError(at, "must be a number")]
    least, most = _bounds(condition)
    if not least <= wanted <= most:
        return [FieldError(at, f"must lie between {least:g} and {most:g}")]
    return []


def _bounds(condition: Condition) -> tuple[float, float]:
    if condition.form == "share":
        return 0, 1
    if condition.form == "percent":
        return 0, 101  # "below 101" takes 100
    return (-LIMIT_MAX if condition.may_be_negative else 0), LIMIT_MAX


def _list_faults(at: str, condition: Condition, wanted: Any) -> Iterable[FieldError]:
    if not isinstance(wanted, list):
        yield FieldError(at, "must be a list")
        return
    if not wanted:
        yield FieldError(at, "must not be empty")
    known = {"risk": RISKS, "kind": KINDS}.get(condition.name)
    for index, item in enumerate(wanted):
        pointer = f"{at}/{index}"
        if not isinstance(item, str) or not item:
            yield FieldError(pointer, "must be a text; put it in quotes")
        elif known is not None and item not in known:
            words = f"must be one of {', '.join(known)}{_nearest(item, known)}"
            yield FieldError(pointer, words)
        elif condition.name == "currency" and not is_currency(item):
            yield FieldError(pointer, f"{item!r} is not an ISO 4217 code")


def _amount_faults(at: str, wanted: Any) -> Iterable[FieldError]:
    if isinstance(wanted, Mapping) and not wanted:
        yield FieldError(at, "must not be empty")
    for code, value in _by_currency(wanted).items():
        pointer = f"{at}/{escape(str(code))}" if isinstance(wanted, Mapping) else at
        if code != ANY_CURRENCY and not (isinstance(code, str) and is_currency(code)):
            yield FieldError(pointer, f"{code!r} is not an ISO 4217 code, nor {ANY_CURRENCY!r}")
        if not _is_amount(value):
            yield FieldError(pointer, "must be an amount of 0 or more, like 49.90")


def _index_faults(at: str, wanted: Any) -> Iterable[FieldError]:
    if not isinstance(wanted, Mapping) or not wanted:
        yield FieldError(at, "must be an object of figures by name, like {unemployment: 5.5}")
        return
    for name, value in wanted.items():
        if not _is_number(value):
            yield FieldError(f"{at}/{escape(str(name))}", "must be a number")


def _is_amount(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and 0 <= number < LIMIT_MAX


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _struct_faults(
    raw: Mapping[str, Any], cls: type[Struct], at: str, *, skip: set[str]
) -> list[FieldError]:
    """Faults of an object's members, each read apart, so that one does not hide the next."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
    errors = [
        FieldError(
            f"{at}/{escape(str(key))}",
            f"unknown field{_nearest(str(key), fields)}; known are: {', '.join(fields)}",
        )
        for key in islice((key for key in raw if key not in fields), FAULTS_SHOWN)
    ]
    for name, field in fields.items():
        if name in skip:
            continue
        if name not in raw:
            if field.required:
                errors.append(FieldError(f"{at}/{name}", "required"))
            continue
        errors += _member_faults(raw[name], field.type, f"{at}/{name}")
    return errors


def _member_faults(value: Any, kind: Any, at: str) -> list[FieldError]:
    struct = _struct_of(kind)
    if struct is not None and isinstance(value, Mapping):
        return _struct_faults(value, struct, at, skip=set())
    if isinstance(value, float) and not math.isfinite(value):
        return [FieldError(at, "must be a number")]
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return [explain(str(error), at)]
    return []


def _struct_of(kind: Any) -> type[Struct] | None:
    for each in (kind, *getattr(kind, "__args__", ())):
        if isinstance(each, type) and issubclass(each, Struct):
            return each
    return None


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
