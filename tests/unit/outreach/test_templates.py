"""Templates: their language, in which none can run long; languages of readers; the ready ones."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.channels.domain.languages import READY_LANGUAGES, language_chain
from services.outreach.channels.domain.lint import samples
from services.outreach.channels.domain.lint.linting import lint_template
from services.outreach.channels.domain.lint.readability import readability
from services.outreach.channels.domain.message_values import (
    CreditorDetails,
    Line,
    MessageContent,
    MessageValues,
)
from services.outreach.channels.domain.parts import EmailParts, Parts, SmsParts
from services.outreach.channels.domain.rendering import NotWritten
from services.outreach.channels.domain.template_document import TEXT_CHANNELS, MessageTemplate
from services.outreach.channels.domain.template_facts import TemplateFacts, tone_of
from services.outreach.channels.domain.template_kind import message_templates
from services.outreach.channels.domain.template_texts import read_template
from shared.errors import Invalid
from tests.unit.outreach.builders import MONDAY, TEMPLATES, WORDS

READY = (
    "upcoming", "reminder", "overdue", "firm", "final", "promise-made", "promise-due",
    "promise-broken", "instalment-due", "instalment-missed", "payment-failed", "settlement-offer",
    "dispute-received", "dispute-result", "thanks", "apology", "care", "validation", "new-link",
    "stop-confirmed", "first-call", "code",
)  # fmt: skip
KIND = message_templates(WORDS.wording.language)
VALUES = samples.sample("overdue")


def a_template(text: str = "Hello {{ name }}", **fields: Any) -> MessageTemplate:
    body = {
        "version": "1",
        "asks": False,
        "languages": {"en": {"portal": {"title": "Hello", "text": text}}},
    }
    return msgspec.convert(body | fields, MessageTemplate)


def shown(text: str, values: MessageValues = VALUES) -> str:
    parts = WORDS.render(a_template(text), "portal", ("en",), values)
    return parts.text.strip()  # type: ignore[union-attr]


def faults_of(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        KIND.checked("mine", msgspec.json.encode(a_template(text)).decode())
    return [(error.pointer, error.detail) for error in caught.value.errors]


# ------------------------------------------------------------------------------- the ready ones


def test_all_that_are_named_are_ready_in_four_languages_and_every_channel() -> None:
    templates = WORDS.in_force.templates
    assert set(templates) == set(READY)
    for template in templates.values():
        assert tuple(sorted(template.languages)) == tuple(sorted(READY_LANGUAGES))
        assert all(texts.channels == TEXT_CHANNELS for texts in template.languages.values())


@pytest.mark.parametrize("name", READY)
def test_a_ready_template_has_nothing_to_be_mended(name: str) -> None:
    template = WORDS.in_force.templates[name]
    assert lint_template(WORDS.wording, template, tone_of(name, template)) == []


@pytest.mark.parametrize("name", READY)
def test_a_ready_template_is_a_document_that_can_be_sent_back(name: str) -> None:
    built_in = WORDS.ready[name]
    assert read_template(built_in.source) == built_in.content
    assert KIND.checked(name, built_in.source).version == built_in.version


def everything() -> list[Parts]:
    return [
        WORDS.render(template, channel, (language,), samples.sample(content))
        for template in WORDS.in_force.templates.values()
        for language in READY_LANGUAGES
        for channel in TEXT_CHANNELS
        for content in ("overdue-many", "promises", "nothing")
    ]


def test_no_message_shows_what_only_programs_say() -> None:
    bad = re.compile(r"\bNone\b|\{\{|\{%|\[\]|\(\)|\bTrue\b|Undefined|  +[.,]| [.,;](?!\.)")
    for parts in everything():
        for text in msgspec.to_builtins(parts).values():
            body = re.sub(r"<style>.*?</style>|<[^>]*>", "", text, flags=re.DOTALL)
            assert not bad.search(body), (bad.search(body), body)
            assert "\n\n\n" not in text


def test_a_message_to_nobody_by_name_and_a_creditor_of_a_name_only_is_written() -> None:
    values = MessageValues(
        "", CreditorDetails("Creditor Ltd"), samples.CONTENTS["overdue"], code=samples.CODE
    )
    for template in WORDS.in_force.templates.values():
        for language in READY_LANGUAGES:
            for channel in TEXT_CHANNELS:
                parts = msgspec.to_builtins(WORDS.render(template, channel, (language,), values))
                assert all(text.strip() for text in parts.values())


def test_an_operators_folder_may_have_templates_of_its_own() -> None:
    sources = {name: text for name, text in TEMPLATES.items() if name.startswith("_")}
    sources |= {
        "hello/template.yaml": "about: Hello\nasks: false\ntone: friendly\n",
        "hello/en.yaml": "subject: Hello\nwords: One.\n\n  Two <b>.\nsms: hi\nvoice: hi\n",
    }
    words = type(WORDS)(sources)
    parts = words.render(words.in_force.templates["hello"], "email", ("en",), VALUES)
    assert isinstance(parts, EmailParts)
    assert "Two &lt;b&gt;." in parts.html


# ------------------------------------------------------------------------------- the language


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ name }}", samples.NAME),
        ("{{ creditor.name | upper }}", samples.CREDITOR.name.upper()),
        ("{% for line in overdue %}{{ line.number }};{% endfor %}", "R-2027-00042;"),
        ("{{ overdue[0].due_on }} / {{ overdue[0].due_on.short }}", "2 March 2027 / 2 Mar 2027"),
        ("{% if promises %}a{% elif overdue | length == 1 %}b{% endif %}", "b"),
        ("{{ overdue[0].parts[1].name }} {{ overdue[0].parts[1].amount }}", "fee 1.043,21\xa0€"),
        ("{% for t in totals %}{{ t.charges }}{% endfor %}", "2.067,89\xa0€"),
        ("{{ 'yes' if pay_url else 'no' }}{{ '{{' }}", "yes{{"),
        ("{{ name ~ '!' }}", f"{samples.NAME}!"),
    ],
)
def test_what_a_template_can_say(text: str, written: str) -> None:
    assert shown(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}", "{{ name.upper() }}", "{{ range(10) }}", "{{ 2 * 3 }}",
        "{{ 10 ** 10 }}", "{% set x = name %}", "{% macro x() %}{% endmacro %}",
        "{% include 'message.txt' %}", "{% import 'message.txt' as m %}", "{{ _budget }}",
        "{% extends '/etc/passwd' %}", "{% extends name %}", "{{ name | center(1000000) }}",
        "{{ name | replace('a', 'aaaaaaaaaa') }}", "{{ name | wordwrap(1) }}",
        "{{ name | truncate(length=9) }}", "{{ self.words() }}", "{% for a in overdue recursive %}"
        "{% endfor %}", "{{ unclosed", "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{% for a in overdue %}" * 4 + "{% endfor %}" * 4, "{% call x() %}{% endcall %}",
        "{{ overdue | map(attribute='number') }}", "{% autoescape false %}{% endautoescape %}",
        "{{ lipsum() }}", "{{ name['__class__'] }}" + "{{ x.__init__ }}",
    ],
)  # fmt: skip
def test_what_is_not_of_the_language_is_refused_where_it_stands(text: str) -> None:
    (fault,) = faults_of(text)
    assert fault[0] == "/languages/en/portal/text"


@pytest.mark.parametrize(
    "text",
    ["{{ missing }}", "{{ overdue[0].missing }}", "{{ overdue[9].number }}", "{{ overdue }}",
     "{{ promises[0].number }}", "{{ creditor }}", "{% for c in name %}{{ c }}{% endfor %}"],
)  # fmt: skip
def test_what_is_not_there_is_an_error_and_no_gap(text: str) -> None:
    with pytest.raises(NotWritten) as caught:
        shown(text)
    assert caught.value.reason == "message-not-written"


def test_a_value_that_is_not_known_is_never_printed() -> None:
    values = MessageValues("Ada", CreditorDetails("Creditor Ltd"))
    assert shown("{% if creditor.phone %}call{% else %}write{% endif %}", values) == "write"
    with pytest.raises(NotWritten, match="not known"):
        shown("{{ creditor.phone }}", values)


def test_a_template_that_goes_round_and_round_is_stopped() -> None:
    lines = tuple(Line("C1", f"I{i}", f"{i}", MONDAY, "EUR", 0) for i in range(200))
    content = MessageContent(promises=lines)
    inner = "".join("{% for " + name + " in promises %}" for name in "abc")
    with pytest.raises(NotWritten) as caught:
        shown(inner + "x" + "{% endfor %}" * 3, MessageValues("Ada", samples.CREDITOR, content))
    assert caught.value.is_endless


def test_a_template_that_writes_without_end_is_stopped() -> None:
    lines = tuple(Line("C1", f"I{i}", "n" * 2_000, MONDAY, "EUR", 0) for i in range(200))
    text = "{% for a in promises %}" + "{{ a.number }}" * 20 + "{% endfor %}"
    with pytest.raises(NotWritten) as caught:
        shown(text, MessageValues("Ada", samples.CREDITOR, MessageContent(promises=lines)))
    assert caught.value.is_endless


_PIECES = st.sampled_from(
    ["{{ name }}", "{{", "}}", "{%", "%}", "{% if name %}", "{% endif %}", "{% for a in overdue %}",
     "{% endfor %}", "{{ a.amount }}", "x", "\n", "{#", "#}", "{% else %}", "€", "{{ 'a' ~ name }}"]
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(_PIECES, max_size=12))
def test_any_text_is_written_or_refused(pieces: list[str]) -> None:
    try:
        assert isinstance(shown("".join(["x", *pieces])), str)
    except NotWritten as error:
        assert error.reason == "message-not-written"  # noqa: PT017


# ------------------------------------------------------------------------------- documents


@pytest.mark.parametrize(
    ("source", "pointers"),
    [
        ("{}", {"/version", "/asks", "/languages"}),
        ('{"version": "1", "asks": true, "languages": {}}', {"/languages"}),
        ('{"version": "1", "asks": 1, "languages": {"en": {"sms": {"text": ""}}}, "x": 1}',
         {"/asks", "/languages/en/sms/text", "/x"}),
        ('{"version": "1", "asks": true, "languages": {"de_at": {"sms": {"text": "a"}}, "en": {}}}',
         {"/languages/de_at", "/languages/en"}),
        ("version: '1'\nasks: true\nlanguages: {en: {fax: {text: a}}}", {"/languages/en/fax"}),
    ],
)  # fmt: skip
def test_every_fault_of_the_form_is_named_where_it_stands(source: str, pointers: set[str]) -> None:
    with pytest.raises(Invalid) as caught:
        read_template(source)
    assert {error.pointer for error in caught.value.errors} == pointers


def test_json_with_pairs_of_surrogates_is_read() -> None:
    found = read_template(
        '{"version": "1", "asks": false, "languages": {"en": {"sms": {"text": "\\ud83d\\ude00"}}}}'
    )
    assert found.languages["en"].sources("sms") == {"text": "😀"}


@pytest.mark.parametrize("name", ["Reminder", "a b", "", "-x", "x" * 65, "ä"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        KIND.checked(name, msgspec.json.encode(a_template()).decode())
    assert caught.value.errors[0].pointer == "/name"


# ------------------------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("preferred", "chain"),
    [
        ((), ("en",)),
        (("de-AT", None, "fr"), ("de-AT", "de", "fr", "en")),
        (("de_at", "DE"), ("de-AT", "de", "en")),
        (("en-GB", "de"), ("en-GB", "en", "de")),
        (("not a language", "es"), ("es", "en")),
        (("zh-hant-tw",), ("zh-Hant-TW", "zh-Hant", "zh", "en")),
    ],
)
def test_the_languages_to_try(preferred: tuple[str | None, ...], chain: tuple[str, ...]) -> None:
    assert language_chain(*preferred) == chain


def test_the_first_language_that_has_the_channel_is_taken() -> None:
    template = msgspec.convert(
        {
            "version": "1",
            "asks": False,
            "languages": {
                "de": {"email": {"subject": "s", "text": "deutsch"}},
                "en": {"email": {"subject": "s", "text": "english"}, "sms": {"text": "english"}},
            },
        },
        MessageTemplate,
    )
    chain = language_chain("de-AT")
    assert template.language_of("email", chain) == "de"
    parts = WORDS.render(template, "sms", chain, VALUES)
    assert parts == SmsParts("english")
    with pytest.raises(NotWritten) as caught:
        WORDS.render(template, "letter", chain, VALUES)
    assert caught.value.reason == "no-template"
    found = TemplateFacts({"mine": template})
    assert found.has_text("mine", "email", "de-AT")
    assert not found.has_text("mine", "sms", "de-AT")
    assert found.has_text("mine", "sms", "en")
    assert (found.knows("mine"), found.knows("other"), found.asks("mine")) == (True, False, False)
    assert found.language_of("mine", "sms", ("de",)) is None
    assert found.language_of("mine", "webhook", ("de",)) == "de"


def test_a_text_of_no_html_has_some_made_of_it() -> None:
    email = {"subject": "s", "text": "One <b>\nline\n\nTwo"}
    template = a_template(languages={"en": {"email": email}})
    parts = WORDS.render(template, "email", ("en",), VALUES)
    assert isinstance(parts, EmailParts)
    assert parts.html == "<p>One &lt;b&gt;<br>\nline</p>\n<p>Two</p>\n"


# ------------------------------------------------------------------------------- readability


@pytest.mark.parametrize(
    ("language", "easy", "hard"),
    [
        ("en", "Please pay now. We can help you. Just call us. " * 3,
         "Notwithstanding the aforementioned contractual stipulations, remuneration is obligatory. "
         * 3),
        ("de", "Bitte zahlen Sie. Wir helfen gern. Rufen Sie uns an. " * 3,
         "Unbeschadet vorgenannter Vertragsbestimmungen ist die Zahlungsverpflichtung "
         "unverzüglich zu erfüllen. " * 3),
        ("fr", "Merci de payer. Nous vous aidons. Appelez-nous vite. " * 3,
         "Nonobstant les stipulations contractuelles susmentionnées, la rémunération "
         "considérable demeure obligatoire. " * 3),
        ("es", "Pague ya, por favor. Le damos tiempo. Hable con nosotros. " * 3,
         "Independientemente de las estipulaciones contractuales anteriormente mencionadas, la "
         "remuneración correspondiente resulta obligatoria. " * 3),
    ],
)  # fmt: skip
def test_plain_words_are_easy_and_those_of_lawyers_are_not(
    language: str, easy: str, hard: str
) -> None:
    assert (readability(easy, language) or 0) > 70
    assert (readability(hard, language) or 100) < 40


def test_of_few_words_and_other_languages_nothing_is_said() -> None:
    assert readability("Please pay.", "en") is None
    assert readability("Proszę zapłacić jak najszybciej. " * 20, "pl") is None
