"""What a re-score changes about accounts: worked out from what is stored, for a slice at a time.

It works on rows as they lie in the table and gives rows as the table takes them, so that a compute
process does nearly all of it. The rules travel there once: a process keeps those that it was given
last, by the hash of what was sent.
"""

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from services.segmentation.domain.account import Account, known_on
from services.segmentation.domain.announcements import Cause, announce_rescored
from services.segmentation.domain.assess import assess, update_commitments
from services.segmentation.domain.beliefs import (
    AccountFigures,
    AccountRow,
    AssessmentRecord,
    EncodedRecord,
    Key,
    ShadowScore,
    before_of,
    belief_of,
    encode_record,
    figures_of,
    remember,
    shadows_of,
)
from services.segmentation.domain.encoding import decode_account, encode_account
from services.segmentation.domain.policy import parse_text
from services.segmentation.domain.rules import Rules
from shared import clock
from shared.events import SEGMENTATION, Announcement, Event

RULES_KEPT = 4  # by a process, of the tenants that it worked for last

_ARMS = msgspec.json.Decoder(dict[str, str])
_encode = msgspec.json.Encoder().encode


class StandingAccount(NamedTuple):
    """An account as it is stored."""

    account_id: str
    state: bytes
    figures: AccountFigures


class Terms(NamedTuple):
    """What a re-score's job says of all its accounts."""

    tenant: str
    number: int
    because: str
    at: datetime  # business time from which what it changes holds
    with_shadows: bool


class Moved(NamedTuple):
    """A state that was changed, and what of it stands in columns of its own."""

    state: bytes
    latest_on: date | None
    known_at: datetime | None
    known_on: date | None


class Change(NamedTuple):
    """What a re-score changes of one account."""

    figures: AccountFigures
    moved: Moved | None  # None: its state is the same
    record: EncodedRecord
    events: tuple[Event, ...]
    shadows: tuple[ShadowScore, ...]


class Rescored(NamedTuple):
    """One account gone through."""

    account_id: str
    revision: int  # of the row that was looked at
    change: Change | None


class PackedRules(NamedTuple):
    """Rules on their way into another process."""

    hash: bytes
    content: bytes


def pack_rules(rules: Rules) -> PackedRules:
    policy = msgspec.json.encode(rules.policy.document).decode()
    parts = (policy, rules.scorers, rules.shadows, rules.experiments, rules.indices)
    content = pickle.dumps(parts, pickle.HIGHEST_PROTOCOL)
    return PackedRules(hashlib.sha256(content).digest(), content)


def unpack_rules(packed: bytes) -> Rules:
    policy, scorers, shadows, experiments, indices = pickle.loads(packed)  # noqa: S301 - our own
    return Rules(parse_text(policy), scorers, shadows, experiments, indices)


_kept: OrderedDict[bytes, Rules] = OrderedDict()


def rescore_packed(
    accounts: Sequence[StandingAccount], terms: Terms, rules_hash: bytes, content: bytes | None
) -> list[Rescored] | None:
    """`rescore` in a compute process. None: it does not know these rules and needs the content."""
    rules = _kept.get(rules_hash)
    if rules is None:
        if content is None:
            return None
        rules = _kept[rules_hash] = unpack_rules(content)
        while len(_kept) > RULES_KEPT:
            _kept.popitem(last=False)
    return rescore(accounts, terms, rules)


def rescore(accounts: Sequence[StandingAccount], terms: Terms, rules: Rules) -> list[Rescored]:
    """What is believed of accounts now, where that is another thing than before."""
    rows = {(terms.tenant, one.account_id): _row(one) for one in accounts}
    found = {key: _rescore(row, key[1], terms, rules) for key, row in rows.items()}
    shadows: dict[Key, list[ShadowScore]] = {}
    if terms.with_shadows:
        records = {key: {one.record.on_day: one.record} for key, one in found.items() if one}
        shadows = shadows_of(rows, records, {terms.tenant: rules})
    return [
        Rescored(
            account.account_id,
            account.figures.revision,
            one and _change(rows[key], one, shadows.get(key, ())),
        )
        for account, (key, one) in zip(accounts, found.items(), strict=True)
    ]


class _Found(NamedTuple):
    record: AssessmentRecord
    has_moved: bool
    events: tuple[Event, ...]


def _row(account: StandingAccount) -> AccountRow:
    figures = account.figures._asdict()
    figures["arms"] = _ARMS.decode(account.figures.arms)
    return AccountRow(decode_account(account.state), **figures)


def _rescore(row: AccountRow, account_id: str, terms: Terms, rules: Rules) -> _Found | None:
    state, before = row.state, before_of(row)
    figures = (row.late_probability, row.late_model_version, row.priority)
    is_new_policy = row.policy_version != rules.policy.version
    commitments = state.commitments
    stay, assignments = commitments.stay, commitments.assignments
    after = assess(state, account_id, rules)
    on_day = known_on(state)
    assert on_day is not None, "a segment comes from an event, which has a day"
    update_commitments(state, after, is_event=False)
    has_moved = (commitments.stay, commitments.assignments) != (stay, assignments)
    row.segment, row.arms = after.segment, after.arms
    row.policy_version = rules.policy.version
    remember(row, after)
    now = (row.late_probability, row.late_model_version, row.priority)
    is_same = before_of(row) == before and now == figures and not is_new_policy
    if is_same and not terms.with_shadows:
        return None
    on = max(on_day, clock.local_day(terms.at, state.timezone))
    record = belief_of(row, after).record(on, by_rescore=True)
    at = terms.at if state.known_at is None else max(terms.at, state.known_at)
    announced = announce_rescored(account_id, before, after, _cause(state, terms, at), rules)
    return _Found(record, has_moved, tuple(_published(announced, terms.tenant, account_id, at)))


def _change(row: AccountRow, found: _Found, shadows: Sequence[ShadowScore]) -> Change:
    state, moved = row.state, None
    if found.has_moved:
        moved = Moved(encode_account(state), state.latest_on, state.known_at, known_on(state))
    return Change(figures_of(row), moved, encode_record(found.record), found.events, tuple(shadows))


def _cause(state: Account, terms: Terms, at: datetime) -> Cause:
    """A re-score has no fact; it holds from the job's instant, and not before what was known."""
    day = clock.local_day(at, state.timezone)
    return Cause(
        id=f"rescoring {terms.number}",
        because=terms.because,
        time=at,
        day=day if state.latest_on is None else max(day, state.latest_on),
    )


def _published(
    announced: Iterable[Announcement], tenant: str, account_id: str, at: datetime
) -> Iterable[Event]:
    """Events whose data is encoded here and not where they are written."""
    for one in announced:
        event = Event.of(one, topic=SEGMENTATION, tenant=tenant, key=account_id, recordedtime=at)
        yield msgspec.structs.replace(event, data=msgspec.Raw(_encode(one.data)))
