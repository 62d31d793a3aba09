"""Who is behind a call: the dev key is nobody's, and `X-Actor` names the person who uses it."""

import math
from dataclasses import replace
from urllib.parse import unquote

from shared.errors import FieldError, Invalid
from shared.web.auth import Caller
from shared.web.claims import SUBJECT_LENGTH_MAX


def acting(caller: Caller, x_actor: str | None) -> Caller:
    """The dev key is nobody's: `X-Actor` names the person who uses it. A token names its own."""
    if x_actor is None or not math.isinf(caller.expires):
        return caller
    person = unquote(x_actor).strip()
    if not 0 < len(person) <= SUBJECT_LENGTH_MAX or not person.isprintable():
        problem = FieldError("/header/X-Actor", "must be 1 to 256 characters that can be shown")
        raise Invalid("X-Actor names nobody.", [problem])
    return replace(caller, subject=person)
