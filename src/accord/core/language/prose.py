"""What readers will see: texts of an author's, in one language or in several."""

from __future__ import annotations

from collections.abc import Mapping

from accord.core.language.reading import Block, attempt
from accord.core.language.source import Node, ScalarNode
from accord.core.model.venue import Entity


def prose(block: Block, node: Node) -> str:
    """One text; what a ` #` cuts off is an error, since it would be lost in silence."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str) or not node.value.strip():
        block.notes.stop(node.span, "wrong-value", "A text is missing here.")
    if node.cut is not None:
        message = "What follows # is not part of the text."
        block.notes.error(node.span, "text-cut-short", message, f"Write: {node.cut}")
    return node.text


def by_language(block: Block, key: str, entity: Entity) -> Mapping[str, str]:
    """A text, which is in the entity's own language, or a map of languages to texts, of which that is one."""
    node = block.need(key)
    if isinstance(node, ScalarNode):
        return {entity.language: prose(block, node)}
    languages = block.map(key, f"«{key}:»")
    languages.only(entity.languages)
    found: dict[str, str] = {}
    for language, said in languages.node.entries:
        text = attempt(prose, languages, said)
        if text is not None:
            found[language.text] = text
    if not languages.has(entity.language):
        message = f"«{key}:» needs its text in «{entity.language}»."
        languages.notes.error(languages.at, "missing-key", message)
    return found
