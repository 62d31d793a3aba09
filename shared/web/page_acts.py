"""Where pages do what a session allows: under a path of their own, never under `/v1`."""

ACTS = "/acts"


def is_act(path: str) -> bool:
    """Whether a page's session may speak there, whatever the method."""
    return path.startswith(f"{ACTS}/")
