"""What a scenario brings about: its goal among those who took part, beside those who were held out."""

from __future__ import annotations

from dataclasses import dataclass

from accord.core.model.scenario import Goal, Scenario
from accord.core.statistics import ENOUGH_TO_COMPARE, difference
from accord.shell.engine.ports.measuring import Reached


@dataclass(frozen=True, slots=True)
class Effect:
    """The goal's figures. `held_out`: None where nobody is held out.

    `apart`: the 95 % interval of how much more often it comes to those who took part, of 0 to 1; None of too few.
    """

    goal: Goal
    took_part: Reached
    held_out: Reached | None
    apart: tuple[float, float] | None

    @property
    def cue(self) -> str:
        """What counts as success, in a few words."""
        return f"{' or '.join(self.goal.cue.when) or 'its condition'} within {self.goal.within}"

    @property
    def verdict(self) -> str:
        """What the two groups say together; nothing is said of too few."""
        if self.apart is None:
            return f"not enough data: each side needs {ENOUGH_TO_COMPARE} people whose time is over"
        low, high = self.apart
        interval = f"{100 * low:+.1f} to {100 * high:+.1f} points (95 %)"
        if low <= 0 <= high:
            return f"{interval}: not enough data to tell a difference"
        return f"{interval}: {'more' if low > 0 else 'fewer'} reach it with the scenario"


def effect(scenario: Scenario, took_part: Reached, held_out: Reached) -> Effect | None:
    """Both groups of a scenario side by side; None where it has no goal."""
    if scenario.goal is None:
        return None
    apart = difference(took_part.reached, took_part.entered, held_out.reached, held_out.entered)
    anybody = scenario.holdout or held_out != Reached()
    return Effect(scenario.goal, took_part, held_out if anybody else None, apart)
