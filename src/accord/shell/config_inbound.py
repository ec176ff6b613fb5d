"""[inbound] of config.toml: systems that post to /hooks, and the secrets by which they are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from accord.core.webhooks import read_secret
from accord.shell.config_shapes import Config
from accord.shell.config_source import Source


@dataclass(frozen=True, slots=True)
class Hook:
    """A system that posts to /hooks/NAME: what it tells, and the secrets of which one signs.

    `evidence`: it may tell events that mail can rest on.
    """

    name: str
    kind: str
    secrets: tuple[bytes, ...] = field(repr=False)
    evidence: bool = False


def read_hook(name: str, config: Config, source: Source, root: Path) -> Hook:
    """A webhook's door; a secret a line, or a word, so that the old one can stand beside the new."""
    each, path = config.inbound[name], f"inbound.{name}"
    texts = (each.secret or "").split()
    if each.secret and source.origins.get(f"{path}.secret") == source.file:
        message = "A secret does not belong in a file that git keeps."
        hint = f"Use ACCORD_INBOUND__{name.upper()}__SECRET or inbound.{name}.secret_file."
        source.fault(f"{path}.secret", "secret-in-file", message, hint)
    if each.secret_file:
        try:
            texts += (root / each.secret_file).read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
            source.fault(
                f"{path}.secret_file", "wrong-value", f"«{path}.secret_file» can't be read: {reason}."
            )
    secrets = []
    for text in texts:
        try:
            secrets.append(read_secret(text))
        except ValueError as fault:
            source.fault(path, "wrong-value", f"«{path}»: {fault}.")
    if not texts and not each.secret_file:
        hint = f"Use ACCORD_INBOUND__{name.upper()}__SECRET or inbound.{name}.secret_file."
        source.fault(path, "missing-key", f"«{path}» has no secret.", hint, at_key=True)
    return Hook(name, each.kind, tuple(secrets), each.evidence)
