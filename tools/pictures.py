"""Takes the documents' pictures: a letter as its reader gets it, and the page where they choose, from the real code.

    python tools/pictures.py

Needs a Chromium; nothing is fetched from the network.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 620, 760
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COMMANDS = (
    "scenario activate bienvenue --yes",
    "scenario contacts import people.csv",
    'scenario consent record ada@example.org --script guichet --answer yes --place "the counter" --followup --by lea',
    "scenario tick --until-idle",
)


def a_letter(venue: Path) -> tuple[str, str]:
    """The HTML of the first mail of the welcome, and the address of its reader's own page."""
    (venue / "people.csv").write_text("email,first_name\nada@example.org,Ada\n", encoding="utf-8")
    scenario = venue / "scenarios" / "bienvenue.yaml"
    text = re.sub(r"^hours: .*\n", "", scenario.read_text(encoding="utf-8"), flags=re.MULTILINE)
    scenario.write_text(text, encoding="utf-8")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in COMMANDS:
        subprocess.run(command, shell=True, cwd=venue, env=environment, check=True, capture_output=True)
    mail = next(iter(sorted((venue / "mailbox").glob("*.eml"))))
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    body = message.get_body(("html",))
    html = body.get_content() if body is not None else ""
    return html, re.findall(r'href="([^"]+/p/[^"]+)"', html)[-1]


def take(venue: Path, html: str, page_url: str) -> None:
    """Both pages in one browser, side by side in one picture."""
    from playwright.sync_api import sync_playwright

    from accord.shell.web.app import create_app
    from accord.shell.web.people import HousePeople
    from accord.shell.web.server import WebServer
    from accord.shell.wiring import open_house

    house = open_house(venue / "config.toml", clock=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    house.refresh()
    with WebServer(create_app(HousePeople(house)), port=0) as web, sync_playwright() as play:
        local = re.sub(r"^https?://[^/]+", f"http://127.0.0.1:{web.port}", page_url)
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        shots = []
        for name, source in (("letter", html), ("page", local)):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.set_content(source) if source is html else page.goto(source)
            shots.append(venue / f"{name}.png")
            page.screenshot(path=shots[-1])
        both = browser.new_page(viewport={"width": 2 * WIDTH + 60, "height": HEIGHT + 40})
        frames = "".join(
            f'<img src="{shot.as_uri()}" style="margin:20px 0 0 20px;border:1px solid #bbb;border-radius:6px">'
            for shot in shots
        )
        sheet = venue / "both.html"
        sheet.write_text(
            f'<body style="margin:0;background:#e8e6e1;font-size:0">{frames}</body>', encoding="utf-8"
        )
        both.goto(sheet.as_uri())
        PICTURES.mkdir(exist_ok=True)
        both.screenshot(path=PICTURES / "letter.png")
        browser.close()
    house.store.close()


def main() -> None:
    """The command."""
    from shown import set_the_stage

    with tempfile.TemporaryDirectory(prefix="accord-pictures-") as folder:
        venue = Path(folder)
        set_the_stage(venue)
        take(venue, *a_letter(venue))
    print(f"taken: {PICTURES / 'letter.png'}")


if __name__ == "__main__":
    main()
