"""The lint of templates: each thing that it finds, and that it finds nothing else."""

from typing import Any

import msgspec
import pytest

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.lint import links
from services.outreach.channels.domain.lint.linting import lint_template
from services.outreach.channels.domain.lint.samples import PAY_URL
from services.outreach.channels.domain.template_document import MessageTemplate
from tests.unit.outreach.builders import WORDS

SUBJECT = "About your account"
GOOD = (
    "Dear {{ name }}, this is {{ creditor.name }}. "
    "{% for line in overdue %}{{ line.number }}: {{ line.amount }}"
    "{% for part in line.parts %} ({{ part.name }} {{ part.amount }}){% endfor %}; {% endfor %}"
    "{% for part in charges %}{{ part.name }}: {{ part.amount }}; {% endfor %}"
    "{% for line in upcoming %}{{ line.number }}: {{ line.amount }}; {% endfor %}"
    "{% for total in totals %}In all: {{ total.amount }}. {% endfor %}"
    "Pay here: {{ pay_url }} or just reply. {{ opt_out or '' }}"
    "{% for text in disclosures %} {{ text }}{% endfor %}"
)
SMS = (
    "{{ creditor.name }}: {% for total in totals %}{{ total.amount }}, charges "
    "{{ total.charges }}. {% endfor %}{{ pay_url }} Just reply. STOP ends it."
    "{% for text in disclosures %} {{ text }}{% endfor %}"
)


def found(
    channel: str, tone: Tone | None = None, *, asks: bool = True, language: str = "en", **texts: str
) -> set[tuple[str, str]]:
    template = msgspec.convert(
        {"version": "1", "asks": asks, "languages": {language: {channel: texts}}}, MessageTemplate
    )
    findings = lint_template(WORDS.wording, template, tone or "friendly", tenant_language=language)
    at = f"/languages/{language}/{channel}/"
    return {
        (finding.rule, finding.pointer.removeprefix(at))
        for finding in findings
        if finding.rule != "missing-language"
    }


def email(text: str = GOOD, **more: Any) -> set[tuple[str, str]]:
    return found("email", **({"subject": SUBJECT, "text": text} | more))


def without(piece: str) -> str:
    assert piece in GOOD
    return GOOD.replace(piece, "")


def test_a_good_template_has_nothing_to_be_mended() -> None:
    assert email() == set()
    assert found("sms", text=SMS) == set()
    assert found("letter", text=GOOD.replace("{{ opt_out or '' }}", "")) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD + "{{ surname }}", "unknown-variable"),
        (GOOD + "{% if overdue and overdue[0].colour %}x{% endif %}", "unknown-variable"),
        (GOOD + "{{ creditor['fax'] }}", "unknown-variable"),
        (GOOD.replace("{{ creditor.name }}", "we"), "missing-creditor"),
        (without("Pay here: {{ pay_url }} or "), "missing-way-to-pay"),
        (GOOD.replace("just reply", "pay"), "missing-help"),
        (without("{% for text in disclosures %} {{ text }}{% endfor %}"), "missing-disclosures"),
        (without("{{ opt_out or '' }}"), "missing-opt-out"),
        (GOOD + " It is EUR 12.", "literal-amount"),
        (GOOD + " It is 12,50 € now.", "literal-amount"),
        (GOOD + " It is $1,200.", "literal-amount"),
        (GOOD + " It is 1234.56 in all.", "literal-amount"),
        (without("{% for part in charges %}{{ part.name }}: {{ part.amount }}; {% endfor %}"),
         "fee-not-itemised"),
        (GOOD.replace(" ({{ part.name }} {{ part.amount }})", ""), "fee-not-itemised"),
        (GOOD + " You will be arrested.", "threat"),
        (GOOD + " Pay at https://pay.example.org/x", "foreign-link"),
        (GOOD + " Pay at bit.ly/x", "foreign-link"),
        (GOOD + " Pay at www.example.org", "foreign-link"),
        (GOOD + " {{ pay_url }}.evil.example.com", "foreign-link"),
    ],
)  # fmt: skip
def test_an_error_of_the_text(text: str, rule: str) -> None:
    rules = {each for each, part in email(text) if part == "text"}
    assert rules == {rule}


def test_amounts_that_are_not_there() -> None:
    text = GOOD
    for piece in (
        "{% for total in totals %}In all: {{ total.amount }}. {% endfor %}",
        ": {{ line.amount }}{% for part in line.parts %} ({{ part.name }} {{ part.amount }})"
        "{% endfor %}",
        ": {{ line.amount }}",
    ):
        text = text.replace(piece, "")
    assert email(text) == {("missing-amount", "text")}
    assert email(text, asks=False) == set()


def test_days_counts_and_times_are_no_amounts() -> None:
    assert email(GOOD + " Pay within 7 days, by 17:30, in 3 parts, from 2027 on.") == set()


def test_an_amount_in_the_subject() -> None:
    subject = "Pay {% for t in totals %}{{ t.amount }}{% endfor %}"
    assert email(subject=subject) == {("amount-in-subject", "subject")}


