"""Which completed calls are listened to, and what a review says."""

from collections.abc import Mapping
from hashlib import sha256

_SHARES = 10_000


def is_drawn(task_id: str, share: float) -> bool:
    """By the task's id alone, so that nobody chooses."""
    digits = sha256(task_id.encode()).hexdigest()[:8]
    return int(digits, 16) % _SHARES < _SHARES * share


def mean_score(scores: Mapping[str, int]) -> float:
    """Of the criteria, 0 to 5."""
    return round(sum(scores.values()) / len(scores), 4) if scores else 0.0
