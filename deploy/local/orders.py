"""What the launcher tells a part (`part.py`), and what the part's end tells the launcher."""

import msgspec

PRUNING = "deploy.local.pruning"  # runs with the workers
EXIT_BROKEN = 1  # an API or a worker failed; the log says why


class Orders(msgspec.Struct, frozen=True):
    """One line on the part's standard input. Descriptors are inherited."""

    environment: dict[str, str]
    sockets: dict[str, int]  # the listening one of each service whose API runs here
    hear: int | None = None  # where other parts ring
    ring: tuple[int, ...] = ()  # where they hear us
