"""Assessing an account: features, scores, segment, arms, warnings, priority.

Segment, arms and warnings look at the ledger's facts alone, and move with the ledger's events only
(`update_commitments`). Contacts reach us on a topic of their own, in no common order with the
ledger's events: were a segment to look at them, its history would depend on which of two messages
happened to be read first. Priority may look at them; it is a figure of the moment.
"""

from collections.abc import Mapping

from msgspec import Struct

from services.segmentation.domain.account import Account
from services.segmentation.domain.commitments import ArmAssignment
from services.segmentation.domain.contacts import Engagement
from services.segmentation.domain.experiments import arms_of, enrol
from services.segmentation.domain.features import Features, engagement, features_of
from services.segmentation.domain.policy import Policy, Scores, classify
from services.segmentation.domain.priority import priority
from services.segmentation.domain.questions import Inquiry
from services.segmentation.domain.recovery import TEN_THOUSAND, expected_loss, expected_recovery
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.score import MODEL_VERSION, Score, chances, score
from services.segmentation.domain.scorer import Row, Scorer
from services.segmentation.domain.warnings import Watched, watch
from services.segmentation.learning.cases import TARGETS, Target
from services.segmentation.learning.history import PayerHistory


class ModelAnswer(Struct, frozen=True, gc=False):
    """What a target's model was asked, and its answer. The rule card looks at the features."""

    version: str
    probability: float
    row: Row | None = None


class Assessment(Struct, frozen=True, kw_only=True, gc=False):
    """What is believed about an account now."""

    features: Features
    engagement: Engagement
    answers: dict[Target, ModelAnswer]
    segment: str
    assignments: dict[str, ArmAssignment]
    arms: dict[str, str]
    watched: Watched
    expected_recovery_minor: int
    priority: int

    @property
    def pays_within(self) -> float:
        return self.answers["pays_within"].probability


def assess(account: Account, account_id: str, rules: Rules) -> Assessment:
    """What follows from an account's state and what is in force. Changes nothing."""
    on, commitments = account.latest_on, account.commitments
    features = features_of(account, rules.indices_on(on))
    contacts = engagement(account, features)
    answers = _ask(account, account_id, features, rules)
    pays, late = answers["pays_within"].probability, answers["late_payment"].probability
    scores = Scores(pays_within=pays, late_payment=late)
    segment = classify(rules.policy, features, scores, commitments.stay, on)
    assignments, watched = commitments.assignments, Watched(commitments.warned, (), ())
    if rules.experiments:
        assignments = enrol(
            rules.experiments, account_id, tags=features.tags, segment=segment, drawn=assignments
        )
    if on is not None:
        watched = watch(rules.policy.document.warnings, features, commitments.warned, on)
    expected, worth = worth_of(features, contacts, pays, rules.policy)
    return Assessment(
        features=features,
        engagement=contacts,
        answers=answers,
        segment=segment,
        assignments=assignments,
        arms=arms_of(rules.experiments, assignments) if rules.experiments else {},
        watched=watched,
        expected_recovery_minor=expected,
        priority=worth,
    )


def update_commitments(account: Account, found: Assessment, *, is_event: bool = True) -> None:
    """Let the account go on from an assessment that an event of the ledger made, or a re-score.

    Warnings come of events: a re-score begins and ends no episode.
    """
    assert account.latest_on is not None, "an event of the ledger has a day"
    account.commitments.enter(found.segment, account.latest_on)
    account.commitments.assignments = found.assignments
    if is_event:
        account.commitments.warned = found.watched.warned


def worth_of(
    features: Features, contacts: Engagement, pays_within: float, policy: Policy
) -> tuple[int, int]:
    """What is expected back, and what a contact now is worth."""
    loss = expected_loss(features)
    worth = priority(
        features.collectable_minor,
        features.currency,
        pays_within,
        contacts.since_payment,
        policy.document.priority,
        expected_loss=loss / TEN_THOUSAND,
    )
    return expected_recovery(features.collectable_minor, pays_within, loss), worth


def score_of(target: Target, features: Features, row: Row | None, scorer: Scorer | None) -> Score:
    """A score with its reasons, from what is recorded: the same whenever it is computed."""
    if scorer is None or row is None:
        return score(features, target)
    return scorer.score(row)


def shadow_rows(
    account: Account, account_id: str, features: Features, rules: Rules
) -> dict[Target, Row]:
    """What the challengers look at. Their answers are recorded, and nothing follows from them."""
    scorers = {target: shadow.scorer for target, shadow in rules.shadows.items()}
    answers = _ask_models(account, account_id, features, scorers)
    return {target: one.row for target, one in answers.items() if one.row is not None}


def _ask(
    account: Account, account_id: str, features: Features, rules: Rules
) -> dict[Target, ModelAnswer]:
    answers = _ask_models(account, account_id, features, rules.scorers) if rules.scorers else {}
    if len(answers) < len(TARGETS):
        pays, late = chances(features)
        answers.setdefault("pays_within", ModelAnswer(MODEL_VERSION, pays))
        answers.setdefault("late_payment", ModelAnswer(MODEL_VERSION, late))
    return answers


def _ask_models(
    account: Account, account_id: str, features: Features, scorers: Mapping[Target, Scorer]
) -> dict[Target, ModelAnswer]:
    answers: dict[Target, ModelAnswer] = {}
    histories: dict[bytes, PayerHistory] = {}
    if account.latest_on is None or not scorers:
        return answers
    inquiry = Inquiry(account, account_id, features, account.latest_on)
    for target, scorer in scorers.items():
        history = histories.get(scorer.window)
        if history is None:
            history = histories[scorer.window] = scorer.history(inquiry)
        row = scorer.row(inquiry, history)
        answers[target] = ModelAnswer(scorer.version, scorer.probability(row), row)
    return answers
