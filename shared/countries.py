"""Countries by ISO 3166 code or by name, in the languages people write them in; never a guess.

Codes are those of ISO 3166-1 (alpha-2, alpha-3 and numeric), with a few that are reserved or were
in use before, and Kosovo's XK. Names are CLDR's in many languages, ISO's own and common ones;
case, accents, dots, blanks, a leading article and "Republic of" and its like don't count. What
could be several countries (Korea, Congo) or is none is not understood.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import resources

from babel.core import Locale, get_global

_TEXT_MAX = 100  # no country's name is longer; a longer text is not looked at
# Those whose names are tried first, and so are never made ambiguous by the others'.
_FIRST_LANGUAGES = ("en", "de", "pt", "fr", "es", "it", "nl")
_OTHER_LANGUAGES = (
    *("da", "sv", "nb", "fi", "is", "pl", "cs", "sk", "hu", "ro", "bg", "el", "tr", "hr"),
    *("uk", "ru", "ja", "zh", "ko", "ar"),
)
# Codes that are no more, or only reserved, and can mean one country only.
_FORMER = {
    "UK": "GB", "EL": "GR", "DD": "DE", "FX": "FR", "TP": "TL", "ZR": "CD", "BU": "MM", "XK": "XK",
}  # fmt: skip
_BEYOND = "XK"  # user-assigned, and in use everywhere

# Names that CLDR and ISO's table do not have, between bars.
_COMMON = {
    "AE": "UAE|Emirates|Emirate",
    "BA": "Bosnia|Bosnia Herzegovina|Bosnien",
    "BN": "Brunei Darussalam",
    "BO": "Bolivia, Plurinational State of|Plurinational State of Bolivia",
    "BR": "Federative Republic of Brazil|República Federativa do Brasil",
    "BY": "Belorussia|Byelorussia|Weißrussland",
    "CD": "DR Congo|DRC|Democratic Republic of the Congo|Democratic Republic of Congo"
    "|Zaire|Congo, The Democratic Republic of the|Congo, Democratic Republic of the"
    "|Congo (Democratic Republic of the)|Congo Kinshasa|Demokratische Republik Kongo"
    "|République démocratique du Congo|República Democrática do Congo",
    "CG": "Republic of the Congo|Congo Brazzaville|Republik Kongo|République du Congo",
    "CH": "Swiss Confederation|Schweizerische Eidgenossenschaft|Helvetia",
    "CI": "Cote d'Ivoire|Ivory Coast|Elfenbeinküste|Costa do Marfim",
    "CN": "People's Republic of China|PR China|PRC|P.R.C.|Mainland China"
    "|Volksrepublik China",
    "CV": "Cabo Verde|Cape Verde Islands",
    "CZ": "Czech Republic|Tschechische Republik|Tschechei|República Checa"
    "|République tchèque|Česká republika|Tsjechische Republiek|Repubblica Ceca",
    "DE": "Federal Republic of Germany|Bundesrepublik Deutschland|BRD|BR Deutschland"
    "|República Federal da Alemanha",
    "DO": "Dominican Rep",
    "FK": "Falkland Islands (Malvinas)|Malvinas",
    "FM": "Micronesia, Federated States of|Federated States of Micronesia",
    "FR": "French Republic|République française",
    "GB": "UK|United Kingdom of Great Britain and Northern Ireland|Great Britain|Britain"
    "|England|Scotland|Wales|Northern Ireland|Großbritannien|Grossbritannien"
    "|Schottland|Nordirland|Grande-Bretagne|Angleterre|Écosse|Inglaterra|Grã-Bretanha"
    "|Gran Bretaña|Gran Bretagna|Escócia|Escocia|Inghilterra|Scozia|Engeland"
    "|Schotland|Groot-Brittannië|Cymru",
    "GR": "Hellenic Republic|Hellas",
    "HK": "Hong Kong|Hongkong|Hong Kong SAR",
    "IE": "Republic of Ireland|Eire|Irish Republic|Republik Irland",
    "IR": "Iran, Islamic Republic of|Islamic Republic of Iran|Persia",
    "IT": "Italian Republic|Repubblica italiana",
    "KN": "St Kitts and Nevis|St Kitts|Saint Kitts",
    "KP": "Korea, Democratic People's Republic of|Democratic People's Republic of Korea"
    "|DPRK|Korea (Democratic People's Republic of)|Korea North|Korea (North)",
    "KR": "Korea, Republic of|Republic of Korea|Korea (Republic of)|ROK|Korea South"
    "|Korea (South)|Republik Korea|República da Coreia",
    "LA": "Lao|Lao People's Democratic Republic|Lao PDR",
    "LC": "St Lucia",
    "LK": "Ceylon",
    "MD": "Moldova, Republic of|Republic of Moldova|Moldavia|Republik Moldau|Moldawien",
    "MF": "Saint Martin (French part)",
    "MK": "Macedonia|Former Yugoslav Republic of Macedonia"
    "|FYROM|Republic of North Macedonia|Macedonia, the former Yugoslav Republic of"
    "|Mazedonien",
    "MM": "Burma|Birma",
    "MO": "Macau|Macao|Macao SAR",
    "MX": "United Mexican States|Estados Unidos Mexicanos",
    "NL": "Holland|The Netherlands|Kingdom of the Netherlands|Nederland|Netherland|Holanda"
    "|Hollande|Olanda",
    "PL": "Republic of Poland|Rzeczpospolita Polska",
    "PS": "Palestine, State of|State of Palestine|Palestine|Palestinian Authority",
    "PT": "Portuguese Republic|República Portuguesa",
    "RU": "Russian Federation|Russische Föderation|Federação Russa|Fédération de Russie",
    "SA": "KSA|Kingdom of Saudi Arabia",
    "SH": "Saint Helena, Ascension and Tristan da Cunha",
    "SK": "Slovak Republic|Slowakische Republik|República Eslovaca",
    "SX": "Sint Maarten (Dutch part)",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland|Kingdom of Eswatini|Swasiland|Suazilândia",
    "TL": "East Timor|Timor Leste|Osttimor",
    "TR": "Turkey|Türkiye|Republic of Türkiye|Republic of Turkey",
    "TW": "Taiwan, Province of China|Chinese Taipei|Republic of China",
    "TZ": "Tanzania, United Republic of|United Republic of Tanzania|Tansania",
    "UM": "United States Minor Outlying Islands",
    "US": "United States of America|USA|US|США|U.S. of A.|America|Amerika|EE.UU.|EEUU|EUA"
    "|Etats-Unis d'Amérique|Vereinigte Staaten von Amerika|Estados Unidos da América"
    "|Estados Unidos de América|Stati Uniti d'America|Verenigde Staten van Amerika",
    "VA": "Holy See|Vatican|Vatikan|Vatican City State|Holy See (Vatican City State)",
    "VC": "St Vincent|Saint Vincent|St. Vincent and the Grenadines",
    "VE": "Venezuela, Bolivarian Republic of|Bolivarian Republic of Venezuela",
    "VG": "Virgin Islands, British|Virgin Islands (British)",
    "VI": "Virgin Islands, U.S.|US Virgin Islands|Virgin Islands (U.S.)"
    "|United States Virgin Islands",
    "VN": "Viet Nam|Socialist Republic of Vietnam",
    "ZA": "Republic of South Africa|RSA|Suid-Afrika",
}  # fmt: skip

# Names of which nobody knows which country is meant.
_SEVERAL = ("Congo", "Kongo", "Korea", "Corea", "Corée", "Coreia", "Virgin Islands")

_ARTICLES = (
    *("the ", "la ", "les ", "le ", "el ", "los ", "las ", "il ", "gli ", "i ", "os ", "as ", "o "),
    *("a ", "die ", "der ", "de ", "het "),
)
_ELIDED = ("l'", "l’", "l`", "l´")
# What stands before a country's name in its full one; a name of several countries stays one.
_FORMAL = (
    *("republic of ", "federal republic of ", "islamic republic of ", "commonwealth of "),
    *("kingdom of ", "principality of ", "republik ", "konigreich ", "furstentum "),
    *("koenigreich ", "fuerstentum ", "republique de ", "republique du ", "republique d"),
    *("royaume de ", "royaume du ", "royaume d", "republica de ", "republica do "),
    *("republica da ", "reino de ", "reino da ", "reino do ", "repubblica di ", "regno di "),
    *("republiek ", "koninkrijk "),
)
_LETTERS = str.maketrans(
    {"ı": "i", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SILENT = str.maketrans(dict.fromkeys(".'’ʼ`´·"))


def iso_code(text: str | None) -> str | None:
    """The alpha-2 code for an ISO 3166 code, however it is written; None: it is none."""
    if text is None or len(text) > _TEXT_MAX:
        return None
    code = text.strip().upper()
    if not code.isascii():
        return None
    if len(code) == 2:
        return code if code in _alpha2() else _FORMER.get(code)
    return _longer_codes().get(code)


@lru_cache(maxsize=65536)
def country_code(text: str | None) -> str | None:
    """The alpha-2 code of the country that a text names; None: it names none that we know."""
    if text is None or len(text) > _TEXT_MAX:
        return None
    found = iso_code(text) or iso_code(_folded(text))
    if found is not None:
        return found
    words = _folded(text)
    if words.isascii() and len(words) < 3:
        return None
    tried = [each.replace(" ", "") for each in _bared(text, words)]  # blanks don't count
    for names in (_first_names, _other_names):
        listed = next((each for each in tried if each in names()), None)
        if listed is not None:
            return names()[listed] or None
    return None


def _bared(text: str, words: str) -> Iterator[str]:
    """A name as it is, and without its article, in front or behind, or what makes it formal."""
    start = text.lstrip()[:2].casefold()
    whole = _folded(text.lstrip()[2:]) if start in _ELIDED else words
    yield words
    if whole != words:
        yield whole
    yield words.removesuffix(" the")
    for article in _ARTICLES:
        bare = words.removeprefix(article)
        if bare != words and (article == "the " or len(bare) > 3):  # "the UK"; not "DE US"
            yield bare
    for formal in _FORMAL:
        if whole.startswith(formal):
            rest = whole.removeprefix(formal)
            yield rest
            yield rest.removeprefix("the ")


def _folded(text: str) -> str:
    """A name without case, accents, punctuation and double spaces, to compare it."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS).translate(_SILENT))
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    spaced = "".join(each if each.isalnum() else " " for each in bare.replace("&", " and "))
    return " ".join(spaced.split())


