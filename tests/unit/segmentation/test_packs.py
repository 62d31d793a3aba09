"""Every ready pack puts typical accounts of its trade where a practitioner would."""

from pathlib import Path

import pytest

import services.segmentation
from services.segmentation.domain.features import Features
from services.segmentation.domain.policy import Policy, Scores, classify, parse_text
from tests.unit.segmentation.builders import some_features
from tests.unit.segmentation.written import owing, scores

FOLDER = Path(services.segmentation.__file__).parent / "policies"
PACKS: dict[str, Policy] = {
    path.stem: parse_text(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yaml")
}

LOYAL = {"tenure_days": 1500, "settled": 12, "settled_late": 1}
TYPICAL: dict[str, list[tuple[Features, Scores, str]]] = {
    "consumer-retail": [
        (some_features(), scores(), "current"),
        (owing(0, is_due_soon=True), scores(), "first-invoice"),
        (owing(0, settled=2), scores(0.7), "watch"),
        (owing(1), scores(0.1), "self-cure"),
        (owing(1), scores(0.4), "reminder"),
        (owing(1, failed_payments=1, bounced_payments=1), scores(0.4), "payment-trouble"),
        (owing(1, 999), scores(0.4), "small-balance"),
        (owing(1, 149_999, currency="JPY"), scores(0.4), "reminder"),
        (owing(1, 1_499, currency="JPY"), scores(0.4), "small-balance"),
        (owing(1, **LOYAL), scores(0.1), "loyal"),
        (owing(31), scores(0.4), "late"),
        (owing(31), scores(0.7), "at-risk"),
        (owing(61, **LOYAL), scores(0.1), "at-risk"),
        (owing(91, 5_000), scores(), "agency"),
        (owing(91, 4_999), scores(), "at-risk"),
        (owing(31, tags=("hardship",)), scores(), "vulnerable"),
        (owing(31, collectable_minor=0), scores(), "disputed"),
    ],
    "financial-services": [
        (some_features(), scores(), "performing"),
        (owing(0), scores(0.6), "watch"),
        (owing(0, delay_trend_days=8.0), scores(0.1), "watch"),
        (owing(1), scores(0.1), "self-cure"),
        (owing(1), scores(0.3), "pre-arrears"),
        (owing(1, bounced_payments=1), scores(0.1), "returned-payment"),
        (owing(31), scores(), "early-arrears"),
        (owing(31, failed_payments=2), scores(), "forbearance"),
        (owing(61), scores(), "late-arrears"),
        (owing(91, 10_000), scores(), "default"),
        (owing(121, 9_999), scores(), "late-arrears"),
        (owing(91, 10_000, tags=("bankruptcy",)), scores(), "breathing-space"),
        (owing(91, 10_000, tags=("gambling",)), scores(), "vulnerable"),
        (owing(91, 10_000, collectable_minor=0), scores(), "disputed"),
    ],
    "healthcare": [
        (some_features(), scores(), "current"),
        (owing(0, is_due_soon=True), scores(), "pre-service"),
        (owing(31, insurance_minor=5_000), scores(), "insurance-pending"),
        (owing(31, tags=("insurance-pending",)), scores(), "insurance-pending"),
        (owing(1, 100_000), scores(), "counselling"),
        (owing(1, 99_999), scores(), "statement"),
        (owing(61, 20_000), scores(), "counselling"),
        (owing(31, 20_000), scores(), "payment-plan"),
        (owing(31, 1_499), scores(), "small-balance"),
        (owing(121, 9_000), scores(), "last-notice"),
        (owing(121, 9_000, tags=("charity-care",)), scores(), "charity-care"),
        (owing(1, insurance_minor=5_000, tags=("bereaved",)), scores(), "vulnerable"),
        (owing(31, collectable_minor=0), scores(), "disputed"),
    ],
    "business-trade-credit": [
        (some_features(kind="business"), scores(), "current"),
        (owing(0, kind="business"), scores(0.75), "watch"),
        (owing(1, 100_000, kind="business"), scores(), "reminder"),
        (owing(1, 1_000_000, kind="business"), scores(), "large-overdue"),
        (owing(1, 600_000, tenure_days=900), scores(), "key-account"),
        (owing(31, 100_000), scores(), "overdue"),
        (
            owing(31, 100_000, settled=9, settled_late=8, recent_delay_days=20.0),
            scores(),
            "slow-payer",
        ),
        (owing(31, 100_000), scores(0.8), "credit-hold"),
        (owing(61, 100_000), scores(), "credit-hold"),
        (owing(91, 250_000), scores(), "legal"),
        (owing(31, 100_000, disputed_minor=25_000), scores(), "query"),
        (owing(31, 100_000, collectable_minor=0), scores(), "disputed"),
        (owing(121, 250_000, tags=("insolvency",)), scores(), "insolvency"),
    ],
    "agency": [
        (some_features(), scores(), "closed"),
        (owing(121, 50_000, days_since_payment=None), scores(pays=0.5), "work-first"),
        (owing(121, 50_000, days_since_payment=None), scores(pays=0.4), "work"),
        (owing(121, 50_000, days_since_payment=None), scores(pays=0.1), "settle"),
        (owing(121, 150_000, days_since_payment=None), scores(pays=0.1), "legal-review"),
        (owing(121, 2_499, days_since_payment=None), scores(), "too-small"),
        (owing(121, 50_000, days_since_payment=20), scores(pays=0.1), "paying"),
        (owing(121, 50_000, tags=("attorney",)), scores(), "cease"),
        (owing(121, 50_000, tags=("bereaved",)), scores(), "vulnerable"),
        (owing(121, 50_000, tags=("breathing-space",)), scores(), "insolvent"),
        (owing(121, 50_000, collectable_minor=0), scores(), "disputed"),
    ],
    "arts-patrons": [
        (some_features(), scores(), "friend"),
        (owing(0, is_due_soon=True), scores(), "renewal"),
        (owing(1), scores(), "new-friend"),
        (owing(1, settled=1), scores(), "gentle-reminder"),
        (owing(121, tenure_days=2000, settled=8), scores(0.9), "patron"),
        (owing(91, settled=1), scores(), "lapsing"),
        (owing(121, tags=("board",), tenure_days=2000, settled=8), scores(), "board"),
        (owing(121, tags=("bereaved", "board")), scores(), "care"),
        (owing(31, collectable_minor=0), scores(), "disputed"),
    ],
}


def test_typical_accounts_reach_every_segment_of_every_pack() -> None:
    assert set(TYPICAL) == set(PACKS) - {"default"}
    for name, cases in TYPICAL.items():
        reached = {segment for _, _, segment in cases}
        assert reached == set(PACKS[name].names)


@pytest.mark.parametrize(
    ("pack", "features", "found", "segment"),
    [(pack, *case) for pack, cases in TYPICAL.items() for case in cases],
)
def test_a_typical_account_of_a_pack(
    pack: str, features: Features, found: Scores, segment: str
) -> None:
    assert classify(PACKS[pack], features, found) == segment


@pytest.mark.parametrize("name", sorted(PACKS))
def test_a_pack_is_called_like_its_file_and_says_what_it_is_for(name: str) -> None:
    document = PACKS[name].document
    assert document.name == name
    assert document.title
    assert document.description
