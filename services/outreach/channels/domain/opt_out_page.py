"""The page behind the opt-out link: it says nothing of anybody, and no script is needed for it."""

import base64
import re
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

LANGUAGE_DEFAULT: Final = "en"
_ACCEPTED = re.compile(
    r"([A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8})*[ \t]*(?:;[ \t]*q=([01](?:\.[0-9]{1,3})?))?"
)
_ACCEPTED_MAX = 20


@dataclass(frozen=True)
class _Words:
    title: str
    question: str
    reach: str
    button: str
    done: str
    done_text: str


_WORDS: Final = {
    "en": _Words(
        "No more e-mails",
        "Do you want to stop e-mails to the address that our message was sent to?",
        "This stops e-mails only. Other ways of reaching you stay as they are.",
        "Stop e-mails",
        "Done",
        "You will get no more e-mails from us at this address. You can close this page.",
    ),
    "de": _Words(
        "Keine E-Mails mehr",
        "Möchten Sie keine E-Mails mehr an die Adresse bekommen, an die unsere Nachricht ging?",
        "Das beendet nur E-Mails. Andere Wege, Sie zu erreichen, bleiben, wie sie sind.",
        "E-Mails beenden",
        "Erledigt",
        "Sie bekommen von uns keine E-Mails mehr an diese Adresse. Sie können die Seite schließen.",
    ),
    "fr": _Words(
        "Plus d’e-mails",
        "Voulez-vous ne plus recevoir d’e-mails à l’adresse où notre message vous est parvenu ?",
        "Cela n’arrête que les e-mails. Les autres moyens de vous joindre restent inchangés.",
        "Arrêter les e-mails",
        "C’est fait",
        "Vous ne recevrez plus d’e-mails de notre part à cette adresse. Vous pouvez fermer.",
    ),
    "es": _Words(
        "No más correos",
        "¿Quiere dejar de recibir correos en la dirección a la que se envió nuestro mensaje?",
        "Esto solo detiene los correos. Las demás formas de contactarle siguen igual.",
        "Detener los correos",
        "Hecho",
        "No recibirá más correos nuestros en esta dirección. Puede cerrar esta página.",
    ),
}

_STYLE: Final = """
:root { color-scheme: light dark; }
body { margin: 0; font: 1.125rem/1.5 system-ui, sans-serif; color: #1a1f26; background: #f5f6f8; }
main { box-sizing: border-box; max-width: 34rem; margin: 12vh auto 0; padding: 2rem;
  background: #fff; border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.6rem; line-height: 1.2; }
p { margin: 0 0 1rem; }
form { margin: 0 0 1.5rem; }
.less { margin: 0; color: #4a5361; font-size: 1rem; }
button { min-height: 3rem; padding: .5rem 1.5rem; border: 0; border-radius: .5rem;
  background: #12467d; color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
button:focus-visible { outline: .2rem solid #e08a00; outline-offset: .2rem; }
@media (prefers-color-scheme: dark) {
  body { color: #e8ebf0; background: #14181d; }
  main { background: #1e242c; }
  form { margin: 0 0 1.5rem; }
.less { margin: 0; color: #b3bcc9; }
  button { background: #8fc2ff; color: #0b1a2b; }
}
"""
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode("ascii")
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def language_of(accept_language: str) -> str:
    """The first that the reader's browser asks for and that there are words in."""
    wanted: list[tuple[float, int, str]] = []
    for part in accept_language[:500].split(",")[:_ACCEPTED_MAX]:
        match = _ACCEPTED.fullmatch(part.strip())
        if match and match[1].lower() in _WORDS:
            wanted.append((-float(match[2] or 1), len(wanted), match[1].lower()))
    return min(wanted)[2] if wanted else LANGUAGE_DEFAULT


def question_page(language: str) -> str:
    """With the button that does it: the page is sent back to its own address."""
    words = _WORDS[language]
    return _page(
        language,
        words.title,
        f"<p>{escape(words.question)}</p>"
        f'<form method="post"><button type="submit">{escape(words.button)}</button></form>'
        f'<p class="less">{escape(words.reach)}</p>',
    )


def done_page(language: str) -> str:
    words = _WORDS[language]
    return _page(language, words.done, f'<p role="status">{escape(words.done_text)}</p>')


def _page(language: str, title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>\n"
    )
