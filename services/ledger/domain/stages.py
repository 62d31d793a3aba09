"""Stages: how old a debt is, when each stage began, and what was announced of it (docs/ledger.md).

Which stages an invoice has reached follows from the times in which its balance was not zero; what
was announced is kept, so that nothing is announced twice and what is refuted can be corrected.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from services.ledger.domain.invoices import Invoice, Level
from shared.clock import day_start, local_day
from shared.events.ledger import STAGES, Stage

_AFTER = tuple((stage, timedelta(days=stage)) for stage in STAGES)
DUE_SOON_DAYS = timedelta(days=7)
_SURELY = timedelta(days=1)  # further than any zone is from UTC


class StageNotice(Struct, frozen=True, gc=False):
    """Something announced about an invoice that is announced once, and may have to be corrected."""

    invoice_id: str
    key: str  # unique per invoice: "due-soon 2026-03-15", "stage 2026-03-15 31", "reopened …"
    kind: Literal["due-soon", "stage", "reopened"]
    due_on: date  # for which due date
    stage: Stage | None  # None: due soon, or reopened before the due date had passed
    since_on: date
    at: datetime  # the `time` of the announcement
    cause: str = ""  # of a reopening
    balance_minor: int = 0  # of a stage: open on the invoice there, by the facts known
    disputed_minor: int = 0  # of it
    holds: bool = True  # False: it was corrected


def stage_of(days_past_due: int) -> Stage | None:
    """The stage of a debt's age: 48 days past due → 31; not past due → None."""
    reached: Stage | None = None
    for stage in STAGES:
        if days_past_due >= stage:
            reached = stage
    return reached


def first_day(invoice: Invoice) -> date:
    """Before this day no stage of the invoice can begin."""
    return max(invoice.due_on + _AFTER[0][1], invoice.issued_on)


_Reached = tuple[Stage, date, datetime, Level]  # since when, and what was open


def _reached(invoice: Invoice, zone: str) -> list[_Reached]:
    """All stages that began, or will begin if nothing more is known, by the facts known."""
    found: list[_Reached] = []
    for stage, after in _AFTER:
        since_on = max(invoice.due_on + after, invoice.issued_on)
        # Instants are compared, not days: a day that the zone left out begins with the next one.
        if since_on == invoice.issued_on or (at := day_start(since_on, zone)) <= invoice.at:
            # At or before its own instant: seen after all facts of that instant.
            at, level = invoice.at, invoice.levels[0]
        else:
            level = _just_before(invoice, at)
        if level.balance_minor:
            found.append((stage, since_on, at, level))
    return found


def reached(invoice: Invoice, zone: str) -> Iterator[StageNotice]:
    """The same as they are announced."""
    for now in _reached(invoice, zone):
        yield _notice(invoice, *now)


def _notice(
    invoice: Invoice, stage: Stage, since_on: date, at: datetime, level: Level
) -> StageNotice:
    return StageNotice(
        invoice.invoice_id,
        f"stage {invoice.due_on} {stage}",
        "stage",
        invoice.due_on,
        stage,
        since_on,
        at,
        balance_minor=level.balance_minor,
        disputed_minor=level.disputed_minor,
    )


def _just_before(invoice: Invoice, at: datetime) -> Level:
    """A stage's instant lies after the invoice's own, so that there is a level before it."""
    for level in reversed(invoice.levels):
        if level.at < at:
            return level
    raise AssertionError(f"{invoice.invoice_id} was not there before {at}")


def reopenings(invoice: Invoice, zone: str) -> Iterator[StageNotice]:
    """The times a reversal opened the debt again, with the stage of that day."""
    for again in invoice.reopenings:
        since_on = local_day(again.at, zone)
        yield StageNotice(
            invoice.invoice_id,
            f"reopened {invoice.due_on} {again.fact_id}",
            "reopened",
            invoice.due_on,
            stage_of((since_on - invoice.due_on).days),
            since_on,
            again.at,
            again.cause,
        )


