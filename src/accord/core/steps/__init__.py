"""What a step does when its time has come: one file a verb, and STEP_KINDS, the list of them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from accord.core.model.scenario import Branch, Call, Emit, Send, Set, Split, Verb, WaitUntil
from accord.core.steps.asking import Asked, Done, Performer
from accord.core.steps.call import call
from accord.core.steps.choose import branch, split
from accord.core.steps.send import send
from accord.core.steps.wait import wait_until
from accord.core.steps.write import emit, set_attributes

STEP_KINDS: Mapping[type, Performer] = {
    Send: cast("Performer", send),
    WaitUntil: cast("Performer", wait_until),
    Branch: cast("Performer", branch),
    Split: cast("Performer", split),
    Set: cast("Performer", set_attributes),
    Emit: cast("Performer", emit),
    Call: cast("Performer", call),
}


def perform(verb: Verb, asked: Asked) -> Done:
    """What `verb` does for one person now: effects, and the step that follows."""
    return STEP_KINDS[type(verb)](verb, asked)
