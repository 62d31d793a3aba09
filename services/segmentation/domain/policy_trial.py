"""A policy on trial: how many of today's accounts would move from which segment to which, and why.

It decides as the re-score after an activation would: an account that is in a segment of the same
name leaves it as hard as the policy says. Experiments are left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from services.segmentation.domain.assess import assess
from services.segmentation.domain.encoding import StoredAccount, decode_account
from services.segmentation.domain.policy import Scores, decide, parse_text
from services.segmentation.domain.rules import Rules, Series
from services.segmentation.domain.scorer import Scorer
from services.segmentation.learning.cases import Target

EXAMPLES = 5  # of each move


class Example(Struct, frozen=True):
    """One account that would move, and why it would be where."""

    account_id: str
    because: str


class Move(Struct, frozen=True, kw_only=True):
    """Accounts that would go the same way. `words`: `312 accounts move from a to b`."""

    from_segment: str
    to_segment: str
    accounts: int
    words: str
    examples: tuple[Example, ...]


class Trial(Struct, frozen=True):
    """What a policy would make of today's accounts."""

    policy_version: str
    accounts: int
    moved: int
    segments: dict[str, int]
    moves: tuple[Move, ...]


class TrialCounts(Struct):
    """The accounts tried so far."""

    policy_version: str
    segments: Counter[str]
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)

    def report(self) -> Trial:
        return Trial(
            policy_version=self.policy_version,
            accounts=self.segments.total(),
            moved=self.moves.total(),
            segments=dict(self.segments),
            moves=tuple(
                _move(move, count, self.examples[move])
                for move, count in sorted(self.moves.items(), key=lambda m: (-m[1], m[0]))
            ),
        )


def begin_trial(source: str) -> TrialCounts:
    """Read the policy. Raises `Invalid` or `Unreadable` for a bad one."""
    policy = parse_text(source)
    return TrialCounts(policy.version, Counter(dict.fromkeys(policy.names, 0)))


def try_accounts(
    source: str,
    scorers: Mapping[Target, Scorer],
    indices: Mapping[str, Series],
    accounts: Sequence[StoredAccount],
    counts: TrialCounts,
) -> TrialCounts:
    """Go on with more accounts."""
    policy = parse_text(source)
    rules = Rules(policy=policy, scorers=scorers, indices=indices)
    for account in accounts:
        state = decode_account(account.state)
        found = assess(state, account.account_id, rules)
        counts.segments[found.segment] += 1
        if found.segment == account.segment:
            continue
        move = account.segment, found.segment
        counts.moves[move] += 1
        shown = counts.examples.setdefault(move, [])
        if len(shown) < EXAMPLES:
            scores = Scores(
                pays_within=found.answers["pays_within"].probability,
                late_payment=found.answers["late_payment"].probability,
            )
            stay = state.commitments.stay
            why = decide(policy, found.features, scores, stay, state.latest_on)
            shown.append(Example(account.account_id, why.because))
    return counts


def _move(move: tuple[str, str], count: int, examples: Sequence[Example]) -> Move:
    before, after = move
    moves = "1 account moves" if count == 1 else f"{count} accounts move"
    return Move(
        from_segment=before,
        to_segment=after,
        accounts=count,
        words=f"{moves} from {before} to {after}",
        examples=tuple(examples),
    )
