"""The templates that come with the platform, read from words that people can edit.

`{name}/template.yaml` says what a template is for, `{name}/{language}.yaml` has its words: once for
all channels. They are put into the layouts here, and what comes out is a document like those of
tenants: it can be read, changed and sent back as one's own.
"""

import hashlib
import re
from collections.abc import Mapping
from html import escape
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import Meta, Struct

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.template_document import LanguageTexts, MessageTemplate
from shared.documents.history import BuiltIn
from shared.errors import Invalid
from shared.yaml_text import read_document

_FILE = re.compile(r"([a-z0-9][a-z0-9-]{0,63})/(template|[a-z]{2,3}(?:-[A-Z]{2})?)\.yaml")
_TAG = re.compile(r"(\{\{[^{}]*\}\}|\{%[^{}]*%\})")
T = TypeVar("T")
Words = Annotated[str, Meta(min_length=1)]


class Purpose(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`template.yaml`: what a template is for."""

    asks: bool
    tone: Tone
    about: str  # for whom reads the file


class ReadyWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The words of one language. A line end begins a paragraph."""

    subject: Words
    words: Words  # before the amounts
    close: str = ""  # after them
    sms: Words
    voice: Words
    portal_title: str | None = None  # None: the subject


def ready_templates(
    sources: Mapping[str, str], wording: str
) -> dict[str, BuiltIn[MessageTemplate]]:
    """By name; `wording`: a mark of the layouts, other layouts being other versions. Raises
    `Invalid`."""
    files: dict[str, dict[str, str]] = {}
    for path, text in sources.items():
        if match := _FILE.fullmatch(path):
            files.setdefault(match[1], {})[match[2]] = text
    return {name: _ready(name, files[name], wording) for name in sorted(files)}


def _ready(name: str, texts: dict[str, str], wording: str) -> BuiltIn[MessageTemplate]:
    if "template" not in texts:
        raise Invalid(f"{name}/template.yaml is missing")
    purpose = _read(f"{name}/template.yaml", texts.pop("template"), Purpose)
    languages = {
        code: _texts(_read(f"{name}/{code}.yaml", text, ReadyWords))
        for code, text in sorted(texts.items())
    }
    body = {"asks": purpose.asks, "tone": purpose.tone, "languages": msgspec.to_builtins(languages)}
    marked = msgspec.json.encode([wording, body], order="sorted")
    version = hashlib.sha256(marked).hexdigest()[:12]
    source = yaml.dump(
        {"version": version, **body}, allow_unicode=True, sort_keys=False, width=100, Dumper=_Dumper
    )
    template = msgspec.convert({"version": version, **body}, MessageTemplate)
    return BuiltIn(name, version, source, template)


def _texts(words: ReadyWords) -> LanguageTexts:
    """In every channel."""
    text, close = _paragraphs(words.words), _paragraphs(words.close)
    plain = _in_layout("{}.txt", "\n\n".join(text), "\n\n".join(close))
    html = _in_layout("{}.html", _html(text), _html(close))
    title = words.portal_title or words.subject
    return msgspec.convert(
        {
            "email": {
                "subject": words.subject,
                "text": plain.format("message"),
                "html": html.format("message"),
            },
            "sms": {"text": _in_layout("{}.txt", " ".join(words.sms.split()), "").format("sms")},
            "letter": {"text": plain.format("letter")},
            "voice": {
                "script": _in_layout("{}.txt", " ".join(words.voice.split()), "").format("voice")
            },
            "portal": {"title": title, "text": plain.format("portal")},
        },
        LanguageTexts,
    )


def _in_layout(layout: str, words: str, close: str) -> str:
    """Braces are doubled: the name of the layout is filled in afterwards."""
    blocks = f"{{% block words %}}\n{words}\n{{% endblock %}}\n"
    if close:
        blocks += f"{{% block close %}}\n{close}\n{{% endblock %}}\n"
    doubled = blocks.replace("{", "{{").replace("}", "}}")
    return f'{{{{% extends "{layout}" %}}}}\n{doubled}'


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split("\n") if each.strip()]


def _html(paragraphs: list[str]) -> str:
    """Words are escaped, what stands in braces is not."""
    return "\n".join(f"<p>{''.join(map(_escaped, _TAG.split(each)))}</p>" for each in paragraphs)


def _escaped(piece: str) -> str:
    return piece if _TAG.fullmatch(piece) else escape(piece, quote=False)


def _read(file: str, text: str, type_: type[T]) -> T:
    try:
        return msgspec.convert(read_document(text).data, type_)
    except msgspec.ValidationError as error:
        raise Invalid(f"{file} does not fit: {error}") from error
    except Invalid as error:
        raise Invalid(f"{file}: {error.detail}") from error


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Texts of many lines stand as they are read. libyaml's is ten times as fast."""


def _represent(dumper: Any, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Dumper.add_representer(str, _represent)
