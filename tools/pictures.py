"""Takes the documents' pictures from the real code: a letter and its reader's page; the report of a dry run; the console.

    python tools/pictures.py                all of them
    python tools/pictures.py letter report  some; the console needs a year to be made, which takes minutes

Needs a Chromium; nothing is fetched from the network.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def a_report(venue: Path) -> Path:
    """The report of a dry run of the welcome, as `scenario dry-run --report` writes it."""
    command = "scenario dry-run bienvenue --from 2026-09-01T09:30 --language en --report previews"
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, shell=True, cwd=venue, env=environment, check=True, capture_output=True)
    return venue / "previews" / "bienvenue.html"


def take_letter(browser: Browser, venue: Path, html: str, page_url: str) -> Path:
    """A letter and the page where its reader chooses, side by side."""
    from accord.shell.web.app import create_app
    from accord.shell.web.house_own import HouseOwn
    from accord.shell.web.people import HousePeople
    from accord.shell.web.server import WebServer
    from accord.shell.wiring import open_house

    house = open_house(venue / "config.toml", clock=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    house.refresh()
    with WebServer(create_app(HousePeople(house), own=HouseOwn(house)), port=0) as web:
        local = re.sub(r"^https?://[^/]+", f"http://127.0.0.1:{web.port}", page_url)
        shots = []
        for name, source in (("letter", html), ("page", local)):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.set_content(source) if source is html else page.goto(source)
            shots.append(venue / f"{name}.png")
            page.screenshot(path=shots[-1])
    house.store.close()
    return side_by_side(browser, venue, shots, 2 * WIDTH, "letter.png")


def take_report(browser: Browser, venue: Path, file: Path) -> Path:
    """The report three times: its journey, its people by mails, and a mail on a telephone."""
    shots = []
    for name, width, place in (
        ("journey", 375, "#journey"),
        ("people", 960, "#people"),
        ("mail", 375, "article"),
    ):
        page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme="light")
        page.goto(file.as_uri())
        page.locator(place).first.evaluate("each => each.scrollIntoView()")
        page.wait_for_timeout(300)
        shots.append(venue / f"{name}.png")
        page.screenshot(path=shots[-1])
    return side_by_side(browser, venue, shots, 375 + 960 + 375, "report.png")


def take_console(browser: Browser, venue: Path) -> Path:
    """The opt-out target after a year, and a scenario, at a desk; the target on a telephone, in the dark."""
    import year

    from accord.shell.daemon import application
    from accord.shell.web.server import WebServer

    house, shots = year.again(venue / "year"), []
    with WebServer(application(house), port=0) as web:
        root = f"http://127.0.0.1:{web.port}/console"
        for path, place, width, scheme in (
            ("target", "h1", 1000, "light"),
            ("scenarios/saison", "#goal", 700, "light"),
            ("target", "#clicks", 375, "dark"),
        ):
            context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
            page = context.new_page()
            page.goto(f"{root}/sign-in?back=/console/{path}")
            page.fill("#name", "marie")
            page.fill("#password", year.PASSWORD)
            page.click("main button")
            page.get_by_role("heading", level=1).first.wait_for()
            page.locator(place).first.evaluate("each => each.scrollIntoView()")
            shots.append(venue / f"console-{len(shots)}.png")
            page.screenshot(path=shots[-1])
            context.close()
    house.store.close()
    return side_by_side(browser, venue, shots, 1000 + 700 + 375, "console.png")


def side_by_side(browser: Browser, venue: Path, shots: Sequence[Path], width: int, name: str) -> Path:
    """One picture of several, on a quiet ground."""
    page = browser.new_page(viewport={"width": width + 24 * len(shots) + 20, "height": HEIGHT + 40})
    frames = "".join(
        f'<img src="{shot.as_uri()}" style="margin:20px 0 0 20px;border:1px solid #bbb;border-radius:6px">'
        for shot in shots
    )
    sheet = venue / "sheet.html"
    sheet.write_text(
        f'<body style="margin:0;background:#e8e6e1;font-size:0">{frames}</body>', encoding="utf-8"
    )
    page.goto(sheet.as_uri())
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / name)
    return PICTURES / name


PICTURED: Mapping[str, Callable[[Browser, Path], Path]] = {
    "report": lambda browser, venue: take_report(browser, venue, a_report(venue)),
    "letter": lambda browser, venue: take_letter(browser, venue, *a_letter(venue)),
    "console": take_console,
}


def main() -> None:
    """The command."""
    import year
    from shown import set_the_stage

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=(*PICTURED, []), help="only these")
    names = parser.parse_args().names or PICTURED
    with tempfile.TemporaryDirectory(prefix="accord-pictures-") as folder:
        venue = Path(folder)
        set_the_stage(venue)
        if "console" in names:
            # Before the browser, which has a loop of its own.
            year.make(venue / "year").store.close()
        taken = _taken(venue, names)
    print(f"taken: {', '.join(map(str, taken))}")


def _taken(venue: Path, names: Collection[str]) -> list[Path]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        taken = [PICTURED[name](browser, venue) for name in PICTURED if name in names]
        browser.close()
    return taken


if __name__ == "__main__":
    main()
