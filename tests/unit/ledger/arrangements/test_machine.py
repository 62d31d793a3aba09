"""The engine beside the referee: whatever is told, in whatever order, both say the same each time.

Facts are told as the intake and the doors let them through; a command names invoices that are
known. `make full` takes far more stories.
"""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.ledger import domain
from services.ledger.domain.credit import exposure_minor, moves
from tests.unit.ledger.arrangements import told
from tests.unit.ledger.arrangements.comparison import by_engine, differences
from tests.unit.ledger.arrangements.engine import Engine, fact_of
from tests.unit.ledger.arrangements.strategies import (
    INVOICES,
    billing_facts,
    command_facts,
    days,
    instants,
)
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.told import Told, on

DEEP = settings.get_current_profile_name() == "deep"
DAYS_BEGUN = ("03-02", "03-10", "04-01", "05-05")
_CHARGES = ("charge-added", "charge-waived")  # of those: test_charged_convergence
_MONEY = ("payment-received", "credit-note-issued")
_AGENCY = st.builds(
    told.remitted,
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(["G1", "G2"]),
    st.sampled_from(["net", "gross"]),
)


class Machine(RuleBasedStateMachine):
    """One account with three invoices, told to both."""

    def __init__(self) -> None:
        super().__init__()
        self.engine, self.oracle = Engine(), Oracle()
        self.changed = False

    @initialize(amounts=st.tuples(*[st.integers(3, 12)] * 3), due=st.tuples(*[days] * 3))
    def open(self, amounts: tuple[int, ...], due: tuple[str, ...]) -> None:
        self._tell(told.registered(time="01-01", currency="EUR", credit_limit_minor=10))
        for name, amount, day in zip(INVOICES, amounts, due, strict=True):
            self._tell(told.invoice(name, amount, day, "03-01"))

    @rule(fact=billing_facts)
    def bill(self, fact: Told) -> None:
        self._tell(fact)

    @rule(fact=command_facts)
    def agree(self, fact: Told) -> None:
        self._tell(fact)

    @rule(fact=_AGENCY)
    def remit(self, fact: Told) -> None:
        self._tell(fact)

    @rule(percent=st.sampled_from(["10", "12.5"]), at=instants, name=st.sampled_from(INVOICES))
    def place_until_a_day(self, percent: str, at: str, name: str) -> None:
        self._tell(
            told.placed(
                "G3", at, (name,), direct_commission_percent=percent, until_on=on("03-29"),
                tail_days=3,
            )
        )  # fmt: skip

    @precondition(lambda self: self.oracle.begun != on(DAYS_BEGUN[-1]))
    @rule(day=st.sampled_from(DAYS_BEGUN))
    def start_day(self, day: str) -> None:
        if self.oracle.begun is None or on(day) > self.oracle.begun:
            self.engine.start_day(on(day))
            self.oracle.start_day(on(day))
            self.changed = True

    def _tell(self, fact: Told) -> None:
        """As it is let through: of one currency where it is no money, with invoices known."""
        if fact.kind in _CHARGES:
            return
        if fact.kind not in _MONEY and getattr(fact.data, "currency", "EUR") == "USD":
            return
        known = {other.data.invoice_id for other in self.oracle.facts if _is_invoice(other)}
        if known.issuperset(getattr(fact.data, "invoice_ids", None) or ()):
            self.engine.record(fact)
            self.oracle.record(fact)
            self.changed = True

    @invariant()
    def both_say_the_same(self) -> None:
        if not self.changed:
            return
        self.changed = False
        found = differences(self.engine, self.oracle)
        if self.oracle.begun is None:  # the ledger shows a hold to come until a day has begun
            found = [line for line in found if not line.startswith("stops")]
        assert not found, "\n".join(found)
        account = self.engine.account  # what exceeds a limit since when is told by the same moves
        assert sum(minor for _, minor in moves(account, "EUR")) == exposure_minor(account, "EUR")

    def teardown(self) -> None:
        """Computed from nothing, in another order, the account is the same."""
        facts = [fact_of(fact) for fact in self.oracle.facts]
        random.Random(len(facts)).shuffle(facts)
        again = Engine()
        again.begun = self.engine.begun
        zone, begun_on = again.account.tenant_zone, self.oracle.begun
        again.account = domain.load_account("C1", zone, facts, begun_on=begun_on)
        assert domain.invariants(again.account) == []
        assert by_engine(again) == by_engine(self.engine)


def _is_invoice(fact: Told) -> bool:
    return fact.kind == "invoice-issued"


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=2000 if DEEP else 60, stateful_step_count=16 if DEEP else 12
)
if DEEP:
    TestMachine = pytest.mark.full(pytest.mark.slow(TestMachine))
