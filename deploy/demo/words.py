"""What debtors write in answer to a message, by what they want and in which language."""

from collections.abc import Mapping
from typing import Literal

Want = Literal[
    "promise", "claim", "dispute", "hardship", "stop", "stop-unclear", "wrong-party", "legal",
    "other", "auto-reply",
]  # fmt: skip

_EN: Mapping[Want, str] = {
    "promise": "I will pay on {day}.",
    "claim": "I have already paid this.",
    "dispute": "I dispute this invoice, the amount is not what we agreed.",
    "hardship": "I lost my job and cannot afford this at the moment.",
    "stop": "STOP",
    "stop-unclear": "Could you stop by tomorrow to talk about it?",
    "wrong-party": "Sorry, you have the wrong person.",
    "legal": "Please talk to my attorney.",
    "other": "Can you send me the details of the delivery?",
    "auto-reply": "I am out of the office and will read this when I am back.",
}
_DE: Mapping[Want, str] = {
    "promise": "Ich zahle am {day}.",
    "claim": "Ich habe schon bezahlt.",
    "dispute": "Die Ware habe ich nicht erhalten.",
    "hardship": "Ich bin arbeitslos geworden.",
    "stop": "Stopp",
    "stop-unclear": "Wo kann ich die Zeitung abbestellen?",
    "wrong-party": "Falsche Person, den Namen kenne ich nicht.",
    "legal": "Bitte wenden Sie sich an meinen Anwalt.",
    "other": "Können Sie mir den Lieferschein schicken?",
    "auto-reply": "Ich bin nicht im Haus.",
}
_FR: Mapping[Want, str] = {
    "promise": "Je vais payer le {day}.",
    "claim": "J’ai déjà payé.",
    "dispute": "Je conteste cette facture.",
    "hardship": "Je suis au chômage.",
    "stop": "Arrêt",
    "stop-unclear": "Le stop de la livraison, c’était quand ?",
    "wrong-party": "Mauvaise personne.",
    "legal": "Adressez-vous à mon avocat.",
    "other": "Pouvez-vous m’envoyer le détail ?",
    "auto-reply": "Je suis absent.",
}
_ES: Mapping[Want, str] = {
    "promise": "Voy a pagar el {day}.",
    "claim": "Ya pagué.",
    "dispute": "No recibí nada de esto.",
    "hardship": "Estoy en paro.",
    "stop": "Baja",
    "stop-unclear": "La baja del contrato, ¿para cuándo es?",
    "wrong-party": "Se ha equivocado de persona.",
    "legal": "Hable con mi abogado.",
    "other": "¿Me puede mandar el detalle?",
    "auto-reply": "Estoy fuera de la oficina.",
}
_WORDS: Mapping[str, Mapping[Want, str]] = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES}


def words(want: Want, language: str, day: str) -> str:
    """In English where the language is none of ours."""
    return _WORDS.get(language, _EN)[want].format(day=day)
