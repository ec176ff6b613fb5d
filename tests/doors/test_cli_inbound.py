"""The way back as its operators see it: a letter out, what comes back for it in a Maildir, and what becomes of it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from accord.shell.loops import Loops
from accord.shell.wiring import open_house
from cli_driver import SMALL, Terminal, a_small_venue
from shell.wayback.imap_server import ImapServer

INBOUND = """
[delivery]
return_path = "retours+*@theatre.example.org"
provider = "postmark"

[inbound.retours]
kind = "maildir"
folder = "retours"
forward_to = "equipe@theatre.example.org"
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch, SMALL + INBOUND)
    terminal.write("people.csv", "email,city\nada@example.org,Lyon\n")
    terminal("contacts", "import", str(terminal.folder / "people.csv")).ok()
    (terminal.folder / "retours" / "new").mkdir(parents=True)
    return terminal


def mails(scenario: Terminal) -> list[EmailMessage]:
    paths = sorted((scenario.folder / "mailbox").glob("*.eml"))
    return [message_from_bytes(each.read_bytes(), policy=policy.default) for each in paths]  # type: ignore[misc]


def a_letter(scenario: Terminal) -> EmailMessage:
    scenario("activate", "merci", "--yes", "--by", "marie").ok()
    scenario("consent", "record", "ada@example.org", "--form", "inscription", "--answer", "ticked").ok()
    scenario("tick", "--until-idle").ok()
    return mails(scenario)[-1]


def comes(scenario: Terminal, raw: str, name: str = "1.M1.host") -> Path:
    path = scenario.folder / "retours" / "new" / name
    path.write_bytes(raw.encode())
    return path


def bounce(letter: EmailMessage, status: str = "5.1.1") -> str:
    return (
        "Return-Path: <>\nFrom: MAILER-DAEMON@relay.example.net\nTo: someone@theatre.example.org\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example.net\n\n"
        f"Final-Recipient: rfc822; ada@example.org\nAction: failed\nStatus: {status}\n\n--b\n"
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {letter['Message-ID']}\n\n--b--\n"
    )


def test_a_mail_bears_its_mark_wherever_it_may_come_back_by(scenario: Terminal) -> None:
    letter = a_letter(scenario)
    mark = letter["X-PM-Metadata-accord"]
    number, _, seal = mark.partition("-")
    assert letter["Message-ID"].startswith(f"<{number}.") and f".{seal}@" in letter["Message-ID"]
    page, _, by_mail = letter["List-Unsubscribe"].partition(", ")
    assert page.startswith("<https://theatre.example.org/u/")
    assert by_mail == f"<mailto:retours%2B{mark}@theatre.example.org?subject=unsubscribe>"
    (left,) = (scenario.folder / "mailbox").glob("*.eml")
    again = scenario("messages", "show", number, "--eml").ok().out
    assert again.encode().replace(b"\r\n", b"\n") == left.read_bytes().replace(b"\r\n", b"\n")


def test_what_came_back_is_read_listed_and_believed(scenario: Terminal) -> None:
    letter = a_letter(scenario)
    path = comes(scenario, bounce(letter))
    verdict = scenario("inbound", "read", str(path), "--json").ok().json
    assert (verdict["kind"], verdict["reason"], verdict["contact"]) == ("bounce", "HARD_BOUNCE", 1)
    assert verdict["changes"] == {"address": "hard_bounced", "consent": None}
    assert "changes: address becomes hard_bounced" in scenario("inbound", "read", str(path)).ok().out
    assert scenario("inbound", "list", "--json").ok().json == [], "nothing was written"
    assert scenario("inbound", "poll", "--json").ok().json == {
        "mailboxes": [{"mailbox": "retours", "new": 1, "fault": None}],
        "handed_on": 0,
    }
    (row,) = scenario("inbound", "list", "--json").ok().json
    assert (row["reason"], row["contact"], row["matched_by"]) == ("HARD_BOUNCE", 1, "message id")
    assert "hard_bounced" in scenario("contacts", "show", "ada@example.org").ok().out
    assert "HARD_BOUNCE" in scenario("explain", "ada@example.org").ok().out
    assert not list((scenario.folder / "retours" / "new").iterdir())


