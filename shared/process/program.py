"""How a person calls one of our programs: what its help says."""

import os
import sys


def call(module: str) -> str:
    """`.venv/bin/python -m deploy.keys`: by the interpreter that runs, seen from where we are."""
    shown = os.path.relpath(sys.executable)
    return f"{min(shown, sys.executable, key=len)} -m {module}"
