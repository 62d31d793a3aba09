"""Stages: how old a debt is, when each stage began, and what was announced of it (LEDGER.md).

Which stages an invoice has reached follows from the times in which its balance was not zero; what
was announced is kept, so that nothing is said twice and what is refuted can be corrected.
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
    """Something said about an invoice that is said once, and may have to be corrected."""

    invoice_id: str
    key: str  # unique per invoice: "due-soon 2026-03-15", "stage 2026-03-15 31", "reopened …"
    kind: Literal["due-soon", "stage", "reopened"]
    due_on: date  # for which due date
    stage: Stage | None  # None: due soon, or reopened before the due date had passed
    since_on: date
    at: datetime  # the `time` of what was said
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


def reached(invoice: Invoice, zone: str) -> Iterator[StageNotice]:
    """All stages that began, or will begin if nothing more is known, by the facts known."""
    for stage, after in _AFTER:
        since_on = invoice.due_on + after
        if since_on <= invoice.issued_on:
            # At or before its own instant: seen after all facts of that instant.
            since_on, at = invoice.issued_on, invoice.at
            level = invoice.levels[0]
        else:
            at = day_start(since_on, zone)
            level = _just_before(invoice, at)
        if level.balance_minor:
            yield StageNotice(
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


def holding_stage(invoice: Invoice, announcements: Iterable[StageNotice]) -> Stage | None:
    """The last announced stage that holds; None where nothing is open."""
    if not invoice.balance_minor:
        return None
    stages = [
        said.stage
        for said in announcements
        if said.holds and said.stage is not None and said.due_on == invoice.due_on
    ]
    return max(stages, default=None)


def next_day(invoice: Invoice, said: tuple[StageNotice, ...], zone: str) -> date | None:
    """The earliest day on which `begin` could say something about the invoice."""
    if not said and invoice.issued_on <= invoice.due_on:
        # The common cases, without a look at the zone: open, or paid well before the due date.
        if invoice.balance_minor:
            return max(invoice.due_on - DUE_SOON_DAYS, invoice.issued_on)
        if invoice.levels[-1].at.date() + _SURELY <= invoice.due_on:
            return None
    keys = {known.key for known in said}
    days = [now.since_on for now in reached(invoice, zone) if now.key not in keys]
    if invoice.balance_minor:
        soon = due_soon(invoice, zone)
        past_due = any(known.kind == "stage" and known.due_on == invoice.due_on for known in said)
        if soon is not None and soon.key not in keys and not past_due:
            days.append(soon.since_on)
    return min(days, default=None)


class News(Struct, frozen=True):
    """What has to be said about one invoice's age after a fact."""

    refuted: list[StageNotice]  # were announced and never came to be, highest stage first
    again: list[StageNotice]  # had been corrected, and hold again
    begun: list[StageNotice]  # newly shown, in order of time


NO_NEWS = News([], [], [])


def news(invoice: Invoice, said: tuple[StageNotice, ...], zone: str, begun_on: date | None) -> News:
    """What was announced against what is so, up to the begun day (reopenings: at once)."""
    may_begin = begun_on is not None and begun_on >= first_day(invoice)
    if not said and not may_begin and not invoice.reopenings:
        return NO_NEWS
    true = {now.key: now for now in reached(invoice, zone)}
    true.update((now.key, now) for now in reopenings(invoice, zone))
    refuted = [past for past in said if past.holds and _refuted(past, true.get(past.key))]
    refuted.sort(key=lambda past: (past.stage or 0, past.at), reverse=True)
    again = [past for past in said if not past.holds and not _refuted(past, true.get(past.key))]
    kept = {past.key for past in said if not _refuted(past, true.get(past.key))}
    begun = [
        now
        for now in true.values()
        if now.key not in kept
        and (now.kind == "reopened" or (begun_on is not None and now.since_on <= begun_on))
    ]
    begun.sort(key=lambda now: (now.at, now.kind == "reopened", now.stage or 0))
    return News(refuted, again, begun)


def _refuted(past: StageNotice, now: StageNotice | None) -> bool:
    """Whether what was said is not so; the debt may have been opened again at another age."""
    if past.kind == "due-soon":
        return False
    return now is None or (past.kind == "reopened" and past.stage != now.stage)
