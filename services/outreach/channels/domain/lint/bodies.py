"""A channel's texts tried on the samples, and what is to be seen in what comes out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

from services.outreach.channels.domain.amounts import notation
from services.outreach.channels.domain.lint import samples
from services.outreach.channels.domain.lint.findings import Rule
from services.outreach.channels.domain.message_values import Line, MessageContent
from services.outreach.channels.domain.message_views import DISCOUNT, PRINCIPAL
from services.outreach.channels.domain.rendering import NotWritten, fill_with
from services.outreach.channels.domain.template_document import MessageTemplate, TextChannel
from services.outreach.channels.domain.template_language import BadTemplate, TemplateLanguage
from services.outreach.channels.domain.wording import Wording

HEADLINES = frozenset({"subject", "title"})
_HIDING = re.compile(r"<(?P<end>/?)(?P<name>style|script|title|head)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_ANCHOR = re.compile(r"""<a\b[^<>]*\bhref\s*=\s*["']([^"']*)["'][^<>]*>""")
_BLOCK_END = re.compile(r"</(?:p|li|h\d|td|tr|div)>|<br\s*/?>", re.IGNORECASE)
_CURRENCY = r"(?:€|\$|£|¥|EUR|USD|GBP|CHF|JPY|CAD|AUD|MXN|euros?|dollars?|d[óo]lares|francs?)"
_AMOUNT = re.compile(
    rf"(?:{_CURRENCY}\s?\d[\d.,'\s]{{0,30}}|(?<!\d)\d[\d.,']{{0,18}}+\s?{_CURRENCY}(?!\w)|\b\d[\d.,']{{0,18}}[.,]\d\d\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Body:
    """What a reader reads of one sample."""

    sample: str
    text: str  # without tags, blanks made one
    language: str

    @property
    def has_opt_out(self) -> bool:
        return samples.OPT_OUT_WORDS in self.text

    @property
    def has_contact(self) -> bool:
        return str(samples.CREDITOR.phone) in self.text or str(samples.CREDITOR.url) in self.text

    def has_way_to_pay(self, channel: str) -> bool:
        """What is heard can name no link: a number to call will do."""
        if samples.PAY_URL in self.text or samples.PORTAL_URL in self.text:
            return True
        return channel == "voice" and self.has_contact

    @property
    def has_amount(self) -> bool:
        """Whether it names a total, or the amount of a line."""
        content = samples.CONTENTS[self.sample]
        return self._has_any(
            [t.asked_minor for t in (*content.overdue_totals, *content.upcoming_totals)]
            + [t.open_minor for t in (*content.overdue_totals, *content.upcoming_totals)]
            + [line.amount_minor for line in _lines(content)]
        )

    def names_charges(self, *, all_of_them: bool) -> bool:
        charges = _charges(samples.CONTENTS[self.sample])
        each = all(self._has(minor) for minor in charges)
        return each or (not all_of_them and self._has(sum(charges)))

    @property
    def has_any_charge(self) -> bool:
        return self._has_any(_charges(samples.CONTENTS[self.sample]))

    def _has(self, minor: int) -> bool:
        written = notation(self.language, "DE").money(minor, samples.CURRENCY)
        return _blanks(str(written)) in self.text

    def _has_any(self, amounts: Iterable[int]) -> bool:
        return any(self._has(minor) for minor in amounts)


@dataclass
class TextTrial:
    """What came out, by part."""

    bodies: dict[str, list[Body]] = field(default_factory=dict)
    subjects: list[Body] = field(default_factory=list)
    raw: list[tuple[str, str]] = field(default_factory=list)  # part, what came out
    faults: list[tuple[str, Rule, str]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults


def trial(
    wording: Wording, template: MessageTemplate, channel: TextChannel, language: str
) -> TextTrial:
    """A text that speaks of one section only may fail on the samples of others, but not on all."""
    tried = TextTrial()
    for part, source in template.languages[language].sources(channel).items():
        _static_faults(tried, wording.language, part, source)
        _try(tried, wording, template, channel, language, part, source)
    return tried


def _try(
    tried: TextTrial,
    wording: Wording,
    template: MessageTemplate,
    channel: TextChannel,
    language: str,
    part: str,
    source: str,
) -> None:
    errors: list[NotWritten] = []
    written = 0
    for name in samples.CONTENTS:
        try:
            raw = fill_with(
                wording,
                template,
                source,
                part,
                language,
                samples.sample(name),
                (samples.DISCLOSURE,),
                samples.OPT_OUT_WORDS if channel in ("email", "sms") else None,
            )
        except NotWritten as error:
            errors.append(error)
            if error.is_endless:
                break
            continue
        written += 1
        body = Body(name, readable(raw, is_html=part == "html"), language)
        tried.raw.append((part, raw))
        if part in HEADLINES:
            if part == "subject":
                tried.subjects.append(body)
        else:
            tried.bodies.setdefault(part, []).append(body)
    if errors and (not written or errors[-1].is_endless):
        rule: Rule = "too-long" if errors[-1].is_endless else "unknown-variable"
        tried.faults.append((part, rule, errors[0].detail))


def _static_faults(tried: TextTrial, language: TemplateLanguage, part: str, source: str) -> None:
    try:
        names = language.unknown_names(source)
    except BadTemplate:
        return  # the trial says it
    for name in sorted(names):
        tried.faults.append((part, "unknown-variable", f"there is no {name}"))


def readable(raw: str, *, is_html: bool) -> str:
    if is_html:
        raw = unescape(_TAG.sub(" ", _shown(_with_links(raw))))
    return _blanks(raw)


def _shown(raw: str) -> str:
    """Without what no reader sees; what is opened and never closed stays."""
    kept: list[str] = []
    hidden, start = None, 0
    for tag in _HIDING.finditer(raw):
        name = tag["name"].lower()
        if hidden is None and not tag["end"]:
            kept.append(raw[start : tag.start()])
            hidden, start = name, tag.start()
        elif tag["end"] and name == hidden:
            hidden, start = None, tag.end()
    return " ".join([*kept, raw[start:]])


def _with_links(raw: str) -> str:
    """A link stands for its address."""
    return _ANCHOR.sub(r" \1 ", raw)


def literal_words(language: TemplateLanguage, source: str, *, is_html: bool) -> str | None:
    """What stands in a text as it is, variables left out; None: the text cannot be read."""
    try:
        words = language.literal_text(source)
    except BadTemplate:
        return None
    if is_html:
        words = _BLOCK_END.sub("\n\n", words)
        words = unescape(_TAG.sub(" ", _shown(words)))
    return words


def literal_amount(words: str) -> str | None:
    found = _AMOUNT.search(words)
    return None if found is None else found[0].strip()


def _blanks(text: str) -> str:
    return " ".join(text.split())


def _lines(content: MessageContent) -> list[Line]:
    return [
        *content.overdue, *content.upcoming, *content.promises, *content.instalments,
        *content.settlements,
    ]  # fmt: skip


def _charges(content: MessageContent) -> list[int]:
    parts = [*content.charges, *(part for line in content.overdue for part in line.parts)]
    return [p.amount_minor for p in parts if p.kind not in (PRINCIPAL, DISCOUNT)]
