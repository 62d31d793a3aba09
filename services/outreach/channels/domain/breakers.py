"""When a provider is left alone: a breaker that opens on faults of its own, and a token bucket.

Pure: instants are given, on a clock that only goes forward. Machine time.
"""

from dataclasses import dataclass

from services.outreach.channels.domain.contract import Later, Sent, Unknown

FAULTS_MAX = 5  # in a row, of the provider's own
OPEN_SECONDS = 30.0
OPEN_SECONDS_MAX = 600.0
BURST_SECONDS = 1.0  # how much of an idle time's allowance may be used at once


def is_providers_fault(sent: Sent) -> bool:
    """Whether the provider itself failed, whoever was to be reached."""
    if isinstance(sent, Unknown):
        return True
    return isinstance(sent, Later) and sent.blame == "provider"


@dataclass
class Breaker:
    """Closed; open for a while that doubles; then one probe decides."""

    faults: int = 0  # in a row
    openings: int = 0  # in a row
    open_until: float | None = None
    is_probing: bool = False

    def admits(self, now: float) -> bool:
        """Whether one may be sent now. Who is admitted tells how it ended."""
        if self.open_until is None:
            return True
        if now < self.open_until or self.is_probing:
            return False
        self.is_probing = True
        return True

    def seconds_left(self, now: float) -> float:
        """Until it is worth asking again."""
        if self.open_until is None:
            return 0.0
        return max(0.0, self.open_until - now)

    def note(self, now: float, *, is_fault: bool) -> None:
        """How one ended that was admitted."""
        was_probing, self.is_probing = self.is_probing, False
        if not is_fault:
            self.faults, self.openings, self.open_until = 0, 0, None
            return
        self.faults += 1
        if was_probing or (self.open_until is None and self.faults >= FAULTS_MAX):
            self.open_until = now + min(OPEN_SECONDS_MAX, OPEN_SECONDS * 2**self.openings)
            self.openings = min(self.openings + 1, 10)

    def forget_probe(self) -> None:
        """The probe told nothing: nothing was handed over."""
        self.is_probing = False


@dataclass
class Bucket:
    """A token for each message; so many come back a second, and about a second's worth is kept."""

    rate: float  # a second
    tokens: float = 1.0
    at: float | None = None

    def wait_seconds(self, now: float) -> float:
        """Take a token; how long to wait until it is there."""
        most = max(1.0, self.rate * BURST_SECONDS)
        before = now if self.at is None else self.at
        self.tokens = min(most, self.tokens + max(0.0, now - before) * self.rate) - 1.0
        self.at = now
        return max(0.0, -self.tokens / self.rate)
