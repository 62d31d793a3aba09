"""The segment policy: an ordered list of segments, the first whose conditions all hold wins.

A policy is a YAML (or JSON) document. It is checked as a whole, every fault is named by its place,
and its version is made from its content, so that equal policies are the same policy everywhere.

An account that is in a segment leaves it less easily than it came in (`hysteresis`, `keep_when`,
`stay_days`). That looks only at the account's own state and the days of its events, so a replay
of the events makes the same decisions.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import Struct

from services.segmentation.domain.commitments import SegmentStay
from services.segmentation.domain.features import Features
from services.segmentation.domain.policies.conditions import SegmentCase, compile_case
from services.segmentation.domain.policies.document import Document, Hysteresis, Risk, Segment
from services.segmentation.domain.policies.faults import faults_of
from services.segmentation.domain.policies.text import read_text, with_lines
from services.segmentation.domain.policies.vocabulary import Scores
from shared.errors import Invalid

__all__ = [
    "Decision",
    "Document",
    "Policy",
    "Risk",
    "Scores",
    "SegmentStay",
    "classify",
    "decide",
    "parse",
    "parse_text",
    "risk_of",
]

How = Literal["met", "kept", "waited", "left"]


class Decision(Struct, frozen=True):
    """The segment of an account and why it is that one."""

    segment: str
    how: How  # its conditions are met; kept with slack; waited for; nothing else was met
    because: str


@dataclass(frozen=True)
class _Ready:
    """A segment ready for work."""

    name: str
    cases: tuple[SegmentCase, ...]  # none: takes everybody
    kept: tuple[SegmentCase, ...]
    stay_days: int


@dataclass(frozen=True)
class Policy:
    document: Document
    version: str  # name and the beginning of the hash of the content
    segments: tuple[_Ready, ...] = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(segment.name for segment in self.segments)


def parse(raw: Any) -> Policy:
    """A policy from its plain data (what a YAML or JSON reader gives). Raises `Invalid`."""
    errors = faults_of(raw)
    if errors:
        raise Invalid("The segment policy is not valid.", errors)
    return _ready(msgspec.convert(raw, Document))


def parse_text(text: str) -> Policy:
    """A policy from YAML or JSON. Raises `Invalid` for a bad policy, `Unreadable` for neither."""
    read = read_text(text)
    errors = [*read.doubles, *faults_of(read.raw)]
    if errors:
        raise Invalid("The segment policy is not valid.", with_lines(errors, read.lines))
    return _ready(msgspec.convert(read.raw, Document))


def _ready(document: Document) -> Policy:
    content = msgspec.json.encode(document, order="deterministic")
    return Policy(
        document,
        f"{document.name}-{hashlib.sha256(content).hexdigest()[:12]}",
        tuple(_segment(document, segment) for segment in document.segments),
    )


def _segment(document: Document, segment: Segment) -> _Ready:
    bands, slack, none = document.risk, document.hysteresis, Hysteresis()
    return _Ready(
        segment.name,
        tuple(compile_case(when, bands, slack) for when in segment.cases),
        tuple(compile_case(when, bands, none) for when in segment.kept_cases),
        segment.stay_days,
    )


def risk_of(policy: Policy, late_probability: float) -> Risk:
    """The risk band of a probability of paying late."""
    bands = policy.document.risk
    if late_probability >= bands.high_from:
        return "high"
    return "medium" if late_probability >= bands.medium_from else "low"


def classify(
    policy: Policy,
    features: Features,
    scores: Scores,
    stay: SegmentStay | None = None,
    on: date | None = None,
) -> str:
    """The name of the first segment that takes the account; the last takes everybody."""
    return _first(policy, features, scores, stay, on)[0].name


def decide(
    policy: Policy,
    features: Features,
    scores: Scores,
    stay: SegmentStay | None = None,
    on: date | None = None,
) -> Decision:
    """The same with its reasons, for people."""
    segment, how, case = _first(policy, features, scores, stay, on)
    if case is None:
        because = "no other segment's conditions hold"
    elif how == "waited":
        assert stay is not None
        because = f"stays {segment.stay_days} days from {stay.since}: only its situation moves it"
    else:
        because = case.words(features, scores)
        if how == "kept":
            because = f"stays, by the policy's slack: {because}"
    return Decision(segment.name, how, because)


def _first(
    policy: Policy, f: Features, s: Scores, stay: SegmentStay | None, on: date | None
) -> tuple[_Ready, How, SegmentCase | None]:
    inside = stay.segment if stay is not None else None
    for segment in policy.segments:
        if not segment.cases:
            return segment, "left", None
        for case in segment.cases:
            if case.holds(f, s):
                return segment, "met", case
        if segment.name == inside:
            assert stay is not None
            stays = _stays(segment, f, s, stay, on)
            if stays is not None:
                return segment, *stays
    raise AssertionError("a valid policy ends with a segment for everybody")


def _stays(
    segment: _Ready, f: Features, s: Scores, stay: SegmentStay, on: date | None
) -> tuple[How, SegmentCase] | None:
    """Whether an account that no longer meets a segment's conditions stays in it all the same."""
    for case in segment.kept:
        if case.holds(f, s):
            return "kept", case
    if not segment.kept:  # its own words on staying take the place of the general slack
        for case in segment.cases:
            if case.holds_loosely(f, s):
                return "kept", case
    if on is not None and (on - stay.since).days < segment.stay_days:
        for case in segment.cases:
            if case.situation_holds(f, s):
                return "waited", case
    return None
