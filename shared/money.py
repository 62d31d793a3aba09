"""Money is a whole number of minor units with an ISO 4217 code. Never a float."""

import re
from decimal import Decimal, InvalidOperation

MAX_MINOR = 2**53 - 1  # the largest integer that every JSON reader keeps exact

# ISO 4217: codes in use and the decimals of those that do not have two.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN "
    "BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN "
    "ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD "
    "JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG "
    "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF "
    "XPF YER ZAR ZMW ZWG"
)
# ISO 4217, list three: codes of money of the past since 1990, in which old debts may stand.
_PAST = (
    "ADP AFA AOK AON AOR ARA ATS AZM BAD BEF BGJ BGK BGL BRC BRE BRN BRR BYB BYR CSD CSK CUC CYP"
    " DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GRD GWP HRD HRK IEP ITL LTL LTT LUC LUF LUL LVL"
    " LVR MGF MLF MRO MTL MXP MZM NIC NLG PEI PES PLZ PTE ROL RUR SDD SIT SKK SLL SRG STD TJR TMM"
    " TPE TRL UAK USS UYP VEB VEF XEU XFO XFU YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR"
)
_OTHER_DECIMALS = {
    code: decimals
    for decimals, codes in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (0, "ADP BYB BYR ESP ITL LUF MGF TRL"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for code in codes.split()
}
DECIMALS = {code: _OTHER_DECIMALS.get(code, 2) for code in (_CODES + " " + _PAST).split()}

_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 code, in use or of the past."""
    return code in DECIMALS


def to_minor(text: str, currency: str) -> int:
    """Minor units of a decimal text: `"12.5", "EUR"` → 1250.

    Raises `ValueError` when it is not a plain decimal number, or has more decimals than the
    currency.
    """
    text = text.strip()
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount like 1234.56")
    try:
        scaled = Decimal(text).scaleb(DECIMALS[currency])
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not an amount") from error
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} has more decimals than {currency} ({DECIMALS[currency]})")
    return int(scaled)


def to_text(minor: int, currency: str) -> str:
    """A decimal text of minor units: `1250, "EUR"` → `"12.50"`."""
    decimals = DECIMALS[currency]
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
