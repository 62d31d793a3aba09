"""Policies as they are written, and accounts that owe; a test says only what it is about."""

from typing import Any

from services.segmentation.domain.features import Features
from services.segmentation.domain.policy import Policy, Scores, parse
from tests.unit.segmentation.builders import some_features


def owing(age: int, minor: int = 9_000, **changes: Any) -> Features:
    """Past due by so much, all of it collectable; age 0: open, not due."""
    fields: dict[str, Any] = {
        "open_invoices": 1,
        "balance_minor": minor,
        "overdue_minor": minor if age else 0,
        "collectable_minor": minor if age else 0,
        "age_days": age,
        "usual_minor": minor,
    }
    return some_features(**{**fields, **changes})


def scores(late: float = 0.45, pays: float = 0.5) -> Scores:
    return Scores(pays_within=pays, late_payment=late)


def a_policy(**changes: Any) -> dict[str, Any]:
    return {
        "name": "mine",
        "risk": {"medium_from": 0.3, "high_from": 0.65},
        "hysteresis": {"probability": 0.05, "percent": 5, "amount_percent": 10, "days": 3},
        "segments": [
            {"name": "risky", "description": "x", "when": {"open": True, "risk": ["high"]}},
            {"name": "rest", "description": "all others"},
        ],
        **changes,
    }


def one_condition(when: dict[str, Any], **more: Any) -> Policy:
    first = {"name": "in", "description": "x", "when": when, **more}
    return parse(a_policy(segments=[first, {"name": "out", "description": "others"}]))
