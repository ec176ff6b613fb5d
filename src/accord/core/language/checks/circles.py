"""Circles: what a file writes down must not, by whatever way, start the same file again and again."""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.language.checks.checked import Checked, error
from accord.core.language.checks.circuit import enters_once
from accord.core.model.place import Diagnostic


def nothing_circles(checked: Checked) -> Iterator[Diagnostic]:
    """An event emitted here that leads back here, or an attribute set here that a segment waits for."""
    own, circuit = checked.scenario, checked.circuit
    if enters_once(own):
        return
    for name in circuit.by_run(own):
        if own.name in circuit.closure(name):
            message = f"Each run of this file starts «{name}», which leads back to it: a circle without end."
            yield error(checked.at("enter", "when"), "circle", message)
    for step in own.steps.values():
        for name in circuit.by_step(own, step):
            if own.name in circuit.closure(name):
                message = (
                    f"«{step.name}» starts «{name}», which leads back to this file: a circle without end."
                )
                yield error(step.span, "circle", message)
