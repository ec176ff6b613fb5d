"""The words of a report in one language: sentences from the catalogue, days, hours and lengths of time by CLDR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from accord.core.consent.reasons import in_words
from accord.core.model.time import Duration
from accord.shell.wordings import catalogue

NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Saying:
    """How a report speaks: its language, and the clock by which it tells the time."""

    language: str
    zone: ZoneInfo

    def __call__(self, message: str, **values: object) -> str:
        """The sentence in this language, with its values in their places."""
        return catalogue(self.language, "report").gettext(message).format(**values)

    def several(self, one: str, more: str, number: int, **values: object) -> str:
        """The sentence for so many: `number` has its place in it."""
        said = catalogue(self.language, "report").ngettext(one, more, number)
        return said.format(number=self.number(number), **values)

    def reason(self, code: str) -> str:
        """What a reason code says (the words of the proof are the words of the preview)."""
        return catalogue(self.language, "proof").gettext(in_words(code))

    def listed(self, words: list[str], style: str = "standard") -> str:
        """«a, b and c», or with «or»."""
        return str(format_list(words, style, locale=self.language))  # type: ignore[arg-type]

    def number(self, value: float) -> str:
        """A number, its thousands apart."""
        return str(format_decimal(value, locale=self.language))

    def share(self, hundredths: int) -> str:
        """A share in hundredths of a per cent: «12.5 %»."""
        return str(format_percent(hundredths / 10_000, locale=self.language, decimal_quantization=False))

    def length(self, duration: Duration) -> str:
        """«3 days», «3 jours»."""
        parts = (
            (duration.months, "duration-month"),
            (duration.days, "duration-day"),
            (duration.hours, "duration-hour"),
            (duration.minutes, "duration-minute"),
        )
        said = [format_unit(abs(n), unit, locale=self.language) for n, unit in parts if n]
        return " ".join(said) or format_unit(0, "duration-day", locale=self.language)

    def day(self, value: date | datetime, shape: str = "d MMM y") -> str:
        """A day on the venue's own clock, in one piece."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone)
        return str(format_date(value, shape, locale=self.language)).replace(" ", NO_BREAK)

    def hour(self, value: datetime) -> str:
        """«09:30»."""
        return str(format_time(value.astimezone(self.zone), "HH:mm", locale=self.language))

    def moment(self, value: datetime) -> str:
        """«1 Sept 2026, 09:30»."""
        local = value.astimezone(self.zone)
        return str(format_datetime(local, "d MMM y, HH:mm", locale=self.language))
