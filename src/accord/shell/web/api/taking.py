"""Events and orders as they come in: one, whose every fault is a problem; or lines, of which the good are taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from accord.core.expressions.fields import FieldFault
from accord.core.model.venue import Venue
from accord.shell.documents import taken_document
from accord.shell.engine.intake.lines import Line
from accord.shell.engine.intake.people import Taken
from accord.shell.json_lines import pages
from accord.shell.web.api.operation import Answer, Call, Query
from accord.shell.web.problems import fields_problem

# SQLite has one writer, and its lock is not fair: who waits for it looks again every tenth of a second at the latest.
# Pages are short and followed by a rest, so that an unsubscribe gets in between any two of them.
PAGE, REST_SECONDS = 500, 0.1

# So many refusals are listed in an answer; the others are counted.
MOST_LISTED = 1000

Take = Callable[[Call, Sequence[Line], bool], Taken]


def _flag(text: str, _: Venue) -> bool:
    if text not in ("true", "false"):
        raise ValueError("it is neither true nor false")
    return text == "true"


HISTORY = Query(
    "history",
    "Whether all of it is past: it counts then, and starts nothing. What is older than `[engine] fresh` is past anyhow.",
    {"type": "boolean", "default": False},
    _flag,
)


def take_one(call: Call, take: Take) -> Answer:
    """Take what the body tells, or refuse it with everything that is wrong with it."""
    taken = take(call, [(1, call.body)], call.query.get("history", False))
    if taken.refusals:
        raise fields_problem([FieldFault(each.field, each.reason) for each in taken.refusals], call.body)
    return Answer({"new": bool(taken.new)}, 201 if taken.new else 200)


def take_lines(call: Call, take: Take) -> Answer:
    """Take what is good of the lines of the body, a page a transaction; refusals come in their order."""
    sum_of = Taken()
    if call.lines is not None:
        for page, _ in pages(call.lines, sum_of.refusals, PAGE):
            came = take(call, page, call.query.get("history", False))
            sum_of.new += came.new
            sum_of.known += came.known
            sum_of.refusals += came.refusals
            if len(page) == PAGE:
                time.sleep(REST_SECONDS)
    sum_of.refusals.sort(key=lambda refusal: refusal.row)
    more = len(sum_of.refusals) - MOST_LISTED
    del sum_of.refusals[MOST_LISTED:]
    document: Mapping[str, Any] = taken_document(sum_of)
    return Answer({**document, "refused_more": more} if more > 0 else document)