def test_html_without_text() -> None:
    rules = found("email", subject=SUBJECT, html=f"<p>{GOOD}</p>")
    assert rules == {("missing-part", "text")}


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ("<img src='https://t.example/1.gif'>", "foreign-link"),
        ("<a href=https://evil.example/>pay</a>", "foreign-link"),
        ("<a href='javascript:alert(1)'>pay</a>", "foreign-link"),
        ("<p style=\"background:url('//t.example/1.gif')\">x</p>", "foreign-link"),
        ("<script>x</script>", "foreign-link"),
        ("<form></form>", "foreign-link"),
    ],
)
def test_html_that_leads_or_loads_elsewhere(html: str, rule: str) -> None:
    good = f'<p>{GOOD}</p><a href="{{{{ pay_url }}}}">Pay</a>'
    assert email(html=good) == set()
    assert email(html=good + html) == {(rule, "html")}


@pytest.mark.parametrize(
    ("language", "words", "allowed", "refused"),
    [
        ("en", "An agency may collect it.", ("final",), ("firm", "neutral", "friendly")),
        ("en", "We demand that you pay.", ("final", "firm"), ("neutral", "friendly")),
        ("en", "This is URGENT!", ("final", "firm", "neutral"), ("friendly",)),
        ("en", "You will go to jail.", (), ("final", "friendly")),
        ("de", "Sonst wird gepfändet.", (), ("final", "firm")),
        ("de", "Ein Inkassobüro übernimmt.", ("final",), ("firm", "friendly")),
        ("fr", "Vos biens feront l’objet d’une saisie.", (), ("final", "firm")),
        ("fr", "Une agence prendra la suite.", ("final",), ("firm", "friendly")),
        ("es", "Embargaremos su casa.", (), ("final", "firm")),
        ("es", "Iremos al juzgado.", ("final",), ("firm", "friendly")),
        ("es-MX", "Irá a la CÁRCEL.", (), ("final", "firm")),
    ],
)
def test_a_threat_is_one_in_its_tone(
    language: str, words: str, allowed: tuple[Tone, ...], refused: tuple[Tone, ...]
) -> None:
    for tone in (*allowed, *refused):
        rules = found("portal", tone, asks=False, language=language, title="x", text=words)
        assert (("threat", "text") in rules) == (tone in refused), tone


def test_a_text_that_needs_too_many_segments() -> None:
    long = SMS + " We would be glad to hear from you soon." * 12
    assert found("sms", text=long) == {("too-many-segments", "text")}
    assert found("sms", text=SMS + " ☎" + " and more" * 8) == {("too-many-segments", "text")}
    assert found("sms", text=SMS + " {{ name }}" * 12) == {("too-many-segments", "text")}


def test_charges_in_a_text_message_are_named_by_their_sum_at_least() -> None:
    bare = SMS.replace(", charges {{ total.charges }}", "")
    assert found("sms", text=bare) == {("fee-not-itemised", "text")}


def test_a_text_that_runs_without_end_is_found_before_it_is_sent() -> None:
    endless = "{% for a in disclosures %}" + "{{ name }}" * 1_500 + "{% endfor %}"
    assert ("too-long", "text") not in email(GOOD + endless)  # one sample line: it ends


def test_hard_words_are_a_warning() -> None:
    words = (
        "Notwithstanding aforementioned contractual obligations, remuneration is obligatory "
        "whenever organisational considerations necessitate immediate administrative settlement. "
    )
    template = msgspec.convert(
        {"version": "1", "asks": True, "languages": {"en": {"letter": {"text": words * 2 + GOOD}}}},
        MessageTemplate,
    )
    (finding,) = lint_template(WORDS.wording, template, "neutral")
    assert (finding.rule, finding.is_error) == ("hard-to-read", False)


def test_a_language_that_lacks_what_others_have_is_a_warning() -> None:
    letter = {"letter": {"text": GOOD}}
    template = msgspec.convert(
        {
            "version": "1",
            "asks": True,
            "languages": {"en": {**letter, "sms": {"text": SMS}}, "de": letter},
        },
        MessageTemplate,
    )
    found = lint_template(WORDS.wording, template, "friendly", tenant_language="es")
    warned = {(f.rule, f.pointer) for f in found if not f.is_error}
    assert ("missing-language", "/languages/de") in warned
    assert ("missing-language", "/languages") in warned


def test_a_layout_in_a_language_without_labels_is_refused() -> None:
    text = '{% extends "letter.txt" %}{% block words %}Cześć{% endblock %}'
    assert ("unknown-variable", "text") in found("letter", language="pl", text=text)


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        (f"Pay: {PAY_URL}.", set()),
        ("Dr. Smith, e.g. here. Ready.Steady.", set()),
        ("Write to pay@example.com", set()),
        ("HTTPS://EVIL.EXAMPLE/x", {"HTTPS://EVIL.EXAMPLE/x"}),
        ("evil.co.uk/pay", {"evil.co.uk/pay"}),
    ],
)
def test_links_of_others(text: str, foreign: set[str]) -> None:
    assert set(links.foreign(text, is_html=False)) == foreign
