"""PostgreSQL: a pool of connections, transactions, one way to run SQL, and migrations."""

from shared.database.bells import Wakeup, bell_of
from shared.database.connection import connect
from shared.database.database import Database, Record, Session, UnkeptValue
from shared.database.outages import connecting, is_outage, outages, unavailable

__all__ = [
    "Database",
    "Record",
    "Session",
    "UnkeptValue",
    "Wakeup",
    "bell_of",
    "connect",
    "connecting",
    "is_outage",
    "outages",
    "unavailable",
]
