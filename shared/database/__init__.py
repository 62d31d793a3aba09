"""PostgreSQL: a pool of connections, transactions, one way to run SQL, and migrations."""

from shared.database.database import (
    Database,
    Record,
    Session,
    UnkeptValue,
    Wakeup,
    bell_of,
    unavailable,
)

__all__ = ["Database", "Record", "Session", "UnkeptValue", "Wakeup", "bell_of", "unavailable"]
