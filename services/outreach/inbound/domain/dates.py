"""Which days a reply names: today and tomorrow, weekdays, and dates as people write them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.outreach.inbound.domain.tokens import Token, sign_after, word_at
from services.outreach.inbound.domain.word_lists import SKIP, UNCLEAR, WEEKDAYS, WordLists

YEARS_AHEAD = 8  # in which a 29 February comes round, at the latest
_DAYS_AHEAD = {"today": 0, "tomorrow": 1, "after-tomorrow": 2}
_OF = frozenset({"of", "de", "del", "the"})  # between a day and its month
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "eme"})
_ON = frozenset({"on", "by", "until", "till", "am", "bis", "zum", "den", "le", "el", "au", "dia"})


@dataclass
class Days:
    """What was found. `used`: the tokens that are part of a day, and so no amounts."""

    days: set[date] = field(default_factory=set)
    is_unclear: bool = False  # something names a day that cannot be told, or more than one
    used: set[int] = field(default_factory=set)

    def add(self, day: date | None, tokens: Iterator[int] | range) -> None:
        self.used.update(tokens)
        if day is None:
            self.is_unclear = True
        else:
            self.days.add(day)

    @property
    def only(self) -> date | None:
        """The one day that is named, if it is one."""
        return next(iter(self.days)) if len(self.days) == 1 and not self.is_unclear else None


def find_days(
    tokens: Sequence[Token], lists: WordLists, today: date, *, is_month_first: bool
) -> Days:
    """Never raises: a date that there is not makes it unclear."""
    found = Days()
    words = [token.text if token.kind == "word" else "" for token in tokens]
    index = 0
    while index < len(tokens):
        if tokens[index].kind == "number":
            index += _number(tokens, index, lists, today, is_month_first, found)
        elif tokens[index].kind == "word":
            index += _words(words, tokens, index, lists, today, found)
        else:
            index += 1
    return found


def _words(
    words: Sequence[str],
    tokens: Sequence[Token],
    index: int,
    lists: WordLists,
    today: date,
    found: Days,
) -> int:
    """A word or phrase; gives how many tokens it takes."""
    packed, places = _packed(words, tokens, index)
    month = lists.months.at(packed, 0)
    if month is not None:
        taken = _month_first(tokens, places[month[0] - 1], month[1], today, found)
        if taken:
            found.used.update(range(index, places[month[0] - 1] + 1))
            return places[month[0] - 1] + 1 - index + taken
    phrase = lists.days.at(packed, 0)
    if phrase is None:
        return 1
    length, meaning = phrase
    if meaning == UNCLEAR:
        found.is_unclear = True
    elif meaning in _DAYS_AHEAD:
        found.days.add(_later(today, _DAYS_AHEAD[meaning]))
    elif meaning != SKIP:
        ahead = (WEEKDAYS.index(meaning) - today.weekday() - 1) % 7 + 1
        found.days.add(_later(today, ahead))
    return places[length - 1] + 1 - index


def _packed(
    words: Sequence[str], tokens: Sequence[Token], index: int
) -> tuple[list[str], list[int]]:
    """The words from here on without the signs between them, and where they stand."""
    packed: list[str] = []
    places: list[int] = []
    for place in range(index, min(index + 16, len(tokens))):
        if tokens[place].kind == "number":
            break
        if words[place]:
            packed.append(words[place])
            places.append(place)
    return packed, places


def _month_first(tokens: Sequence[Token], at: int, month: int, today: date, found: Days) -> int:
    """March 12[th][,] [2027]: how many tokens after the month belong to it; 0: it is no date."""
    day = at + 1
    if day >= len(tokens) or not _is_day(tokens[day]):
        return 0
    last = day + 1 if word_at(tokens, day + 1) in _ORDINALS else day
    year, end = _year_after(tokens, last)
    found.add(_date(int(tokens[day].text), month, year, today), range(at, end + 1))
    return end - at


def _number(
    tokens: Sequence[Token],
    index: int,
    lists: WordLists,
    today: date,
    is_month_first: bool,
    found: Days,
) -> int:
    text = tokens[index].text
    for separator in "-/.":
        parts = text.split(separator)
        if len(parts) > 1 and all(part.isascii() and part.isdigit() for part in parts):
            return _numeric(tokens, index, parts, separator, today, is_month_first, found)
    if _is_day(tokens[index]):
        return _day_of_month(tokens, index, lists, today, found)
    return 1


def _numeric(
    tokens: Sequence[Token],
    index: int,
    parts: Sequence[str],
    separator: str,
    today: date,
    is_month_first: bool,
    found: Days,
) -> int:
    """2027-03-12, 12/3, 12/03/27, 12.3., 12.3.2027, 12-03-2027."""
    if not 2 <= len(parts) <= 3 or any(len(part) > 4 for part in parts):
        return 1
    here = range(index, index + 1)
    numbers = [int(part) for part in parts]
    if len(parts) == 3 and len(parts[0]) == 4:  # the year first, whatever stands between
        found.add(_date(numbers[2], numbers[1], numbers[0], today), here)
        return 1
    if any(len(part) > 2 for part in parts[:2]):
        return 1
    if len(parts) == 3:
        if len(parts[2]) not in (2, 4):
            return 1
        day, month = numbers[:2]
        if is_month_first and separator != ".":
            day, month = month, day
        found.add(_date(day, month, _full(numbers[2], parts[2]), today), here)
        return 1
    if separator == "-" or (separator == "." and not _is_dotted(tokens, index, parts)):
        return 1  # a range, or a number with decimals
    day, month = reversed(numbers) if is_month_first and separator == "/" else numbers
    year, end = None, index
    if separator == "." and sign_after(tokens, index, "."):
        year, end = _year_after(tokens, index + 1)
        end = max(end, index + 1)
    found.add(_date(day, month, year, today), range(index, end + 1))
    return end + 1 - index


def _is_dotted(tokens: Sequence[Token], index: int, parts: Sequence[str]) -> bool:
    """Whether d.m is a date: 12.3. is one, 12.3 too; 12.03 only after words like `on`."""
    if not (1 <= int(parts[0]) <= 31 and 1 <= int(parts[1]) <= 12):
        return False
    before = word_at(tokens, index - 1)
    if before in _ON:
        return True
    if sign_after(tokens, index, "."):
        # A full stop behind an amount is no date's.
        follower = index + 2
        is_last = follower >= len(tokens) or tokens[follower].start > tokens[index].end + 1
        return len(parts[1]) == 1 or not is_last or _is_date_like(tokens, index)
    return len(parts[1]) == 1


def _is_date_like(tokens: Sequence[Token], index: int) -> bool:
    """12.03. with no currency on either side."""
    sides = (index - 1, index + 2)
    return not any(0 <= side < len(tokens) and tokens[side].text in _MONEY for side in sides)


_MONEY = frozenset({"€", "$", "£", "¥", "eur", "euro", "euros", "usd", "gbp", "chf"})


def _day_of_month(
    tokens: Sequence[Token], index: int, lists: WordLists, today: date, found: Days
) -> int:
    """12 March, 12. März 2027, 12th of March, 12 de marzo, 1er mars."""
    at = index + 1
    while at < len(tokens) and at - index <= 4:
        token = tokens[at]
        if token.text == "." or (token.kind == "word" and token.text in (_OF | _ORDINALS)):
            at += 1
            continue
        break
    month = lists.months.at([word_at(tokens, at) or ""], 0)
    if month is None:
        return 1
    last = at
    if word_at(tokens, at + 1) in _OF:
        last = at + 1
    year, end = _year_after(tokens, last)
    end = end if year is not None else at
    found.add(_date(int(tokens[index].text), month[1], year, today), range(index, end + 1))
    return end + 1 - index


def _is_day(token: Token) -> bool:
    return token.kind == "number" and len(token.text) <= 2 and token.text.isdigit()


def _year_after(tokens: Sequence[Token], last: int) -> tuple[int | None, int]:
    """A year of four digits right after, and where it ends."""
    at = last + 1
    if at < len(tokens) and tokens[at].text == ",":
        at += 1
    if at < len(tokens) and tokens[at].kind == "number":
        text = tokens[at].text
        if len(text) == 4 and text.isdigit() and text.startswith("20"):
            return int(text), at
    return None, last


def _full(year: int, text: str) -> int:
    return year + 2000 if len(text) == 2 else year


def _date(day: int, month: int, year: int | None, today: date) -> date | None:
    """The date; without a year the next one, today included. None: there is no such day."""
    years = [year] if year is not None else range(today.year, today.year + YEARS_AHEAD + 1)
    for each in years:
        try:
            found = date(each, month, day)
        except ValueError:
            continue
        if year is not None or found >= today:
            return found
    return None


def _later(today: date, days: int) -> date:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return today
