"""Erasure: asked for where something stands, and done (docs/erasure.md)."""

from datetime import datetime

from services.ledger.domain.agreements import AccountErased, ErasureAsked
from services.ledger.domain.approvals import ask
from services.ledger.domain.erasures import NOUN
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.kinds import ANEW, Kind
from services.ledger.domain.objects import NO_CURRENCY
from services.ledger.domain.personal import impersonal_facts
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from shared.events import ledger


def _asked_id(data: ErasureAsked) -> str:
    return data.erasure_id


def _provides(data: ErasureAsked) -> Need:
    return (NOUN, data.erasure_id)


def _ask(state: AccountState, data: ErasureAsked, at: datetime) -> None:
    ask(
        state,
        NOUN,
        data.erasure_id,
        data.approval,
        currency=NO_CURRENCY,
        invoice_ids=None,
        amount_minor=None,
        by=data.by,
        at=at,
    )


def _nothing_said(view: View, data: ErasureAsked) -> None:
    return None  # that it waits announces itself


def _account(data: AccountErased) -> str:
    return data.account_id


def _learn(state: AccountState, fact: Fact, data: AccountErased) -> Position:
    """No object in memory keeps what is gone: all of them are made anew by the facts that stay."""
    state.timeless.erased_at = fact.time
    state.facts = impersonal_facts(state.facts)
    if state.profile_fact is not None:
        (state.profile_fact,) = impersonal_facts([state.profile_fact])
    return ANEW


def _erased(view: View, data: AccountErased) -> ledger.AccountErased:
    return ledger.AccountErased(
        account_id=data.account_id, certificate_id=data.certificate_id, because=data.because
    )


KINDS = (
    Kind(
        type="erasure-asked",
        data=ErasureAsked,
        word="erasure request",
        rank=Rank.ERASURE_ASKED,
        identity=_asked_id,
        provides=_provides,
        apply=_ask,
        event=_nothing_said,
    ),
    Kind(
        type="account-erased",
        data=AccountErased,
        word="erasure",
        rank=Rank.ERASED,
        identity=_account,
        learn=_learn,
        event=_erased,
    ),
)
