"""Assessing an account: features, scores, segment, priority, and what to announce of it."""

from msgspec import Struct

from services.segmentation.domain.account import Account
from services.segmentation.domain.features import Features, contacts_since_payment, features_of
from services.segmentation.domain.policy import Policy, classify, risk_of
from services.segmentation.domain.score import MODEL_VERSION, chance, expected_recovery, score
from shared.events import SEGMENTATION, Event, Received
from shared.events.segmentation import AccountScored, SegmentChanged
from shared.money import DECIMALS


class Assessment(Struct, frozen=True, kw_only=True):
    """What is believed about an account now."""

    features: Features
    pays_within: float  # the probabilities; `score` gives their reasons
    late_payment: float
    segment: str
    expected_recovery_minor: int
    contacts_since_payment: int
    priority: int


def assess(account: Account, policy: Policy) -> Assessment:
    """The assessment that follows from an account's state and the policy."""
    return assess_features(features_of(account), contacts_since_payment(account), policy)


def assess_features(features: Features, contacts: int, policy: Policy) -> Assessment:
    """The same from features, which is how another policy is tried on today's accounts.

    The segment looks at the ledger's facts alone. Contacts reach us on a topic of their own, in no
    common order with the ledger's events: were the segment to look at them, its history would
    depend on which of two messages happened to be read first.
    """
    pays, late = chance(features, "pays_within"), chance(features, "late_payment")
    expected = expected_recovery(features, pays)
    return Assessment(
        features=features,
        pays_within=pays,
        late_payment=late,
        segment=classify(policy, features, risk_of(policy, late)),
        expected_recovery_minor=expected,
        contacts_since_payment=contacts,
        priority=priority(expected, features.currency, contacts),
    )


def priority(expected_recovery_minor: int, currency: str | None, contacts: int) -> int:
    """The expected value of one more contact, in hundredths of the currency's unit.

    Each contact that brought nothing makes the next one worth less: a half, a third, … The unit
    makes 1 JPY and 1 EUR count alike, which is no exchange rate: compare within a currency.
    """
    units: int = 10 ** DECIMALS.get(currency or "", 2)
    hundredths = expected_recovery_minor * 100 // units
    return hundredths // (1 + contacts)


def announce(
    account_id: str, before: str | None, after: Assessment, cause: Received, policy: Policy
) -> list[Event]:
    """What to say when an event of the ledger has moved an account to another segment.

    Both carry the cause's time, day and recordedtime: the segment holds from when the fact held.
    """
    if after.segment == before:
        return []
    pays = score(after.features, "pays_within")
    scored = AccountScored(
        account_id=account_id,
        target=pays.target,
        probability=pays.probability,
        horizon_days=pays.horizon_days,
        expected_recovery_minor=after.expected_recovery_minor,
        currency=after.features.currency,
        priority=after.priority,
        reasons=pays.reasons,
        model_version=MODEL_VERSION,
        policy_version=policy.version,
    )
    changed = SegmentChanged(
        account_id=account_id,
        from_segment=before,
        to_segment=after.segment,
        arms={},
        priority=after.priority,
        because=cause.type,
        policy_version=policy.version,
    )
    return [
        Event(
            topic=SEGMENTATION,
            tenant=cause.tenant,
            key=account_id,
            type=kind,
            entity=account_id,
            cause=cause.id,
            time=cause.time,
            day=cause.day,
            recordedtime=cause.recordedtime,
            data=data,
            correlationid=cause.correlationid,
            causationid=cause.id,
            traceparent=cause.traceparent,
        )
        for kind, data in (("account-scored", scored), ("segment-changed", changed))
    ]
