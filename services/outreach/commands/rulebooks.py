"""Rule books of a tenant: taken in version by version, tried on what was sent before, put in force
from a day on. Nothing is ever changed or thrown away."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec

from services.outreach.commands.saying import say
from services.outreach.compliance import (
    TZDATA_VERSION,
    Answer,
    AnswerChange,
    RuleBook,
    evaluate,
    read_book,
    read_question,
)
from services.outreach.domain.governing import GUARDS
from services.outreach.domain.shelf import Shelf, Shipped, Standing, Turn
from services.outreach.store import debtors as debtor_store
from services.outreach.store import facts as fact_store
from services.outreach.store import history as history_store
from services.outreach.store import rulebooks as store
from services.outreach.store.history import Judgement
from services.outreach.store.rulebooks import Activation, StoredBook
from shared import clock
from shared.business_time import Clock
from shared.clock import day_start
from shared.database import Database, Session
from shared.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from shared.events import OUTREACH, Event, outreach

TRIAL_SLICE = 200  # questions read at a time
TRIAL_PAUSE = 20  # verdicts between two turns of others
EXAMPLES_MAX = 20
SHELVES_MAX = 256  # tenants whose books are kept compiled


class Shelves:
    """The books of tenants, kept compiled until one is activated."""

    def __init__(self, shipped: Sequence[Shipped]) -> None:
        self.shipped = {each.book.name: each.book for each in shipped}
        self.texts = {each.book.name: each.text for each in shipped}
        self._known: dict[str, tuple[int, Shelf]] = {}
        self._shared = Shelf(tuple(self.shipped.values()))  # of tenants without books of their own

    async def of(self, session: Session, tenant: str) -> Shelf:
        """The tenant's books as of its last activation."""
        last = await store.get_last_activation(session, tenant)
        if last == 0:
            return self._shared
        known = self._known.get(tenant)
        if known is not None and known[0] == last:
            return known[1]
        try:
            turns = await self._turns(session, tenant)
        except Invalid as error:  # it was good when it came: a newer release reads it otherwise
            raise Unavailable(f"a rule book of {tenant} cannot be read: {error.detail}") from error
        shelf = Shelf(tuple(self.shipped.values()), turns)
        self._known[tenant] = (last, shelf)
        if len(self._known) > SHELVES_MAX:
            self._known.pop(next(iter(self._known)))
        return shelf

    async def _turns(self, session: Session, tenant: str) -> list[Turn]:
        turns: list[Turn] = []
        read: dict[tuple[str, str], RuleBook] = {}
        for activation in await store.list_activations(session, tenant):
            book = None
            if activation.version is not None:
                key = (activation.name, activation.version)
                if key not in read:
                    stored = await store.find_rulebook(session, tenant, *key)
                    assert stored is not None, "what is activated is kept"
                    read[key] = read_book(stored.text)
                book = read[key]
            turns.append(Turn(activation.name, activation.from_at, book))
        return turns


async def add_rulebook(
    session: Session, shelves: Shelves, tenant: str, name: str, text: str, by: str
) -> tuple[StoredBook, bool]:
    """Take a version in; False: the same text is there already. Raises `Invalid` with line and
    reason for each fault, `Conflict` where that version says something else."""
    book = _checked(shelves, name, text)
    await store.lock_rulebooks(session, tenant)
    known = await known_version(session, shelves, tenant, name, book.version)
    Shelf(tuple(shelves.shipped.values())).with_book(book, clock.now())  # fits beside the others
    if known is not None:
        if known.text != text:
            raise Conflict(
                f"Version {book.version} of {name} exists with another text: it is kept as it is. "
                "Give the changed book another version."
            )
        return known, False
    stored = StoredBook(name, book.version, book.klass, text, clock.now(), by)
    await store.insert_rulebook(session, tenant, stored)
    return stored, True


def _checked(shelves: Shelves, name: str, text: str) -> RuleBook:
    book = read_book(text)
    if book.name != name:
        problem = FieldError("/name", f"is {book.name}, the address says {name}")
        raise Invalid("The book has another name.", [problem])
    shipped = shelves.shipped.get(name)
    if shipped is not None and shipped.klass != book.klass:
        problem = FieldError("/class", f"{name} is {shipped.klass}, and stays so")
        raise Invalid("The book is of another class.", [problem])
    return book


async def known_version(
    session: Session, shelves: Shelves, tenant: str, name: str, version: str
) -> StoredBook | None:
    """A version that was uploaded or activated, or that comes with the platform."""
    stored = await store.find_rulebook(session, tenant, name, version)
    if stored is not None:
        return stored
    shipped = shelves.shipped.get(name)
    if shipped is None or shipped.version != version:
        return None
    return shipped_book(shelves, name)


def shipped_book(shelves: Shelves, name: str) -> StoredBook:
    """A book that comes with the platform, as its versions are listed."""
    book = shelves.shipped[name]
    return StoredBook(name, book.version, book.klass, shelves.texts[name], _EPOCH, SHIPPED)


