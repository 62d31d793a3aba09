"""JSON Schemas of the policies charges and allocation, for editors: what they can't say (the last
band, what must not be above what, names that are there) the reader does."""

from typing import Any, get_args

from services.ledger.domain.agreements import Role
from services.ledger.domain.policies import allocation, charges
from services.ledger.domain.policies.schema import DIALECT
from shared.money import DECIMALS

_Schema = dict[str, Any]

_NAME: _Schema = {"type": "string", "minLength": 1, "maxLength": 100}
_DECIMAL: _Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]
}
_KIND: _Schema = {"enum": ["consumer", "business"]}


def _object(needed: list[str], **members: Any) -> _Schema:
    return {
        "type": "object",
        "properties": members,
        "required": needed,
        "additionalProperties": False,
    }


def _one_or_more(of: _Schema) -> _Schema:
    return {"anyOf": [of, {"type": "array", "items": of, "minItems": 1, "uniqueItems": True}]}


def _list(of: _Schema) -> _Schema:
    return {"type": "array", "items": of, "minItems": 1, "uniqueItems": True}


def _part(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def charges_schema() -> _Schema:
    """Draft 2020-12."""
    return {
        "$schema": DIALECT,
        "title": "ChargesPolicy",
        **_object(
            ["name", "version"],
            name={"const": charges.NAME},
            version={"type": ["string", "integer"]},
            packs=_list(_NAME),
            accept_unverified=_list(_NAME),
            accrue_from={"type": "string", "format": "date"},
            rules={"type": "array", "items": _part("Rule")},
            limits={"type": "array", "items": _part("Limit")},
            waive=_object([], within=_part("Amounts"), role={"enum": list(get_args(Role))}),
        ),
        "$defs": {
            "Amounts": {
                "description": "Major units by currency; default: of those that are not named.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"enum": ["default", *sorted(DECIMALS)]},
                "additionalProperties": _DECIMAL,
            },
            "When": _when(),
            "Disclosure": _disclosure(),
            "Amount": _amount(),
            "Rate": _rate(),
            "Rule": {"oneOf": [_late_fee(), _compensation(), _interest(), _bounce_fee()]},
            "Limit": _limit(),
        },
    }


def _when() -> _Schema:
    texts = _one_or_more({"type": "string", "minLength": 1})
    days = {"type": "integer"}
    return _object(
        [],
        kind=_one_or_more(_KIND),
        country=_one_or_more({"type": "string", "pattern": "^[A-Z]{2}$"}),
        purpose=_one_or_more(_KIND),
        currency=_one_or_more({"enum": sorted(DECIMALS)}),
        product=texts,
        tags_any=texts,
        amount_from=_part("Amounts"),
        amount_below=_part("Amounts"),
        age_from=days,
        age_below=days,
    )


def _disclosure() -> _Schema:
    days = {"type": "integer", "minimum": 1, "maximum": 365, "default": 1}
    told = _object(["texts"], texts=_list(_NAME), days_before=days)
    return {"anyOf": [{"type": "null"}, told]}


def _amount() -> _Schema:
    amounts = _part("Amounts")
    band = _object(["fixed"], below=amounts, fixed=amounts)
    return {
        "oneOf": [
            _object(["fixed"], fixed=amounts),
            _object(
                ["percent"],
                percent=_DECIMAL,
                of={"enum": ["balance", "amount"], "default": "balance"},
                min=amounts,
                max=amounts,
            ),
            _object(["bands"], bands={"type": "array", "items": band, "minItems": 1}),
        ]
    }


def _rate() -> _Schema:
    return {
        "oneOf": [
            _object(["percent"], percent=_DECIMAL),
            _object(
                ["reference"],
                reference=_NAME,
                margin=_DECIMAL,
                fixed_at_start={"type": "boolean", "default": False},
            ),
        ]
    }


def _rule(kind: str, needed: list[str], **members: Any) -> _Schema:
    return _object(
        ["id", "kind", *needed],
        id=_NAME,
        kind={"const": kind},
        when=_part("When"),
        disclosure=_part("Disclosure"),
        because={"type": "string", "minLength": 1, "maxLength": 1000},
        **members,
    )


def _late_fee() -> _Schema:
    return _rule(
        "late_fee",
        ["step", "amount"],
        step={"type": "integer", "minimum": 1, "maximum": charges.STEP_MAX},
        amount=_part("Amount"),
        minimum_balance=_part("Amounts"),
        cap=_object([], per_invoice=_part("Amounts"), percent_of_invoice=_DECIMAL),
    )


def _compensation() -> _Schema:
    amounts = {"amount": _part("Amount"), "minimum_balance": _part("Amounts")}
    return _rule("compensation", ["amount"], **amounts)


def _interest() -> _Schema:
    return _rule(
        "interest",
        ["rate"],
        rate=_part("Rate"),
        day_count={"enum": list(get_args(charges.DayCount)), "default": "act/365"},
        after_days={"type": "integer", "minimum": 0, "maximum": charges.STEP_MAX, "default": 0},
        post={"enum": list(get_args(charges.Post)), "default": "stage"},
        minimum=_part("Amounts"),
    )


def _bounce_fee() -> _Schema:
    return _rule(
        "bounce_fee",
        ["reversals", "amount"],
        reversals=_list({"enum": list(get_args(charges.ReversalKind))}),
        amount=_part("Amount"),
    )


def _limit() -> _Schema:
    limited = {"enum": list(get_args(charges.Limited))}
    return _object(
        [],
        when=_part("When"),
        none={"anyOf": [{"type": "boolean"}, _list(limited)]},
        max_fee=_part("Amounts"),
        max_rate={"anyOf": [_DECIMAL, _part("Rate")]},
    )


def allocation_schema() -> _Schema:
    """Draft 2020-12."""
    parts = list(allocation.PARTS)
    order = {**_list({"enum": parts}), "minItems": len(parts), "default": parts}
    return {
        "$schema": DIALECT,
        "title": "AllocationPolicy",
        **_object(
            ["name", "version"],
            name={"const": allocation.NAME},
            version={"type": ["string", "integer"]},
            scope={"enum": ["invoice", "account"], "default": "account"},
            targets={"enum": ["order", "principal"], "default": "principal"},
            order=order,
        ),
    }
