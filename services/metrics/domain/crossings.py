"""Answers of one account to a contact that stands under another one, handed over to that.

What is answered is announced under the account that answers. The contact is an attempt of the
account that it stands under, so that one has to know. An account that a contact covers knows whose
it is; what it answers is handed over when both are known, in whatever order they come.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.kinds.contacts import Occurred
from shared.events import Received

_ANSWERS = frozenset(
    {"reply-received", "portal-visited", "right-party-contacted", "wrong-party-contacted"}
)
_OF = "\x1d"  # no id has such a character


def contact_of(item_id: str) -> str:
    """The contact that an item of kind `answer` answers."""
    return item_id.partition(_OF)[0]


def answered(decoded: Iterable[tuple[Received, Any, Any]]) -> set[tuple[str, str, str]]:
    """The contacts that events answer: (tenant, account that answers, contact)."""
    return {
        (event.tenant, event.key, data.contact_id)
        for event, _, data in decoded
        if event.type in _ANSWERS and data.contact_id is not None
    }


def owners(items: AccountItems) -> Iterator[tuple[str, str]]:
    """The contacts of other accounts that this one has news of: (account, contact)."""
    for (kind, contact_id), item in items.by_key.items():
        if kind != "contact" or not item.facts or isinstance(item.facts[0], Occurred):
            continue
        cover = items.by_key.get(("cover", contact_id))
        if cover is not None and cover.facts and (item.is_unsaved or cover.is_unsaved):
            yield cover.facts[0].owner, contact_id


def owner_of(items: AccountItems, contact_id: str) -> str | None:
    """The account under which a contact stands that covers this one; None: it is not known."""
    cover = items.by_key.get(("cover", contact_id))
    return cover.facts[0].owner if cover is not None and cover.facts else None


def hand_over(items: AccountItems, owner: AccountItems, contact_id: str) -> None:
    """Let the owner of a contact know what this account answered to it."""
    answers = items.item("contact", contact_id).facts
    known = owner.item("answer", f"{contact_id}{_OF}{items.account_id}").facts
    known += answers[len(known) :]