SHIPPED = "recoup"  # who brought the books that come with the platform
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def activate(
    session: Session,
    shelves: Shelves,
    tenant: str,
    name: str,
    version: str | None,
    from_on: date,
    *,
    clock_mode: Clock,
    by: str,
) -> Activation:
    """Let a version count from a day on, in the tenant's zone. Idempotent."""
    await store.lock_rulebooks(session, tenant)
    book = None
    shelf = await shelves.of(session, tenant)
    if version is not None:
        book = await known_version(session, shelves, tenant, name, version)
        if book is None:
            raise NotFound(f"There is no version {version} of rule book {name}.")
    elif not await _may_end(session, shelves, tenant, name):
        raise Conflict(f"{name} is law: it can be replaced by another version, not switched off.")
    from_at = day_start(from_on, await store.get_tenant_zone(session, tenant))
    done = await store.list_activations(session, tenant)
    last = next((a for a in reversed(done) if (a.name, a.from_at) == (name, from_at)), None)
    if last is not None and last.version == version:
        return last
    judged_at = await store.find_last_judged(session, tenant)
    if judged_at is not None and judged_at >= from_at:
        raise Conflict(
            f"Contacts up to {judged_at:%Y-%m-%dT%H:%M:%SZ} were judged by other rules: a version "
            "can only count from a day after it."
        )
    if book is not None:
        _check_together(shelf, Turn(name, from_at, read_book(book.text)))
        await store.insert_rulebook(session, tenant, book)  # kept, whatever we ship later
    activation = Activation(
        0, name, version, from_on, from_at, await business_now(session, clock_mode, tenant), by
    )
    await store.insert_activation(session, tenant, activation)
    if from_at <= activation.recorded_at:
        await fact_store.mark_tenant_dirty(session, tenant)
    await say(session, [(_activated(tenant, activation, len(done)), ())])
    return activation


def _check_together(shelf: Shelf, turn: Turn) -> None:
    """Raises `Invalid` where the book would contradict one that counts beside it, then or later,
    and `Conflict` where it wants newer time-zone data: nothing could be answered from then on."""
    wanted = turn.book.tzdata_min if turn.book is not None else None
    if wanted is not None and wanted > TZDATA_VERSION:
        raise Conflict(
            f"The book demands time-zone data {wanted} or later, here it is {TZDATA_VERSION}."
        )
    tried = Shelf(shelf.shipped, [*shelf.turns, turn])
    for instant in {turn.from_at, *(t.from_at for t in shelf.turns if t.from_at > turn.from_at)}:
        tried.at(instant)


async def _may_end(session: Session, shelves: Shelves, tenant: str, name: str) -> bool:
    """House policy may be switched off, law may not. Raises `NotFound`."""
    shipped = shelves.shipped.get(name)
    own = await store.list_rulebooks(session, tenant, name)
    if shipped is None and not own:
        raise NotFound(f"There is no rule book {name}.")
    return "law" not in {*(book.kind for book in own), *([shipped.klass] if shipped else [])}


async def business_now(session: Session, clock_mode: Clock, tenant: str) -> datetime:
    """The instant of business time by which books are chosen when none is named."""
    at = await debtor_store.get_business_time(session, tenant) if clock_mode == "manual" else None
    return at or clock.now()


def _activated(tenant: str, activation: Activation, before: int) -> Event:
    return Event(
        topic=OUTREACH,
        tenant=tenant,
        key="",
        type="rulebook-activated",
        entity=activation.name,
        cause=f"{activation.version} {activation.from_on} {before + 1}",
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
    examples: list["Change"] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    contact_id: str
    account_id: str
    at: datetime
    before: Answer
    after: Answer
    because: str  # the rule that makes the difference, in words


async def try_rulebook(
    db: Database, shelf: Shelf, tenant: str, book: RuleBook, limit: int
) -> Trial:
    """The newest recorded contacts, each judged by the books of its instant, without and with this
    one. Reads in slices, and lets others have their turn between verdicts."""
    trial = Trial(book.version)
    before: tuple[datetime, str] | None = None
    while trial.judged < limit:
        async with db.reading() as session:
            found = await history_store.list_judgements(
                session, tenant, before=before, limit=min(TRIAL_SLICE, limit - trial.judged)
            )
        for number, judgement in enumerate(found, 1):
            _compare(trial, judgement, shelf.at(judgement.at), shelf.with_book(book, judgement.at))
            if number % TRIAL_PAUSE == 0:
                await asyncio.sleep(0)
        if not found:
            return trial
        before = (found[-1].at, found[-1].contact_id)
    async with db.reading() as session:
        rest = await history_store.list_judgements(session, tenant, before=before, limit=1)
    trial.is_cut_off = bool(rest)
    return trial


def _compare(trial: Trial, judgement: Judgement, now: Standing, then: Standing) -> None:
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
            Change(
                judgement.contact_id,
                judgement.account_id,
                judgement.at,
                before,
                after,
                AnswerChange(trial.judged - 1, before, after).because,
            )
        )


def _answer(question: bytes, standing: Standing) -> Answer:
    asked = msgspec.structs.replace(read_question(question), packs=standing.packs)
    return evaluate(asked, standing.books, guards=GUARDS)


def _gist(answer: Answer) -> tuple[object, ...]:
    """What of an answer changes a contact: the verdict, its instant, what must be said."""
    said = frozenset(disclosure.text_id for disclosure in answer.disclosures)
    return (answer.verdict, answer.until, answer.role, said)


def _deciding(answer: Answer) -> set[str]:
    """The rules that stand against the contact, or want something said."""
    against = {each.rule for each in answer.decided_by if each.effect != "allow"}
    return against | {each.rule for each in answer.disclosures}


def counted(trial: Trial) -> list[Mapping[str, object]]:
    """How many would go from which verdict to which, most first."""
    return [
        {"from_verdict": one, "to_verdict": two, "contacts": count}
        for (one, two), count in trial.moves.most_common()
    ]
