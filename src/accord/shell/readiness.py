"""What systemd is told of the daemon over NOTIFY_SOCKET (sd_notify(3)): that it is ready, reloads, lives, stops."""

from __future__ import annotations

import contextlib
import socket

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def notify(address: str | None, state: str) -> None:
    """Send one state, where there is somebody to hear it. A supervisor that is gone is nobody's fault of ours."""
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as said:
        # An address that begins with @ is one of Linux's abstract names, which begin with a zero.
        said.connect("\0" + address[1:] if address.startswith("@") else address)
        said.send(state.encode())
