"""Countries by code or by name: what is sure, and nothing else."""

import pytest
from babel.core import Locale

from shared.countries import country_code, iso_code

NAMES = {
    "US": "US|us| US |USA|U.S.A.|U.S.|U S A|United States|united  states|UNITED STATES OF AMERICA"
    "|the United States|America|840|Vereinigte Staaten|Estados Unidos|États-Unis|Stati Uniti"
    "|Verenigde Staten|EE. UU.|США|アメリカ合衆国",
    "GB": "GB|gb|UK|U.K.|the UK|United Kingdom|Great Britain|England|Scotland|Wales|Cymru"
    "|Northern Ireland|Großbritannien|GROSSBRITANNIEN|Reino Unido|Royaume-Uni"
    "|Vereinigtes Königreich",
    "DE": "DE|de| DE |DEU|Germany|GERMANY|Deutschland|deutschland|Alemanha|Allemagne|Alemania"
    "|Germania|Duitsland|Tyskland|Niemcy|Federal Republic of Germany|BRD|DDR|DD|Německo",
    "NL": "NL|Netherlands|The Netherlands|Netherlands, The|Holland|Nederland|Niederlande|Pays-Bas"
    "|Países Baixos",
    "CZ": "CZ|Czech Republic|Czechia|Tschechien|Tschechische Republik|Česko|Ceska republika",
    "CI": "CI|Côte d'Ivoire|Côte d’Ivoire|Cote d'Ivoire|COTE D IVOIRE|Ivory Coast|Elfenbeinküste",
    "KR": "KR|South Korea|Korea, Republic of|Republic of Korea|Korea (Republic of)|Südkorea"
    "|대한민국",
    "KP": "North Korea|Korea, Democratic People's Republic of|Nordkorea",
    "TR": "TR|Turkey|Türkiye|Turkiye|TÜRKİYE|Türkei|Turquia|Republic of Türkiye",
    "AT": "AT|Austria|Österreich|Oesterreich|OESTERREICH|Áustria|Autriche",
    "CH": "CH|Switzerland|Schweiz|die Schweiz|Suisse|Svizzera|Suíça",
    "CD": "CD|DR Congo|Congo, The Democratic Republic of the|Zaire|ZR|Congo - Kinshasa",
    "CG": "CG|Republic of the Congo|Congo (Brazzaville)",
    "MK": "North Macedonia|Macedonia|Macedonia, the former Yugoslav Republic of",
    "RU": "Russia|Russian Federation|Россия|Russland",
    "BA": "Bosnia & Herzegovina|Bosnia and Herzegovina|Bosnien und Herzegowina",
    "LC": "St. Lucia|Saint Lucia|St Lucia",
    "GE": "Georgia|GE|GEO",
    "BS": "Bahamas|The Bahamas|Bahamas, The",
    "GR": "GR|EL|Greece|Griechenland|Ελλάδα",
    "XK": "XK|Kosovo",
    "MM": "Burma|Myanmar|BU",
    "JP": "日本|Japan|Japão",
    "TZ": "Tanzania, United Republic of|Tanzania|Tansania",
    "VN": "Viet Nam|Vietnam",
    "IT": "L'Italie|l’Italie|Repubblica italiana|Italian Republic",
    "BR": "O Brasil|Republic of Brazil|República do Brasil",
    "DK": "A Dinamarca|Kingdom of Denmark|Königreich Dänemark|Koninkrijk Denemarken",
    "PH": "As Filipinas|de Filipijnen|Philippines (the)|Republic of the Philippines",
    "ES": "Kingdom of Spain|Reino de España|Royaume d'Espagne|Regno di Spagna",
    "IE": "Republic of Ireland|République d’Irlande|Republik Irland",
    "NG": "Federal Republic of Nigeria",
    "AU": "Commonwealth of Australia",
    "MC": "Principality of Monaco|Fürstentum Monaco",
    "GN": "Republic of Guinea",
}


@pytest.mark.parametrize(
    ("text", "code"), [(name, code) for code, names in NAMES.items() for name in names.split("|")]
)
def test_what_people_write(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            ".",
            "X",
            "XX",
            "ZZ",
            "EU",
            "AA",
            "CT",
            "NY",
            "CS",
            "SU",
            "YU",
            "QQQ",
            "000",
            "999",
        ),
        *("California", "Europe", "Germny", "Korea", "Congo", "Kongo", "Virgin Islands"),
        *("Republic of", "the", "of", "State of", "Narnia", "Berlin", "EMEA", "World", "n/a"),
        *("Republic of Congo", "le Congo", "Republic of Texas", "Commonwealth of Virginia", "l'"),
        *("Germany, France", "DE/AT", "DE AT", "DE US", "AS UK", "D-", "United"),
        *("United States of", "１２"),
        "G" * 100_000,
    ],
)
def test_what_names_none_is_not_guessed(text: str) -> None:
    assert country_code(text) is None


@pytest.mark.parametrize("language", ["en", "de", "pt", "fr", "es", "it", "nl", "da", "pl", "sv"])
def test_every_country_by_its_name_in_a_language(language: str) -> None:
    for code, name in Locale.parse(language).territories.items():
        if len(code) == 2 and iso_code(code) == code and name not in {"Congo", "Kongo"}:
            assert country_code(name) == code, name
            assert country_code(f"  {name.upper()} ") == code, name


def test_codes_alone() -> None:
    assert [iso_code(text) for text in ("us", "USA", "840", " de ", "UK")] == [
        "US", "US", "US", "DE", "GB",
    ]  # fmt: skip
    assert [iso_code(text) for text in ("Germany", "U.S.", "XX", "", None, "D")] == [None] * 6
