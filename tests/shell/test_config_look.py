"""The venue's colours and logo: what somebody could not read is refused with a sentence, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.shell.config_look import DAY, NIGHT, contrast, lightened
from accord.shell.settings import ConfigFault, load_settings

ROOT = Path(__file__).parents[2]


def settings_with(folder: Path, line: str):  # type: ignore[no-untyped-def]
    said = (ROOT / "config.toml").read_text(encoding="utf-8")
    (folder / "config.toml").write_text(said.replace("port = 8025", f"port = 8025\n{line}"), encoding="utf-8")
    return load_settings(folder / "config.toml", {})


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize("colour", ["#0b5d57", "#9c4323", "#1b3a8a", "#000000"])
def test_a_colour_that_is_read_by_day_gets_one_for_the_night(tmp_path: Path, colour: str) -> None:
    look = settings_with(tmp_path, f'colour = "{colour}"').venue.look
    assert look.colour == colour
    assert min(contrast(look.colour, ground) for ground in DAY) >= 4.5
    assert min(contrast(look.colour_dark, ground) for ground in NIGHT) >= 4.5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('colour = "#f5c842"', "has a contrast of 1.3 with #f3e3d3, and text needs 4.5"),
        ('colour_dark = "#333333"', "and text needs 4.5"),
        ('colour = "teal"', "is not a colour; write #9c4323"),
        ('logo = "nowhere.svg"', "there is no file nowhere.svg"),
        ('logo = "config.toml"', "is none of .svg, .png, .jpg, .webp"),
    ],
)
def test_what_can_not_be_read_or_shown_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigFault) as refused:
        settings_with(tmp_path, line)
    (fault,) = refused.value.diagnostics
    assert said in fault.message
    assert fault.span.line > 1


def test_a_logo_is_small(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(b"x" * (201 * 1024))
    with pytest.raises(ConfigFault, match="1 faults"):
        settings_with(tmp_path, 'logo = "huge.png"')


def test_every_colour_can_be_lightened_until_it_is_read() -> None:
    for colour in ("#000000", "#0000ff", "#ff0000", "#00ff00"):
        assert min(contrast(lightened(colour), ground) for ground in NIGHT) >= 4.5
