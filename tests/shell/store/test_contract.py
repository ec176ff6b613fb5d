"""What the engine may rely on, over every database."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, text

from accord.core.model.consent import Act, ConsentStatus, LegalBasis, Nature
from accord.core.model.decision import Output, QueueMail, Verdict
from accord.core.model.enrolment import RunState
from accord.core.model.message import MessageState
from accord.shell.engine.journeys.enter import EVERYBODY
from accord.shell.engine.ports.rows import (
    ContactChange,
    DoorCheck,
    NewContact,
    NewMessage,
    NewRun,
    PolicyChange,
    RunChange,
    Settlement,
)
from accord.shell.engine.ports.store import Busy, Duplicate
from accord.shell.store import migrate
from accord.shell.store.database import AlreadyRunning, SqlStore, open_store
from accord.shell.store.tables import metadata
from builders import NOW, acts, an_act, an_event, an_order_line

HOUR = timedelta(hours=1)
LEASES = {"lease": NOW + HOUR, "until": NOW + HOUR}


def people(store: SqlStore, count: int = 1) -> list[int]:
    with store.begin() as unit:
        return list(
            unit.add_contacts(
                [
                    NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW - timedelta(days=30))
                    for n in range(count)
                ]
            )
        )


def runs(store: SqlStore, contacts: list[int], *, scenario: str = "s", key: str = "", due: datetime = NOW):
    with store.begin() as unit:
        return unit.add_runs([NewRun(scenario, "d", each, key, NOW, "first", due) for each in contacts])


def queued(store: SqlStore, run, *, nature: Nature = Nature.EDITORIAL, step: str = "first") -> int:
    mail = QueueMail(
        step,
        "main",
        "t",
        nature,
        "newsletter",
        Verdict(Output.ALLOW, "OPTIN_PROVEN", "R-04", LegalBasis.CONSENT),
        False,
        NOW,
    )
    with store.begin() as unit:
        unit.queue([NewMessage(run, mail, 0, NOW, "digest")])
        return unit.messages_of(run.contact_id)[-1].id


def test_an_address_is_one_contact_however_it_is_written(store: SqlStore) -> None:
    people(store)
    with pytest.raises(Duplicate), store.begin() as unit:
        unit.add_contacts([NewContact(" P0@Example.ORG ", "fr", "Europe/Paris", NOW)])


def test_instants_come_back_aware_and_naive_ones_are_refused(store: SqlStore) -> None:
    [number] = people(store)
    with store.read() as unit:
        assert unit.contacts([number])[number].collected_at == NOW - timedelta(days=30)
        assert unit.contacts([number])[number].collected_at.tzinfo is not None
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(Exception, match="naive"), store.begin() as unit:
        unit.add_contacts([NewContact("n@example.org", "fr", "Europe/Paris", naive)])


def test_changes_bump_the_revision_and_the_last_action_never_goes_back(store: SqlStore) -> None:
    [number] = people(store)
    with store.begin() as unit:
        unit.change_contacts(
            [ContactChange(number, acted_at=NOW), ContactChange(number, acted_at=NOW - HOUR)]
        )
    with store.read() as unit:
        known = unit.contacts([number])[number]
    assert known.last_action_at == NOW
    assert known.revision == 1


def test_the_same_event_told_twice_is_one(store: SqlStore) -> None:
    [number] = people(store)
    told = an_event(contact_id=number, source="shop", key="17", data={"at": NOW, "list": ("a", "b")})
    with store.begin() as unit:
        assert len(unit.append([told, told], received_at=NOW, reacts=True)) == 1
    with store.begin() as unit:
        assert unit.append([told], received_at=NOW, reacts=True) == []
        [kept] = unit.events_of(number)
    assert kept.data == {"at": NOW, "list": ("a", "b")}


AWKWARD = ("", "NULL", "null", 'a "b"', "\\", '\\"', "{a,b}", "a,b", " a ", "l'été\n\t☂", "$1 %s :a ?", "(x)")


def test_many_rows_come_back_as_they_were_written_whatever_they_hold(store: SqlStore) -> None:
    with store.begin() as unit:
        ids = unit.add_contacts(
            [
                NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW, f"x{each}", attributes={"a": each})
                for n, each in enumerate(AWKWARD)
            ]
        )
        told = [
            an_event(
                contact_id=number, name=each or "e", data={"text": each, "list": (each, None, 1.5, True)}
            )
            for number, each in zip(ids, AWKWARD, strict=True)
        ]
        new = unit.append(told, received_at=NOW, reacts=False)
    assert [each.id for each in new] == sorted({each.id for each in new})
    with store.read() as unit:
        found = unit.contacts(ids)
        assert [found[number].attributes["a"] for number in ids] == list(AWKWARD)
        assert [found[number].external_id for number in ids] == [f"x{each}" for each in AWKWARD]
        for number, event_ in zip(ids, new, strict=True):
            assert unit.events_of(number) == [event_]


def test_a_context_comes_back_to_the_byte(store: SqlStore) -> None:
    [number] = people(store)
    message = queued(store, runs(store, [number])[0])
    context = bytes(range(256))
    with store.begin() as unit:
        unit.claim_messages(NOW, 1, NOW + HOUR, frozenset())
        assert unit.mark_sending([DoorCheck(message, number, 0, False, context)], NOW, **LEASES) == {message}
        entry = unit.ledger_entry(message)
        assert entry is not None
        assert entry.context == context


def test_events_are_claimed_oldest_first_one_a_contact(store: SqlStore) -> None:
    one, other = people(store, 2)
    with store.begin() as unit:
        unit.append(
            [
                an_event("account.created", contact_id=one),
                an_event(contact_id=one),
                an_event(contact_id=other),
            ],
            received_at=NOW,
            reacts=True,
        )
    with store.begin() as unit:
        first = unit.claim_events(NOW, 10, NOW + HOUR)
        assert [(each.contact_id, each.name) for each in first] == [
            (one, "account.created"),
            (other, "ticket.scanned"),
        ]
        unit.answered([each.id for each in first])
    with store.begin() as unit:
        assert [each.contact_id for each in unit.claim_events(NOW, 10, NOW + HOUR)] == [one]
    with store.begin() as unit:
        assert unit.claim_events(NOW, 10, NOW + HOUR) == []
        assert [each.contact_id for each in unit.claim_events(NOW + HOUR, 10, NOW + 2 * HOUR)] == [one]


def test_a_run_begins_once_for_a_key(store: SqlStore) -> None:
    [number] = people(store)
    assert len(runs(store, [number])) == 1
    assert len(runs(store, [number])) == 0
    assert len(runs(store, [number], key="other")) == 1


def test_due_runs_are_claimed_one_a_contact_and_again_when_the_lease_runs_out(store: SqlStore) -> None:
    one, other = people(store, 2)
    runs(store, [one, other], due=NOW - HOUR)
    runs(store, [one], scenario="t", due=NOW - 2 * HOUR)
    with store.begin() as unit:
        claimed = unit.claim_due(NOW, 10, NOW + HOUR)
    assert [(each.contact_id, each.scenario) for each in claimed] == [(one, "t"), (other, "s")]
    assert claimed[0].due_at == NOW - 2 * HOUR
    with store.begin() as unit:
        assert [each.scenario for each in unit.claim_due(NOW, 10, NOW + HOUR)] == ["s"]
        assert unit.claim_due(NOW, 10, NOW + HOUR) == []
    with store.begin() as unit:
        assert len(unit.claim_due(NOW + 2 * HOUR, 10, NOW + 3 * HOUR)) == 2


def test_a_claim_looks_at_no_more_runs_than_it_takes(store: SqlStore) -> None:
    """Also where the database has never counted them: thousands may be due at one instant."""
    runs(store, people(store, 40))
    asked: list[tuple] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    with store.begin() as unit:
        unit.claim_due(NOW, 10, NOW + HOUR)
        claims = [(statement, given) for statement, given in asked if "UPDATE enrolment" in statement]
        how = "EXPLAIN QUERY PLAN" if store.file else "EXPLAIN"
        plans = [unit.connection.exec_driver_sql(f"{how} {statement}", given) for statement, given in claims]
        steps = [str(row) for plan in plans for row in plan]
    assert len(claims) == 2
    assert any("ix_enrolment_due" in step for step in steps)
    assert any("ix_enrolment_contact" in step for step in steps)
    assert not [step for step in steps if "TEMP B-TREE" in step or "Sort" in step or "Hash" in step]


def test_an_ended_run_stays_ended(store: SqlStore) -> None:
    [number] = people(store)
    [run] = runs(store, [number])
    over = RunChange(run.id, RunState.LEFT, "first", NOW, NOW, NOW, ended_because="CUE")
    with store.begin() as unit:
        unit.change_runs([over])
        unit.change_runs([replace(over, state=RunState.DUE)])
        assert unit.open_runs([number]) == []
        assert unit.claim_due(NOW + HOUR, 10, NOW + HOUR) == []


def test_two_claimers_never_get_the_same_row(store: SqlStore) -> None:
    numbers = people(store, 200)
    runs(store, numbers)
    found: list[int] = []

    def claim() -> None:
        for _ in range(10):
            with store.begin() as unit:
                found.extend(each.id for each in unit.claim_due(NOW, 20, NOW + HOUR))

    threads = [threading.Thread(target=claim) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 200


def test_a_mail_is_queued_once_a_step_and_service_mail_goes_first(store: SqlStore) -> None:
    one, other = people(store, 2)
    first, second = runs(store, [one, other])
    queued(store, first)
    queued(store, first)
    service = queued(store, second, nature=Nature.SERVICE)
    with store.begin() as unit:
        assert len(unit.messages_of(one)) == 1
        claimed = unit.claim_messages(NOW, 10, NOW + HOUR, frozenset())
    assert claimed[0].id == service
    assert all(each.state is MessageState.CLAIMED for each in claimed)


@pytest.mark.parametrize(("held", "left"), [({"all"}, 0), ({"prospecting"}, 1), ({"s"}, 0), (set(), 2)])
def test_brakes_are_obeyed_when_claiming(store: SqlStore, held: set[str], left: int) -> None:
    one, other = people(store, 2)
    first, second = runs(store, [one, other])
    queued(store, first)
    queued(store, second, nature=Nature.SERVICE)
    with store.begin() as unit:
        assert len(unit.claim_messages(NOW, 10, NOW + HOUR, frozenset(held))) == left


def test_the_door_only_opens_while_what_was_judged_still_stands(store: SqlStore) -> None:
    one, other = people(store, 2)
    first, second = runs(store, [one, other])
    mine, theirs = queued(store, first), queued(store, second)
    with store.begin() as unit:
        unit.claim_messages(NOW, 10, NOW + HOUR, frozenset())
    with store.begin() as unit:
        unit.add_entries([an_act(Act.OBJECTION, contact_id=one)], NOW)
    checks = [DoorCheck(mine, one, 0, False, b"x", "d"), DoorCheck(theirs, other, 0, False, b"x", "d")]
    with store.begin() as unit:
        assert unit.mark_sending(checks, NOW, **LEASES) == {theirs}
        assert unit.mark_sending(checks, NOW, **LEASES) == frozenset()
    with store.read() as unit:
        sent = unit.message(theirs)
    assert sent is not None
    assert (sent.state, sent.attempts, sent.sent_at) == (MessageState.SENDING, 1, NOW)


def test_an_ending_is_written_only_where_it_was_expected(store: SqlStore) -> None:
    [number] = people(store)
    [run] = runs(store, [number])
    mail = queued(store, run)
    ending = Settlement(mail, MessageState.SENDING, MessageState.ACCEPTED, NOW)
    with store.begin() as unit:
        assert unit.settle([ending]) == frozenset()
        unit.claim_messages(NOW, 10, NOW + HOUR, frozenset())
        unit.mark_sending([DoorCheck(mail, number, 0, False)], NOW, **LEASES)
        assert unit.settle([ending]) == {mail}
        assert unit.settle([ending]) == frozenset()
    with pytest.raises(ValueError, match="cannot go"), store.begin() as unit:
        unit.settle([Settlement(mail, MessageState.ACCEPTED, MessageState.QUEUED, NOW)])


def test_orphans_are_found_when_their_lease_runs_out(store: SqlStore) -> None:
    [number] = people(store)
    [run] = runs(store, [number])
    queued(store, run)
    with store.begin() as unit:
        unit.claim_messages(NOW, 10, NOW + HOUR, frozenset())
    with store.begin() as unit:
        assert unit.orphans(NOW, 10) == []
        [orphan] = unit.orphans(NOW + HOUR, 10)
        unit.requeue([orphan.id], NOW + HOUR)
        assert unit.claim_messages(NOW, 10, NOW + HOUR, frozenset()) == []
        assert len(unit.claim_messages(NOW + HOUR, 10, NOW + 2 * HOUR, frozenset())) == 1


def test_a_cancelled_mail_is_out_of_the_queue_and_service_mail_is_not_cancelled(store: SqlStore) -> None:
    [number] = people(store)
    [run] = runs(store, [number])
    queued(store, run)
    service = queued(store, run, nature=Nature.SERVICE, step="second")
    with store.begin() as unit:
        assert len(unit.cancel_messages([number], None, "OBJECTION", NOW)) == 1
        assert [each.id for each in unit.claim_messages(NOW, 10, NOW + HOUR, frozenset())] == [service]


def test_the_ledger_is_a_chain_that_outlives_erasure_and_shows_tampering(store: SqlStore) -> None:
    [number] = people(store)
    with store.begin() as unit:
        unit.add_entries(acts(contact_id=number), NOW)
        unit.add_entries([an_act(Act.WITHDRAWAL, contact_id=number, at=NOW)], NOW)
        assert [entry.seq for entry in unit.entries([number])[number]] == [1, 2, 3]
        assert list(unit.broken_chains()) == []
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE consent_entry SET payload = NULL, salt = NULL WHERE seq = 2"))
    with store.read() as unit:
        assert list(unit.broken_chains()) == []
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE consent_entry SET payload = replace(payload, 'withdrawal', 'optin_proven')")
        )
    with store.read() as unit:
        assert list(unit.broken_chains()) == [(number, 3)]


def test_states_are_derived_with_each_act(store: SqlStore) -> None:
    [number] = people(store)
    with store.begin() as unit:
        unit.add_entries(acts(contact_id=number), NOW)
        known = unit.situations([number])[number].consents
        assert known.of("newsletter", "editorial").status is ConsentStatus.OPTIN_PROVEN
        unit.add_entries([an_act(Act.OBJECTION, contact_id=number, purpose="*", kind="*", at=NOW)], NOW)
        known = unit.situations([number])[number].consents
        assert known.of("newsletter", "editorial").status in (
            ConsentStatus.WITHDRAWN,
            ConsentStatus.ACTIVE_OPTOUT,
        )


def test_an_order_is_replaced_whole_and_belongs_to_one_person(store: SqlStore) -> None:
    one, other = people(store, 2)
    with store.begin() as unit:
        unit.save_order_lines({one: [an_order_line(), an_order_line(family="bar")]})
        unit.save_order_lines({one: [an_order_line(amount_cents=100)]})
        [line] = unit.situations([one])[one].lines
        assert line.amount_cents == 100
    with pytest.raises(Duplicate), store.begin() as unit:
        unit.save_order_lines({other: [an_order_line()]})
    with store.read() as unit:
        assert unit.order_owners(["O-1", "O-2"]) == {("self", "O-1"): one}


def test_situations_take_as_many_queries_for_one_as_for_many(store: SqlStore) -> None:
    numbers = people(store, 500)
    with store.begin() as unit:
        unit.add_entries([an_act(contact_id=each) for each in numbers], NOW)
        unit.append([an_event(contact_id=each) for each in numbers], received_at=NOW, reacts=False)
    all_runs = runs(store, numbers)
    told: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: told.append(args[2]))

    def count(some: int) -> int:
        told.clear()
        with store.read() as unit:
            found = unit.with_runs(unit.situations(numbers[:some]), all_runs[:some])
        assert len(found) == some
        return len(told)

    assert count(1) == count(500)


def test_objections_are_kept_as_digests_and_progress_as_marks(store: SqlStore) -> None:
    with store.begin() as unit:
        unit.objections.keep_addresses([("Ada@example.org", "*", NOW), ("ada@example.org", "*", NOW + HOUR)])
        unit.objections.keep_addresses([("ada@example.org", "*", NOW - HOUR)])
        found = unit.objections.against(["ADA@example.org ", "bob@example.org"])
        assert found == {"ADA@example.org ": {"*": NOW + HOUR}}
        assert unit.progress("loop") is None
        unit.note_progress("loop", "1", NOW)
        unit.note_progress("loop", "2", NOW)
        assert unit.progress("loop") == "2"
        unit.tell("keys", "first", NOW)
        unit.tell("keys", "second", NOW)
        assert unit.fact("keys") == "first"


def test_activation_keeps_every_version(store: SqlStore) -> None:
    with store.begin() as unit:
        unit.activate("s", "d1", "text one", "ada", NOW)
        unit.activate("s", "d2", "text two", "ada", NOW)
        [live] = unit.live_scenarios()
        assert (live.digest, live.state) == ("d2", "active")
        assert unit.versions(["d1", "d2"]) == {"d1": "text one", "d2": "text two"}


def test_a_failed_transaction_leaves_nothing(store: SqlStore) -> None:
    with pytest.raises(RuntimeError), store.begin() as unit:
        unit.add_contacts([NewContact("x@example.org", "fr", "Europe/Paris", NOW)])
        raise RuntimeError
    with store.read() as unit:
        assert unit.contacts_by_key(["x@example.org"]) == {}


def test_migrations_make_the_tables_that_are_declared(store: SqlStore) -> None:
    assert store.is_current()
    store.upgrade()
    there = inspect(store.engine)
    for table in metadata.sorted_tables:
        assert {column["name"] for column in there.get_columns(table.name)} == set(table.columns.keys())


def test_migrations_stand_in_one_line() -> None:
    """Each is called by its revision and follows the one before it: two heads would stop every venue's upgrade."""
    script = ScriptDirectory(str(migrate.HERE))
    line = [(each.revision, each.down_revision) for each in script.walk_revisions()][::-1]
    names = sorted(path.stem[:4] for path in (migrate.HERE / "versions").glob("[0-9]*.py"))
    assert line == list(zip(names, [None, *names], strict=False))
    assert migrate.newest() == script.get_current_head()


