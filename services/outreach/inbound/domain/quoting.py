"""What somebody wrote himself: without the history below it, quoted lines and signatures."""

from collections.abc import Sequence

from services.outreach.inbound.domain.words import words_of

LINES_MAX = 5_000
_WROTE = frozenset({"wrote", "schrieb", "ecrit", "escribio", "geschrieben"})
_ON = frozenset({"on", "am", "le", "el", "em", "il", "op"})
_ORIGINAL = (
    "original message", "ursprungliche nachricht", "originalnachricht", "message d origine",
    "message original", "mensaje original", "forwarded message", "weitergeleitete nachricht",
    "message transfere", "mensaje reenviado",
)  # fmt: skip
_FROM = frozenset({"from", "von", "de", "expediteur", "remitente"})
_SENT = frozenset({"sent", "gesendet", "envoye", "enviado", "enviada", "date", "datum", "fecha"})
_TO = frozenset({"to", "an", "a", "para", "subject", "betreff", "objet", "asunto"})
_PHONE_LINES = (
    "sent from my", "sent from outlook", "get outlook for", "von meinem", "gesendet mit der",
    "diese nachricht wurde von meinem", "envoye de mon", "envoye depuis mon", "enviado desde mi",
    "obtener outlook para", "telecharger outlook pour", "outlook fur",
)  # fmt: skip
_REPLIES = frozenset({"re", "aw", "antw", "antwort", "rv", "sv", "res", "ref", "reponse", "r"})


def own_words(text: str) -> str:
    """The reply above the history; where nothing is above it, what stands below or between."""
    lines = text.splitlines()[:LINES_MAX]
    above: list[str] = []
    below: list[str] = []
    taken, index = above, 0
    while index < len(lines):
        line = lines[index]
        if line.lstrip().startswith(">"):
            taken = below
        elif _is_end(lines, index):
            break
        elif length := _attribution(lines, index):
            if not _is_quoted_next(lines, index + length):
                break
            index += length
            taken = below
            continue
        else:
            taken.append(line)
        index += 1
    own = _without_signature(above)
    return own if own else _without_signature(below)


def is_answer(subject: str) -> bool:
    """Whether a subject is only repeated from the message that is answered."""
    head, colon, _ = subject.partition(":")
    words = words_of(head)
    return bool(colon) and len(words) == 1 and words[0].rstrip("0123456789") in _REPLIES


def _without_signature(lines: Sequence[str]) -> str:
    kept = []
    for line in lines:
        if line.rstrip() == "--":
            break
        words = " ".join(words_of(line[:200]))
        if not words.startswith(_PHONE_LINES):
            kept.append(line.strip())
    return "\n".join(kept).strip()


def _is_end(lines: Sequence[str], index: int) -> bool:
    """Whether a history begins here that is not marked line by line."""
    line = lines[index].strip()
    if line.startswith("____") and not line.strip("_"):
        return True
    if line.startswith("--") and line.strip("- "):
        return " ".join(words_of(line[:200])).startswith(_ORIGINAL)
    return _label(line) in _FROM and _is_header(lines[index + 1 : index + 7])


def _is_header(lines: Sequence[str]) -> bool:
    labels = {_label(line) for line in lines}
    return not _SENT.isdisjoint(labels) and not _TO.isdisjoint(labels)


def _label(line: str) -> str:
    head, colon, _ = line.strip().strip("*").partition(":")
    words = words_of(head) if colon and len(head) <= 20 else []
    return words[0] if len(words) == 1 else ""


def _attribution(lines: Sequence[str], index: int) -> int:
    """How many lines say who wrote what follows, and when: `On … wrote:`; 0: none."""
    first = words_of(lines[index][:80])
    if not first or first[0] not in _ON:
        return 0
    joined = ""
    for length in (1, 2, 3):
        if index + length > len(lines):
            break
        joined = f"{joined} {lines[index + length - 1][:500].strip()}"
        if joined.endswith(":") and any(c.isdigit() for c in joined):
            return length if not _WROTE.isdisjoint(words_of(joined)) else 0
    return 0


def _is_quoted_next(lines: Sequence[str], index: int) -> bool:
    following = next((line for line in lines[index:] if line.strip()), "")
    return following.lstrip().startswith(">")
