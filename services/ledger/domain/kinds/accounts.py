"""The account's record, registered and updated: timeless, the newest `time` holds for ever."""

from typing import Any

from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.kinds import ANEW, Kind
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from shared.clock import is_zone
from shared.countries import country_code
from shared.errors import FieldError
from shared.events import billing, ledger
from shared.texts import shown


def _check(data: billing.AccountRegistered) -> list[FieldError]:
    errors = []
    if data.timezone is not None and not is_zone(data.timezone):
        detail = f"{shown(data.timezone)!r} is no IANA time zone"
        errors.append(FieldError("/data/timezone", detail))
    for index, place in enumerate(data.addresses):
        named = (place.country or "").strip()
        if named and country_code(named) is None:
            detail = f"{shown(named)!r} names no country that we know by code or name"
            errors.append(FieldError(f"/data/addresses/{index}/country", detail))
    return errors


def _learn_registration(
    state: AccountState, fact: Fact, data: billing.AccountRegistered
) -> Position | None:
    registers = not state.registered
    state.registered = True
    return _learn(state, fact, data) or (ANEW if registers else None)


def _learn(state: AccountState, fact: Fact, data: billing.AccountRegistered) -> Position | None:
    before = state.profile
    state.take_profile(fact)
    if state.own_zone() != state.zone:
        return ANEW
    # Whoever turns out to be a consumer loses the charges of a business, of all times.
    is_charged_anew = state.rules.has_charges and _debtor(before) != _debtor(state.profile)
    return ANEW if is_charged_anew else None


def _debtor(profile: billing.AccountRegistered | None) -> object:
    """What charge rules look at."""
    if profile is None:
        return None
    countries = [place.country for place in profile.addresses if place.country]
    return (profile.kind, countries[:1], frozenset(profile.tags))


def _entity(data: billing.AccountRegistered) -> str:
    return data.account_id


def _registered(view: View, data: billing.AccountRegistered) -> ledger.AccountRegistered:
    return ledger.AccountRegistered(**_fields(view))


def _updated(view: View, data: billing.AccountUpdated) -> ledger.AccountUpdated:
    return ledger.AccountUpdated(**_fields(view))


def _fields(view: View) -> dict[str, Any]:
    """The record that holds, which need not be the fact's."""
    profile = view.state.profile
    assert profile is not None
    codes = (country_code(place.country) for place in profile.addresses)
    return {
        "account_id": profile.account_id,
        "kind": profile.kind,
        "country": next((code for code in codes if code is not None), None),
        "timezone": view.state.zone,
        "currency": profile.currency,
        "debtor_id": profile.debtor_id,
        "tags": profile.tags,
        "payment_terms_days": profile.payment_terms_days,
        "credit_limit_minor": profile.credit_limit_minor,
        "customer_since": profile.customer_since,
    }


KINDS = (
    Kind(
        type="account-registered",
        data=billing.AccountRegistered,
        word="registration",
        rank=Rank.REGISTRATION,
        check=_check,
        learn=_learn_registration,
        event=_registered,
        entity=_entity,
        retimes=True,
    ),
    Kind(
        type="account-updated",
        data=billing.AccountUpdated,
        word="update",
        rank=Rank.UPDATE,
        check=_check,
        learn=_learn,
        event=_updated,
        entity=_entity,
        retimes=True,
    ),
)
