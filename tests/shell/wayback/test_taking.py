"""What comes back and what it changes: each thing once, matched first, and never more than the law says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accord.core.mail.returns import Returns
from accord.core.model.consent import Act
from accord.shell.engine.ports.wayback import Fate
from accord.shell.store.database import SqlStore
from shell.wayback.house import RETURNS, Office, answer, bounce, complaint


@pytest.fixture
def office(store: SqlStore) -> Office:
    return Office(store)


@pytest.fixture
def small(embedded: SqlStore) -> Office:
    return Office(embedded)


def test_a_hard_bounce_ends_the_address_once(office: Office) -> None:
    mail = office.letter()
    first, again = office.came(bounce(mail)), office.came(bounce(mail))
    assert first is not None and again is None
    assert (first.contact_id, first.message_id, first.reason, first.matched) == (
        1,
        mail,
        "HARD_BOUNCE",
        "envelope",
    )
    assert (office.address(), office.state(mail)) == ("hard_bounced", "bounced")
    assert office.names() == ["mail.bounced"]
    assert office.told()[0].data["status"] == "5.1.1"
    assert not office.tasks(), "nobody needed that letter"
    with office.store.read() as unit:
        book = unit.wayback.listed()
        counted = unit.wayback.counted(office.now - timedelta(days=1))
    assert [(each.kind, each.reason, each.fate) for each in book] == [("bounce", "HARD_BOUNCE", Fate.NOTED)]
    assert counted == {("bounces", "bounce", "HARD_BOUNCE"): 1}


def test_a_hard_bounce_of_mail_that_was_needed_is_a_task(office: Office) -> None:
    mail = office.tickets()
    office.came(bounce(mail))
    (task,) = office.tasks()
    assert task.body["what"] == "UNDELIVERABLE"
    assert (task.body["message"], task.contact_id) == (mail, 1)
    with office.store.begin() as unit:
        assert unit.wayback.finish_task(task.id, office.now) is not None
        assert unit.wayback.finish_task(task.id, office.now) is None
    assert not office.tasks()


def test_a_forged_bounce_suppresses_nobody(small: Office) -> None:
    mail = small.letter()
    small.came(bounce(mail).replace(str(RETURNS.mark(mail)).encode(), f"{mail}-{'a' * 16}".encode()))
    stolen = Returns((b"somebody else's key",), RETURNS.path)
    small.came(bounce(mail).replace(str(RETURNS.mark(mail)).encode(), str(stolen.mark(mail)).encode()))
    small.came(bounce(4711))
    assert (small.address(), small.state(mail), small.names()) == ("ok", "accepted", [])
    (task,) = small.tasks()
    assert task.body["what"] == "NOT_MATCHED", "one task for them all, however many"


def test_a_mark_of_a_mail_that_never_left_is_no_proof(small: Office) -> None:
    mail = small.letter()
    small.put(mail, "queued")
    small.came(bounce(mail))
    assert small.address() == "ok"


def test_the_mark_of_an_old_key_is_good_for_as_long_as_the_key_is_kept(small: Office) -> None:
    mail = small.letter()
    raw = bounce(mail)
    after = Returns((b"a newer key", *RETURNS.keys), RETURNS.path)
    assert after.mark(mail) != RETURNS.mark(mail)
    assert after.is_ours(RETURNS.mark(mail))
    small.came(raw)
    assert small.address() == "hard_bounced"


def test_a_bounce_of_a_former_address_says_nothing_of_todays(small: Office) -> None:
    mail = small.letter()
    with small.store.begin() as unit:
        unit.keeping.change_address(1, "ada.lovelace@example.org")
    small.came(bounce(mail, address="ada@example.org"))
    assert small.address() == "ok"
    assert small.names() == ["mail.soft_bounced"]


def test_a_bounce_after_a_merge_is_the_survivors(small: Office) -> None:
    mail = small.letter(2)
    with small.store.begin() as unit:
        unit.keeping.merge(1, 2, [], small.now)
    small.came(bounce(mail, address="bob@example.org"))
    assert (small.address(1), small.names(1)) == ("ok", ["mail.soft_bounced"])


@pytest.mark.parametrize(
    ("status", "action", "name", "after"),
    [
        ("5.2.2", "failed", "mail.mailbox_full", "bounced"),
        ("5.7.1", "failed", "mail.policy_blocked", "bounced"),
        ("4.4.7", "failed", "mail.soft_bounced", "bounced"),
        ("4.4.1", "delayed", "mail.soft_bounced", "accepted"),
        ("2.0.0", "delivered", "mail.delivered", "accepted"),
    ],
)
def test_each_kind_has_a_word_of_its_own(
    small: Office, status: str, action: str, name: str, after: str
) -> None:
    mail = small.letter()
    small.came(bounce(mail, status, action=action))
    assert (small.names(), small.state(mail), small.address()) == ([name], after, "ok")


def test_a_mail_of_unknown_fate_is_known_by_what_comes_back(small: Office) -> None:
    mail, other = small.letter(), small.tickets()
    small.put(mail, "unknown")
    small.put(other, "unknown")
    small.came(bounce(mail, "4.4.7"))
    small.came(bounce(other, "2.0.0", action="delivered"))
    assert (small.state(mail), small.state(other)) == ("bounced", "accepted")


def test_five_soft_bounces_give_the_address_a_rest_from_prospecting(office: Office) -> None:
    for number in range(5):
        assert office.rests() is None
        mail = office.letter()
        office.came(bounce(mail, "5.2.2" if number % 2 else "4.2.2"))
        office.came(bounce(mail, "4.2.2", action="delayed"))
        office.now += timedelta(days=2)
    rested = office.rests()
    assert rested is not None
    assert office.names().count("contact.rested") == 1
    office.letter()
    office.tickets()
    assert office.waiting()[-1] == "accepted", "service mail is tried all the same"
    held = [event for event in office.driver.journal(1) if event.name == "mail.held"]
    assert [event.data["reason"] for event in held] == ["ADDRESS_RESTS"]
    office.now = rested + timedelta(minutes=1)
    office.driver.turn()
    assert office.waiting().count("accepted") == 2, "then it is tried again"


def test_a_mail_that_arrived_in_between_breaks_the_row(small: Office) -> None:
    for number in range(6):
        mail = small.letter()
        if number != 3:
            small.came(bounce(mail, "4.2.2"))
        small.now += timedelta(days=3)
    assert small.rests() is None


def test_a_policy_is_not_the_address_however_often(small: Office) -> None:
    for _ in range(7):
        small.came(bounce(small.letter(), "5.7.1"))
    assert (small.rests(), small.address()) == (None, "ok")


def test_a_complaint_is_an_objection_to_all_prospecting(office: Office) -> None:
    mail = office.letter()
    office.came(complaint(mail))
    assert (office.address(), office.state(mail)) == ("complained", "complained")
    assert office.names() == ["mail.complained"]
    office.letter()
    assert office.waiting().count("accepted") == 0
    office.tickets()
    assert office.waiting().count("accepted") == 1, "what was ordered still arrives"


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", "other", ""])
def test_other_reports_are_no_complaints(small: Office, kind: str) -> None:
    mail = small.letter()
    small.came(complaint(mail, kind))
    assert (small.address(), small.consent(), small.names()) == ("ok", "optin_proven", ["mail.reported"])


def test_a_complaint_that_bears_no_mark_accuses_nobody(small: Office) -> None:
    mail = small.letter()
    raw = complaint(mail).replace(str(RETURNS.mark(mail).seal).encode(), b"b" * 16)
    small.came(raw.replace(b"--b--", b"X-Rcpt: ada@example.org\n\n--b--"))
    assert small.address() == "ok"


# -- people ------------------------------------------------------------------------------------------------


def test_a_persons_stop_is_an_objection(office: Office) -> None:
    mail = office.letter()
    taken = office.came(answer("Désabonnez-moi, merci.", mail))
    assert taken is not None and taken.reason == "OBJECTION_HAS_NO_FORM"
    assert office.consent() in ("active_optout", "withdrawn")
    with office.store.read() as unit:
        acts = [entry for entry in unit.entries([1])[1] if entry.act is Act.OBJECTION]
    assert acts[-1].details["channel"] == "reply"
    assert acts[-1].details["message"] == str(mail)
    assert "contact.replied" in office.names()


def test_a_stop_from_a_known_address_counts_without_a_mark(small: Office) -> None:
    small.came(answer("stop"))
    assert small.consent() in ("active_optout", "withdrawn")
    assert "contact.replied" not in small.names(), "whoever only claims an address renews no clock"


def test_a_strangers_stop_stops_nobody(small: Office) -> None:
    small.came(answer("stop", sender="eve@example.com"))
    assert small.consent() == "optin_proven"
    assert [task.body["what"] for task in small.tasks()] == ["NOT_MATCHED"]


def test_a_machines_stop_is_none(small: Office) -> None:
    mail = small.letter()
    small.came(answer("stop", mail, Auto_Submitted="auto-replied"))
    small.came(answer("stop, I am away", mail, Subject="Out of office", Precedence="bulk"))
    assert small.consent() == "optin_proven"
    assert set(small.names()) <= {"mail.auto_answered", "mail.vacation"}


def test_list_unsubscribe_by_mail_does_what_the_button_does(small: Office) -> None:
    mail = small.letter()
    sender = RETURNS.sender(RETURNS.mark(mail))
    raw = f"From: ada@example.org\nTo: {sender}\nSubject: unsubscribe\n\n".encode()
    small.came(raw)
    assert small.consent() == "withdrawn"
    small.came(raw.replace(b"Subject: unsubscribe\n", b"Subject: Unsubscribe\n"))
    with small.store.read() as unit:
        chain = unit.broken_chains()
        assert list(chain) == []


def test_what_people_ask_goes_to_the_team_and_bare_stops_do_not(small: Office) -> None:
    small.forwards = True
    mail = small.letter()
    question, stop = small.came(answer("À quelle heure ?", mail)), small.came(answer("stop", mail))
    both = small.came(answer("Stop. " + "Et remboursez-moi mes billets, s’il vous plaît. " * 3, mail))
    friend = small.came(answer("stop", mail, sender="friend@example.com"))
    assert [each and each.fate for each in (question, stop, both, friend)] == [
        *(Fate.TO_FORWARD, Fate.NOTED, Fate.TO_FORWARD, Fate.TO_FORWARD),
    ]


def test_erasing_a_person_leaves_nothing_of_what_they_wrote(office: Office) -> None:
    office.forwards = True
    mail = office.tickets()
    office.came(answer("À quelle heure ?", mail))
    office.came(bounce(mail))
    assert office.tasks()
    with office.store.begin() as unit:
        unit.keeping.erase({1: ()}, "asked", office.now)
    with office.store.read() as unit:
        book = unit.wayback.listed()
    assert {(each.contact_id, each.message_id, each.fate) for each in book} == {(None, None, Fate.NOTED)}
    assert not office.tasks()
    with office.store.begin() as unit:
        assert not unit.wayback.to_forward(office.now + timedelta(days=1), 10, office.now)
    after = office.came(bounce(mail) + b"\n")
    assert after is not None and after.reason == "NOT_MATCHED", "and what comes later is about nobody"


def test_what_cannot_be_read_is_one_task_however_much_there_is(small: Office) -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" for _ in range(4000))
    taken = [small.came(raw + b"x" * number) for number in range(3)]
    assert [each and (each.kind, each.content) for each in taken] == [("unreadable", None)] * 3
    (task,) = small.tasks()
    assert task.body["what"] == "UNREADABLE"
