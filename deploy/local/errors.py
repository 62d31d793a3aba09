"""What keeps the local mode from starting, in words for the person who started it."""


class CannotStart(Exception):
    """Printed on one line, without a traceback; the process ends with code 1."""
