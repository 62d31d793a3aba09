"""How many requests a link and a network address may make: counted in one process. Addresses are
forgotten with their window."""

from collections import OrderedDict

A_MINUTE_PER_LINK = 60
A_MINUTE_PER_ADDRESS = 300
NEW_LINKS_AN_HOUR = 10  # that a network address may ask for
MINUTE = 60.0
HOUR = 3600.0
_REMEMBERED_MAX = 50_000


class RequestCounts:
    """Requests of the current window by whom they came from."""

    def __init__(self, window_seconds: float = MINUTE) -> None:
        self._window = window_seconds
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def refused_for(self, who: str, most: int, now: float) -> float:
        """Count one request; gives the seconds until the next is taken, 0: this one is."""
        begun, count = self._counts.get(who, (now, 0))
        if now - begun >= self._window:
            begun, count = now, 0
        self._counts[who] = (begun, count + 1)
        self._counts.move_to_end(who)
        while len(self._counts) > _REMEMBERED_MAX:
            self._counts.popitem(last=False)
        return max(1.0, begun + self._window - now) if count >= most else 0.0
