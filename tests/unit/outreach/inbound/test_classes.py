"""What a reply wants, in four languages."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.inbound.domain.classes import read_words
from services.outreach.inbound.domain.word_lists import parse_word_lists
from services.outreach.inbound.domain.words import words_of
from shared.errors import Invalid
from tests.unit.outreach.inbound.lists import FOLDER, LISTS

# The page's own lists: at least these are known.
PAGE: dict[str, Sequence[str]] = {
    "stop": (
        "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "remove",
        "opt out", "leave me alone", "stopp", "abmelden", "arrêt", "désabonner", "alto", "baja",
        "parar", "no más", "STOP.", "Stop please", "stop texting me, thanks", "stop sms now",
        "Bitte abmelden, danke", "arrêt merci", "baja por favor, gracias", "stop texts",
    ),
    "start": ("start", "unstop", "START!", "start please"),
    "stop-unclear": (
        "Could you stop by tomorrow?", "please cancel my order", "I will pay, but stop calling",
        "stop and start",
    ),
    "wrong-party": (
        "wrong number", "This is the wrong person!", "Falsche Nummer", "mauvais numéro",
        "Número equivocado.",
    ),
    "legal": (
        "talk to my attorney", "my lawyer", "I am bankrupt", "he is deceased", "She died",
        "Mein Anwalt meldet sich", "Insolvenz", "verstorben", "mon avocat", "en faillite",
        "il est décédé", "mi abogado", "en quiebra", "falleció",
    ),
    "hardship": (
        "I lost my job", "I cannot afford it", "I am in hospital", "bin arbeitslos",
        "im Krankenhaus", "au chômage", "à l'hôpital", "desempleo",
    ),
    "dispute": (
        "I dispute this", "I never received it", "wrong amount", "I do not owe you",
        "Reklamation", "nicht erhalten", "je conteste", "je n'ai pas reçu la commande",
        "no recibí nada", "no debo nada",
    ),
    "claim": (
        "already paid", "I have paid", "bereits bezahlt", "schon bezahlt", "habe es überwiesen",
        "déjà payé", "j'ai payé", "ya pagué", "he pagado",
    ),
    "promise": (
        "I will pay", "I can pay", "I'll pay", "ich zahle", "ich überweise", "je paierai",
        "je vais payer", "pagaré", "voy a pagar",
    ),
    "other": ("hello", "", "?", "I will not pay on Friday", "Ich habe noch nicht bezahlt"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [(text, class_) for class_, texts in PAGE.items() for text in texts]
)
def test_the_words_of_the_page(text: str, expected: str) -> None:
    assert read_words(text, LISTS).reply_class == expected


@pytest.mark.parametrize(
    ("text", "expected", "matters"),
    [
        ("STOP.", "stop", ()),
        ("Could you stop by tomorrow?", "stop-unclear", ()),
        ("Ich habe schon bezahlt", "claim", ("claim",)),
        ("Perdí mi empleo: desempleo, pero voy a pagar", "hardship", ("hardship", "promise")),
        ("Je paierai vendredi", "promise", ("promise",)),
        ("I will not pay on Friday", "other", ()),
    ],
)
def test_out_g10_the_classes(text: str, expected: str, matters: tuple[str, ...]) -> None:
    """OUT-G10: each text has one class, the strictest; two matters are a person's."""
    reading = read_words(text, LISTS)
    assert (reading.reply_class, reading.matters) == (expected, matters)
    assert reading.is_mixed == (len(matters) > 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I do not dispute this at all", "other"),
        ("Aún no he pagado", "other"),
        ("I have not received my salary", "other"),
        ("Ich habe mein Gehalt noch nicht erhalten", "other"),
        ("dispute", "dispute"),
        ("disputes", "other"),  # whole words alone
        ("ＳＴＯＰ", "stop"),  # wide letters are letters
        ("s t o p", "other"),
        ("S.T.O.P", "other"),
        ("stop\n\n", "stop"),
        ("unsubscribe\u00a0me", "stop"),
        ("thanks", "other"),  # fillers alone ask for nothing
    ],
)
def test_what_people_really_write(text: str, expected: str) -> None:
    assert read_words(text, LISTS).reply_class == expected


def test_a_negation_is_seen() -> None:
    for text in ("I cannot", "never", "nicht", "kein", "pas", "jamais", "no", "nunca", "can’t"):
        assert read_words(text, LISTS).is_negated, text
    assert not read_words("I will pay on Friday", LISTS).is_negated


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=300) | st.text("stop pay nothing.€1", max_size=80))
def test_any_text_has_one_class(text: str) -> None:
    reading = read_words(text, LISTS)
    assert reading == read_words(text, LISTS)
    assert reading.reply_class == read_words(text.upper().lower(), LISTS).reply_class or (
        words_of(text) != words_of(text.upper().lower())
    )


@settings(max_examples=60)
@given(st.data())
def test_case_marks_and_punctuation_change_nothing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([t for texts in PAGE.values() for t in texts if t]))
    dressed = "".join(
        data.draw(st.sampled_from((c.upper(), c.lower(), c + "\u0301"))) if c.isalpha() else c
        for c in text
    )
    around = data.draw(st.sampled_from(("", "!", " …", "\n", "\u202f")))
    assert (
        read_words(around + dressed + around, LISTS).reply_class
        == read_words(text, LISTS).reply_class
    )


def test_a_list_that_does_not_fit_is_refused_with_all_its_faults() -> None:
    sources = {
        "xx.yaml": "stop: [ok, '...']\ndays: {someday: [x]}\nmonths: [[a]]\nexcept: {z: [a]}"
    }
    with pytest.raises(Invalid) as refused:
        parse_word_lists(sources)
    assert {error.pointer for error in refused.value.errors} == {
        "/xx.yaml/stop/1", "/xx.yaml/days/someday", "/xx.yaml/months", "/xx.yaml/except/z",
    }  # fmt: skip
    with pytest.raises(Invalid):
        parse_word_lists({"xx.yaml": "stopp: [a]"})


def test_every_language_has_every_kind_of_list() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {"de", "en", "es", "fr"}
    for path in FOLDER.glob("*.yaml"):
        lists = parse_word_lists({path.name: path.read_text("utf-8")})
        assert lists.stop
        assert lists.wrong_party
        assert lists.negations
        assert all(lists.matters.values())
