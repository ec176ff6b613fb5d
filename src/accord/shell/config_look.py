"""The venue's own colours and logo: taken only where everybody can still read the pages (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from pathlib import Path

from accord.core.model.venue import Look
from accord.shell.config_shapes import WebSection
from accord.shell.config_source import Source

# The grounds of accord.css on which the colour is text, and the text that stands on it; by day and by night.
DAY = ("#f7f2ea", "#fffdf9", "#f3e3d3", "#fffaf4")
NIGHT = ("#1b1815", "#26221e", "#3a2c22", "#2a1409")
LEAST = 4.5

LOGOS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
LARGEST_LOGO = 200 * 1024


def look_of(web: WebSection, source: Source, root: Path) -> Look:
    """The look of the pages. A colour that somebody could not read is a fault; by night one is found."""
    _readable("web.colour", web.colour, DAY, source)
    _readable("web.colour_dark", web.colour_dark, NIGHT, source)
    dark = web.colour_dark or (lightened(web.colour) if web.colour else None)
    return Look(web.colour, dark, _logo(web.logo, source, root))


def _readable(key: str, colour: str | None, grounds: tuple[str, ...], source: Source) -> None:
    found = [(contrast(colour, ground), ground) for ground in grounds] if colour else []
    ratio, ground = min(found, default=(LEAST, ""))
    if ratio < LEAST:
        message = f"«{key}»: {colour} has a contrast of {ratio:.1f} with {ground}, and text needs {LEAST} (WCAG 2.2 AA)."
        hint = "Take a darker one." if grounds is DAY else "Take a lighter one."
        source.fault(key, "contrast-too-low", message, hint)


def _logo(name: str | None, source: Source, root: Path) -> str | None:
    if name is None:
        return None
    file = root / name
    if file.suffix.lower() not in LOGOS:
        message = f"«web.logo»: {name} is none of {', '.join(LOGOS)}."
    elif not file.is_file():
        message = f"«web.logo»: there is no file {name}."
    elif file.stat().st_size > LARGEST_LOGO:
        message = f"«web.logo»: {name} is larger than {LARGEST_LOGO // 1024} KiB, which telephones wait for."
    else:
        return str(file)
    source.fault("web.logo", "wrong-value", message)
    return None


def contrast(one: str, other: str) -> float:
    """The ratio of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another in it."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(mine * (1 - share) + theirs * share):02x}" for mine, theirs in pairs)


def lightened(colour: str) -> str:
    """The colour with as much white as it needs to be read at night."""
    shades = (mixed(colour, "#ffffff", step / 20) for step in range(20))
    return next(
        (each for each in shades if min(contrast(each, ground) for ground in NIGHT) >= LEAST), "#ffffff"
    )


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
