"""What is examined at home: files and keys, the database, the mail server's answer, the page, how mails fared."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.model.event import Event
from accord.shell.delivery.greeting import Greeting
from accord.shell.doctor.complaints import complaints
from accord.shell.doctor.configuration import configuration, keys
from accord.shell.doctor.database import database
from accord.shell.doctor.examinations import EXAMINATIONS, examine
from accord.shell.doctor.findings import Finding, State
from accord.shell.doctor.page import page, press
from accord.shell.doctor.patient import Patient
from accord.shell.doctor.relay import relay
from accord.shell.doctor.returns import look_into, returns
from accord.shell.doctor.sender import sender
from accord.shell.engine.ports.checkup import LAST_BACKUP
from accord.shell.engine.ports.rows import NewContact
from cli_driver import SMALL
from planted import a_mail, put
from shell.doctor.patients import CONFIG, GOOD_LINE, NOW, Look, a_patient, worst


def of(look: Look, patient: Patient, key: str) -> Finding:
    [found] = [each for each in look(patient) if each.key == key]
    return found


# -- files ---------------------------------------------------------------------------------------------------


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    patient = a_patient(tmp_path)
    assert worst(keys, patient).state is State.FINE
    (tmp_path / "accord.keys").chmod(0o640)
    found = worst(keys, patient)
    assert (found.state, found.fix) == (State.MEND, f"chmod 600 {tmp_path / 'accord.keys'}")
    (tmp_path / "accord.keys").write_text("{")
    assert "damaged" in worst(keys, patient).says


def test_a_password_that_others_can_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "smtp.password").write_text("secret")
    (tmp_path / "smtp.password").chmod(0o644)
    config = CONFIG.replace("[smtp]\n", '[smtp]\nusername = "accord"\npassword_file = "smtp.password"\n')
    found = worst(keys, a_patient(tmp_path, config=config))
    assert "«smtp.password_file», is open to others" in found.says
    (tmp_path / "smtp.password").chmod(0o600)
    assert worst(keys, a_patient(tmp_path, config=config)).state is State.FINE


def test_a_key_that_git_keeps_is_told(tmp_path: Path) -> None:
    patient = a_patient(tmp_path)
    for words in (["init", "-q"], ["add", "dkim-r1.pem"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)
    found = worst(keys, patient)
    assert found.state is State.MEND
    assert "git keeps dkim-r1.pem" in found.says


def test_a_venue_that_writes_as_somebody_at_a_mailbox_provider_is_told(tmp_path: Path) -> None:
    assert worst(sender, a_patient(tmp_path)).state is State.FINE
    config = CONFIG.replace("<lettre@theatre.example.org>", "<theatre@Orange.fr>")
    assert "at orange.fr" in worst(sender, a_patient(tmp_path, config=config)).says


def test_time_travel_where_mail_really_leaves_is_a_hint(tmp_path: Path) -> None:
    config = CONFIG.replace("[engine]\n", "[engine]\nallow_time_travel = true\n")
    assert worst(configuration, a_patient(tmp_path, config=config)).key == "time-travel"


def test_where_mail_goes_to_a_folder_the_world_is_asked_only_by_name(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, config=SMALL)
    asked = {group for group, _ in examine(patient)}
    assert asked == {each.group for each in EXAMINATIONS if not each.outside}
    assert {group for group, _ in examine(patient, ["dns"])} == {"dns"}


# -- the database --------------------------------------------------------------------------------------------


def test_a_database_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    assert worst(database, a_patient(tmp_path)).state is State.FINE
    assert not (tmp_path / "accord.db").exists()


def with_tables(folder: Path) -> Patient:
    patient = a_patient(folder)
    patient.store.upgrade()
    return patient


def with_somebody(folder: Path, *, received: timedelta = timedelta(hours=-1)) -> tuple[Patient, int]:
    patient = with_tables(folder)
    with patient.store.begin() as unit:
        [person] = unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", NOW)])
        event = Event(person, "contact.kept", NOW, {}, "test")
        unit.append([event], received_at=NOW + received, reacts=False)
    return patient, person


def test_the_age_of_the_last_backup(tmp_path: Path) -> None:
    assert of(database, with_tables(tmp_path), "backup").state is State.NOTE
    patient, _ = with_somebody(tmp_path)
    never = of(database, patient, "backup")
    assert (never.state, never.says) == (State.MEND, "There never was a backup.")
    for age, state in ((timedelta(hours=20), State.FINE), (timedelta(days=3), State.MEND)):
        with patient.store.begin() as unit:
            unit.tell_anew(LAST_BACKUP, (NOW - age).isoformat(), NOW)
        assert of(database, patient, "backup").state is state


def test_a_clock_that_went_back_is_told(tmp_path: Path) -> None:
    patient, _ = with_somebody(tmp_path, received=timedelta(hours=3))
    found = of(database, patient, "clock")
    assert found.state is State.MEND
    assert "3 hours ahead of our clock" in found.says
    assert of(database, replace(patient, now=NOW + timedelta(hours=3)), "clock").state is State.FINE


def test_other_keys_than_the_database_was_kept_with(tmp_path: Path) -> None:
    patient = with_tables(tmp_path)
    with patient.store.begin() as unit:
        unit.tell("keys", "0123456789abcdef", NOW)
    assert of(database, patient, "database-keys").state is State.MEND


def test_a_house_without_an_objections_log_is_given_a_hint(tmp_path: Path) -> None:
    assert of(database, with_tables(tmp_path), "objections-log").state is State.NOTE


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    patient = a_patient(tmp_path)
    (tmp_path / "accord.db").write_bytes(b"no database at all" * 100)
    assert worst(database, patient).state is State.MEND
    assert list(complaints(patient)) == []


# -- the mail server and the page ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "state", "says"),
    [
        (GOOD_LINE, State.FINE, ""),
        (Greeting(fault="certificate verify failed"), State.MEND, "can't be used: certificate verify failed"),
        (Greeting(fault="535 5.7.8 no"), State.MEND, "535"),
        (replace(GOOD_LINE, cipher=None), State.MEND, "in clear"),
        (replace(GOOD_LINE, cipher="TLSv1.1"), State.MEND, "TLSv1.1, which is broken"),
        (replace(GOOD_LINE, ends=NOW + timedelta(days=3)), State.NOTE, "ends on 2026-11-27"),
        (replace(GOOD_LINE, offers=frozenset()), State.NOTE, "no SMTPUTF8"),
    ],
)
def test_each_way_a_mail_server_may_answer(tmp_path: Path, line: Greeting, state: State, says: str) -> None:
    found = worst(relay, a_patient(tmp_path, line=line))
    assert found.state is state
    assert says in found.says


@pytest.mark.parametrize(
    ("answer", "state"),
    [(200, State.FINE), (404, State.MEND), (302, State.MEND), (403, State.MEND), (405, State.MEND), (502, State.MEND)],
)  # fmt: skip
def test_each_way_the_page_may_answer(tmp_path: Path, answer: int, state: State) -> None:
    assert worst(page, a_patient(tmp_path, answer=answer)).state is state


def test_a_page_that_cant_be_reached_and_one_for_trying_out(tmp_path: Path) -> None:
    assert "no answer" in worst(page, a_patient(tmp_path, answer="no answer within 10 seconds")).says
    config = CONFIG.replace("https://theatre.example.org", "http://127.0.0.1:8025")
    assert worst(page, a_patient(tmp_path, config=config)).state is State.UNSEEN
    assert isinstance(press("http://127.0.0.1:9/u/examination"), str)


# -- how mails fared -------------------------------------------------------------------------------------------


def test_complaints_that_nobody_tells_us_of_are_not_none(tmp_path: Path) -> None:
    found = of(complaints, with_tables(tmp_path), "spam-rate")
    assert found.state is State.UNSEEN
    assert "Signal Spam" in (found.fix or "")


@pytest.mark.parametrize(
    ("mails", "complained", "state"),
    [(100, 1, State.UNSEEN), (3000, 3, State.NOTE), (900, 3, State.MEND), (4000, 2, State.FINE)],
)
def test_the_rate_of_complaints(tmp_path: Path, mails: int, complained: int, state: State) -> None:
    patient, person = with_somebody(tmp_path)
    rows = [
        a_mail(number, person, NOW - timedelta(days=1), state="complained" if number <= complained else "accepted")
        for number in range(1, mails + 1)
    ]  # fmt: skip
    put(patient.store, rows)
    found = of(complaints, patient, "spam-rate")
    assert found.state is state
    assert f"{complained} complaints about {mails:,} mails" in found.says


# -- what comes back -------------------------------------------------------------------------------------------


def test_mail_that_nobody_reads_the_answers_to_is_to_be_mended(tmp_path: Path) -> None:
    nobody = CONFIG.replace('[inbound.retours]\nkind = "maildir"\nfolder = "retours"\n', "")
    found = worst(returns, a_patient(tmp_path, config=nobody))
    assert (found.key, found.state) == ("returns", State.MEND)
    told = a_patient(tmp_path, mailbox="the mailbox at imap.example:993 refuses: no such user")
    assert "Nobody reads retours: the mailbox at imap.example:993 refuses" in worst(returns, told).says


def test_a_return_path_of_its_own_is_where_bounces_go(tmp_path: Path) -> None:
    assert worst(returns, a_patient(tmp_path)).key == "return-path"
    config = CONFIG.replace("[delivery]\n", '[delivery]\nreturn_path = "retours+*@bounce.example.org"\n')
    patient = a_patient(tmp_path, config=config)
    assert worst(returns, patient).state is State.FINE
    assert patient.return_paths == ["bounce.example.org"]


def test_a_mailbox_is_opened_and_left_as_it_is(tmp_path: Path) -> None:
    [box] = a_patient(tmp_path).settings.mailboxes.values()
    assert "can't be read" in (look_into(box) or "")
    new = Path(box.folder) / "new"
    new.mkdir(parents=True)
    (new / "1.eml").write_text("Subject: x\n\n")
    assert look_into(box) is None
    assert [path.name for path in new.iterdir()] == ["1.eml"]


def test_postgresql_has_a_clock_of_its_own_and_its_own_backups(tmp_path: Path, postgres_url: str) -> None:
    patient = a_patient(tmp_path, config=f'{CONFIG}\n[database]\nurl = "{postgres_url}"\n')
    patient.store.upgrade()
    with patient.store.read() as unit:
        theirs = unit.checkup.clock()
    assert theirs is not None
    assert of(database, replace(patient, now=theirs), "clock").state is State.FINE
    late = of(database, replace(patient, now=theirs - timedelta(hours=5)), "clock")
    assert (late.state, "5 hours" in late.says) == (State.MEND, True)
    assert of(database, patient, "backup").state is State.UNSEEN
    patient.store.close()


def test_each_relay_is_greeted(tmp_path: Path) -> None:
    config = CONFIG.replace("[dkim.keys]", '[smtp.fallback]\nhost = "other.relay.example"\n\n[dkim.keys]')
    told = [each.says for each in relay(a_patient(tmp_path, config=config)) if each.key == "relay"]
    assert told == ["smtp.relay.example:25 answers", "other.relay.example:25 answers"]
