"""Experiments: which arm of a champion/challenger test an account is in, and when to stop one.

An arm is drawn by hashing tenant, experiment, run and account, so that it needs no record to be the
same again; yet the draw is kept with the account, for what it may depend on besides (tags, segment)
changes, and an account that has begun in an arm ends in it. A run's shares never change: another
document makes another run, which draws anew.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from services.segmentation.domain.commitments import ArmAssignment
from shared.errors import FieldError, Invalid
from shared.field_errors import escape, field_errors
from shared.texts import matching

Name = Annotated[str, matching("[a-z][a-z0-9-]{0,39}", 40)]
Share = Annotated[float, Meta(ge=0, le=1)]
Tags = tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...]
Status = Literal["draft", "running", "stopped"]
Figure = Literal[
    "overdue_share", "pays_within", "expected_recovery", "warning_rate", "segment_share", "contacts"
]
LOWER_IS_WORSE: frozenset[str] = frozenset({"pays_within", "expected_recovery"})

POINTS = 10_000  # shares are counted in hundredths of a percent


class Arm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    share: Share


class Guardrail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Stop the experiment when a challenger's figure is worse than the champion's by more than
    `tolerance`, and that by more than chance explains (guardrails.py)."""

    figure: Figure
    tolerance: Annotated[float, Meta(ge=0)]
    segment: Name | None = None  # of `segment_share`
    accounts_from: Annotated[int, Meta(ge=2, le=1_000_000)] = 100  # in each arm, before it is asked


class Design(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An experiment as it is written."""

    description: Annotated[str, Meta(min_length=1, max_length=1000)]
    champion: Name  # the arm of what is done today
    arms: tuple[Arm, ...]
    population: Share = 1.0  # of the accounts that are not excluded
    only_segments: tuple[Name, ...] = ()  # none: all of them
    exclude_segments: tuple[Name, ...] = ()
    exclude_tags: Tags = ()
    guardrails: tuple[Guardrail, ...] = field(default_factory=tuple)


class Experiment(Struct, frozen=True, kw_only=True):
    """One run of an experiment."""

    tenant: str
    name: str
    run: int
    design: Design


def parse(raw: Any) -> Design:
    """A design from plain data. Raises `Invalid`, naming every bad field."""
    if not isinstance(raw, Mapping):
        raise Invalid("An experiment is a JSON object.", [FieldError("", "must be an object")])
    errors = [
        FieldError(f"/{escape(str(key))}", "unknown field")
        for key in raw
        if key not in Design.__struct_fields__
    ]
    errors += field_errors(raw, Design)
    if not errors:
        design = msgspec.convert(raw, Design)
        errors = list(_sense_faults(design))
    if errors:
        raise Invalid("The experiment is not valid.", errors)
    return design


def _sense_faults(design: Design) -> Iterable[FieldError]:
    names = [arm.name for arm in design.arms]
    if len(names) < 2:
        yield FieldError("/arms", "needs two arms or more: the champion and a challenger")
    for index, name in enumerate(names):
        if name in names[:index]:
            yield FieldError(f"/arms/{index}/name", f"there is another arm {name!r}")
    for index, arm in enumerate(design.arms):
        if arm.share > 0 and _points(arm.share) is None:
            yield FieldError(f"/arms/{index}/share", "has four decimals at most")
    if sum(Decimal(str(arm.share)) for arm in design.arms) != 1:
        yield FieldError("/arms", "the shares must add up to 1")
    if _points(design.population) is None:
        yield FieldError("/population", "has four decimals at most")
    if design.champion not in names:
        yield FieldError("/champion", f"is no arm; arms are: {', '.join(names) or 'none'}")
    for name in sorted({*design.only_segments} & {*design.exclude_segments}):
        at = design.exclude_segments.index(name)
        yield FieldError(f"/exclude_segments/{at}", f"{name!r} is in only_segments too")
    for index, rail in enumerate(design.guardrails):
        if (rail.segment is None) is (rail.figure == "segment_share"):
            words = "names the segment of segment_share, and of no other figure"
            yield FieldError(f"/guardrails/{index}/segment", words)


def unknown_segments(design: Design, known: Sequence[str]) -> list[FieldError]:
    """The segments a design names that the policy in force has not."""
    named = [
        (f"/{member}/{index}", name)
        for member in ("only_segments", "exclude_segments")
        for index, name in enumerate(getattr(design, member))
    ]
    named += [
        (f"/guardrails/{index}/segment", rail.segment)
        for index, rail in enumerate(design.guardrails)
        if rail.segment is not None
    ]
    return [
        FieldError(at, f"the policy in force has no segment {name!r}; it has {', '.join(known)}")
        for at, name in named
        if name not in known
    ]


def _points(share: float) -> int | None:
    """A share in hundredths of a percent; None where it has more decimals than that."""
    points = Decimal(str(share)) * POINTS
    return int(points) if points == points.to_integral_value() else None


def draw(experiment: Experiment, account_id: str) -> str | None:
    """The arm that the hash gives an account; None: it is outside the experiment's population."""
    design = experiment.design
    if _point(experiment, account_id, "population") >= (_points(design.population) or 0):
        return None
    point = _point(experiment, account_id, "arm")
    upto = 0
    for arm in design.arms:
        upto += _points(arm.share) or 0
        if point < upto:
            return arm.name
    raise AssertionError("the shares add up to 1")


def _point(experiment: Experiment, account_id: str, what: str) -> int:
    """A number from 0 to 9,999, the same for ever, and independent from one experiment to another.

    The parts are separated by line feeds, which none of them can contain.
    """
    text = "\n".join((experiment.tenant, experiment.name, str(experiment.run), what, account_id))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return number * POINTS >> 64


def takes(design: Design, tags: Iterable[str], segment: str) -> bool:
    """Whether an account may begin in the experiment."""
    return (
        segment not in design.exclude_segments
        and (not design.only_segments or segment in design.only_segments)
        and not set(design.exclude_tags).intersection(tags)
    )


def enrol(
    running: Sequence[Experiment],
    account_id: str,
    *,
    tags: Sequence[str],
    segment: str,
    drawn: Mapping[str, ArmAssignment],
) -> dict[str, ArmAssignment]:
    """The draws an account has after it was looked at: those it had, and of new runs those that
    take it. What it drew in a run it keeps, whatever its tags and its segment become."""
    after = dict(drawn)
    for experiment in running:
        had = drawn.get(experiment.name)
        if had is not None and had.run == experiment.run:
            continue
        after.pop(experiment.name, None)  # of a run before
        if takes(experiment.design, tags, segment):
            arm = draw(experiment, account_id)
            if arm is not None:
                after[experiment.name] = ArmAssignment(experiment.run, arm)
    return after


def arms_of(running: Sequence[Experiment], drawn: Mapping[str, ArmAssignment]) -> dict[str, str]:
    """What to say of an account: its arm in each experiment that runs."""
    return {
        experiment.name: had.arm
        for experiment in running
        if (had := drawn.get(experiment.name)) is not None and had.run == experiment.run
    }
