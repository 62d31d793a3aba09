"""What the parameters of all kinds of rule have in common; each kind adds its own."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from shared.texts import matching

Days = Annotated[int, Meta(ge=0, le=3660)]
Word = Annotated[str, Meta(min_length=1, max_length=128)]
Role = Annotated[str, matching("[a-z][a-z0-9_-]{0,63}", 64)]
RawConditions = dict[str, Any]  # as written: see conditions/language.py
Whether = Literal["exempt", "bound"]
Stop = Literal["block", "require_approval"]


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `params` of a record, strictly checked. Most kinds have `inbound`, whether a contact that
    the debtor began is exempt, and `reply`, whether one answer to the debtor's last message, in the
    medium they used, is."""

    @property
    def exempts_replies(self) -> bool:
        return getattr(self, "reply", None) == "exempt"
