"""The folder keeps whole files by safe names; the bucket lets out what it holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from accord.core.model.message import MessageState
from accord.shell.delivery import CARRIERS, Way
from accord.shell.delivery.folder import FolderCarrier
from accord.shell.delivery.rates import PacedCarrier, TokenBucket
from accord.shell.engine.ports.mailing import Envelope, Receipt, Unreachable
from shell.delivery.scripted import an_envelope


def test_each_mail_is_one_file_named_after_message_and_recipient(tmp_path: Path) -> None:
    async def scene() -> None:
        carrier = FolderCarrier(tmp_path / "a" / "outbox")
        assert await carrier.ready() == carrier.width
        receipts = [
            await carrier.carry(an_envelope(42, "Ada.Lovelace@example.org")),
            await carrier.carry(an_envelope(42, "Ada.Lovelace@example.org")),
            await carrier.carry(an_envelope(7, "../../etc/passwd")),
            await carrier.carry(an_envelope(8, "é" * 300)),
        ]
        assert {each.outcome for each in receipts} == {MessageState.ACCEPTED}

    asyncio.run(scene())
    assert sorted(path.name for path in (tmp_path / "a" / "outbox").iterdir()) == [
        "000000000007-etc-passwd.eml",
        "000000000008-nobody.eml",
        "000000000042-ada-lovelace-example-org.eml",
    ]
    kept = tmp_path / "a" / "outbox" / "000000000042-ada-lovelace-example-org.eml"
    assert kept.read_bytes() == an_envelope(42).content


def test_a_folder_that_can_t_be_made_is_unreachable_and_a_lost_one_defers(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(Unreachable, match="can't be made"):
            await FolderCarrier(tmp_path / "file").ready()
        receipt = await FolderCarrier(tmp_path / "never-made").carry(an_envelope(1))
        assert receipt.outcome is MessageState.DEFERRED
        assert "can't be written" in receipt.reply

    asyncio.run(scene())


def test_the_bucket_starts_full_and_fills_with_time() -> None:
    bucket = TokenBucket(per_second=2, burst=3)
    assert bucket.available(100.0) == 3
    for _ in range(3):
        bucket.take(100.0)
    assert (bucket.available(100.0), bucket.wait(100.0)) == (0, 0.5)
    assert (bucket.available(100.5), bucket.wait(100.5)) == (1, 0.0)
    assert bucket.available(200.0) == 3, "never more than the burst"


def test_what_left_early_is_waited_for() -> None:
    bucket = TokenBucket(per_second=10, burst=1)
    for _ in range(3):
        bucket.take(0.0)
    assert bucket.available(0.0) == 0
    assert bucket.wait(0.0) == pytest.approx(0.3)


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_rate_that_lets_nothing_through_is_an_error(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="let something through"):
        TokenBucket(rate, burst)


def test_a_paced_carrier_keeps_to_its_rate(tmp_path: Path) -> None:
    async def scene() -> float:
        clock = asyncio.get_running_loop().time
        carrier = PacedCarrier(CARRIERS["folder"](Way(folder=tmp_path)), TokenBucket(100, 10), clock)
        begun, sent = clock(), 0
        while sent < 40:
            window = await carrier.ready()
            assert window <= 10
            await asyncio.sleep(carrier.pause() if window == 0 else 0)
            for _ in range(window):
                sent += 1
                await carrier.carry(an_envelope(sent))
        await carrier.close()
        return clock() - begun

    assert asyncio.run(scene()) >= 0.28, "forty mails: ten at once, then a hundred a second"


def test_carriers_are_made_by_name() -> None:
    assert sorted(CARRIERS) == ["folder", "smtp"]
    assert CARRIERS["smtp"](Way()).width == Way().limits.width


class Nowhere(FolderCarrier):
    """Takes everything, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))

    async def ready(self) -> int:
        return 500

    async def carry(self, envelope: Envelope) -> Receipt:
        return Receipt(MessageState.ACCEPTED, "")


def test_who_shares_a_bucket_leaves_some_of_it_to_the_other() -> None:
    async def scene() -> None:
        bucket = TokenBucket(10, 10)
        first, other = (PacedCarrier(Nowhere(), bucket, lambda: 5.0, spare) for spare in (0, 2))
        assert (await first.ready(), await other.ready()) == (10, 8)
        for number in range(8):
            await other.carry(an_envelope(number))
        assert (await first.ready(), await other.ready()) == (2, 0)
        assert first.pause() == 0.0
        assert other.pause() == pytest.approx(0.1), "until there are three"

    asyncio.run(scene())
