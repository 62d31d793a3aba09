"""News: what is to be announced of an object that has changed."""

from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.credits import CreditKey


class News(Struct, frozen=True):
    """An event that follows from how an object changed."""

    type: str
    entity: str
    cause: str  # with type and entity it makes the event's id
    time: datetime
    data: Struct
    is_new: bool = True  # False: what was published is corrected, and comes before what is new
    turn: int = 0  # among those of one instant; of corrections: among all
    day: date | None = None  # None: the day of its time
    carries: tuple[CreditKey, ...] = ()  # the credits whose histories it shows
