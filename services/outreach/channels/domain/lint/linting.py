"""The lint of a template: every channel of every language, tried on samples."""

from collections.abc import Iterator, Sequence

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.languages import LANGUAGE_DEFAULT, language_chain
from services.outreach.channels.domain.lint import bodies, links
from services.outreach.channels.domain.lint.bodies import Body, TextTrial, trial
from services.outreach.channels.domain.lint.findings import LintFinding, Rule
from services.outreach.channels.domain.lint.readability import READABLE_MIN, readability
from services.outreach.channels.domain.lint.samples import CHARGED, CREDITOR, DISCLOSURE
from services.outreach.channels.domain.sms_text import sms_text
from services.outreach.channels.domain.template_document import (
    TEXT_CHANNELS,
    MessageTemplate,
    TextChannel,
)
from services.outreach.channels.domain.word_lists import LintWords, first_phrase
from services.outreach.channels.domain.wording import Wording
from shared.field_errors import escape

SEGMENTS_MAX = 4
ITEMISED = frozenset({"email", "letter", "portal"})  # elsewhere the sum of all charges will do
WITH_OPT_OUT = frozenset({"email", "sms"})


def lint_template(
    wording: Wording,
    template: MessageTemplate,
    tone: Tone,
    *,
    tenant_language: str = LANGUAGE_DEFAULT,
    segments_max: int = SEGMENTS_MAX,
) -> list[LintFinding]:
    """All that is wrong, errors first."""
    found: dict[LintFinding, None] = {}
    for code, texts in template.languages.items():
        for channel in texts.channels:
            each = _Channel(wording, template, tone, code, channel, segments_max)
            found |= dict.fromkeys(each.findings())
    found |= dict.fromkeys(_missing_languages(template, tenant_language))
    return sorted(found, key=lambda finding: not finding.is_error)


def _missing_languages(template: MessageTemplate, tenant_language: str) -> Iterator[LintFinding]:
    """English, into which every reader may fall back, the tenant's, and what others have."""
    for code in dict.fromkeys((tenant_language, LANGUAGE_DEFAULT)):
        if not any(each in template.languages for each in language_chain(code)[:-1] or (code,)):
            yield LintFinding("/languages", "missing-language", f"there are no words in {code}")
    used = {c for texts in template.languages.values() for c in texts.channels}
    for code, texts in template.languages.items():
        if missing := [c for c in TEXT_CHANNELS if c in used - set(texts.channels)]:
            detail = f"other languages have {', '.join(missing)}, this one does not"
            yield LintFinding(f"/languages/{escape(code)}", "missing-language", detail)


