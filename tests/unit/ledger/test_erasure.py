"""What of facts is personal; an erased account is what it was, but for texts."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from msgspec import structs

from services.ledger import domain
from services.ledger.domain import KINDS, Fact
from services.ledger.domain.agreements import AccountErased, Approval, By, ErasureAsked
from services.ledger.domain.approvals import approval_of
from services.ledger.domain.doors import Asking
from services.ledger.domain.doors.approvals import decide
from services.ledger.domain.doors.erasures import StillNeeded, erase, retain
from services.ledger.domain.erasures import open_request
from services.ledger.domain.personal import KEPT, PERSONAL, impersonal
from services.ledger.domain.policies.retention import RetentionPolicy
from shared.business_time import Begun
from shared.errors import Forbidden
from shared.events import billing
from tests.unit.ledger.ledger_factories import a_fact, at, invoice, on, registered

BEGUN = Begun(on("2026-03-20"))
PERSON: dict[str, Any] = {
    "email": "ada@mail.example",
    "phones": (billing.Phone("+49301234567"),),
    "addresses": (billing.Address(line1="Weg 1", city="Berlin", country="Germany"),),
    "language": "de",
    "tags": ("vip",),
    "attributes": {"dog": "Rex"},
    "debtor_id": "D1",
}


def asking(*roles: str, by: str = "ann", day: str = "2026-03-20") -> Asking:
    return Asking(
        at=at(day),
        on=on(day),
        begun_on=on(day),
        now=at(day),
        by=By("collector", by),
        roles=frozenset(roles or ("compliance",)),
        policies={"retention": RetentionPolicy(name="retention", version="1")},
    )


def erased(fact: AccountErased, day: str = "2026-03-20") -> Fact:
    return a_fact("account-erased", fact, at(day))


def _texts(cls: type) -> Iterator[str]:
    """Members that may hold a text, in a fact or in what is in it."""
    for field in structs.fields(cls):
        inside = [field.type, *get_args(field.type)]
        inside += [each for one in inside for each in get_args(one)]
        for kind in inside:
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                yield from _texts(kind)
        if field.name in PERSONAL or any(kind is str for kind in inside) or dict in inside:
            yield field.name


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_text_of_a_fact_is_personal_or_kept(name: str) -> None:
    unnamed = set(_texts(KINDS[name].data)) - PERSONAL.keys() - KEPT
    assert unnamed <= _CODES, f"{name}: say in domain/personal.py what becomes of {unnamed}"


# Literals, and lists of ids, which no person fills in.
_CODES = {
    "allocations", "because", "because_code", "form", "invoice_ids", "lines", "outcome", "purpose",
    "remitted", "role", "state", "stood", "supersedes", "text_ids", "type", "use", "consent",
    "line1", "line2", "city", "region", "postal_code",
}  # fmt: skip


def test_the_country_stays_of_addresses() -> None:
    kept = impersonal(registered(**PERSON).data)
    assert kept == billing.AccountRegistered(
        account_id="C1",
        name="",
        timezone="Europe/Berlin",
        debtor_id="D1",
        addresses=(billing.Address(country="DE"),),
    )
    assert impersonal(kept) is kept


def test_evidence_is_counted_still() -> None:
    opened = billing.DisputeOpened(
        dispute_id="X1",
        account_id="C1",
        invoice_id="I1",
        reason="it was Rex",
        reason_code="quality",
        evidence=(billing.Evidence("photo of Rex"), billing.Evidence("letter")),
    )
    kept = impersonal(opened)
    assert (kept.reason, kept.reason_code, len(kept.evidence)) == (None, "quality", 2)
    assert "Rex" not in str(kept)


def test_what_is_owed_is_the_same_after_an_erasure() -> None:
    facts = [registered(**PERSON), invoice()]
    state = domain.load_account("C1", "UTC", facts, begun_on=on("2026-03-20"))
    before = domain.amounts(state, BEGUN)
    (request,) = erase(state, True, "asked for by mail", asking()).facts
    assert isinstance(request, ErasureAsked)
    domain.record(state, [a_fact("erasure-asked", request, at("2026-03-20"))], BEGUN)
    assert open_request(state) is not None
    decided, fact = decide(state, "erasure:C1", "approve", "compliance", "", asking(by="bob")).facts
    assert isinstance(fact, AccountErased)
    assert fact.stood == ("owed",)
    decision = domain.record(
        state, [a_fact("approval-decided", decided, at("2026-03-20")), erased(fact)], BEGUN
    )
    assert [each.type for each in decision.announcements] == ["approval-closed", "account-erased"]
    assert decision.entries == []
    assert domain.amounts(state, BEGUN) == before
    assert "Ada" not in str(state.facts)
    assert state.profile is not None
    assert (state.profile.name, state.zone) == ("", "Europe/Berlin")
    known = approval_of(state, "erasure:C1")
    assert known is not None
    assert known.state == "approved"
    assert erase(state, False, "again", asking()).facts == ()


def test_what_stands_is_in_the_way_until_it_is_overridden() -> None:
    state = domain.load_account("C1", "UTC", [registered(), invoice()], begun_on=on("2026-03-20"))
    with pytest.raises(StillNeeded) as refused:
        erase(state, False, "please", asking())
    assert refused.value.members == {"because": ["owed"]}
    with pytest.raises(Forbidden):
        erase(state, True, "please", asking("supervisor"))
    (request,) = erase(state, True, "please", asking()).facts
    domain.record(state, [a_fact("erasure-asked", request, at("2026-03-20"))], BEGUN)
    assert erase(state, True, "please", asking()).facts == ()
    with pytest.raises(Forbidden):
        decide(state, "erasure:C1", "approve", "compliance", "", asking())
    (refusal,) = decide(state, "erasure:C1", "refuse", "compliance", "", asking(by="bob")).facts
    domain.record(state, [a_fact("approval-decided", refusal, at("2026-03-20"))], BEGUN)
    (again,) = erase(state, True, "please do", asking()).facts
    assert isinstance(again, ErasureAsked)
    assert again.erasure_id == "C1/2"
    assert again.approval == Approval("compliance", on("2026-04-03"))


@pytest.mark.parametrize(("day", "count"), [("2029-03-01", 0), ("2029-03-02", 1)])
def test_a_silent_account_is_erased_by_itself(day: str, count: int) -> None:
    state = domain.load_account("C1", "UTC", [registered(**PERSON)])
    assert len(retain(state, asking(day=day)).facts) == count


def test_a_process_that_remembers_an_account_forgets_the_person_too() -> None:
    facts = [registered(**PERSON), invoice()]
    state = domain.load_account("C1", "UTC", facts)
    data = AccountErased(
        account_id="C1", certificate_id="Z1", because="request", erased_on=on("2026-03-20")
    )
    domain.absorb(state, [erased(data)], ())
    again = domain.load_account("C1", "UTC", [*map(_rewritten, facts), erased(data)])
    assert "Ada" not in str(state.facts)
    assert state.profile == again.profile
    assert domain.amounts(state, BEGUN) == domain.amounts(again, BEGUN)
    assert state.timeless.erased_at == again.timeless.erased_at == at("2026-03-20")


def _rewritten(fact: Fact) -> Fact:
    return structs.replace(fact, data=impersonal(fact.data))
