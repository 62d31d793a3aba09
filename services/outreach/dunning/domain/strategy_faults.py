"""What is wrong with a strategy as a whole: order, tones, names, words that are not there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.outreach.channels.domain.template_facts import TemplateFacts
from services.outreach.dunning.domain.strategy import (
    MESSAGE_CHANNELS,
    OPEN_REACTION_DAYS,
    REACTION_DAYS,
    TONES,
    Step,
    on_ladder,
)
from services.outreach.dunning.domain.strategy_text import (
    LadderStepText,
    ReactionStepText,
    ReactionText,
)
from shared.errors import FieldError
from shared.field_errors import escape

_DAYS = {"due": (-7, 3650), "stage": (0, 365), "last-contact": (1, 365)}
_BROKEN = "promise-broken"


@dataclass(frozen=True, kw_only=True)
class ReadStep:
    """A step, the text it was read from (members that did not fit are None), and its place."""

    text: ReactionStepText
    step: Step
    at: str
    reaction: str | None  # None: of the ladder
    given: frozenset[str]  # the members that were written, fit or not

    @property
    def message_channels(self) -> set[str]:
        """Those that need a text of ours: what a webhook gets is no text."""
        return {c for c in self.step.channels if c in MESSAGE_CHANNELS and c != "webhook"}


@dataclass(frozen=True, kw_only=True)
class TenantTexts:
    """What a strategy must know of the words that a tenant has."""

    templates: TemplateFacts
    language: str  # of the tenant


def whole_faults(
    steps: Sequence[ReadStep],
    reactions: Mapping[str, ReactionText],
    texts: TenantTexts | None,
) -> list[FieldError]:
    ladder = [read for read in steps if read.reaction is None]
    found = [*_name_faults(steps)]
    for read in steps:
        found += _place_faults(read)
        found += _manner_faults(read)
    found += _order_faults(ladder)
    for _, reacting in groupby(
        (read for read in steps if read.reaction is not None), lambda read: read.reaction
    ):
        found += _order_faults(list(reacting))
    found += _reaction_faults(reactions, ladder)
    found += _overdue_faults(ladder)
    if texts is not None:
        for read in steps:
            found += _template_faults(read, texts)
        found += _first_words_faults(ladder, texts)
    return found


def _name_faults(steps: Iterable[ReadStep]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for read in steps:
        name = read.text.name
        if name is not None and name in seen:
            yield FieldError(f"{read.at}/name", f"{name} is there twice")
        seen.add(name)


# ------------------------------------------------------------------------- where a step stands


def _place_faults(read: ReadStep) -> Iterator[FieldError]:
    text, at = read.text, read.at
    if text.days is not None and text.business_days is not None:
        yield FieldError(f"{at}/business_days", "stands for days: one of the two")
    elif not {"days", "business_days"} & read.given:
        yield FieldError(f"{at}/days", "is missing")
    if isinstance(text, LadderStepText):
        yield from _anchor_faults(text, read)
        return
    assert read.reaction is not None
    if read.reaction not in REACTION_DAYS and "." not in read.reaction:
        return  # its fault is noted already
    first, last = REACTION_DAYS.get(read.reaction, OPEN_REACTION_DAYS)
    yield from _range_faults(read, first, last, f"of {read.reaction}")


def _anchor_faults(text: LadderStepText, read: ReadStep) -> Iterator[FieldError]:
    at = read.at
    if text.from_ == "stage" and "stage" not in read.given:
        yield FieldError(f"{at}/stage", "is missing: 31, 61, 91 or 121")
    if text.from_ in ("due", "last-contact") and text.stage is not None:
        yield FieldError(f"{at}/stage", "is for steps from a stage")
    if text.from_ == "last-contact" and at == "/ladder/0":
        yield FieldError(f"{at}/from", "the first step has no contact before it")
    if text.from_ in _DAYS:
        yield from _range_faults(read, *_DAYS[text.from_], f"from {text.from_}")


def _range_faults(read: ReadStep, first: int, last: int, where: str) -> Iterator[FieldError]:
    member = "days" if read.text.business_days is None else "business_days"
    if getattr(read.text, member) is not None and not first <= read.step.span <= last:
        words = f"must lie between {first} and {last} {where}"
        if member == "business_days":
            words += ", seven days for five"
        yield FieldError(f"{read.at}/{member}", words)


def _order_faults(steps: Sequence[ReadStep]) -> Iterator[FieldError]:
    """N grows along a list; along the ladder no tone is softer than the one before; who asks for an
    earlier step has one."""
    placed = on_ladder(read.step for read in steps)
    last_day: int | None = None
    last_tone = 0
    earlier: set[str] = set()
    for read, step in zip(steps, placed, strict=True):
        if not _has_day(read):
            pass
        elif last_day is not None and step.ladder_day <= last_day:
            member = "business_days" if step.business_days is not None else "days"
            words = f"is day {step.ladder_day} of the list, and must be after {last_day}"
            yield FieldError(f"{read.at}/{member}", words)
        else:
            last_day = step.ladder_day
        if read.reaction is None and read.text.tone in TONES:
            if step.tone_rank < last_tone:
                words = f"must not be softer than {TONES[last_tone]}, of a step before"
                yield FieldError(f"{read.at}/tone", words)
            last_tone = max(last_tone, step.tone_rank)
        if read.reaction is None and _has_day(read) and step.ladder_day <= 0:
            yield from _early_faults(read)
        requires = read.text.requires
        if requires is not None and requires.step is not None and requires.step not in earlier:
            yield FieldError(f"{read.at}/requires/step", f"{requires.step} is no step before it")
        earlier.add(read.text.name)


def _has_day(read: ReadStep) -> bool:
    """Whether its ladder day is known."""
    text = read.text
    if text.days is None and text.business_days is None:
        return False
    if isinstance(text, LadderStepText):
        return text.from_ is not None and (text.from_ != "stage" or text.stage is not None)
    return True


def _early_faults(read: ReadStep) -> Iterator[FieldError]:
    if read.step.is_person:
        yield FieldError(f"{read.at}/channels", "no person before the due day has passed")
    if read.step.hand_over is not None:
        yield FieldError(f"{read.at}/hand_over", "no hand-over before the due day has passed")


def _overdue_faults(ladder: Sequence[ReadStep]) -> Iterator[FieldError]:
    placed = on_ladder(read.step for read in ladder)
    known = all(_has_day(read) for read in ladder)
    if ladder and known and not any(step.ladder_day > 0 for step in placed):
        yield FieldError("/ladder", "needs a step after the due day")


# ------------------------------------------------------------------------------ how a step is made


def _manner_faults(read: ReadStep) -> Iterator[FieldError]:
    text, at, channels = read.text, read.at, read.step.channels
    hands_over = "hand_over" in read.given
    if hands_over and "channels" in read.given:
        yield FieldError(f"{at}/hand_over", "stands for channels: one of the two")
        return
    if not hands_over and "channels" not in read.given:
        yield FieldError(f"{at}/channels", "is missing")
        return
    if "channels" in read.given and text.channels is None:
        return  # its fault is noted already
    if len(set(channels)) < len(channels):
        yield FieldError(f"{at}/channels", "names a channel twice")
    if "person" in channels and len(channels) > 1:
        yield FieldError(f"{at}/channels", "a person stands alone: [person]")
    is_spoken = channels == ("voice",) and text.script is not None
    if read.step.is_message and "template" not in read.given and not is_spoken:
        yield FieldError(f"{at}/template", "is missing: a message needs one")
    if text.script is not None and not {"person", "voice"} & set(channels):
        yield FieldError(f"{at}/script", "is for persons and voice")
    if text.queue is not None and "person" not in channels:
        yield FieldError(f"{at}/queue", "is for a person's tasks")


def _reaction_faults(
    reactions: Mapping[str, ReactionText], ladder: Sequence[ReadStep]
) -> Iterator[FieldError]:
    names = {read.text.name for read in ladder}
    for key, text in reactions.items():
        at = f"/reactions/{escape(key)}"
        for member in ("resume_after_days", "skip_to"):
            if key != _BROKEN and getattr(text, member) is not None:
                yield FieldError(f"{at}/{member}", f"is for {_BROKEN}")
        if key == _BROKEN and text.skip_to is not None and text.skip_to not in names:
            yield FieldError(f"{at}/skip_to", f"{text.skip_to} is no step of the ladder")


# --------------------------------------------------------------------------------------- templates


def _template_faults(read: ReadStep, texts: TenantTexts) -> Iterator[FieldError]:
    text, needed = read.text, read.message_channels
    if text.script is not None:
        needed -= {"voice"}
        yield from _missing_texts(f"{read.at}/script", text.script, {"voice"}, texts)
    if text.template is None or read.step.is_person or read.step.hand_over is not None:
        return
    at = f"{read.at}/template"
    yield from _missing_texts(at, text.template, needed, texts)
    speaks_of_nothing_due = read.reaction is not None and read.reaction.partition(".")[1]
    if speaks_of_nothing_due and texts.templates.asks(text.template):
        yield FieldError(at, f"{text.template} names amounts: nothing need be due here")


def _missing_texts(
    at: str, template: str, needed: set[str], texts: TenantTexts
) -> Iterator[FieldError]:
    if not texts.templates.knows(template):
        yield FieldError(at, f"there is no template {template}")
        return
    missing = sorted(
        each for each in needed if not texts.templates.has_text(template, each, texts.language)
    )
    if missing:
        words = f"{template} has no text for {', '.join(missing)} in {texts.language}"
        yield FieldError(at, words)


def _first_words_faults(ladder: Sequence[ReadStep], texts: TenantTexts) -> Iterator[FieldError]:
    """Whoever no message has reached yet is spoken to in the words of the first overdue step, on
    whichever channel of the ladder."""
    placed = zip(ladder, on_ladder(read.step for read in ladder), strict=True)
    first = next((read for read, step in placed if step.ladder_day > 0 and step.is_message), None)
    template = None if first is None else first.text.template
    if first is None or template is None or not texts.templates.knows(template):
        return
    used = {channel for read in ladder for channel in read.message_channels}
    for error in _missing_texts(
        f"{first.at}/template", template, used - first.message_channels, texts
    ):
        words = f"{error.detail}: it speaks to whom no message has reached, on any channel"
        yield FieldError(error.pointer, words)