def test_a_locked_sqlite_file_is_said_to_be_busy(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'accord.db'}"
    store = open_store(url, dice=bytes)
    store.upgrade()
    with store.begin(), pytest.raises(Busy, match="locked"), store.begin():
        raise AssertionError
    store.close()


def test_one_daemon_a_sqlite_file(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'accord.db'}"
    first, second = open_store(url, dice=bytes), open_store(url, dice=bytes)
    first.be_the_only_daemon()
    with pytest.raises(AlreadyRunning, match="one only"):
        second.be_the_only_daemon()
    first.close()
    second.be_the_only_daemon()
    second.close()


def test_the_epoch_of_everything_is_utc(store: SqlStore) -> None:
    [number] = people(store)
    runs(store, [number], due=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    with store.read() as unit:
        assert unit.next_instant() == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_fact_is_told_once_or_told_anew(store: SqlStore) -> None:
    with store.begin() as unit:
        assert unit.fact("law") is None
        unit.tell("law", "one", NOW)
        unit.tell("law", "two", NOW)
        assert unit.fact("law") == "one"
        unit.tell_anew("law", "two", NOW)
        unit.tell_anew("policy_revision", "1", NOW)
    with store.read() as unit:
        assert (unit.fact("law"), unit.fact("policy_revision")) == ("two", "1")


def test_turned_switches_are_kept_in_their_order(store: SqlStore) -> None:
    turned = [
        PolicyChange("review_is_prospecting", "false", "true", "marie", NOW),
        PolicyChange("review_is_prospecting", "true", "false", "marie", NOW + HOUR),
    ]
    with store.begin() as unit:
        unit.note_policy_changes([])
        unit.note_policy_changes(turned)
    with store.read() as unit:
        assert unit.policy_changes() == turned


def test_what_is_derived_of_people_is_made_anew_page_by_page(store: SqlStore) -> None:
    _, other, third = people(store, 3)
    with store.begin() as unit:
        unit.add_entries(acts(contact_id=other), NOW)
        unit.connection.execute(text("DELETE FROM consent_state"))
        unit.connection.execute(text("UPDATE contact SET expires_on = NULL"))
    with store.begin() as unit:
        assert unit.derive_anew(after_id=0, limit=2) == other
        assert unit.derive_anew(after_id=other, limit=2) == third
        assert unit.derive_anew(after_id=third, limit=2) is None
    with store.read() as unit:
        states = unit.connection.execute(
            text("SELECT contact_id, status FROM consent_state WHERE kind <> '*'")
        )
        assert set(states.all()) == {(other, "optin_proven")}
        dated = unit.connection.execute(text("SELECT count(*) FROM contact WHERE expires_on IS NOT NULL"))
        assert dated.scalar() == 3


def test_who_entered_lately_is_left_out_of_a_segment(store: SqlStore) -> None:
    one, other = people(store, 2)
    runs(store, [one])

    def found(since: datetime | None) -> Sequence[int]:
        with store.read() as unit:
            return unit.matching(EVERYBODY, now=NOW, not_in="s", not_since=since, after_id=0, limit=9)

    assert found(None) == [other]
    assert found(NOW - HOUR) == [other]
    assert found(NOW) == [one, other]


def test_an_idle_database_says_so_without_a_lock(store: SqlStore) -> None:
    [number] = people(store)
    with store.read() as unit:
        assert (unit.next_run(), unit.has_unanswered()) == (None, False)
    runs(store, [number])
    with store.begin() as unit:
        unit.append([an_event(contact_id=number)], received_at=NOW, reacts=True)
    with store.read() as unit:
        assert (unit.next_run(), unit.has_unanswered()) == (NOW, True)


def test_what_is_written_outlives_a_power_cut_unless_it_may_wait(store: SqlStore) -> None:
    asked, lasting, fleeting = "SHOW synchronous_commit", "on", "off"
    if store.file is not None:
        asked, lasting, fleeting = "PRAGMA synchronous", "2", "1"
    for lazy, expected in ((False, lasting), (True, fleeting), (False, lasting)):
        with store.begin(lazy=lazy) as unit:
            assert str(unit.connection.execute(text(asked)).scalar_one()) == expected


def test_a_lock_that_is_waited_for_too_long_is_told_as_such(store: SqlStore) -> None:
    if store.file is None:
        with store.engine.connect() as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "5s"
    [number] = people(store)
    with store.begin() as unit:
        unit.contacts([number])
        unit.situations([number], lock=True)
        impatient = open_store(
            store.engine.url.render_as_string(hide_password=False), dice=lambda n: b"x" * n
        )
        quick = "SET lock_timeout = 50" if store.file is None else "PRAGMA busy_timeout = 50"
        event.listen(impatient.engine, "connect", lambda db, _record: db.execute(quick))
        with pytest.raises(Busy), impatient.begin() as other:
            other.situations([number], lock=True)
        impatient.close()
