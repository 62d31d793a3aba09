"""States and provinces: their names, their zones and, where a state is split, which part is where.

A part that isn't known counts as the whole state, so an entry here may only ever be one that is
sure: a ZIP area with one house across the border stays out of it.
"""

import unicodedata
from functools import cache

_ET, _CT, _MT, _PT = "New_York", "Chicago", "Denver", "Los_Angeles"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _each(states: str, zones: str) -> dict[str, str]:
    return dict.fromkeys(states.split(), zones)


# States and provinces; those that are split carry every zone of theirs.
_ZONES: dict[str, dict[str, str]] = {
    "US": {
        **_each("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", _ET),
        **_each("AL", f"{_ET} {_CT}"),  # Phenix City keeps Georgia's time
        **_each("AR IA IL LA MN MO MS OK WI", _CT),
        **_each("FL IN KY MI TN", f"{_ET} {_CT}"),
        **_each("CO MT NM UT WY", _MT),
        **_each("KS ND NE SD TX", f"{_CT} {_MT}"),
        **_each("ID NV OR", f"{_MT} {_PT}"),
        **_each("CA WA", _PT),
        "AK": "Anchorage Adak",
        "AZ": f"Phoenix {_MT}",
        "HI": "Pacific/Honolulu",
    },
    "CA": {
        "AB": "Edmonton",
        "BC": "Vancouver Edmonton Fort_Nelson Creston",
        "MB": "Winnipeg",
        "NB": "Halifax",
        "NL": "St_Johns Goose_Bay",
        "NS": "Halifax",
        "NT": "Edmonton",
        "NU": "Iqaluit Rankin_Inlet Cambridge_Bay",
        "ON": "Toronto Winnipeg Atikokan",
        "PE": "Halifax",
        "QC": "Toronto Halifax Blanc-Sablon",
        "SK": "Regina Edmonton",
        "YT": "Whitehorse",
    },
    "AU": {
        "ACT": "Australia/Sydney",
        "NSW": "Australia/Sydney Australia/Broken_Hill Australia/Lord_Howe",
        "NT": "Australia/Darwin",
        "QLD": "Australia/Brisbane",
        "SA": "Australia/Adelaide",
        "TAS": "Australia/Hobart",
        "VIC": "Australia/Melbourne",
        "WA": "Australia/Perth Australia/Eucla",
    },
    "BR": {
        **_each("DF ES GO MG PR RJ RS SC SP", "Sao_Paulo"),
        **_each("AL SE", "Maceio"),
        **_each("CE MA PB PI RN", "Fortaleza"),
        "AC": "Rio_Branco",
        "AM": "Manaus Eirunepe",
        "AP": "Belem",
        "BA": "Bahia",
        "MS": "Campo_Grande",
        "MT": "Cuiaba",
        "PA": "Belem Santarem",
        "PE": "Recife Noronha",
        "RO": "Porto_Velho",
        "RR": "Boa_Vista",
        "TO": "Araguaina",
    },
}

