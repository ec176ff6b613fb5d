"""The log of a daemon for which everything goes wrong: it says what, and where, and nothing of anybody."""

from __future__ import annotations

import asyncio
import logging
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from accord.core.mail.links import LinkKind
from accord.core.model.event import Event
from accord.shell.config_smtp import Smtp
from accord.shell.daemon import pages_of
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import StoreError
from accord.shell.engine.record import record_consents, record_events
from accord.shell.logs import begin_log, blot
from accord.shell.loops import Loops
from builders import acts
from doors.houses import Venue
from shell.delivery.scripted import scripted


async def until_idle(turn: Callable[[], Awaitable[bool]]) -> None:
    while await turn():
        continue


# Everybody's data is made of these: none of them may be in a line.
SECRETS = ("@example", "perrault", "adele", "rivelune")


@contextmanager
def daemons_log() -> Iterator[None]:
    """The daemon's own log, at -vv; afterwards everything is as it was."""
    root = logging.getLogger()
    before = root.handlers, root.level, logging.raiseExceptions
    begin_log(verbose=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers, root.level, logging.raiseExceptions = before
        structlog.reset_defaults()


def people(venue: Venue, count: int) -> list[int]:
    """People with names, who ask for the letter now."""
    house, now = venue.house, venue.now
    new = [
        NewContact(
            f"adele.perrault{n}@example.org", "fr", "Europe/Paris", now, attributes={"first_name": "Adele"}
        )
        for n in range(count)
    ]
    with house.store.begin() as unit:
        ids = list(unit.add_contacts(new))
    record_consents(
        house.store, house.catalogue, [e for n in ids for e in acts(contact_id=n, at=now)], now=now
    )
    return ids


def spoil(venue: Venue, *statements: str) -> None:
    with venue.house.store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def ask(port: int, path: str, data: bytes | None = None) -> int:
    """A browser's request; the status of its answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data=data, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_whatever_goes_wrong_the_log_says_nothing_of_anybody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    venue = Venue(tmp_path)
    house = venue.house
    house.open_for_work("test")
    venue.activate("bienvenue", "confirmation")
    tokens: list[str] = []

    async def a_bad_day() -> None:
        replies = {
            "RCPT": [
                "550 5.1.1 <adele.perrault0@example.org> unknown",
                "450 4.2.1 adele.perrault1@example.org later",
            ],
            "MAIL": ["421 4.7.0 adele.perrault2@example.org is one too many", "250 Ok"],
        }
        async with scripted(**replies) as server:
            main = replace(
                house.settings.smtp.main, host="127.0.0.1", port=server.port, security="none", connections=1
            )
            house.settings = replace(house.settings, delivery="smtp", smtp=Smtp(main), web_port=0)
            loops = Loops(house)
            someone, *others = people(venue, 8)
            told = [
                Event(n, "order.placed", venue.now, {"order_id": f"Perrault-{n}"}, key=f"k{n}")
                for n in others
            ]
            record_events(house.store, house.catalogue, told, now=venue.now)
            await until_idle(loops.think)
            await until_idle(loops.send)
            # Rows that can't be read: an instant that is a name, and text that is no JSON.
            spoil(
                venue,
                """UPDATE contact SET attributes = '{"first_name": {"$at": "Adele Perrault"}}' WHERE id = 2""",
                """UPDATE contact SET attributes = '{"first_name": Adele Perrault' WHERE id = 3""",
                """UPDATE event SET answered = 0""",
                """UPDATE message SET state = 'queued', due_at = planned_at, attempts = 0, lease_until = NULL""",
            )
            await until_idle(loops.think)
            await until_idle(loops.send)
            # A database that quotes what it refuses.
            says = "SELECT RAISE(ABORT, 'Key (email)=(adele.perrault4@example.org, Rivelune) exists'); END"
            spoil(
                venue,
                f"CREATE TRIGGER t1 BEFORE INSERT ON event BEGIN {says}",
                f"CREATE TRIGGER t2 BEFORE INSERT ON message BEGIN {says}",
                f"CREATE TRIGGER t3 BEFORE INSERT ON consent_entry BEGIN {says}",
                """UPDATE event SET answered = 0, lease_until = NULL""",
                """UPDATE enrolment SET due_at = '2026-11-23T08:30:00.000000+00:00', lease_until = NULL""",
            )
            for job in loops.jobs():
                await job.begin()
                await job.ended()
            # Pages that are asked with a person's key, over a database that fails.
            web = pages_of(house)
            token = house.links.seal(LinkKind.UNSUBSCRIBE, someone, "newsletter", "consent", 1)
            tokens.append(token)
            assert await asyncio.to_thread(ask, web.port, f"/u/{token}", b"List-Unsubscribe=One-Click") == 500
            spoil(venue, "ALTER TABLE contact RENAME TO people")
            assert await asyncio.to_thread(ask, web.port, f"/u/{token}") == 503
            assert await asyncio.to_thread(ask, web.port, f"/l/{token}x") == 404
            await asyncio.to_thread(web.stop)
            for job in loops.jobs():
                await job.begin()
                await job.ended()
            # What nobody waited for, as asyncio tells it.
            asyncio.get_running_loop().call_exception_handler(
                {"message": "lost", "exception": ValueError("Adele Perrault"), "future": "adele@example.org"}
            )
            await house.close()

    with daemons_log():
        asyncio.run(a_bad_day())
    out, err = capfd.readouterr()
    said = (out + err).lower()
    for kind in (
        "valueerror",
        "jsondecodeerror",
        "integrityerror",
        "loop='advance'",
        "the database could not answer get",
        "exception in asgi application",
    ):
        assert kind in said, f"nothing failed with {kind}: this test would prove nothing\n{out}"
    assert "row=" in said
    assert [secret for secret in (*SECRETS, *map(str.lower, tokens)) if secret in said] == []
    assert err == "", "the log is one stream"
    assert all(line.startswith("timestamp=") for line in out.splitlines())


def test_an_error_is_told_by_kind_and_place_and_our_own_by_their_words(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        try:
            int("Adele Perrault")
        except ValueError as fault:
            raise StoreError("accord.db: disk full, said adele@example.org") from fault

    with pytest.raises(StoreError) as caught:
        fail()
    with daemons_log():
        structlog.get_logger("accord").error("fault", row=7, exc_info=caught.value)
    [line] = capfd.readouterr().out.splitlines()
    assert "row=7" in line
    assert "StoreError: accord.db: disk full, said <address> at test_logs.py:" in line
    assert "from builtins.ValueError at test_logs.py:" in line
    assert "Adele" not in line


def test_what_libraries_log_is_told_in_the_same_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with daemons_log():
        logging.getLogger("asyncio").error("never retrieved\nfuture: <Task exception=ValueError('Adele')>")
        logging.getLogger("uvicorn.error").info("chatter")
    [line] = capfd.readouterr().out.splitlines()
    assert line.startswith("timestamp=")
    assert "level='error' event='never retrieved'" in line


def test_addresses_and_peoples_links_are_blotted_out() -> None:
    said = "GET /u/eyJhIjoxfQ.abc-_ by <adele@example.org>, see /p/xyz and /form"
    assert blot(said) == "GET /u/<token> by <<address>>, see /p/<token> and /form"
