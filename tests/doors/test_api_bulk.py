"""Over a real server: while a system sends by the thousand, a person's unsubscribe gets in between."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import requests

from accord.core.mail.links import LinkKind
from accord.shell.web.api.taking import PAGE
from accord.shell.web.server import WebServer
from doors.systems import LINES, Quiet, a_key, app_of

PAGES = 4


def test_an_unsubscribe_gets_in_between_two_pages_of_bulk(tmp_path: Path) -> None:
    venue = Quiet(tmp_path)
    key = {"authorization": f"Bearer {a_key(venue.house)}"}
    scan = {"email": "ada@example.org", "event": "ticket.scanned", "at": "2026-11-23T08:00:00Z"}
    body = "\n".join(json.dumps({**scan, "id": f"scan-{number}"}) for number in range(PAGES * PAGE))
    came: list[int] = []
    with WebServer(app_of(venue.house), port=0) as server:
        base = f"http://127.0.0.1:{server.port}"
        requests.post(f"{base}/api/v1/contacts", json={"email": "ada@example.org"}, headers=key, timeout=20)

        def send() -> None:
            sent = {**key, "content-type": LINES}
            answer = requests.post(f"{base}/api/v1/events/bulk", data=body, headers=sent, timeout=60)
            came.append(answer.json()["new"])

        bulk = threading.Thread(target=send)
        bulk.start()
        while not _told(venue):
            time.sleep(0.01)
        token = venue.house.links.seal(LinkKind.UNSUBSCRIBE, 1, "newsletter", "consent", 42)
        one_click = {"List-Unsubscribe": "One-Click"}
        stopped = requests.post(f"{base}/u/{token}", data=one_click, timeout=20)
        still_under_way = not came
        bulk.join()
    assert (stopped.status_code, still_under_way, came) == (200, True, [PAGES * PAGE])
    assert venue.state(1) == "active_optout"
    venue.house.store.close()


def _told(venue: Quiet) -> bool:
    """Whether the first page is in."""
    with venue.house.store.read() as unit:
        return any(event.name == "ticket.scanned" for event in unit.events_of(1, limit=10))
