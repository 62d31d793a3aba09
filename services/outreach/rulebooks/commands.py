"""Rule books of a tenant: put in force from a day on, tried on what was sent before."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.outreach.activity.commands import announce_events
from services.outreach.activity.domain.decisions import GUARDS, Judgement
from services.outreach.activity.store.business_times import get_business_time
from services.outreach.activity.store.debtors import mark_tenant_dirty
from services.outreach.activity.store.judgements import list_judgements
from services.outreach.compliance import (
    TZDATA_VERSION,
    Answer,
    AnswerChange,
    RuleBook,
    evaluate,
    read_question,
)
from services.outreach.rulebooks import store
from services.outreach.rulebooks.domain import InForce, RuleBookVersions
from services.outreach.rulebooks.store import RuleBooks
from shared import clock
from shared.business_time import Clock
from shared.database import Database, Session
from shared.documents import Activation, ActivationRequest, ActivationResult, Proposal
from shared.errors import Conflict, Invalid
from shared.events import OUTREACH, Event, outreach

TRIAL_SLICE = 200  # questions read at a time
TRIAL_PAUSE = 20  # verdicts between two turns of others
EXAMPLES_MAX = 20


async def activate_rulebook(
    session: Session, tenant: str, books: RuleBooks, asked: ActivationRequest
) -> ActivationResult:
    """Let a version apply from a day on, in the tenant's zone, or switch a policy off."""

    async def check(session: Session, proposal: Proposal[RuleBook]) -> None:
        if proposal.content is None:
            await _check_may_end(session, tenant, books, asked.name)
        await _check_nobody_was_judged(session, proposal)
        if proposal.content is not None:
            _check_time_zones(proposal.content)
            versions = await books.of(session, tenant)
            versions.check_with(proposal.activation, proposal.content)

    done = await books.documents.activate(session, tenant, asked, check=check)
    if not done.is_new:
        return done
    activation = done.activation
    assert activation is not None, "what is new was written"
    if activation.from_at <= activation.recorded_at:
        await mark_tenant_dirty(session, tenant)
    event = _activated(tenant, activation)
    await announce_events(session, [(event, ())])
    return done


async def _check_may_end(session: Session, tenant: str, books: RuleBooks, name: str) -> None:
    """House policy may be switched off, law may not."""
    versions = await books.documents.list_versions(session, tenant, name)
    if "law" in {version.category for version in versions}:
        raise Conflict(f"{name} is law: it can be replaced by another version, not switched off.")


async def _check_nobody_was_judged(session: Session, proposal: Proposal[RuleBook]) -> None:
    judged_at = await store.find_last_judged(session, proposal.tenant)
    if judged_at is not None and judged_at >= proposal.activation.from_at:
        raise Conflict(
            f"Contacts up to {judged_at:%Y-%m-%dT%H:%M:%SZ} were judged by other rules: a version "
            "can only count from a day after it."
        )


def _check_time_zones(book: RuleBook) -> None:
    """A book that wants newer time-zone data could answer nothing from its day on."""
    wanted = book.tzdata_min
    if wanted is not None and wanted > TZDATA_VERSION:
        raise Conflict(
            f"The book demands time-zone data {wanted} or later, here it is {TZDATA_VERSION}."
        )


async def business_now(session: Session, clock_mode: Clock, tenant: str) -> datetime:
    """The instant of business time by which books are chosen when none is named."""
    at = await get_business_time(session, tenant) if clock_mode == "manual" else None
    return at or clock.now()


def _activated(tenant: str, activation: Activation) -> Event:
    assert activation.from_on is not None, "a book applies from a day on"
    return Event(
        topic=OUTREACH,
        tenant=tenant,
        key="",
        type="rulebook-activated",
        entity=activation.name,
        cause=f"{activation.version} {activation.from_on} {activation.number}",
        time=activation.recorded_at,
        recordedtime=activation.recorded_at,
        data=outreach.RulebookActivated(
            name=activation.name, version=activation.version, from_on=activation.from_on
        ),
    )


@dataclass
class Trial:
    """What a book would have made of the contacts that were judged before."""

    version: str
    judged: int = 0
    changed: int = 0
    is_cut_off: bool = False  # there are older contacts, past the limit
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)  # verdict before, after
    rules: Counter[str] = field(default_factory=Counter)  # that decide what changes
    examples: list["ChangedContact"] = field(default_factory=list)


@dataclass(frozen=True)
class ChangedContact:
    """A contact that a book on trial decides otherwise."""

    contact_id: str
    account_id: str
    at: datetime
    before: Answer
    after: Answer
    because: str  # the rule that makes the difference, in words


async def try_rulebook(
    db: Database, versions: RuleBookVersions, tenant: str, book: RuleBook, limit: int
) -> Trial:
    """The newest recorded contacts, each judged by the books of its instant, without and with this
    one. Reads in slices, and lets others have their turn between verdicts."""
    trial = Trial(book.version)
    before: tuple[datetime, str] | None = None
    while trial.judged < limit:
        async with db.reading() as session:
            found = await list_judgements(
                session, tenant, before=before, limit=min(TRIAL_SLICE, limit - trial.judged)
            )
        for number, judgement in enumerate(found, 1):
            _compare(
                trial, judgement, versions.at(judgement.at), versions.with_book(book, judgement.at)
            )
            if number % TRIAL_PAUSE == 0:
                await asyncio.sleep(0)
        if not found:
            return trial
        before = (found[-1].at, found[-1].contact_id)
    async with db.reading() as session:
        rest = await list_judgements(session, tenant, before=before, limit=1)
    trial.is_cut_off = bool(rest)
    return trial


def _compare(trial: Trial, judgement: Judgement, now: InForce, then: InForce) -> None:
    trial.judged += 1
    try:
        before = _answer(judgement.question, now)
        after = _answer(judgement.question, then)
    except Invalid:
        return  # what was known made no question: it was left to a person, and no book changes that
    if _gist(before) == _gist(after):
        return
    trial.changed += 1
    trial.moves[before.verdict, after.verdict] += 1
    trial.rules.update(_deciding(before) ^ _deciding(after))
    if len(trial.examples) < EXAMPLES_MAX:
        trial.examples.append(
            ChangedContact(
                judgement.contact_id,
                judgement.account_id,
                judgement.at,
                before,
                after,
                AnswerChange(trial.judged - 1, before, after).because,
            )
        )


def _answer(question: bytes, in_force: InForce) -> Answer:
    asked = msgspec.structs.replace(read_question(question), packs=in_force.packs)
    return evaluate(asked, in_force.books, guards=GUARDS)


def _gist(answer: Answer) -> tuple[object, ...]:
    """What of an answer changes a contact: the verdict, its instant, the disclosures."""
    texts = frozenset(disclosure.text_id for disclosure in answer.disclosures)
    return (answer.verdict, answer.until, answer.role, texts)


def _deciding(answer: Answer) -> set[str]:
    """The rules that stand against the contact, or want something disclosed."""
    against = {each.rule for each in answer.decided_by if each.effect != "allow"}
    return against | {each.rule for each in answer.disclosures}


def counted(trial: Trial) -> list[Mapping[str, object]]:
    """How many would go from which verdict to which, most first."""
    return [
        {"from_verdict": one, "to_verdict": two, "contacts": count}
        for (one, two), count in trial.moves.most_common()
    ]
