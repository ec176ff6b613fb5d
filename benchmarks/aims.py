"""What figures should reach, and whether they do: floors that count, and goals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """One figure, beside what it should be: `bound` at least, or, where it is a cost, at most."""

    what: str
    figure: float
    bound: float
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is."""
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound


def held_against(aims: Iterable[Aim]) -> str:
    """A line for each: met or not, what it is about, what was found."""
    lines = [
        f"{'met' if aim.is_met else 'NOT MET':<8} {aim.what}: {aim.figure:,.2f} of at {'most' if aim.at_most else 'least'} {aim.bound:,g}"
        for aim in aims
    ]
    return "\n".join(lines)
