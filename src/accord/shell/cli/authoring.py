"""The scenario that a command names."""

from __future__ import annotations

from accord.core.model.scenario import Scenario
from accord.core.steps import STEP_KINDS
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
    for step in found.steps.values():
        if type(step.verb) not in STEP_KINDS:
            where = f"{step.span.file}:{step.span.line}:{step.span.column}"
            raise InputFault(
                f"{where}: «{step.name}» uses a verb that this version reads and does not carry out."
            )
    return found
