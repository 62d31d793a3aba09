"""What follows from a fact or a boundary once money has moved, and when objects are judged next."""

from services.ledger.domain.kinds import Acting, Noun
from services.ledger.domain.objects import Key
from services.ledger.domain.registry import NOUNS
from services.ledger.domain.state import AccountState

_ROUNDS_MAX = 1000  # conclusions settle in a few; more is a fault in the rules

_CONCLUDING = tuple(noun for noun in NOUNS.values() if noun.conclude is not None)


def conclude(state: AccountState, acting: Acting) -> None:
    """Let every noun draw its conclusions until none changes anything, and set the wakes.

    What should have been judged at an earlier place than the one that acts (of a plan that is
    approved late) is judged here.
    """
    for _ in range(_ROUNDS_MAX):
        changed = False
        for noun in _CONCLUDING:
            assert noun.conclude is not None
            changed = noun.conclude(state, acting) or changed
        if not changed and not (state.objects.before and _judge_overdue(state, acting)):
            return
    raise AssertionError(f"{acting.cause}: conclusions do not end")


def _judge_overdue(state: AccountState, acting: Acting) -> bool:
    """Set the wakes of what was touched, and judge what is overdue; whether there was any."""
    horizon = state.horizon
    for key in list(state.objects.before):
        noun, value = NOUNS[key[0]], state.objects.values.get(key)
        wake = noun.wake(state, value) if noun.wake is not None and value is not None else None
        state.objects.set_wake(key, wake)
        if wake is not None and wake <= acting.position and horizon and wake[0] <= horizon:
            _judge(noun, state, key, acting)
            return True
    return False


def _judge(noun: Noun, state: AccountState, key: Key, acting: Acting) -> None:  # type: ignore[type-arg]
    assert noun.judge is not None
    noun.judge(state, state.objects.values[key], acting.at)