def test_what_a_person_writes_goes_to_the_team_and_to_nobody_else(scenario: Terminal) -> None:
    letter = a_letter(scenario)
    before = len(mails(scenario))
    comes(
        scenario,
        "From: Ada <ada@example.org>\nTo: lettre@theatre.example.org\nSubject: Re: Merci\n"
        f"In-Reply-To: {letter['Message-ID']}\nContent-Type: text/plain; charset=utf-8\n\nÀ quelle heure, samedi ?\n",
    )
    assert "1 handed on to the team." in scenario("inbound", "poll").ok().out
    scenario("tick", "--until-idle").ok()
    (handed,) = mails(scenario)[before:] if len(mails(scenario)) > before else [mails(scenario)[-1]]
    assert handed["To"] == "equipe@theatre.example.org"
    assert handed["Reply-To"] == "ada@example.org"
    assert handed["Auto-Submitted"] == "auto-generated"
    body = handed.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "https://theatre.example.org/console/people/1" in text
    assert "À quelle heure, samedi ?" in text
    (attached,) = handed.iter_attachments()
    assert attached.get_content_type() == "message/rfc822"
    comes(scenario, handed.as_string(), "2.M2.host")
    comes(
        scenario,
        f"From: equipe@theatre.example.org\nTo: lettre@theatre.example.org\nSubject: Re: {handed['Subject']}\n\nÀ 20 h.\n",
        "3.M3.host",
    )
    count = len(mails(scenario))
    scenario("inbound", "poll").ok()
    assert len(mails(scenario)) == count, "what was handed on goes round no second time"


def test_a_stop_is_kept_to_and_shown_why(scenario: Terminal) -> None:
    letter = a_letter(scenario)
    comes(
        scenario,
        f"From: ada@example.org\nTo: x@theatre.example.org\nIn-Reply-To: {letter['Message-ID']}\nSubject: Re: x\n\nstop\n",
    )
    assert "retours: 1 came back." in scenario("tick").ok().out
    shown = scenario("consent", "show", "ada@example.org").ok().out
    assert "objection" in shown.lower() or "active_optout" in shown


def test_a_mailbox_that_is_away_is_an_alarm_until_it_is_back_or_given_up(scenario: Terminal) -> None:
    (scenario.folder / "retours" / "new").rmdir()
    told = scenario("inbound", "poll", fails=True)
    assert "retours/new can't be read" in told.err
    scenario("status").ok()
    config = (scenario.folder / "config.toml").read_text(encoding="utf-8")
    (scenario.folder / "config.toml").write_text(
        config.replace("[engine]", '[engine]\nalarm_lag = "0 hours"'), encoding="utf-8"
    )
    told = scenario("status", fails=True)
    assert "ALARM: the mailbox retours can't be read" in told.out
    (scenario.folder / "config.toml").write_text(config.partition("[inbound.retours]")[0], encoding="utf-8")
    assert "config.toml has no mailbox" in scenario("inbound", "poll").ok().out
    scenario("status").ok()


def test_the_loop_of_the_daemon_reads_what_came_and_stays_calm(scenario: Terminal) -> None:
    comes(scenario, bounce(a_letter(scenario)))
    house = open_house(scenario.folder / "config.toml")
    loops = Loops(house)

    async def turn(times: int) -> None:
        for _ in range(times):
            assert not await loops.collect()
        await house.close()

    asyncio.run(turn(2))
    (row,) = scenario("inbound", "list", "--json").ok().json
    assert row["reason"] == "HARD_BOUNCE"
    comes(scenario, "From: x@example.com\nSubject: hello\n\nhello\n", "2.M2.host")
    asyncio.run(turn(1))
    assert len(scenario("inbound", "list", "--json").ok().json) == 1, "it is read again in a minute"


