"""A strategy from its text: read member by member, checked as a whole, all faults named at once."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.dunning.domain.condition_text import (
    REACTION_WORDS,
    STEP_WORDS,
    read_when,
)
from services.outreach.dunning.domain.conditions import ALWAYS
from services.outreach.dunning.domain.strategy import (
    DEFAULT_QUEUE,
    REACTION_DAYS,
    WARNING_KINDS,
    Anchor,
    Caps,
    Fallback,
    HandOver,
    Quiet,
    Reaction,
    Requires,
    ResumeAfterDays,
    Send,
    Step,
    Strategy,
    on_ladder,
)
from services.outreach.dunning.domain.strategy_faults import ReadStep, TenantTexts, whole_faults
from services.outreach.dunning.domain.strategy_text import (
    FORMS,
    LADDER_MAX,
    REACTION_STEPS_MAX,
    LadderStepText,
    ReactionStepText,
    ReactionText,
    SendText,
    StrategyText,
)
from services.outreach.dunning.domain.text_reading import (
    TextReading,
    near,
    placed,
    read_object,
)
from shared.field_errors import escape
from shared.texts import id_fault, name_fault, shown

WORD: Final = "strategy"
NONE: Final = "none"  # what assignments write for no strategy
_ON: Final = "the key is `reactions`: many readers of YAML take a bare `on` for true"
_HINTS: Final = {"on": _ON, "true": _ON, "steps": "the key is `ladder`"}
_SEGMENT_LENGTH_MAX: Final = 200


def parse_strategy(text: str, texts: TenantTexts | None = None) -> Strategy:
    """A strategy from YAML or JSON. Raises `Invalid` with every fault; `texts` are the words
    of the tenant (None: they are not looked at)."""
    document = read_object(text, WORD)
    reading = TextReading(FORMS)
    top = reading.object(document.data, StrategyText, "", _HINTS)
    assert top is not None, "it is an object"
    strategy, steps, reactions = _Reader(reading, top).read()
    reading.errors += whole_faults(steps, reactions, texts)
    if reading.errors:
        raise placed(document, reading.errors, WORD)
    return strategy


class _Reader:
    def __init__(self, reading: TextReading, top: StrategyText) -> None:
        self._reading, self._top = reading, top
        self._send = _send(reading, top.send, Send(), "/send")

    def read(self) -> tuple[Strategy, list[ReadStep], dict[str, ReactionText]]:
        top, reading = self._top, self._reading
        if top.name == NONE:
            reading.fault("/name", "none is no name: assignments write it for no strategy")
        if top.version is not None and (fault := version_fault(top.version)):
            reading.fault("/version", fault)
        ladder = self._steps(top.ladder, LadderStepText, "/ladder", LADDER_MAX)
        reactions, texts, reacting = {}, {}, []
        for key, text, at in self._reactions():
            steps = self._steps(
                text.steps, ReactionStepText, f"{at}/steps", REACTION_STEPS_MAX, reaction=key
            )
            texts[key] = text
            reacting += steps
            reactions[key] = Reaction(
                steps=on_ladder(read.step for read in steps),
                resume_after_days=text.resume_after_days,
                skip_to=text.skip_to,
            )
        strategy = Strategy(
            name=top.name,
            version=top.version,
            title=top.title or "",
            send=self._send,
            caps=_same(Caps, top.caps),
            quiet=_same(Quiet, top.quiet),
            fallback=_same(Fallback, top.fallback),
            resume_after_days=_same(ResumeAfterDays, top.resume_after_days),
            ramp=None if top.ramp is None else _same(Ramp, top.ramp),
            ladder=on_ladder(read.step for read in ladder),
            reactions=reactions,
        )
        return strategy, [*ladder, *reacting], texts

    def _reactions(self) -> list[tuple[str, ReactionText, str]]:
        raw = self._top.reactions
        if raw is None:
            return []
        if not isinstance(raw, Mapping):
            self._reading.fault("/reactions", "must be an object: by happening, its steps")
            return []
        found = []
        for key, value in raw.items():
            at = f"/reactions/{escape(shown(str(key)))}"
            if fault := _key_fault(str(key)):
                self._reading.fault(at, fault)
            text = self._reading.object(value, ReactionText, at)
            if text is not None:
                found.append((str(key), text, at))
        return found

    def _steps(
        self,
        raw: Any,
        cls: type[LadderStepText] | type[ReactionStepText],
        at: str,
        most: int,
        reaction: str | None = None,
    ) -> list[ReadStep]:
        if raw is None:
            return []  # its absence is noted
        words = STEP_WORDS if reaction is None else REACTION_WORDS
        found = []
        for index, text in enumerate(self._reading.items(raw, cls, at, most)):
            if text is not None:
                here = f"{at}/{index}"
                step = self._step(text, here, words)
                given = frozenset(raw[index])
                found.append(
                    ReadStep(text=text, step=step, at=here, reaction=reaction, given=given)
                )
        return found

    def _step(self, text: ReactionStepText, at: str, words: tuple[str, ...]) -> Step:
        when = ALWAYS
        if text.when is not None:
            when = read_when(self._reading, text.when, f"{at}/when", words)
        own = None
        if text.send is not None:
            own = _send(self._reading, text.send, self._send, f"{at}/send")
        anchor: Anchor = "event"
        stage: int | None = None
        hand_over: HandOver | None = None
        if isinstance(text, LadderStepText):
            anchor, stage = text.from_, text.stage
            if text.hand_over is not None:
                hand_over = _same(HandOver, text.hand_over)
                if hand_over.to is not None and (fault := id_fault(hand_over.to)):
                    self._reading.fault(f"{at}/hand_over/to", fault)
        return Step(
            name=text.name,
            anchor=anchor,
            days=text.days or 0,
            business_days=text.business_days,
            stage=stage,
            channels=tuple(text.channels or ()),
            queue=text.queue or DEFAULT_QUEUE,
            tone=text.tone,
            template=text.template,
            script=text.script,
            hand_over=hand_over,
            when=when,
            requires=None if text.requires is None else _same(Requires, text.requires),
            send=own,
        )


def version_fault(version: str) -> str | None:
    """Versions stand in addresses."""
    return "must have no slash" if "/" in version else id_fault(version)


def _key_fault(key: str) -> str | None:
    kind, _, name = key.partition(".")
    if kind == "warning" and name:
        return None if name in WARNING_KINDS else f"is no warning{near(name, WARNING_KINDS)}"
    if kind == "segment" and name:
        if len(name) > _SEGMENT_LENGTH_MAX:
            return "has too long a name of a segment"
        return name_fault(name)
    if key in REACTION_DAYS:
        return None
    known = (*REACTION_DAYS, *(f"warning.{kind}" for kind in WARNING_KINDS), "segment.<name>")
    return f"is nothing that is answered{near(key, known)}"


def _send(reading: TextReading, text: SendText | None, whole: Send, at: str) -> Send:
    """What is not named is as in the whole."""
    if text is None:
        return whole
    days = None if text.days is None else tuple(text.days)
    if days is not None and len(set(days)) < len(days):
        reading.fault(f"{at}/days", "names a day twice")
    send = Send(
        from_=whole.from_ if text.from_ is None else time.fromisoformat(text.from_),
        to=whole.to if text.to is None else time.fromisoformat(text.to),
        days=days or whole.days,
        holidays=whole.holidays if text.holidays is None else text.holidays,
    )
    if send.from_ >= send.to:
        member = "from" if text.to is None and text.from_ is not None else "to"
        reading.fault(
            f"{at}/{member}", f"leaves no time from {send.from_:%H:%M} to {send.to:%H:%M}"
        )
    return send


def _same(cls: Any, text: Any) -> Any:
    """The value that has the members of a text."""
    if text is None:
        return cls()
    return cls(**{name: getattr(text, name) for name in text.__struct_fields__})
