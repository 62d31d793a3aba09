"""Conversations of debtors with the assistant of their page. No words of them."""

from msgspec import Struct


class ConversationAnswered(Struct, frozen=True, kw_only=True):
    """A person has answered a debtor who was handed over."""

    account_id: str
    conversation_id: str
    seconds: int  # from the hand-over to the person's first answer