def test_a_process_that_is_killed_before_it_has_marked_what_it_took_takes_nothing_twice(
    scenario: Terminal,
) -> None:
    letter = a_letter(scenario)
    with ImapServer() as server:
        account = f"""
[inbound.retours]
kind = "imap"
host = "127.0.0.1"
port = {server.port}
security = "none"
username = "ada"
secret_file = "password"
"""
        config = (
            (scenario.folder / "config.toml").read_text(encoding="utf-8").partition("[inbound.retours]")[0]
        )
        (scenario.folder / "config.toml").write_text(config + account, encoding="utf-8")
        (scenario.folder / "password").write_text(server.account.password, encoding="utf-8")
        server.account.deliver(bounce(letter, "4.2.2").encode())
        server.account.deliver(bounce(letter, "5.2.2").encode())
        words = [str(Path(sys.executable).parent / "scenario"), "inbound", "poll"]
        with subprocess.Popen(words, cwd=scenario.folder, stdout=subprocess.DEVNULL) as reader:
            server.account.kills = ("UID STORE", reader)
        assert reader.returncode == -signal.SIGKILL
        scenario("inbound", "poll").ok()
        assert all("\\Seen" in mail.flags for mail in server.account.folders["INBOX"])
    told = scenario("inbound", "list", "--json").ok().json
    assert sorted(row["reason"] for row in told) == ["MAILBOX_FULL", "SOFT_BOUNCE"]


def test_tasks_are_told_and_done(scenario: Terminal) -> None:
    assert "Nothing to see to." in scenario("inbound", "tasks").ok().out
    comes(scenario, "")
    scenario("inbound", "poll").ok()
    (task,) = scenario("inbound", "tasks", "--json").ok().json
    assert task["what"] == "UNREADABLE"
    assert "Nobody can say what came into retours" in scenario("inbound", "tasks").ok().out
    assert "inbound tasks" in scenario("status", fails=True).out
    scenario("inbound", "done", str(task["id"]), "--by", "marie").ok()
    assert "no open task" in scenario("inbound", "done", str(task["id"]), fails=True).err
    assert "inbound done" in scenario("audit").ok().out
    scenario("status").ok()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('[inbound.a]\nkind = "imap"\n', "«inbound.a» needs host"),
        (
            '[inbound.a]\nkind = "imap"\nhost = "imap.example.org"\nusername = "a"\nsecret_file = "accord.keys"\nsecurity = "none"\n',
            "in clear",
        ),
        ('[inbound.a]\nkind = "maildir"\n', "needs the folder"),
        ('[inbound.a]\nkind = "maildir"\nfolder = "x"\nhost = "y"\n', "means nothing for the kind maildir"),
        ('[inbound.a]\nkind = "maildir"\nfolder = "x"\nevery = "often"\n', "write «1 minute»"),
        ('[inbound.a]\nkind = "maildir"\nfolder = "x"\nforward_to = "nobody"\n', "is no address"),
        ('[inbound.a]\nkind = "ses"\n', "needs the topic"),
        ('[inbound.a]\nkind = "brevo"\n', "has no secret"),
        ('[inbound.a]\nkind = "postmark"\nsecret = "short"\n', "does not belong in a file"),
        ('[delivery]\nreturn_path = "retours@example.org"\n', "write retours+*@example.org"),
        ('[delivery]\nreturn_path = "retours-de-nos-lettres-et-autres-mails+*@example.org"\n', "at most"),
    ],
)
def test_a_way_in_that_cannot_work_is_refused(scenario: Terminal, config: str, says: str) -> None:
    base = (scenario.folder / "config.toml").read_text(encoding="utf-8").partition("[delivery]")[0]
    (scenario.folder / "config.toml").write_text(base + config, encoding="utf-8")
    told = scenario("config", fails=True)
    assert says in told.err