@cache
def _alpha2() -> frozenset[str]:
    return frozenset(code for code, _ in _iso_table())


@cache
def _iso_table() -> tuple[tuple[str, str], ...]:
    """Codes and names, from the `tzdata` package's own copy of ISO 3166."""
    text = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple((code, name) for code, name in rows)


@cache
def _longer_codes() -> dict[str, str]:
    """Alpha-3 and numeric codes, those of former times too, where one country has taken over."""
    aliases = get_global("territory_aliases").items()
    codes = {
        alias: targets[0]
        for alias, targets in aliases
        if len(alias) == 3 and len(targets) == 1 and targets[0] in _alpha2()
    }
    return codes | {"XKX": _BEYOND}


@cache
def _first_names() -> dict[str, str]:
    listed = [(name, "") for name in _SEVERAL]
    listed += [(name, code) for code, name in _iso_table()]
    listed += [(name, code) for code, names in _COMMON.items() for name in names.split("|")]
    return _table([*listed, *_translated(_FIRST_LANGUAGES)])


@cache
def _other_names() -> dict[str, str]:
    return _table(_translated(_OTHER_LANGUAGES))


def _translated(languages: Iterable[str]) -> Iterator[tuple[str, str]]:
    for language in languages:
        for code, name in Locale.parse(language).territories.items():
            if code in _alpha2() or code == _BEYOND:
                yield name, code
                yield name.casefold().translate(_UMLAUTS), code


def _table(listed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By folded name; nothing for a name that several countries have."""
    names: dict[str, str] = {}
    for name, code in listed:
        words = _folded(name).replace(" ", "")
        if names.setdefault(words, code) != code:
            names[words] = ""
    return names
