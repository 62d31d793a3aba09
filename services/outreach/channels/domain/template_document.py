"""A message template as it is kept: a version, and by language the texts of each channel."""

from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from services.outreach.activity.domain.contacts import Tone

TextChannel = Literal["email", "sms", "letter", "voice", "portal"]
TEXT_CHANNELS: tuple[TextChannel, ...] = get_args(TextChannel)
# Channels that need no words of a template: a person has a script, a webhook has data.
WORDLESS = frozenset({"webhook", "person"})

_AMOUNTS = (".amount", "totals", ".charges", ".parts", ".unapplied")  # in a text: it names some

_Subject = Annotated[str, Meta(min_length=1, max_length=500)]
_Text = Annotated[str, Meta(min_length=1, max_length=16_000)]
_Html = Annotated[str, Meta(min_length=1, max_length=64_000)]


class EmailTexts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    subject: _Subject
    text: _Text | UnsetType = UNSET  # asked for by the lint: `missing-part`
    html: _Html | UnsetType = UNSET


class SmsTexts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    text: _Text


class LetterTexts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    text: _Text


class VoiceTexts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    script: _Text


class PortalTexts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: _Subject
    text: _Text


class LanguageTexts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The texts of one language, by channel."""

    email: EmailTexts | UnsetType = UNSET
    sms: SmsTexts | UnsetType = UNSET
    letter: LetterTexts | UnsetType = UNSET
    voice: VoiceTexts | UnsetType = UNSET
    portal: PortalTexts | UnsetType = UNSET

    @property
    def channels(self) -> tuple[TextChannel, ...]:
        return tuple(each for each in TEXT_CHANNELS if getattr(self, each) is not UNSET)

    def sources(self, channel: TextChannel) -> dict[str, str]:
        """The template texts of a channel, by part."""
        texts = getattr(self, channel)
        if texts is UNSET:
            return {}
        found = {name: getattr(texts, name) for name in texts.__struct_fields__}
        return {name: text for name, text in found.items() if text is not UNSET}


class MessageTemplate(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `PUT /v1/templates/{name}` takes."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    asks: bool  # whether it asks for money
    languages: dict[str, LanguageTexts]
    # How strictly its words are looked at: what a final notice may say is a threat in a friendly
    # one. None: by the name, where it is one of the ready templates', else friendly.
    tone: Tone | None = None

    @property
    def names_amounts(self) -> bool:
        """Whether it asks for money, or a text of its own speaks of amounts."""
        return self.asks or any(
            name in source
            for texts in self.languages.values()
            for channel in texts.channels
            for source in texts.sources(channel).values()
            for name in _AMOUNTS
        )

    def language_of(self, channel: str, languages: tuple[str, ...]) -> str | None:
        """The first of the languages in which it has the channel; None: `no-template`."""
        return next((each for each in languages if self.has(channel, each)), None)

    def has(self, channel: str, language: str) -> bool:
        if channel in WORDLESS:
            return True
        texts = self.languages.get(language)
        return texts is not None and channel in texts.channels
