"""The governor's answer: the verdict, the rules that decided, the texts that the message must carry
and the evidence to keep.
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

NOTICE = "Not legal advice."

Effect = Literal["allow", "defer", "require_approval", "block"]


class RuleEffect(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one rule says about the contact."""

    rule: str
    effect: Effect
    until: datetime | UnsetType = UNSET
    role: str | UnsetType = UNSET
    citation: str | UnsetType = UNSET
    because: str


class Disclosure(Struct, frozen=True, kw_only=True, gc=False):
    """A text the message must carry."""

    rule: str
    text_id: str


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`decided_by` holds the rules with the verdict's effect, `also` those that would have had a
    say without them, `record` the evidence to keep. `rulebook_version` is the newest of the books
    applied; `rulebooks` names each with its version where they are not all of one."""

    verdict: Effect
    until: datetime | UnsetType = UNSET
    role: str | UnsetType = UNSET
    decided_by: list[RuleEffect]
    disclosures: list[Disclosure]
    record: list[dict[str, Any]]
    also: list[RuleEffect]
    unverified: bool
    rulebook_version: str
    rulebooks: dict[str, str] | UnsetType = UNSET
    tzdata_version: str
    notice: str
