"""What a refusal of the ledger is to whoever asked the desk."""

from typing import Any

from services.outreach.dunning.clients import CommandAnswer
from shared.errors import Conflict, FieldError, Invalid, Unavailable

_CONFLICTS = frozenset({403, 404, 409, 412})
_PLAIN = frozenset({"type", "title", "status", "detail", "errors"})


def raise_refusal(answer: CommandAnswer, under: str) -> None:
    """Nothing where it is done; else the ledger's own words, its pointers under `under`."""
    if answer.is_done:
        return
    problem: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    detail = str(problem.get("detail") or f"The ledger answered {answer.status}.")
    members = {name: value for name, value in problem.items() if name not in _PLAIN}
    if answer.status == 422:
        errors = [
            FieldError(f"{under}{each.get('pointer', '')}", str(each.get("detail", "")))
            for each in problem.get("errors", ())
            if isinstance(each, dict)
        ]
        raise Invalid(detail, errors or [FieldError(under, detail)], members)
    if answer.status in _CONFLICTS:
        raise Conflict(f"The ledger refuses: {detail}", members=members)
    raise Unavailable(f"The ledger answered {answer.status}: {detail}")