# Split states by postal code: the zone of the most of it, the leading characters that are the
# state's own, and those of them (longest first) under which both zones are found, "*", or another.
_PARTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "US-AL": (_CT, "350-352 354-369", {"368": "*"}),
    "US-AK": ("Anchorage", "995-999", {"99546": "*", "99547": "*"}),
    "US-AZ": (
        "Phoenix",
        "850-853 855-857 859 860 863-865",
        {"860": "*", "8600": "Phoenix", "865": "*"},
    ),
    "US-FL": (_ET, "320-339 341 342 344 346 347 349", {"323": "*", "324": "*", "325": _CT}),
    "US-ID": (_MT, "832-838", {"835": "*", "836": "*", "838": _PT}),
    "US-IN": (
        _ET,
        "460-479",
        {
            **_each("463 464 476 477", _CT),
            **_each("465 469 471 475 479", "*"),
        },
    ),
    "US-KS": (_CT, "660-662 664-679", {"677": "*", "678": "*"}),
    "US-KY": (
        _ET,
        "400-418 420-427",
        {**_each("420 422 423 424", _CT), **_each("400 401 421 425 426 427", "*")},
    ),
    "US-MI": (_ET, "480-499", {"498": "*", "499": "*"}),
    "US-ND": (_CT, "580-588", {**_each("585 586 587 588", "*")}),
    "US-NE": (
        _CT,
        "680 681 683-693",
        {"693": _MT, **_each("688 690 691 692", "*")},
    ),
    "US-NV": (_PT, "889-891 893-895 897 898", {"898": "*"}),
    "US-OR": (_PT, "970-979", {"979": "*"}),
    "US-SD": (_CT, "570-577", {"577": _MT, **_each("575 576", "*")}),
    "US-TN": (
        _ET,
        "370-385",
        {
            **_each("370 371 372 375 380 381 382 383 384", _CT),
            **_each("373 377 378 385", "*"),
        },
    ),
    "US-TX": (_CT, "733 750-799 885", {"798": "*", "799": _MT, "885": _MT}),
    "CA-BC": ("Vancouver", "V", _each("V0 V1A V1C V1G V1J V1K V1L V1N V1R", "*")),
    "CA-NL": ("St_Johns", "A", _each("A0K A0P A0R A2V", "*")),
    "CA-ON": ("Toronto", "K L M N P", _each("P0 P8 P9", "*")),
    "CA-QC": ("Toronto", "G H J", _each("G0 G4T", "*")),
    "CA-SK": ("Regina", "S", _each("S0 S9", "*")),
    "AU-NSW": ("Australia/Sydney", "2", _each("2648 2877 2878 2879 2880 2898", "*")),
    "AU-WA": ("Australia/Perth", "6", {"6443": "*"}),
}

# Well-known towns of split states, for addresses without a postal code.
_TOWNS: dict[str, dict[str, str]] = {
    "US-AL": {_CT: "birmingham,huntsville,mobile,montgomery,tuscaloosa"},
    "US-AK": {"Anchorage": "anchorage,fairbanks,juneau"},
    "US-AZ": {"Phoenix": "phoenix,tucson,mesa,chandler,scottsdale,gilbert,glendale,tempe,yuma"},
    "US-FL": {
        _ET: "miami,orlando,tampa,jacksonville,fort lauderdale,st petersburg,saint petersburg"
        ",hialeah,tallahassee,cape coral,fort myers,gainesville,west palm beach,naples,sarasota",
        _CT: "pensacola,panama city,destin,fort walton beach",
    },
    "US-ID": {_MT: "boise,meridian,nampa,idaho falls", _PT: "coeur d'alene,lewiston"},
    "US-IN": {
        _ET: "indianapolis,fort wayne,south bend,bloomington,lafayette,muncie",
        _CT: "gary,hammond,evansville,merrillville",
    },
    "US-KS": {_CT: "wichita,topeka,kansas city,overland park,olathe,lawrence"},
    "US-KY": {_ET: "louisville,lexington,frankfort", _CT: "bowling green,owensboro,paducah"},
    "US-MI": {_ET: "detroit,grand rapids,lansing,ann arbor,flint,dearborn,warren,marquette"},
    "US-ND": {_CT: "fargo,grand forks,bismarck,minot", _MT: "dickinson"},
    "US-NE": {_CT: "omaha,lincoln,grand island", _MT: "scottsbluff,alliance"},
    "US-NV": {_PT: "las vegas,reno,henderson,carson city,north las vegas,sparks"},
    "US-OR": {_PT: "portland,salem,eugene,bend,medford,gresham", _MT: "ontario"},
    "US-SD": {_CT: "sioux falls,aberdeen,pierre", _MT: "rapid city"},
    "US-TN": {
        _CT: "nashville,memphis,murfreesboro,clarksville,franklin",
        _ET: "knoxville,chattanooga,johnson city,kingsport",
    },
    "US-TX": {
        _CT: "houston,dallas,austin,san antonio,fort worth,arlington,plano,corpus christi,lubbock"
        ",laredo,irving,amarillo,waco,midland,odessa,mcallen,frisco",
        _MT: "el paso",
    },
    "CA-BC": {"Vancouver": "vancouver,victoria,surrey,burnaby,richmond,kelowna,kamloops,nanaimo"},
    "CA-NL": {"St_Johns": "st john's,saint john's,corner brook,gander"},
    "CA-ON": {
        "Toronto": "toronto,ottawa,mississauga,hamilton,london,brampton,markham,windsor,kingston"
        ",sudbury,kitchener,waterloo,thunder bay,barrie,oshawa,guelph",
        "Winnipeg": "kenora",
    },
    "CA-QC": {"Toronto": "montreal,quebec,quebec city,laval,gatineau,sherbrooke,longueuil"},
    "CA-SK": {"Regina": "regina,saskatoon,moose jaw,prince albert"},
    "AU-NSW": {"Australia/Sydney": "sydney,newcastle,wollongong,parramatta"},
    "AU-WA": {"Australia/Perth": "perth,fremantle,bunbury"},
}

