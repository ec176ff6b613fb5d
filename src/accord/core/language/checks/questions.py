"""What conditions ask of mails: `sent` and `clicked` name steps that send something, here or in another file."""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.expressions.parse import nearest
from accord.core.language.checks.checked import Checked, error, warning
from accord.core.language.checks.parts import parts_of
from accord.core.language.source import ListNode, MapNode, Node, ScalarNode
from accord.core.model.expression import Expression, Question
from accord.core.model.place import Diagnostic, Span
from accord.core.model.scenario import Send


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
    written = {node.span: node for node in _scalars(checked.draft.root)}
    for expression, question in asked:
        name, _, step = question.argument.rpartition("/")
        draft = checked.others.get(name) if name else checked.draft
        at = _place(expression, question, written)
        if draft is None:
            hint = nearest(name, checked.others)
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
