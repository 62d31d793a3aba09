"""The text of a strategy: its shape as classes, from which editors have their JSON Schema too."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from services.outreach.activity.domain.contacts import Tone
from services.outreach.dunning.domain.condition_text import (
    REACTION_WORDS,
    STEP_WORDS,
    case_schema,
)
from services.outreach.dunning.domain.strategy import (
    OPEN_REACTION_DAYS,
    REACTION_DAYS,
    WARNING_KINDS,
    HandOverKind,
    StepChannel,
    Weekday,
)
from shared.texts import matching

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
LADDER_MAX: Final = 60  # steps
REACTION_STEPS_MAX: Final = 20

Name = Annotated[str, matching("[a-z0-9][a-z0-9-]{0,63}", 64)]
Clock = Annotated[str, matching("(?:[01][0-9]|2[0-3]):[0-5][0-9]", 5)]
# What a text that does not fit its pattern should be, by how the pattern begins.
FORMS: Final = {
    "^[a-z0-9]": "must be small letters, digits and hyphens, like second-notice",
    "^(?:[01]": "must be a time like 09:00",
}
_Days = Annotated[int, Meta(ge=0, le=365)]
_BusinessDays = Annotated[int, Meta(ge=1, le=2600)]
_OnLadder = Literal["due", "stage", "last-contact"]


class _Text(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class SendText(_Text, frozen=True, kw_only=True, rename={"from_": "from"}):
    from_: Clock | None = None
    to: Clock | None = None
    days: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | None = None
    holidays: bool | None = None


class CapsText(_Text, frozen=True, kw_only=True):
    gap_days: _Days = 3
    per_7_days: Annotated[int, Meta(ge=1, le=100)] = 2
    per_30_days: Annotated[int, Meta(ge=1, le=100)] = 6


class QuietText(_Text, frozen=True, kw_only=True):
    after_payment_days: _Days = 3
    claim_business_days: Annotated[int, Meta(ge=1, le=90)] = 5
    reply_business_days: Annotated[int, Meta(ge=1, le=90)] = 5


class FallbackText(_Text, frozen=True, kw_only=True):
    wait_days: Annotated[int, Meta(ge=0, le=90)] = 3
    outage_hours: Annotated[int, Meta(ge=0, le=720)] = 4


class ResumeText(_Text, frozen=True, kw_only=True):
    promise: _Days = 1
    plan: _Days = 1
    settlement: _Days = 1
    dispute: _Days = 0
    hold: _Days = 0
    reply: _Days = 0
    claim: _Days = 0
    manual: _Days = 0
    placement: _Days = 0


class RampText(_Text, frozen=True, kw_only=True):
    """Contacts a day under this version, from its first day."""

    start: Annotated[int, Meta(ge=1, le=10**9)] = 200
    factor: Annotated[float, Meta(ge=1, le=1000)] = 2
    most: Annotated[int, Meta(ge=1, le=10**9)] | None = None


class HandOverText(_Text, frozen=True, kw_only=True):
    kind: HandOverKind
    to: Annotated[str, Meta(min_length=1, max_length=200)]
    approve: Name | None = None


class RequiresText(_Text, frozen=True, kw_only=True):
    step: Name
    days: _Days


class ReactionStepText(_Text, frozen=True, kw_only=True):
    """A step that is counted from the anchor day of its reaction."""

    name: Name
    days: int | None = None
    business_days: _BusinessDays | None = None
    channels: Annotated[list[StepChannel], Meta(min_length=1, max_length=7)] | None = None
    queue: Name | None = None
    tone: Tone
    template: Name | None = None
    script: Name | None = None
    when: Any = None
    requires: RequiresText | None = None
    send: SendText | None = None


class LadderStepText(ReactionStepText, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A step of the ladder of an invoice."""

    from_: _OnLadder
    stage: Literal[31, 61, 91, 121] | None = None
    hand_over: HandOverText | None = None


class ReactionText(_Text, frozen=True, kw_only=True):
    steps: Any  # ReactionStepText, read one by one
    resume_after_days: _Days | None = None
    skip_to: Name | None = None


class StrategyText(_Text, frozen=True, kw_only=True):
    name: Name
    version: Annotated[str, Meta(min_length=1, max_length=64)]
    title: Annotated[str, Meta(max_length=200)] = ""
    send: SendText = SendText()
    caps: CapsText = CapsText()
    quiet: QuietText = QuietText()
    fallback: FallbackText = FallbackText()
    resume_after_days: ResumeText = ResumeText()
    ramp: RampText | None = None
    ladder: Any  # LadderStepText, read one by one
    reactions: Any = None  # by kind of happening, ReactionText


def json_schema() -> dict[str, Any]:
    """Draft 2020-12. What no schema can say (order, tones, templates) is left out."""
    classes = [StrategyText, LadderStepText, ReactionStepText, ReactionText]
    references, parts = msgspec.json.schema_components(classes, ref_template="#/$defs/{name}")
    top, ladder_step, reaction_step, reaction = references
    for part in parts.values():
        for member in part.get("properties", {}).values():
            if isinstance(member.get("default"), dict):
                del member["default"]  # the reference has its own
    parts["LadderStepText"]["properties"]["when"] = case_schema(STEP_WORDS)
    parts["ReactionStepText"]["properties"]["when"] = case_schema(REACTION_WORDS)
    parts["ReactionText"]["properties"]["steps"] = _listed(reaction_step, REACTION_STEPS_MAX)
    members = parts["StrategyText"]["properties"]
    members["ladder"] = _listed(ladder_step, LADDER_MAX)
    members["reactions"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**reaction, "description": f"steps on days {first} to {last} of it"}
            for name, (first, last) in [
                *REACTION_DAYS.items(),
                *((f"warning.{kind}", OPEN_REACTION_DAYS) for kind in WARNING_KINDS),
            ]
        },
        "patternProperties": {r"^segment\.[^\s].*$": reaction},
    }
    return {"$schema": DIALECT, "title": "Strategy", **top, "$defs": parts}


def _listed(item: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}
