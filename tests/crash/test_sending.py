"""The daemon sends: all of it, each once; it stops when told to, and begins where it stopped."""

from __future__ import annotations

import signal
import socket
import time
from datetime import UTC, datetime

import httpx
import pytest

from accord.core.mail.links import LinkKind
from accord.core.model.message import MessageState
from crash.accounts import explained, ledger, settle_accounts
from crash.processes import Mailbox, drain, free_port, mail_server, scenario, until
from crash.venue import Shape, make_venue, open_venue, order, sign_up, states


def test_eight_hundred_mails_arrive_once_and_each_is_whole(open_at, start, box: Mailbox) -> None:
    house = open_at(connections=10)
    sign_up(house, 750)
    order(house, 50)
    life = start(house)
    until(lambda: states(house) == {"accepted": 800}, "all sent", 60)
    assert life.child.exitcode is None
    mails = box.mails()
    assert len(mails) == 800
    assert set(box.by_message_id().values()) == {1}
    assert set(box.by_recipient().values()) == {1}
    for mail in mails:
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert html is not None
        assert ".Une ligne qui commence par un point, et une autre avec des é à è ç." in plain.get_content()
        assert "<p>" in html.get_content()
        is_letter = mail["Subject"] == "La lettre du mois"
        assert is_letter or mail["Subject"] == "Votre commande"
        assert ("List-Unsubscribe-Post" in mail) == is_letter
        assert mail.defects == []


def test_a_stop_finishes_what_is_in_hand_and_a_start_goes_on(open_at, start, box: Mailbox) -> None:
    house = open_at()
    sign_up(house, 300)
    box.order(delay=0.005)
    life = start(house)
    until(lambda: box.count() > 60, "some sent")
    told_at = time.monotonic()
    life.signal(signal.SIGTERM)
    assert life.ended() == 0, life.said
    assert time.monotonic() - told_at < 5
    assert box.count() < 300
    assert states(house) == {"accepted": box.count(), "queued": 300 - box.count()}
    start(house)
    until(lambda: states(house) == {"accepted": 300}, "the rest sent")
    assert box.by_recipient().most_common(1)[0][1] == 1


def test_told_twice_it_breaks_off_and_still_writes_what_it_knows(open_at, start, box: Mailbox) -> None:
    house = open_at(connections=2)
    ids = sign_up(house, 10)
    box.order(delay=60)
    life = start(house)
    until(lambda: states(house).get("sending", 0) > 0, "some under way")
    life.signal(signal.SIGTERM)
    time.sleep(0.2)
    told_at = time.monotonic()
    life.signal(signal.SIGTERM)
    assert life.ended() == 0, life.said
    assert time.monotonic() - told_at < 3
    ended = states(house)
    assert set(ended) <= {"deferred", "queued"}, "the server has seen no mail whole"
    assert sum(ended.values()) == len(ids)
    box.order()
    drain(house.config)
    settle_accounts(house, box, unknown_at_most=0)


