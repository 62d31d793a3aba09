"""The print shop: opens the batches of letters that come into its folder."""

import json
import zipfile
from pathlib import Path

from deploy.demo.received import Received

TARGET = "print-shop"
_MANIFEST = "manifest.json"


class PrintShop:
    """Letters received, in batches; none is opened twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self.batches = 0
        self.received = 0
        self.pages = 0

    def take(self) -> list[Received]:
        """The letters that came since the last call, by the ids of their contacts."""
        taken: list[Received] = []
        for path in sorted(self._folder.glob("*.zip")):
            if path.name not in self._seen:
                self._seen.add(path.name)
                self.batches += 1
                taken += self._opened(path)
        self.received += len(taken)
        return sorted(taken)

    def _opened(self, path: Path) -> list[Received]:
        with zipfile.ZipFile(path) as batch:
            letters = json.loads(batch.read(_MANIFEST))["letters"]
            names = set(batch.namelist())
        assert all(letter["file"] in names for letter in letters), f"{path.name} lacks letters"
        self.pages += sum(letter["pages"] for letter in letters)
        return [Received("letter", to=letter["contact_id"]) for letter in letters]
