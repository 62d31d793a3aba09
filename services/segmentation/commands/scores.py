"""Answer what is believed of an account, from what was recorded: now or on a past day."""

from datetime import date
from typing import Any

from msgspec import Struct

from services.segmentation.domain.assess import score_of, worth_of
from services.segmentation.domain.beliefs import AssessmentRecord, Key
from services.segmentation.domain.priority import cost
from services.segmentation.domain.recovery import Converted, Recovery, convert, recoveries
from services.segmentation.domain.score import HORIZON_DAYS, MODEL_VERSION
from services.segmentation.learning.cases import Target
from services.segmentation.store import accounts, assessments, figures
from services.segmentation.store.active_rules import ActiveRules
from shared.database import Session
from shared.errors import FieldError, Invalid, NotFound
from shared.money import DECIMALS, is_currency


async def score_shown(
    session: Session, force: ActiveRules, key: Key, target: Target, as_of: date | None
) -> dict[str, Any]:
    """A score with its reasons, as the contract shows it. Raises `NotFound`."""
    found = await _assessment_of(session, key, as_of)
    recorded = found.scores[target]
    scorer = None
    if recorded.row is not None:
        scorer = await force.scorer(session, key[0], recorded.version)
    score = score_of(target, found.features, recorded.row, scorer)
    expected, worth = found.expected_recovery_minor, found.priority
    if recorded.probability is None:  # of the time before these were recorded
        pays = score_of("pays_within", found.features, None, None).probability
        worths = force.policies.default  # that of then may not be kept
        expected, worth = worth_of(found.features, found.engagement, pays, worths)
    return {
        "target": score.target,
        "probability": score.probability,
        "horizon_days": score.horizon_days,
        "expected_recovery_minor": expected,
        "currency": found.features.currency,
        "segment": found.segment,
        "arms": found.arms,
        "priority": worth,
        "reasons": score.reasons,
        "model_version": recorded.version,
        "policy_version": found.policy_version,
        "as_of": as_of or found.on_day,
    }


async def _assessment_of(session: Session, key: Key, as_of: date | None = None) -> AssessmentRecord:
    found = await assessments.find_assessment(session, key, as_of)
    if found is None and as_of is not None:
        raise NotFound(f"nothing was known of an account {key[1]!r} on {as_of}")
    if found is None:
        raise NotFound(f"there is no account {key[1]!r}")
    return found


class Recoveries(Struct, frozen=True, kw_only=True):
    """What is expected of an account, currency by currency."""

    probability: float
    horizon_days: int
    model_version: str
    currencies: list[Recovery]
    converted: Converted | None  # None: not asked for, or a rate is missing
    as_of: date


async def recovery_of(session: Session, force: ActiveRules, key: Key, to: str | None) -> Recoveries:
    """What can be expected of an account as it stands. Raises `NotFound`."""
    if to is not None and not is_currency(to):
        raise Invalid(f"{to!r} is no currency.", [FieldError("/query/to", "is not in ISO 4217")])
    row = await accounts.find_account(session, key)
    if row is None or row.probability is None:
        raise NotFound(f"there is no account {key[1]!r}")
    found = await _assessment_of(session, key)
    rules = (await force.of(session, {key[0]}))[key[0]]
    asked = rules.policy.document.priority
    costs = {code: round(cost(asked, code) * 10 ** DECIMALS[code]) for code in row.state.owed}
    each = recoveries(row.state, row.probability, costs)
    converted = None
    if to is not None:
        rates = await figures.rates_of(session, key[0])
        converted = convert(each, to, rates, found.on_day)
    version = row.model_version or MODEL_VERSION
    scorer = rules.scorers.get("pays_within")
    is_same = scorer is not None and scorer.version == version
    return Recoveries(
        probability=row.probability,
        horizon_days=scorer.horizon_days if scorer is not None and is_same else HORIZON_DAYS,
        model_version=version,
        currencies=each,
        converted=converted,
        as_of=found.on_day,
    )