def due_soon(invoice: Invoice, zone: str) -> StageNotice | None:
    """The reminder before the due date; None where the invoice came after it."""
    since_on = max(invoice.due_on - DUE_SOON_DAYS, invoice.issued_on)
    if since_on > invoice.due_on:
        return None
    return StageNotice(
        invoice.invoice_id,
        f"due-soon {invoice.due_on}",
        "due-soon",
        invoice.due_on,
        None,
        since_on,
        max(day_start(since_on, zone), invoice.at),
    )


def holding_stage(invoice: Invoice, notices: Iterable[StageNotice]) -> Stage | None:
    """The last announced stage that holds; None where nothing is open."""
    if not invoice.balance_minor:
        return None
    stages = [
        known.stage
        for known in notices
        if known.holds and known.stage is not None and known.due_on == invoice.due_on
    ]
    return max(stages, default=None)


def next_day(invoice: Invoice, notices: tuple[StageNotice, ...], zone: str) -> date | None:
    """The earliest day on which `begin` could announce something of the invoice."""
    if not notices and invoice.issued_on <= invoice.due_on:
        # The common cases, without a look at the zone: open, or paid well before the due date.
        if invoice.balance_minor:
            return max(invoice.due_on - DUE_SOON_DAYS, invoice.issued_on)
        if invoice.levels[-1].at.date() + _SURELY <= invoice.due_on:
            return None
    announced = {known.stage for known in notices if _is_stage(known, invoice)}
    days = [since_on for stage, since_on, _, _ in _reached(invoice, zone) if stage not in announced]
    if invoice.balance_minor and not announced:
        soon = due_soon(invoice, zone)
        if soon is not None and not any(known.key == soon.key for known in notices):
            days.append(soon.since_on)
    return min(days, default=None)


def _is_stage(known: StageNotice, invoice: Invoice) -> bool:
    """Whether it is a stage for the due date that holds."""
    return known.kind == "stage" and known.due_on == invoice.due_on


class StageNews(Struct, frozen=True):
    """What has to be announced of one invoice's age after a fact."""

    refuted: list[StageNotice]  # were announced and never came to be, highest stage first
    again: list[StageNotice]  # had been corrected, and hold again
    begun: list[StageNotice]  # newly shown, in order of time


NO_NEWS = StageNews([], [], [])


def news(
    invoice: Invoice, notices: tuple[StageNotice, ...], zone: str, begun_on: date | None
) -> StageNews:
    """What was announced against what is so, up to the begun day (reopenings: at once)."""
    may_begin = begun_on is not None and begun_on >= first_day(invoice)
    if not notices and not may_begin and not invoice.reopenings:
        return NO_NEWS
    stages = {now[0]: now for now in _reached(invoice, zone)}
    opened = {now.key: now for now in reopenings(invoice, zone)}
    refuted: list[StageNotice] = []
    again: list[StageNotice] = []
    kept: set[str] = set()
    for past in notices:
        if past.kind == "due-soon":
            continue
        if past.kind == "stage":
            stands = past.stage in stages and past.due_on == invoice.due_on
        else:  # the debt may have been opened again at another age
            now = opened.get(past.key)
            stands = now is not None and past.stage == now.stage
        if stands:
            kept.add(past.key)
            if not past.holds:
                again.append(past)
        elif past.holds:
            refuted.append(past)
    refuted.sort(key=lambda past: (past.stage or 0, past.at), reverse=True)
    begun = [now for now in opened.values() if now.key not in kept]
    if begun_on is not None:
        known = {past.stage for past in notices if past.key in kept and past.kind == "stage"}
        for stage in stages.values():
            if stage[0] not in known and stage[1] <= begun_on:
                begun.append(_notice(invoice, *stage))
    begun.sort(key=lambda now: (now.at, now.kind == "reopened", now.stage or 0))
    return StageNews(refuted, again, begun)