_NAMES: dict[str, str] = {
    "US": "alabama AL,alaska AK,arizona AZ,arkansas AR,california CA,colorado CO,connecticut CT"
    ",delaware DE,district of columbia DC,florida FL,georgia GA,hawaii HI,idaho ID,illinois IL"
    ",indiana IN,iowa IA,kansas KS,kentucky KY,louisiana LA,maine ME,maryland MD"
    ",massachusetts MA,michigan MI,minnesota MN,mississippi MS,missouri MO,montana MT"
    ",nebraska NE,nevada NV,new hampshire NH,new jersey NJ,new mexico NM,new york NY"
    ",north carolina NC,north dakota ND,ohio OH,oklahoma OK,oregon OR,pennsylvania PA"
    ",rhode island RI,south carolina SC,south dakota SD,tennessee TN,texas TX,utah UT"
    ",vermont VT,virginia VA,washington WA,west virginia WV,wisconsin WI,wyoming WY"
    ",puerto rico PR,guam GU,virgin islands VI,american samoa AS,northern mariana islands MP"
    ",washington dc DC,new york state NY,washington state WA"
    ",ala AL,ariz AZ,ark AR,calif CA,cal CA,colo CO,conn CT,del DE,fla FL,ill IL,ind IN,kan KS"
    ",kans KS,mass MA,mich MI,minn MN,miss MS,mont MT,neb NE,nebr NE,nev NV,n mex NM,n dak ND"
    ",okla OK,ore OR,oreg OR,penn PA,penna PA,s dak SD,tenn TN,tex TX,wash WA,w va WV,wis WI"
    ",wisc WI,wyo WY,n carolina NC,s carolina SC,n dakota ND,s dakota SD,n hampshire NH"
    ",n jersey NJ,n y NY,n j NJ,n h NH,n m NM,n c NC,s c SC,n d ND,s d SD,r i RI,d c DC",
    "CA": "alberta AB,british columbia BC,manitoba MB,new brunswick NB,newfoundland NL"
    ",newfoundland and labrador NL,nova scotia NS,northwest territories NT,nunavut NU"
    ",ontario ON,prince edward island PE,quebec QC,saskatchewan SK,yukon YT"
    ",alta AB,b c BC,man MB,n b NB,nfld NL,nf NL,n s NS,nwt NT,n w t NT,ont ON,pei PE,p e i PE"
    ",que QC,pq QC,sask SK,yukon territory YT,colombie-britannique BC,nouveau-brunswick NB"
    ",terre-neuve-et-labrador NL,nouvelle-ecosse NS,territoires du nord-ouest NT"
    ",ile-du-prince-edouard PE",
    "AU": "australian capital territory ACT,new south wales NSW,northern territory NT"
    ",queensland QLD,south australia SA,tasmania TAS,victoria VIC,western australia WA",
    "BR": "acre AC,alagoas AL,amapa AP,amazonas AM,bahia BA,ceara CE,distrito federal DF"
    ",espirito santo ES,goias GO,maranhao MA,mato grosso MT,mato grosso do sul MS"
    ",minas gerais MG,para PA,paraiba PB,parana PR,pernambuco PE,piaui PI,rio de janeiro RJ"
    ",rio grande do norte RN,rio grande do sul RS,rondonia RO,roraima RR,santa catarina SC"
    ",sao paulo SP,sergipe SE,tocantins TO",
    "GB": "england EW,wales EW,england and wales EW,eng EW,wls EW,ew EW,eaw EW,scotland SCT"
    ",sct SCT,northern ireland NIR,nir NIR",
}
TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})  # of the US, countries in ISO 3166
EUROPEAN_UNION = _words(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
)
EUROPEAN_ECONOMIC_AREA = EUROPEAN_UNION | frozenset({"IS", "LI", "NO"})


