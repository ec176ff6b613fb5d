"""What conditions ask of mails: `sent` and `clicked` name steps that send something, here or in another file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TypeVar

from accord.core.expressions.parse import nearest
from accord.core.language.checks.checked import Checked, error, warning
from accord.core.language.source import ListNode, MapNode, Node, ScalarNode
from accord.core.model.expression import Expression, Question
from accord.core.model.place import Diagnostic, Span
from accord.core.model.scenario import Scenario, Send

Kind = TypeVar("Kind")


def questions_name_steps(checked: Checked) -> Iterator[Diagnostic]:
    """A mail that is asked for is one that can be sent."""
    asked = [
        (expression, question)
        for expression in parts_of(checked.scenario, Expression)
        for question in parts_of(expression.tree, Question)
        if question.function in ("sent", "clicked")
    ]
    if not asked:
        return
    known = {draft.scenario.name: draft for draft in checked.others}
    written = {node.span: node for node in _scalars(checked.draft.root)}
    for expression, question in asked:
        name, _, step = question.argument.rpartition("/")
        draft = known.get(name) if name else checked.draft
        at = _place(expression, question, written)
        if draft is None:
            hint = nearest(name, known)
            yield error(at, "step-unknown", f"There is no scenario «{name}».", hint)
        elif step not in draft.step_names:
            hint = nearest(step, draft.step_names)
            yield error(at, "step-unknown", f"There is no step «{step}» in {draft.scenario.name}.", hint)
        elif step in draft.scenario.steps and not isinstance(draft.scenario.steps[step].verb, Send):
            message = f"«{question.argument}» sends nothing, so that this is never true."
            yield warning(at, "sends-nothing", message)


def _place(expression: Expression, question: Question, written: dict[Span, ScalarNode]) -> Span:
    """Where a question's argument stands."""
    node = written.get(expression.span)
    offset = expression.source.find(question.argument)
    return node.part(offset, len(question.argument)) if node is not None and offset >= 0 else expression.span


def parts_of(whole: object, kind: type[Kind]) -> Iterator[Kind]:
    """Everything of one kind inside of nouns, from the outside in."""
    ahead: list[object] = [whole]
    while ahead:
        part = ahead.pop()
        if isinstance(part, kind):
            yield part
        if isinstance(part, Scenario):
            ahead += [part.entry, part.leave, part.goal, *part.steps.values()]
        elif is_dataclass(part):
            ahead += [getattr(part, each.name) for each in fields(part)]
        elif isinstance(part, tuple):
            ahead += part


def _scalars(node: Node) -> Iterator[ScalarNode]:
    match node:
        case ScalarNode():
            yield node
        case ListNode(items):
            for item in items:
                yield from _scalars(item)
        case MapNode(entries):
            for _, value in entries:
                yield from _scalars(value)
