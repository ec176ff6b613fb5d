"""[inbound] of config.toml: who posts to /hooks and by which secret it is known; mailboxes that are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from accord.core.expressions.spell import duration_of
from accord.core.webhooks import read_secret
from accord.shell.config_shapes import Config, InboundSection
from accord.shell.config_source import Source

MAILBOXES = ("imap", "maildir")
PROVIDERS = ("brevo", "postmark", "ses")
SHORTEST_SECRET = 16

# Which keys mean something for which kinds; `kind` and `forward_to` are everybody's.
KEYS = {
    "secret": ("events", "orders", "brevo", "postmark", "imap"),
    "secret_file": ("events", "orders", "brevo", "postmark", "imap"),
    "evidence": ("events", "orders"),
    "topic": ("ses",),
    "host": ("imap",),
    "port": ("imap",),
    "security": ("imap",),
    "username": ("imap",),
    "folder": MAILBOXES,
    "handled": ("imap",),
    "every": MAILBOXES,
    "forward_to": MAILBOXES,
}

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[A-Za-z0-9.-]{1,255}")


@dataclass(frozen=True, slots=True)
class Hook:
    """Who posts to /hooks/NAME: what it tells, and the secrets of which one is its.

    `evidence`: it may tell events that mail can rest on. `topic`: the one of Amazon's that may speak here.
    """

    name: str
    kind: str
    secrets: tuple[bytes, ...] = field(repr=False)
    evidence: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox that is read every so many seconds. `folder` of a Maildir is a path, of IMAP a name there.

    `handled`: where IMAP moves what was taken; where there is none it is marked as seen. `forward_to`: who of the
    team gets what people write.
    """

    name: str
    kind: str
    folder: str
    every: float
    forward_to: str | None = None
    host: str = ""
    port: int = 993
    security: str = "tls"
    username: str = ""
    password: str = field(default="", repr=False)
    handled: str | None = None


def read_hooks(config: Config, source: Source, root: Path) -> dict[str, Hook]:
    """All that post to us."""
    names = [name for name, each in config.inbound.items() if each.kind not in MAILBOXES]
    return {name: read_hook(name, config, source, root) for name in names}


def read_boxes(config: Config, source: Source, root: Path) -> dict[str, Box]:
    """All mailboxes."""
    names = [name for name, each in config.inbound.items() if each.kind in MAILBOXES]
    return {name: _read_box(name, config.inbound[name], source, root) for name in names}


def read_hook(name: str, config: Config, source: Source, root: Path) -> Hook:
    """A webhook's door; a secret a line, or a word, so that the old one can stand beside the new."""
    each, path = config.inbound[name], f"inbound.{name}"
    _refuse_strangers(name, each, source)
    if each.kind == "ses":
        if each.topic is None or not _TOPIC.fullmatch(each.topic):
            hint = "Write arn:aws:sns:REGION:ACCOUNT:NAME: Amazon signs for everybody's topics alike."
            source.fault(path, "missing-key", f"«{path}» needs the topic that may speak.", hint, at_key=True)
        return Hook(name, each.kind, (), topic=each.topic or "")
    texts = [word for text in _texts(name, each, source, root) for word in text.split()]
    secrets = []
    for text in texts:
        try:
            secrets.append(_plain_secret(text) if each.kind in PROVIDERS else read_secret(text))
        except ValueError as fault:
            source.fault(path, "wrong-value", f"«{path}»: {fault}.")
    if not texts and not each.secret_file:
        source.fault(path, "missing-key", f"«{path}» has no secret.", _hint(name), at_key=True)
    return Hook(name, each.kind, tuple(secrets), each.evidence)


def _plain_secret(text: str) -> bytes:
    if len(text) < SHORTEST_SECRET or not text.isascii():
        raise ValueError(f"a provider's secret has {SHORTEST_SECRET} plain characters or more")
    return text.encode()


def _read_box(name: str, each: InboundSection, source: Source, root: Path) -> Box:
    path = f"inbound.{name}"
    _refuse_strangers(name, each, source)
    seconds = _seconds(each.every)
    if not seconds:
        source.fault(f"{path}.every", "wrong-value", f"«{each.every}»: write «1 minute» or «2 hours».")
    if each.forward_to is not None and not _ADDRESS.fullmatch(each.forward_to):
        source.fault(f"{path}.forward_to", "wrong-value", f"«{each.forward_to}» is no address.")
    if each.kind == "maildir":
        folder = "" if each.folder == "INBOX" else each.folder
        if not folder:
            source.fault(path, "missing-key", f"«{path}» needs the folder that it reads.", at_key=True)
        return Box(name, each.kind, str(root / folder), seconds, each.forward_to)
    password = next((text.strip("\r\n") for text in _texts(name, each, source, root)), "")
    for key, value in (("host", each.host), ("username", each.username), ("secret", password)):
        if not value:
            hint = _hint(name) if key == "secret" else None
            source.fault(path, "missing-key", f"«{path}» needs {key}.", hint, at_key=True)
    if each.security == "none" and not _is_here(each.host or ""):
        source.fault(
            f"{path}.security", "wrong-value", "A password would cross the network in clear: use tls."
        )
    return Box(
        name,
        each.kind,
        each.folder,
        seconds,
        each.forward_to,
        each.host or "",
        each.port,
        each.security,
        each.username or "",
        password,
        each.handled,
    )


def _seconds(text: str) -> int:
    """A length of time down to minutes; 0 for what is none."""
    found = duration_of(text)
    if found is not None:
        return found.days * 86400 + found.hours * 3600
    minutes = re.fullmatch(r"([1-9]\d{0,3}) minutes?", text)
    return int(minutes[1]) * 60 if minutes is not None else 0


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_strangers(name: str, each: InboundSection, source: Source) -> None:
    """Keys that mean nothing for this kind: whoever wrote them meant something by it."""
    for key in sorted(each.model_fields_set & KEYS.keys()):
        if each.kind not in KEYS[key]:
            message = f"«inbound.{name}.{key}» means nothing for the kind {each.kind}."
            source.fault(f"inbound.{name}.{key}", "wrong-value", message, at_key=True)


def _texts(name: str, each: InboundSection, source: Source, root: Path) -> Sequence[str]:
    """Secrets as they were given, from the environment and from a file."""
    path, texts = f"inbound.{name}", [each.secret] if each.secret else []
    if each.secret and source.origins.get(f"{path}.secret") == source.file:
        message = "A secret does not belong in a file that git keeps."
        source.fault(f"{path}.secret", "secret-in-file", message, _hint(name))
    if each.secret_file:
        try:
            texts.append((root / each.secret_file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
            message = f"«{path}.secret_file» can't be read: {reason}."
            source.fault(f"{path}.secret_file", "wrong-value", message)
    return texts


def _hint(name: str) -> str:
    return f"Use ACCORD_INBOUND__{name.upper()}__SECRET or inbound.{name}.secret_file."
