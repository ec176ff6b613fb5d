"""The scenario that a command names."""

from __future__ import annotations

from accord.core.model.scenario import Scenario
from accord.shell.cli.house import refuse_if_wrong
from accord.shell.cli.output import InputFault
from accord.shell.config_source import nearest
from accord.shell.wiring import House


def scenario_called(house: House, name: str) -> Scenario:
    """The scenario of this name as it stands in its file, or the command's end."""
    house.read_files()
    found = house.checked.by_name().get(name)
    if found is None:
        refuse_if_wrong(house.checked.diagnostics, house)
        known = ", ".join(sorted(house.checked.by_name())) or "none"
        hint = nearest(name, house.checked.by_name())
        said = f"There is no scenario «{name}» in scenarios/; there are: {known}."
        raise InputFault(" ".join(filter(None, (said, hint))))
    return found