class _Channel:
    """One channel in one language."""

    def __init__(
        self,
        wording: Wording,
        template: MessageTemplate,
        tone: Tone,
        code: str,
        channel: TextChannel,
        segments_max: int,
    ) -> None:
        self._template = template
        self._wording = wording
        self._tone = tone
        self._code = code
        self._channel = channel
        self._segments_max = segments_max
        self._sources = template.languages[code].sources(channel)
        self._words: LintWords = wording.words(code)

    def findings(self) -> Iterator[LintFinding]:
        yield from self._missing_parts()
        for part, source in self._sources.items():
            yield from self._of_source(part, source)
        tried = trial(self._wording, self._template, self._channel, self._code)
        for part, rule, detail in tried.faults:
            yield self._finding(part, rule, detail)
        if tried.is_whole:
            yield from self._of_result(tried)

    def _finding(self, part: str, rule: Rule, detail: str) -> LintFinding:
        return LintFinding(f"/languages/{escape(self._code)}/{self._channel}/{part}", rule, detail)

    def _missing_parts(self) -> Iterator[LintFinding]:
        if self._channel == "email" and "text" not in self._sources:
            yield self._finding("text", "missing-part", "an e-mail has a plain text")

    # ---------------------------------------------------------------------- as it is written

    def _of_source(self, part: str, source: str) -> Iterator[LintFinding]:
        words = bodies.literal_words(self._wording.language, source, is_html=part == "html")
        if words is None:
            return  # it cannot be read, and the trial says why
        if (amount := bodies.literal_amount(words)) is not None:
            yield self._finding(part, "literal-amount", f"{amount}: amounts are variables")
        threat = first_phrase(words, self._words.threats.for_tone(self._tone))
        if threat is not None:
            detail = f"“{threat.rstrip('*')}” is not for a message whose tone is {self._tone}"
            yield self._finding(part, "threat", detail)
        if part not in ("subject", "title"):
            score = readability(words, self._code)
            if score is not None and score < READABLE_MIN:
                detail = f"its score is {score:.0f}, from {READABLE_MIN:.0f} on it reads well"
                yield self._finding(part, "hard-to-read", detail)

    # ---------------------------------------------------------------------- as it comes out

    def _of_result(self, tried: TextTrial) -> Iterator[LintFinding]:
        for part in tried.bodies:
            results = tried.bodies[part]
            yield from self._for_everybody(part, results)
            if self._template.asks:
                yield from self._where_it_asks(part, results)
            yield from self._charges(part, [each for each in results if each.sample in CHARGED])
        yield from self._subject(tried)
        for part, raw in tried.raw:
            for link in links.foreign(raw, is_html=part == "html"):
                yield self._finding(part, "foreign-link", f"{link} is not one of our links")
        yield from self._segments(tried)

    def _for_everybody(self, part: str, results: Sequence[Body]) -> Iterator[LintFinding]:
        if not all(CREDITOR.name in each.text for each in results):
            yield self._finding(part, "missing-creditor", "it names creditor.name")
        if not all(DISCLOSURE in each.text for each in results):
            yield self._finding(part, "missing-disclosures", "it goes through disclosures")
        if self._channel in WITH_OPT_OUT and not all(
            each.has_opt_out or first_phrase(each.text, self._words.opt_out) for each in results
        ):
            detail = f"it says how to end it: opt_out, or {self._words.opt_out[0].upper()}"
            yield self._finding(part, "missing-opt-out", detail)

    def _where_it_asks(self, part: str, results: Sequence[Body]) -> Iterator[LintFinding]:
        if not any(each.has_amount for each in results):
            yield self._finding(part, "missing-amount", "it says how much: totals, or its lines")
        if not any(each.has_way_to_pay(self._channel) for each in results):
            detail = "it says where to pay: pay_url or portal_url"
            yield self._finding(part, "missing-way-to-pay", detail)
        if not all(
            each.has_contact or first_phrase(each.text, self._words.help) for each in results
        ):
            detail = "it says how to ask or object: creditor.phone, creditor.url, or “reply”"
            yield self._finding(part, "missing-help", detail)

    def _charges(self, part: str, results: Sequence[Body]) -> Iterator[LintFinding]:
        for each in results:
            if each.has_amount and not each.names_charges(all_of_them=self._channel in ITEMISED):
                detail = "an amount has charges in it: name line.parts and charges, one by one"
                if self._channel not in ITEMISED:
                    detail = "an amount has charges in it: name total.charges, or each of them"
                yield self._finding(part, "fee-not-itemised", detail)
                return

    def _subject(self, tried: TextTrial) -> Iterator[LintFinding]:
        if any(each.has_amount or each.has_any_charge for each in tried.subjects):
            yield self._finding("subject", "amount-in-subject", "others may see it: no amounts")

    def _segments(self, tried: TextTrial) -> Iterator[LintFinding]:
        if self._channel != "sms":
            return
        longest = max((sms_text(raw).segments for _, raw in tried.raw), default=0)
        if longest > self._segments_max:
            detail = f"{longest} segments with a long name, at most {self._segments_max} leave"
            yield self._finding("text", "too-many-segments", detail)
