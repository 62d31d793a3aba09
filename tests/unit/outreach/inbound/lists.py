"""The lists of words as they ship."""

from pathlib import Path

import services.outreach.inbound as area
from services.outreach.inbound.domain.word_lists import parse_word_lists

FOLDER = Path(next(iter(area.__path__))) / "words"
LISTS = parse_word_lists({path.name: path.read_text("utf-8") for path in FOLDER.glob("*.yaml")})
