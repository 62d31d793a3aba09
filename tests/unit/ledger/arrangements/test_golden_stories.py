"""The golden stories of LEDGER-ARRANGEMENTS, taken through the referee and the engine."""

from collections.abc import Callable

import pytest

from tests.unit.ledger.arrangements import stories
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.telling import Subject, tell

SUBJECTS: list[Callable[[], Subject]] = [Oracle, Engine]
each_subject = pytest.mark.parametrize("subject", SUBJECTS)
New = Callable[[], Subject]


@each_subject
def test_ARR_S1_partly_kept_promise_is_kept_by_money_that_was_told_late(subject: New) -> None:
    """ARR-S1. A promise is judged by the money of its days, also when it is heard of later."""
    tell(stories.S1, subject())


@each_subject
def test_ARR_S2_chargeback_takes_from_the_promise_due_latest(subject: New) -> None:
    """ARR-S2. A chargeback takes from the promise due latest, and opens a kept one again."""
    tell(stories.S2, subject())


@each_subject
def test_ARR_S3_plan_that_defaulted_is_active_again_by_a_late_payment(subject: New) -> None:
    """ARR-S3. A plan defaults by its days and is active again when a late payment refutes it."""
    tell(stories.S3, subject())


@each_subject
def test_ARR_S4_completed_settlement_lapses_by_a_chargeback(subject: New) -> None:
    """ARR-S4. A completed settlement concedes; a chargeback takes the concession back."""
    tell(stories.S4, subject())


@each_subject
def test_ARR_S5_settlement_is_judged_at_midnight_of_the_account(subject: New) -> None:
    """ARR-S5. One cent short at midnight lapses; one second before it completes."""
    tell(stories.S5, subject())


@each_subject
def test_ARR_S6_settlement_takes_the_place_of_a_plan(subject: New) -> None:
    """ARR-S6. An accepted settlement ends the plan, whatever becomes of it."""
    tell(stories.S6, subject())


@each_subject
def test_ARR_S7_dispute_and_void_shorten_a_plan(subject: New) -> None:
    """ARR-S7. Disputes, credit notes and voids shorten a plan from its last instalment."""
    tell(stories.S7, subject())


@each_subject
def test_ARR_S8_breathing_space_makes_judgements_wait(subject: New) -> None:
    """ARR-S8. A hold that stops clocks lets the judgements wait for 14 days after it."""
    tell(stories.S8, subject())


@each_subject
def test_ARR_S9_write_off_with_recovery_and_reversal(subject: New) -> None:
    """ARR-S9. Money recovers what was written off; reversed, it is owed again."""
    tell(stories.S9, subject())


@each_subject
def test_ARR_S10_agency_gets_commission_until_the_tail_ends(subject: New) -> None:
    """ARR-S10. Commission on the agency's and direct money, up to the recall and its tail."""
    tell(stories.S10, subject())


@each_subject
def test_ARR_S11_credit_limit_is_crossed_once_each_way(subject: New) -> None:
    """ARR-S11. More than the limit is exceeded, the limit itself is not."""
    tell(stories.S11, subject())


@each_subject
def test_ARR_S12_hold_told_late_ends_promise_and_placement(subject: New) -> None:
    """ARR-S12. A hold acts from its first day, also when it is told later."""
    tell(stories.S12, subject())


@each_subject
def test_ARR_S13_superseded_promise_is_neither_kept_nor_broken(subject: New) -> None:
    """ARR-S13. A superseded promise is cancelled; the new one is kept on its own."""
    tell(stories.S13, subject())