def test_a_stop_waits_for_no_server_that_says_nothing(tmp_path, start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"sqlite:///{tmp_path / 'venue' / 'accord.db'}"
        house = open_venue(make_venue(tmp_path / "venue", Shape(url, mute.getsockname()[1])))
        sign_up(house, 3)
        house.think(datetime.now(UTC))
        life = start(house)
        mute.settimeout(10)
        caller, _ = mute.accept()
        with caller:
            told_at = time.monotonic()
            life.signal(signal.SIGTERM)
            assert life.ended() == 0, life.said
            assert time.monotonic() - told_at < 4
        assert states(house) == {"queued": 3}
        house.store.close()


def test_a_second_daemon_on_the_same_file_is_refused(open_at, start) -> None:
    house = open_at()
    first = start(house)
    second = scenario(house.config, "daemon", "--no-web")
    assert second.ended() == 1
    assert "another daemon works on" in second.said
    assert "Traceback" not in second.said
    assert first.child.exitcode is None


def test_a_withdrawal_by_one_click_while_the_daemon_sends_wins(open_at, start, box: Mailbox) -> None:
    port = free_port()
    house = open_at(web_port=port, connections=1)
    ids = sign_up(house, 120)
    house.think(datetime.now(UTC))
    box.order(delay=0.01)
    start(house, "all")
    until(lambda: box.count() > 5, "some sent")
    last = ids[-1]
    token = house.links.seal(LinkKind.UNSUBSCRIBE, last, "newsletter", "consent", 0)
    answer = httpx.post(
        f"http://127.0.0.1:{port}/u/{token}", data={"List-Unsubscribe": "One-Click"}, timeout=10
    )
    assert answer.status_code == 200
    until(lambda: set(states(house)) <= {"accepted", "cancelled", "refused"}, "the others sent")
    assert box.by_recipient()["reader119@example.org"] == 0
    [message] = [each for each in ledger(house) if each.contact_id == last]
    assert message.state is MessageState.CANCELLED
    assert sum(box.by_recipient().values()) == 119


@pytest.mark.parametrize("rate", [40, None])
def test_a_service_mail_waits_for_no_newsletter(open_at, start, box: Mailbox, rate: float | None) -> None:
    house = open_at(per_second=rate, connections=4)
    sign_up(house, 600 if rate else 2000)
    house.think(datetime.now(UTC))
    start(house)
    until(lambda: box.count() > 150, "the newsletter under way")
    order(house, 1)
    house.think(datetime.now(UTC))
    before = box.count()
    until(lambda: box.by_recipient()["buyer0@example.org"] == 1, "the confirmation")
    overtaken = [_recipient(text) for text in box.texts()].index("buyer0@example.org") - before
    assert overtaken <= (110 if rate else 1100), "no more than leave within two seconds"
    assert states(house).get("queued", 0) > 0, "the newsletter was over first"


def _recipient(text: str) -> str:
    return text.partition("\nTo: ")[2].partition("\r")[0]


def test_config_and_files_are_read_again_when_told_to(open_at, start, box: Mailbox, tmp_path) -> None:
    house = open_at()
    life = start(house)
    good = house.config.read_text(encoding="utf-8")
    with mail_server(tmp_path / "other") as other:
        house.config.write_text(good.replace("connections", "conections"), encoding="utf-8")
        life.signal(signal.SIGHUP)
        until(lambda: "configuration refused" in life.said, "the fault told")
        assert "config.toml:" in life.said
        sign_up(house, 3, "before")
        until(lambda: box.count() == 3, "sent by the old one")
        house.config.write_text(good.replace(f"port = {box.port}", f"port = {other.port}"), encoding="utf-8")
        life.signal(signal.SIGHUP)
        until(lambda: "configuration read" in life.said, "the new one")
        sign_up(house, 3, "after")
        until(lambda: other.count() == 3, "sent by the new one")
    assert box.count() == 3


def test_a_turned_switch_of_the_law_halts_the_daemon_until_it_has_read_it(
    open_at, start, box: Mailbox
) -> None:
    house = open_at()
    life = start(house)
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text + "\n[retention]\nmonths = 24\n", encoding="utf-8")
    told = scenario(house.config, "hold", "all", "--reason", "a command puts the new law on record")
    assert told.ended() == 0, told.said
    assert scenario(house.config, "release", "all").ended() == 0
    sign_up(house, 3)
    until(lambda: box.count() == 3, "read again by itself")
    assert life.child.exitcode is None


def test_a_mail_server_that_is_away_is_waited_for(open_at, start, box: Mailbox) -> None:
    house = open_at()
    box.shut()
    sign_up(house, 40)
    house.think(datetime.now(UTC))
    life = start(house)
    until(lambda: "mail server unreachable" in life.said, "noticed")
    assert set(states(house)) == {"queued"}
    box.open_again()
    until(lambda: states(house) == {"accepted": 40}, "all sent")
    settle_accounts(house, box, unknown_at_most=0)


def test_a_restored_backup_sends_no_letter_twice(open_at, start, box: Mailbox) -> None:
    house = open_at(connections=2)
    sign_up(house, 30)
    order(house, 2)
    house.think(datetime.now(UTC))
    sign_up(house, 5, "undecided")
    box.order(delay=0.01)
    life = start(house)
    until(lambda: box.count() > 8, "some sent")
    copy = house.config.parent / "copy"
    assert scenario(house.config, "db", "backup", str(copy)).ended() == 0
    until(lambda: states(house) == {"accepted": 37}, "all sent")
    life.signal(signal.SIGTERM)
    life.ended()
    house.store.close()
    restored = scenario(house.config, "db", "restore", str(copy), "--force")
    assert restored.ended() == 0, restored.said
    assert "may have left since" in restored.said
    unsure = [each for each in ledger(house) if each.state is MessageState.UNKNOWN]
    assert unsure
    assert {reason for each in unsure for reason in explained(house, each.contact_id)} <= {"RESTORED", "HELD"}
    assert scenario(house.config, "release", "all").ended() == 0
    drain(house.config)
    letters = {who: often for who, often in box.by_recipient().items() if not who.startswith("buyer")}
    assert set(letters.values()) == {1}
    assert len(letters) == 35
    assert max(box.by_message_id().values()) <= 2
    assert not {"queued", "claimed", "sending", "deferred"} & set(states(house))
