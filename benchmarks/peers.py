"""What others send in the same run: django-drip-campaigns and trytond-marketing-automation, each in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from machinery import HERE, MEGABYTE, Postgres, Program, Sink, cpu_of, environment, peak_of, until
from mail import LINKS, SENTENCE

DRIP, TRYTON = "django-drip-campaigns 1.16.2", "trytond-marketing-automation 8.2.0"

DRIP_PACKAGES = ("django-drip-campaigns==1.16.2", "Django==5.2.19", "psycopg[binary]", "setuptools<81")
TRYTON_PACKAGES = (
    "trytond==8.2.1",
    "trytond-marketing-automation==8.2.0",
    "psycopg[binary,pool]",
    "setuptools<81",
)


@dataclass(frozen=True)
class Told:
    """What a peer's run came to: seconds, seconds on the processor, megabytes."""

    mails: int
    seconds: float
    processor: float
    memory: float


def page(name: str, condition: tuple[str, str], leave: str, stories: int = 42) -> str:
    """The letter of our own benchmark in the peer's words: as many stories, links, and a condition."""
    told = "".join(
        f"<h2>Histoire {number}</h2><p>{SENTENCE * 5}</p>"
        + (
            f'<p class="go"><a href="https://theatre.example.org/magazine/{number}">Lire</a></p>'
            if number < LINKS
            else ""
        )
        + (f"{condition[0]}<p>Bonjour {name}</p>{condition[1]}" if number % 6 == 0 else "")
        for number in range(stories)
    )
    style = "h2 { color: #7a2e2a; margin: 26px 0 6px } p { margin: 0 0 16px } .go { margin: 8px 0 } a { color: #7a2e2a }"
    head = f"<head><title>La lettre</title><style>{style}</style></head>"
    return f'{head}<body>{told}<p><a href="{leave}">Ne plus recevoir</a></p></body>'


def _server(folder: Path, server: Postgres) -> dict[str, str]:
    """Where a peer finds PostgreSQL: libpq's own variables, and a scratch folder."""
    return {"PGHOST": server.host, "PGUSER": "postgres", "PEER_FOLDER": str(folder)}


def drip(folder: Path, into: Sink, server: Postgres, mails: int) -> Told:
    """One drip of one mail, by the package's own command."""
    python = environment("drip", DRIP_PACKAGES) / "python"
    server.fresh("drip")
    own = folder / "drip"
    own.mkdir()
    template = page(
        "{{ user.first_name }}", ("{% if user.first_name %}", "{% endif %}"), "{{ unsubscribe_link }}"
    )
    (own / "page.html").write_text(f"<html>{template}</html>", encoding="utf-8")
    before = into.count()
    done = subprocess.run(
        [python, HERE / "peer_drip.py", str(mails), str(into.port)],
        env={**os.environ, **_server(own, server)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or into.count() - before < mails:
        raise SystemExit(f"{DRIP} failed: {into.count() - before} of {mails}\n{done.stderr[-3000:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Told(mails, said["seconds"], said["processor"], said["kilobytes"] * 1024 / MEGABYTE)


TRYTON_CONFIG = """
[database]
uri = postgresql://
[email]
uri = smtp://127.0.0.1:{port}
from = lettre@theatre.example.org
[web]
hostname = theatre.example.org
[queue]
worker = True
"""


def tryton(folder: Path, into: Sink, server: Postgres, mails: int) -> Told:
    """One scenario of one mail, by one worker, as it is run at its best; the default is several times slower."""
    programs = environment("tryton", TRYTON_PACKAGES)
    server.fresh("tryton")
    own = folder / "tryton"
    own.mkdir()
    config = own / "trytond.conf"
    config.write_text(TRYTON_CONFIG.format(port=into.port), encoding="utf-8")
    template = page(
        "${record.name}",
        ('<py:if test="record.name">', "</py:if>"),
        "unsubscribe|https://theatre.example.org/",
    )
    html = f'<html xmlns:py="http://genshi.edgewall.org/">{template}</html>'
    (own / "page.html").write_text(html, encoding="utf-8")
    variables = _server(own, server) | {"TRYTONPASSFILE": str(own / "password")}
    (own / "password").write_text("a password of nobody's", encoding="utf-8")
    admin = [
        programs / "trytond-admin",
        "-c",
        config,
        "-d",
        "tryton",
        "--email",
        "lettre@theatre.example.org",
    ]
    _run([*admin, "-u", "marketing_automation", "--activate-dependencies", "-p"], variables)
    driver = [programs / "python", HERE / "peer_tryton.py", config]
    _run([*driver, "fill", str(mails)], variables)
    before = into.count()
    worker = Program(
        [programs / "trytond-worker", "-c", config, "-d", "tryton", "-n", "1"],
        own / "worker.log",
        variables=variables,
    )
    time.sleep(5)
    used, began = cpu_of(worker.pid), time.monotonic()
    try:
        _run([*driver, "process"], variables)
        until(
            lambda: into.count() >= before + mails, f"{mails} mails of {TRYTON}:\n{worker.said[-2000:]}", 600
        )
        seconds = time.monotonic() - began
        return Told(mails, seconds, cpu_of(worker.pid) - used, max(map(peak_of, _children(worker.pid))))
    finally:
        worker.stop()


def _children(pid: int) -> list[int]:
    from machinery import family

    return [each.pid for each in family(pid)]


def _run(command: list[str | Path], variables: dict[str, str]) -> None:
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
