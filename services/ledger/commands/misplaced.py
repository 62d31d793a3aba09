"""Facts that name what is another account's are refused; what waits keeps nobody else out."""

from collections.abc import Sequence

from services.ledger.commands.new_facts import NewFact, Outcome
from services.ledger.domain import Fact, difference
from services.ledger.domain.agreements import Command
from services.ledger.domain.facts import Need
from services.ledger.domain.waiting import is_taken, misplaced, need_of, provider_of
from services.ledger.store.facts import NamedFact, find_namesakes, find_owners
from shared.database import Session


async def refuse_misplaced(
    session: Session, batch: Sequence[NewFact], outcomes: list[Outcome | None]
) -> None:
    """Set the outcome of such facts, by what is known and by what stands before them in the
    batch. Those of commands were checked at their door."""
    needing = {
        index: need
        for index, new in enumerate(batch)
        if outcomes[index] is None
        and not isinstance(new.fact.data, Command)
        and (need := need_of(new.fact)) is not None
    }
    if not needing:
        return
    owners = await find_owners(
        session, {_provider(batch[index], need) for index, need in needing.items()}
    )
    namesakes = await find_namesakes(session, {_name(batch[index]) for index in needing})
    for index, new in enumerate(batch):
        need = needing.get(index)
        if need is None:
            if outcomes[index] is None:
                owners.setdefault(_name(new), new.fact.account_id)
            continue
        known = namesakes.setdefault(_name(new), [])
        outcomes[index] = _refusal(new.fact, known, owners.get(_provider(new, need)))
        if outcomes[index] is None:
            known.append(new.fact)


def _refusal(fact: Fact, known: Sequence[Fact], owner: str | None) -> Outcome | None:
    if any(other.account_id == fact.account_id for other in known):
        return None  # a repeat or a conflict within the account, as for every fact
    if errors := misplaced(fact, owner):
        return Outcome("rejected", tuple(errors))
    for other in known:
        if is_taken(fact, other, owner):
            errors = difference(fact.kind, (other.time, other.data), (fact.time, fact.data))
            return Outcome("rejected", tuple(errors))
    return None


def _name(new: NewFact) -> NamedFact:
    return (new.tenant, new.fact.kind, new.fact.fact_id)


def _provider(new: NewFact, need: Need) -> NamedFact:
    return (new.tenant, *provider_of(need))
