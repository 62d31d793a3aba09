"""The status codes of mail servers (RFC 3463): how they are written, and which are ours to mend."""

import re
from typing import Final

STATUS: Final = re.compile(r"\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b", re.ASCII)

# Of the statuses of addresses, those that speak of the sender's: ours to mend, nobody is dead.
OF_THE_SENDER: Final = frozenset({"5.1.7", "5.1.8"})