def plain(text: str) -> str:
    """A name without case, accents, dots and double spaces, to compare it."""
    letters = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    for mark, instead in (("’", "'"), (".", ""), (",", " ")):
        bare = bare.replace(mark, instead)
    return " ".join(bare.casefold().split())


def region_code(country: str, region: str | None) -> str | None:
    """`NY` for `NY`, `ny`, `US-NY` or `New York`; None for a region that isn't in the table."""
    if region is None:
        return None
    name = plain(region)
    for prefix in (f"{country.lower()}-", "uk-"):
        name = name.removeprefix(prefix)
    return _codes(country).get(name)


def region_codes(country: str) -> frozenset[str]:
    """All states of a country whose states are known here."""
    return frozenset(_codes(country).values()) - (TERRITORIES if country == "US" else frozenset())


def region_zones(
    country: str, region: str, city: str | None = None, postal_code: str | None = None
) -> frozenset[str] | None:
    """The zones of a state, of a part of it where the city or the postal code tells; None if the
    state isn't in the table."""
    names = _ZONES.get(country, {}).get(region)
    if names is None:
        return None
    everywhere = frozenset(_full(name) for name in names.split())
    if len(everywhere) == 1:
        return everywhere
    state = f"{country}-{region}"
    part = _part(state, postal_code) if postal_code and postal_code.strip() else "*"
    if part == "*" and city:
        part = _towns(state).get(plain(city), part)
    return everywhere if part in {"*", ""} else frozenset({_full(part)})


@cache
def _codes(country: str) -> dict[str, str]:
    pairs = [entry.rsplit(" ", 1) for entry in _NAMES.get(country, "").split(",") if entry]
    codes = {code.lower(): code for _, code in pairs}
    return codes | {name: code for name, code in pairs}


@cache
def _towns(state: str) -> dict[str, str]:
    return {
        town: name for name, towns in _TOWNS.get(state, {}).items() for town in towns.split(",")
    }


@cache
def _part(state: str, postal_code: str) -> str:
    """The zone of a part of a state; `*` where the code leaves it open, nothing where the code
    isn't one of the state's (one of the two is wrong, and nobody knows which)."""
    most, own, parts = _PARTS.get(state, ("*", "", {}))
    code = postal_code.strip().upper()
    if not any(_begins(code, prefix) for prefix in own.split()):
        return ""
    for prefix in sorted(parts, key=len, reverse=True):
        if code.startswith(prefix):
            return parts[prefix]
    return most


def _begins(code: str, prefix: str) -> bool:
    low, _, high = prefix.partition("-")
    return low <= code[: len(low)] <= (high or low)


def _full(name: str) -> str:
    return name if "/" in name else f"America/{name}"
