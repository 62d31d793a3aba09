"""Pauses as they bear on an account's ladder: what stands, and when the ladder goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.stops import NOT_KEPT, Stop, StopKind
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts
from services.outreach.dunning.domain.strategy import Quiet, Strategy
from shared.calendars.business_days import business_days_after

# Which member of a strategy's `resume_after_days` is a pause's.
_RESUMES = {
    "promise": "promise",
    "plan": "plan",
    "settlement": "settlement",
    "disputed": "dispute",
    "hold": "hold",
    "placed": "placement",
    "written-off": "placement",
    "reply": "reply",
    "claim": "claim",
    "manual": "manual",
}
_ORDER: tuple[StopKind, ...] = get_args(StopKind)


@dataclass(frozen=True, slots=True)
class LadderPause:
    """A stop of an account, as its strategy reads it."""

    stop: Stop
    resume_on: date | None  # the first day on which the ladder may go on; None: not known
    ends_on: date | None  # the first day on which the stop itself is over
    skip_to_n: int | None = None  # from then on the position is at least that


@dataclass(frozen=True, slots=True)
class InvoicePauses:
    """What an invoice's pauses come to."""

    because: StopKind | None  # stands now, and nobody knows until when
    resumes: tuple[tuple[date, int | None], ...]  # by day: when it goes on, and what is skipped
    ahead: tuple[tuple[date, date | None], ...]  # still to begin: from when until when
    over_on: date | None = None  # the first day after all that have begun; None: there was none
    skips: tuple[tuple[date, int], ...] = ()  # from which day on the position is at least what


NONE = InvoicePauses(None, (), ())


def pauses_of(account: Account, strategy: Strategy, debtor: DebtorFacts) -> tuple[LadderPause, ...]:
    """The account's pauses, those that have ended too."""
    return tuple(
        _read(stop, strategy, debtor.calendar_name)
        for stop in debtor.stops
        if stop.account_id == account.account_id and stop.has_been
    )


def _read(stop: Stop, strategy: Strategy, calendar_name: str | None) -> LadderPause:
    ends_on = ends(stop, strategy, calendar_name)
    if ends_on is None:
        return LadderPause(stop, None, None)
    after: int = getattr(strategy.resume_after_days, _RESUMES[stop.kind])
    skip_to_n = None
    if stop.kind == "promise" and stop.outcome in NOT_KEPT:
        broken = strategy.reactions.get("promise-broken")
        if broken is not None and broken.resume_after_days is not None:
            after = broken.resume_after_days
        step = strategy.step(broken.skip_to) if broken is not None and broken.skip_to else None
        skip_to_n = step.ladder_day - 1 if step is not None else None
    return LadderPause(stop, ends_on + timedelta(days=after), ends_on, skip_to_n)


def ends(stop: Stop, strategy: Strategy, calendar_name: str | None) -> date | None:
    """The day on which it ends; an answer or a claim that nobody sees to ends by itself, and who
    sees to it later does not make it longer."""
    unhandled = ends_unhandled(stop.kind, stop.from_on, strategy.quiet, calendar_name)
    if stop.is_endless or unhandled is None:
        return stop.ended_on
    return unhandled if stop.ended_on is None else min(unhandled, stop.ended_on)


def ends_unhandled(
    kind: str, from_on: date, quiet: Quiet, calendar_name: str | None
) -> date | None:
    """The day on which an answer or a claim stops nothing any more, though nobody has seen to it;
    None: what else there is ends by an event."""
    days = {"reply": quiet.reply_business_days, "claim": quiet.claim_business_days}
    return business_days_after(from_on, days[kind], calendar_name) if kind in days else None


def invoice_pauses(
    pauses: Iterable[LadderPause], invoice: Invoice, strategy: Strategy, today: date
) -> InvoicePauses:
    """What stops the invoice, has stopped it or will."""
    found: list[StopKind] = ["disputed"] if invoice.is_disputed else []
    resumes: list[tuple[date, int | None]] = []
    ahead: list[tuple[date, date | None]] = []
    skips: list[tuple[date, int]] = []
    over = [resume.day for resume in invoice.resumes]
    for pause in pauses:
        if not pause.stop.covers(invoice):
            continue
        if pause.stop.from_on > today:
            ahead.append((pause.stop.from_on, pause.resume_on))
        elif pause.resume_on is None:
            found.append(pause.stop.kind)
        else:
            resumes.append((pause.resume_on, pause.skip_to_n))
            if pause.ends_on is not None:
                over.append(pause.ends_on)
                skips += [] if pause.skip_to_n is None else [(pause.ends_on, pause.skip_to_n)]
    for resume in invoice.resumes:
        is_dispute = resume.because == "disputed"
        after = strategy.resume_after_days.dispute if is_dispute else 0
        resumes.append((resume.day + timedelta(days=after), None))
    if not (found or resumes or ahead):
        return NONE
    because = min(found, key=_ORDER.index) if found else None
    return InvoicePauses(
        because,
        tuple(sorted(resumes, key=_by_day)),
        tuple(sorted(ahead, key=_first)),
        max(over, default=None),
        tuple(sorted(skips)),
    )


def _by_day(resume: tuple[date, int | None]) -> tuple[date, int]:
    return (resume[0], resume[1] or 0)


def _first(span: tuple[date, date | None]) -> date:
    return span[0]
