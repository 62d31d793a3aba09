"""The memory of states: bounded, owned by whoever takes a state out."""

from services.segmentation.domain.account import Account
from services.segmentation.domain.invoices import Invoice
from services.segmentation.store.account_memory import AccountMemory


def an_account(invoices: int) -> Account:
    return Account(invoices={f"I{number}": Invoice() for number in range(invoices)})


def test_a_state_is_taken_once() -> None:
    memory, state = AccountMemory(), an_account(2)
    memory.keep(("demo", "C1"), 7, state)
    assert memory.take(("other", "C1")) is None
    assert memory.take(("demo", "C1")) == (7, state)
    assert memory.take(("demo", "C1")) is None, "it is the taker's until it is kept again"


def test_what_was_used_longest_ago_makes_room_and_invoices_weigh() -> None:
    memory = AccountMemory(weight_max=10)
    for name in ("C1", "C2", "C3"):
        memory.keep(("demo", name), 1, an_account(2))
    memory.keep(("demo", "C1"), 2, an_account(3))  # used again, and heavier
    memory.keep(("demo", "C4"), 1, an_account(2))
    kept = [name for name in ("C1", "C2", "C3", "C4") if memory.take(("demo", name))]
    assert kept == ["C1", "C3", "C4"]
    memory.keep(("demo", "giant"), 1, an_account(50))
    assert memory.take(("demo", "giant")) is None, "what is too large is read again each time"
