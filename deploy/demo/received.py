"""A message as it was received, over whichever channel."""

from dataclasses import dataclass
from typing import Literal

ReceivedChannel = Literal["email", "sms", "letter"]


@dataclass(frozen=True, order=True)
class Received:
    """`to`: an address, a number; of a letter the contact's id."""

    channel: ReceivedChannel
    to: str
    answer_to: str = ""  # who reads answers
    carrier_to: str = ""  # who hears what became of it: a return path, a callback
    unsubscribe: str = ""  # the address that one click posts to
    id: str = ""  # as the message names itself
