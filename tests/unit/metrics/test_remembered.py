"""What a worker remembers of accounts: as many as fit, each by its version."""

from services.metrics.domain.accounts import AccountItems
from services.metrics.store.remembered import Remembered


def an_account(name: str, items: int = 0) -> AccountItems:
    account = AccountItems(name)
    for number in range(items):
        account.item("invoice", f"{name}-{number}")
    return account


def test_who_takes_an_account_out_leaves_nothing_behind() -> None:
    remembered = Remembered()
    key = ("demo", "C1")
    assert (remembered.version(key), remembered.take(key)) == (0, None)
    account = an_account("C1", 3)
    remembered.put(key, 7, account)
    assert remembered.version(key) == 7
    assert remembered.bytes > 0
    assert remembered.take(key) is account
    assert (remembered.version(key), remembered.bytes, len(remembered)) == (0, 0, 0)


def test_those_not_used_for_longest_are_forgotten_first() -> None:
    size = Remembered()
    size.put(("demo", "C0"), 1, an_account("C0", 2))
    remembered = Remembered(bytes_max=3 * size.bytes)
    for number in range(3):
        remembered.put(("demo", f"C{number}"), 1, an_account(f"C{number}", 2))
    used = remembered.take(("demo", "C0"))
    assert used is not None
    remembered.put(("demo", "C0"), 2, used)
    remembered.put(("demo", "C3"), 1, an_account("C3", 2))
    versions = [remembered.version(("demo", f"C{number}")) for number in range(4)]
    assert versions == [2, 0, 1, 1]
    assert remembered.bytes <= 3 * size.bytes


def test_an_account_that_is_larger_than_all_room_is_not_kept() -> None:
    remembered = Remembered(bytes_max=5000)
    remembered.put(("demo", "C1"), 1, an_account("C1"))
    remembered.put(("demo", "C2"), 1, an_account("C2", 100))
    assert remembered.version(("demo", "C1")) == 1
    assert remembered.version(("demo", "C2")) == 0
