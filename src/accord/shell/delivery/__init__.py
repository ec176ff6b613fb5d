"""The ways out: one file a provider, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from accord.shell.delivery.folder import FolderCarrier
from accord.shell.delivery.pool import Limits
from accord.shell.delivery.smtp import Server, SmtpCarrier
from accord.shell.engine.ports.mailing import Carrier


@dataclass(frozen=True, slots=True)
class Way:
    """What a carrier may be made of; each reads its own part."""

    server: Server = field(default_factory=Server)
    limits: Limits = field(default_factory=Limits)
    folder: Path = Path("outbox")


CARRIERS: Mapping[str, Callable[[Way], Carrier]] = {
    "smtp": lambda way: SmtpCarrier(way.server, way.limits),
    "folder": lambda way: FolderCarrier(way.folder),
}
