"""Imports that cannot do harm, on both databases: what objects is taken, what consents is weighed, nothing is lifted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.core.model.consent import Act, ConsentEntry, ConsentStatus
from accord.core.model.contact import AddressState, email_key
from accord.shell.engine.intake.columns import HeaderFault
from accord.shell.engine.intake.people import REMEMBERED, Refusal, Refusals
from accord.shell.engine.intake.presets import PRESETS
from accord.shell.engine.ports.keeping import Objection
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.record import record_consents
from accord.shell.store.database import SqlStore, open_store
from builders import NOW, acts
from importing import BOX, CATALOGUE, KEYS, against, bring, everything, stands, told
from ready import embedded_at

S = ConsentStatus


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqlStore]:
    """The embedded database alone, where no SQL of its own is at stake."""
    opened = open_store(embedded_at(tmp_path / "one.db"), dice=os.urandom, keys=lambda: KEYS)
    yield opened
    opened.close()


def a_contact_in(store: SqlStore, email: str) -> int:
    with store.begin() as unit:
        return unit.add_contacts([NewContact(email, "fr", "Europe/Paris", NOW - timedelta(days=90))])[0]


def contact(store: SqlStore, email: str):
    with store.read() as unit:
        return unit.contacts_by_key([email_key(email)]).get(email_key(email))


# -- who comes in ---------------------------------------------------------------------------------------------


def test_people_come_in_with_what_the_file_tells(store: SqlStore, tmp_path: Path) -> None:
    imported = bring(
        store,
        tmp_path,
        "email,external_id,language,zone,collected_at,last_action_at,address_kind,from_third_party,"
        "newsletters_per_month,first_name,visits,member,joined,birthday\n"
        " Ada.Byron+tag@EXAMPLE.org ,X1,en,Europe/London,2024-05-01,2025-05-01T10:00,professional,yes,2,"
        "Ada,12,oui,2020-02-29,12-10\n",
    )
    assert imported.counts() == {
        "new": 1,
        "known": 0,
        "objecting": 0,
        "objections": 0,
        "proven": 0,
        "unproven": 0,
    }
    ada = contact(store, "ada.byron+tag@example.org")
    assert (ada.email, ada.external_id, ada.language) == ("Ada.Byron+tag@example.org", "X1", "en")
    assert ada.collected_at == datetime(2024, 4, 30, 22, tzinfo=UTC)
    assert ada.last_action_at == datetime(2025, 5, 1, 8, tzinfo=UTC)
    assert (ada.address_kind, ada.from_third_party) == ("professional", True)
    assert ada.preferences.newsletters_per_month == 2
    assert ada.attributes["first_name"] == "Ada"
    assert (ada.attributes["visits"], ada.attributes["member"]) == (12, True)
    assert contact(store, "adabyron+tag@example.org") is None


def test_who_brought_whom_from_which_file_is_journalled(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, "email\nada@example.org\n")
    with store.read() as unit:
        [event] = unit.events_of(contact(store, "ada@example.org").id)
        [deed] = unit.deeds()
    assert event.name == "contact.imported"
    assert (event.data["source"], event.data["by"]) == ("base.csv", "lea")
    assert str(deed.details["digest"]).startswith(str(event.data["digest"]))
    assert len(str(deed.details["digest"])) == 64
    assert (deed.action, deed.subject, deed.by, deed.details["new"]) == (
        "contacts import",
        "base.csv",
        "lea",
        1,
    )


def test_an_address_is_one_person_however_it_is_written(store: SqlStore, tmp_path: Path) -> None:
    composed, apart = "z\u00e9@b\u00fccher.example.org", "ze\u0301@B\u00dcCHER.example.org"
    first = bring(store, tmp_path, f"email\nada@example.org\n{composed}\n")
    again = bring(store, tmp_path, f"email\n ADA@Example.ORG \n{apart}\nz\u00e9@xn--bcher-kva.example.org\n")
    assert (first.new, again.new, again.known) == (2, 0, 3)


def test_a_known_address_is_left_as_it_is(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, "email,city,language\nada@example.org,Lyon,fr\n")
    before = contact(store, "ada@example.org")
    imported = bring(store, tmp_path, "email,city,language\nada@example.org,Paris,en\n")
    assert (imported.new, imported.known) == (0, 1)
    assert contact(store, "ada@example.org") == before


def test_an_import_renews_no_clock(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, "email,collected_at\nada@example.org,2024-01-01\n")
    assert contact(store, "ada@example.org").last_action_at is None


FAULTS = [
    ("email", "nobody", "email"),
    ("email", "", "email"),
    ("email", "a@b@example.org", "email"),
    ("email", "x" * 300 + "@example.org", "email"),
    ("language", "tlh", "language"),
    ("zone", "Mars/Olympus", "zone"),
    ("collected_at", "yesterday", "collected_at"),
    ("collected_at", "2099-01-01", "collected_at"),
    ("last_action_at", "0001-01-01", "last_action_at"),
    ("address_kind", "robot", "address_kind"),
    ("address_state", "erased", "address_state"),
    ("address_state", "merged", "address_state"),
    ("from_third_party", "perhaps", "from_third_party"),
    ("newsletters_per_month", "²", "newsletters_per_month"),
    ("newsletters_per_month", "-1", "newsletters_per_month"),
    ("visits", "many", "visits"),
    ("visits", "1e400", "visits"),
    ("visits", "9" * 30, "visits"),
    ("member", "sometimes", "member"),
    ("joined", "31/31/2000", "joined"),
    ("birthday", "13-40", "birthday"),
    ("city", "x" * 20_000, "city"),
    ("city", "Ly\0on", "city"),
    ("consent_answer", "perhaps", "consent_answer"),
    ("consent_purpose", "gossip", "consent_purpose"),
    ("consent_form", "nothing@9", "consent_form"),
    ("unsubscribed", "perhaps", "unsubscribed"),
    ("unsubscribed_from", "gossip", "unsubscribed_from"),
    ("unsubscribed_at", "soon", "unsubscribed_at"),
]


@pytest.mark.parametrize(("column", "value", "field"), FAULTS)
def test_each_fault_is_told_with_its_row_and_field(
    sqlite: SqlStore, tmp_path: Path, column: str, value: str, field: str
) -> None:
    others = {"consent_form": ",consent_answer,yes", "unsubscribed_from": ",unsubscribed,yes"}
    header, cells = f"email,{column}", f"ada@example.org,{value}"
    if column == "email":
        header, cells = "email,city", f"{value},Lyon"
    if column in others:
        _, name, filled = others[column].split(",")
        header, cells = f"{header},{name}", f"{cells},{filled}"
    imported = bring(sqlite, tmp_path, f"{header}\n{cells}\nbob@example.org{',' * header.count(',')}\n")
    assert [(each.row, each.field) for each in imported.refusals] == [(2, field)]
    assert (imported.new, imported.refused) == (1, 1)
    assert contact(sqlite, "bob@example.org") is not None


def test_all_faults_of_a_row_are_told_at_once(sqlite: SqlStore, tmp_path: Path) -> None:
    imported = bring(sqlite, tmp_path, "email,language,visits,collected_at\nada@example.org,tlh,many,never\n")
    assert [each.field for each in imported.refusals] == ["language", "collected_at", "visits"]
    assert imported.refused == 1


def test_an_external_id_is_one_persons(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, "email,external_id\nada@example.org,X1\n")
    imported = bring(
        store,
        tmp_path,
        "email,external_id\neve@example.org,X1\nbob@example.org,X2\nzoe@example.org,X2\nada@example.org,X9\n",
    )
    assert [(each.row, each.field) for each in imported.refusals] == [(2, "external_id"), (4, "external_id")]
    assert (imported.new, imported.known) == (1, 1)
    assert contact(store, "ada@example.org").external_id == "X1"


# -- what objects -----------------------------------------------------------------------------------------------


def test_who_stands_on_the_objection_list_comes_in_as_an_objector(store: SqlStore, tmp_path: Path) -> None:
    with store.begin() as unit:
        unit.objections.keep_addresses([("Ada@example.org", "*", NOW - timedelta(days=400))])
        unit.objections.keep_addresses([("bob@example.org", "offers", NOW - timedelta(days=400))])
    imported = bring(store, tmp_path, "email\nada@example.org\nbob@example.org\neve@example.org\n")
    assert (imported.new, imported.objecting) == (3, 2)
    assert stands(store, "ada@example.org").status is S.ACTIVE_OPTOUT
    assert stands(store, "ada@example.org", "offers", "promotional").status is S.ACTIVE_OPTOUT
    assert stands(store, "bob@example.org").status is S.NEVER_ASKED
    assert stands(store, "bob@example.org", "offers", "promotional").status is S.ACTIVE_OPTOUT
    assert stands(store, "eve@example.org").status is S.NEVER_ASKED


def test_an_objection_to_a_purpose_that_is_no_more_counts_all_the_same(
    store: SqlStore, tmp_path: Path
) -> None:
    with store.begin() as unit:
        unit.objections.keep_addresses([("ada@example.org", "gone", NOW)])
    imported = bring(store, tmp_path, "email\nada@example.org\n")
    assert imported.objecting == 1
    assert stands(store, "ada@example.org", "gone", "*").status is S.ACTIVE_OPTOUT


LEAVING = [
    ("unsubscribed", "yes", S.ACTIVE_OPTOUT, S.ACTIVE_OPTOUT),
    ("unsubscribed", "désinscrit", S.ACTIVE_OPTOUT, S.ACTIVE_OPTOUT),
    ("unsubscribed_at", "2025-03-01", S.ACTIVE_OPTOUT, S.ACTIVE_OPTOUT),
    ("unsubscribed,unsubscribed_from", "yes,offers", S.NEVER_ASKED, S.ACTIVE_OPTOUT),
    ("unsubscribed,unsubscribed_from", "yes,newsletter;offers", S.ACTIVE_OPTOUT, S.ACTIVE_OPTOUT),
    ("unsubscribed", "no", S.NEVER_ASKED, S.NEVER_ASKED),
    ("address_state", "complained", S.ACTIVE_OPTOUT, S.ACTIVE_OPTOUT),
    ("consent_answer", "no", S.ACTIVE_OPTOUT, S.ACTIVE_OPTOUT),
    ("consent_answer,consent_purpose", "no,offers", S.NEVER_ASKED, S.ACTIVE_OPTOUT),
    ("consent_answer,consent_form", "no,box@1", S.ACTIVE_OPTOUT, S.NEVER_ASKED),
    ("consent_answer,consent_form,consent_at", "ticked,checkout,2025-01-01", S.ACTIVE_OPTOUT, S.NEVER_ASKED),
]


@pytest.mark.parametrize(("columns", "cells", "letter", "offers"), LEAVING)
def test_refusals_in_the_file_are_objections(
    sqlite: SqlStore, tmp_path: Path, columns: str, cells: str, letter: S, offers: S
) -> None:
    a_contact_in(sqlite, "bob@example.org")
    content = f"email,{columns}\nada@example.org,{cells}\nbob@example.org,{cells}\n"
    imported = bring(sqlite, tmp_path, content)
    assert told(imported) == []
    for email in ("ada@example.org", "bob@example.org"):
        assert stands(sqlite, email).status is letter
        assert stands(sqlite, email, "offers", "promotional").status is offers
    objecting = S.ACTIVE_OPTOUT in (letter, offers)
    assert imported.objections == (2 if objecting else 0)
    assert bool(against(sqlite, "ada@example.org")) is objecting


def test_a_refusal_is_taken_even_from_a_row_that_is_refused(store: SqlStore, tmp_path: Path) -> None:
    a_contact_in(store, "ada@example.org")
    content = (
        "email,language,unsubscribed,consent_answer,consent_at\n"
        "ada@example.org,tlh,yes,,\n"
        "bob@example.org,fr,,no,31/31/2000\n"
        "eve@example.org,fr,yes,,\n"
    )
    imported = bring(store, tmp_path, content)
    assert [(each.row, each.field) for each in imported.refusals] == [(2, "language"), (3, "consent_at")]
    assert (imported.new, imported.known, imported.objections) == (1, 0, 3)
    assert stands(store, "ada@example.org").status is S.ACTIVE_OPTOUT
    assert contact(store, "bob@example.org") is None
    assert against(store, "bob@example.org") == {"*"}
    assert bring(store, tmp_path, "email\nbob@example.org\n").objecting == 1


def test_an_erased_person_does_not_come_back_by_the_file(store: SqlStore, tmp_path: Path) -> None:
    imported = bring(store, tmp_path, "email,address_state\nada@example.org,erased\n")
    assert [(each.row, each.field) for each in imported.refusals] == [(2, "address_state")]
    assert contact(store, "ada@example.org") is None
    bring(
        store,
        tmp_path,
        "email,consent_purpose,consent_answer,consent_at,consent_form\n"
        "ada@example.org,newsletter,ticked,2026-11-01,box@1\n",
    )
    assert stands(store, "ada@example.org").status is S.ACTIVE_OPTOUT


def test_who_was_erased_here_comes_in_as_an_objector(store: SqlStore, tmp_path: Path) -> None:
    number = a_contact_in(store, "ada@example.org")
    with store.begin() as unit:
        unit.objections.keep([Objection(number, "*", NOW - timedelta(days=1), erasure=True)])
        unit.keeping.erase({number: ()}, "asked", NOW)
    proven = (
        "email,consent_purpose,consent_answer,consent_at,consent_form\n"
        "ada@example.org,newsletter,ticked,2026-11-22T20:00,box@1\n"
    )
    imported = bring(store, tmp_path, proven)
    assert (imported.new, imported.objecting) == (1, 1)
    assert stands(store, "ada@example.org").status is S.ACTIVE_OPTOUT


def test_an_objection_dated_before_a_proven_return_does_not_undo_it(store: SqlStore, tmp_path: Path) -> None:
    number = a_contact_in(store, "ada@example.org")
    record_consents(store, CATALOGUE, acts(contact_id=number), now=NOW)
    bring(store, tmp_path, "email,unsubscribed_at\nada@example.org,2024-03-01\n")
    assert stands(store, "ada@example.org").status is S.OPTIN_PROVEN
    bring(store, tmp_path, "email,unsubscribed\nada@example.org,yes\n")
    assert stands(store, "ada@example.org").status is S.WITHDRAWN


# -- what consents -----------------------------------------------------------------------------------------------

CLAIMS = [
    ("ticked", "2025-01-01", "box@1", S.OPTIN_PROVEN),
    ("yes", "2025-01-01", "radio@1", S.OPTIN_PROVEN),
    ("yes", "2025-01-01", "radio", S.OPTIN_PROVEN),
    ("ticked", "", "box@1", S.OPTIN_UNPROVEN),
    ("ticked", "2025-01-01", "", S.OPTIN_UNPROVEN),
    ("", "2025-01-01", "box@1", S.OPTIN_UNPROVEN),
    ("unticked", "2025-01-01", "box@1", S.PASSIVE_OPTOUT),
    ("unticked", "2025-01-01", "checkout@1", S.PASSIVE_OPTOUT),
    ("ticked", "2025-01-01", "preticked@1", S.OPTIN_UNPROVEN),
    ("ticked", "2025-01-01", "double@1", S.OPTIN_UNPROVEN),
    ("ticked", "2025-01-01", "radio@1", S.OPTIN_UNPROVEN),
]


@pytest.mark.parametrize(("answer", "at", "form", "status"), CLAIMS)
def test_a_row_is_proven_by_its_own_date_answer_and_form_alone(
    sqlite: SqlStore, tmp_path: Path, answer: str, at: str, form: str, status: S
) -> None:
    imported = bring(
        sqlite,
        tmp_path,
        "email,consent_purpose,consent_answer,consent_at,consent_form\n"
        f"ada@example.org,newsletter,{answer},{at},{form}\n",
    )
    assert told(imported) == []
    assert stands(sqlite, "ada@example.org").status is status
    assert imported.proven == (status is S.OPTIN_PROVEN)
    assert imported.unproven == (status is S.OPTIN_UNPROVEN)


def test_the_form_option_names_the_wording_and_no_more(store: SqlStore, tmp_path: Path) -> None:
    content = (
        "email,consent_answer,consent_at\n"
        "ada@example.org,ticked,2025-01-01\n"
        "bob@example.org,ticked,\n"
        "eve@example.org,,2025-01-01\n"
        "zoe@example.org,,\n"
    )
    imported = bring(store, tmp_path, content, form="box@1")
    found = {name: stands(store, f"{name}@example.org").status.value for name in ("ada", "bob", "eve", "zoe")}
    assert found == {
        "ada": "optin_proven",
        "bob": "optin_unproven",
        "eve": "optin_unproven",
        "zoe": "never_asked",
    }
    assert (imported.proven, imported.unproven) == (1, 2)


def test_a_proof_names_its_wording_its_file_and_its_row(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, "email,consent_answer,consent_at\nada@example.org,ticked,2025-01-01\n", form="box")
    with store.read() as unit:
        number = contact(store, "ada@example.org").id
        entry = unit.entries([number])[number][0]
        kept = unit.wordings([BOX.digest])
        given = [event for event in unit.events_of(number) if event.name == "consent.given"]
    assert entry.wording == BOX.digest
    assert entry.details["file"] == "base.csv"
    assert (entry.details["row"], entry.details["recorded_by"]) == ("2", "lea")
    assert kept[BOX.digest].added_by == "lea"
    assert [event.at for event in given] == [datetime(2024, 12, 31, 23, tzinfo=UTC)]
    assert contact(store, "ada@example.org").last_action_at == given[0].at


def test_a_second_step_within_a_week_proves_a_double_optin(sqlite: SqlStore, tmp_path: Path) -> None:
    content = (
        "email,consent_answer,consent_at,consent_form,consent_confirmed_at\n"
        "ada@example.org,ticked,2025-01-01,double@1,2025-01-02\n"
        "bob@example.org,ticked,2025-01-01,double@1,2025-02-02\n"
        "eve@example.org,ticked,2025-01-03,double@1,2025-01-02\n"
    )
    bring(sqlite, tmp_path, content)
    assert [stands(sqlite, f"{name}@example.org").status.value for name in ("ada", "bob", "eve")] == [
        "optin_proven",
        "optin_unproven",
        "optin_unproven",
    ]


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ("offers,ticked,2025-01-01,box@1", "consent_purpose"),
        (",ticked,2025-01-01,", "consent_purpose"),
        ("*,ticked,2025-01-01,", "consent_purpose"),
        ("newsletter,ticked,2099-01-01,box@1", "consent_at"),
        ("newsletter,ticked,2025-01-01,box@7", "consent_form"),
    ],
)
def test_a_consent_that_can_not_be_is_refused(
    sqlite: SqlStore, tmp_path: Path, cells: str, field: str
) -> None:
    imported = bring(
        sqlite,
        tmp_path,
        f"email,consent_purpose,consent_answer,consent_at,consent_form\nada@example.org,{cells}\n",
    )
    assert [(each.row, each.field) for each in imported.refusals] == [(2, field)]
    assert contact(sqlite, "ada@example.org") is None


def test_no_wording_that_was_revoked_proves_anything(store: SqlStore, tmp_path: Path) -> None:
    with store.begin() as unit:
        unit.keep_wording(BOX, "lea", NOW)
        unit.revoke_wording(BOX.digest, "the box was ticked beforehand", "dpo", NOW)
    imported = bring(
        store,
        tmp_path,
        "email,consent_answer,consent_at,consent_form\nada@example.org,ticked,2025-01-01,box@1\n",
    )
    assert [each.field for each in imported.refusals] == ["consent_form"]
    assert "revoked" in told(imported)[0][2]


@pytest.mark.parametrize("act", [Act.OBJECTION, Act.UNSUBSCRIBE, Act.COMPLAINT, Act.WITHDRAWAL])
@pytest.mark.parametrize("scope", [("*", "*"), ("newsletter", "*"), ("newsletter", "editorial")])
def test_no_import_lifts_an_objection(
    sqlite: SqlStore, tmp_path: Path, act: Act, scope: tuple[str, str]
) -> None:
    number = a_contact_in(sqlite, "ada@example.org")
    record_consents(
        sqlite, CATALOGUE, [ConsentEntry(number, NOW - timedelta(days=300), *scope, act)], now=NOW
    )
    imported = bring(
        sqlite,
        tmp_path,
        "email,consent_purpose,consent_answer,consent_at,consent_form\n"
        "ada@example.org,newsletter,ticked,2026-11-20,box@1\n",
    )
    assert imported.known == 1
    assert stands(sqlite, "ada@example.org").status in (S.ACTIVE_OPTOUT, S.WITHDRAWN)


def test_a_file_that_says_both_is_read_as_an_objection(store: SqlStore, tmp_path: Path) -> None:
    header = "email,unsubscribed,unsubscribed_at,consent_purpose,consent_answer,consent_at,consent_form\n"
    rows = (
        "ada@example.org,yes,,newsletter,ticked,2025-01-01,box@1\n",
        "bob@example.org,,2024-01-01,newsletter,ticked,2025-01-01,box@1\n",
        "eve@example.org,,,newsletter,ticked,2025-01-01,box@1\n",
        "eve@example.org,,2024-01-01,,,,\n",
    )
    bring(store, tmp_path, header + "".join(rows), page_size=1)
    for name in ("ada", "bob", "eve"):
        assert stands(store, f"{name}@example.org").status in (S.ACTIVE_OPTOUT, S.WITHDRAWN)


# -- twice, and rehearsed ------------------------------------------------------------------------------------------

MIXED = (
    "email,external_id,language,unsubscribed,unsubscribed_at,consent_purpose,consent_answer,consent_at,consent_form\n"
    "ada@example.org,X1,fr,,,newsletter,ticked,2025-01-01,box@1\n"
    "bob@example.org,X2,fr,yes,,,,,\n"
    "eve@example.org,X2,tlh,yes,,,,,\n"
    "ADA@example.org,X1,fr,,2025-06-01,,,,\n"
    "bob@example.org,,en,yes,,newsletter,no,,\n"
    "zoe@example.org,X2,fr,yes,,,,,\n"
    "listed@example.org,,fr,,,offers,yes,,\n"
    "known@example.org,,fr,yes,,,,,\n"
    "known@example.org,,fr,,,newsletter,yes,,\n"
    "eve@example.org,X3,fr,,,,,,\n"
    "not an address,,fr,yes,,,,,\n"
)


def prepared(store: SqlStore) -> None:
    a_contact_in(store, "known@example.org")
    with store.begin() as unit:
        unit.objections.keep_addresses([("listed@example.org", "*", NOW)])


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_the_same_file_twice_changes_nothing(store: SqlStore, tmp_path: Path, page_size: int) -> None:
    prepared(store)
    first = bring(store, tmp_path, MIXED, page_size=page_size)
    after_one = everything(store)
    again = bring(store, tmp_path, MIXED, page_size=page_size, now=NOW + timedelta(days=3))
    assert everything(store) == after_one
    assert (first.new, first.objecting) == (4, 2)
    assert (again.new, again.objections, again.proven, again.unproven) == (0, 0, 0, 0)
    assert [(each.row, each.field) for each in again.refusals] == [
        (4, "language"),
        (7, "external_id"),
        (12, "email"),
    ]


@pytest.mark.parametrize("page_size", [1, 3, 1000])
def test_a_rehearsal_tells_what_would_come_and_writes_nothing(
    store: SqlStore, tmp_path: Path, page_size: int
) -> None:
    prepared(store)
    before = everything(store)
    rehearsed = bring(store, tmp_path, MIXED, dry=True, page_size=page_size)
    assert everything(store) == before
    with store.read() as unit:
        assert unit.deeds() == []
    real = bring(store, tmp_path, MIXED, page_size=page_size)
    assert rehearsed.counts() == real.counts()
    assert told(rehearsed) == told(real)


def test_what_a_file_comes_to_does_not_hang_on_its_pages(store: SqlStore, tmp_path: Path) -> None:
    prepared(store)
    whole = bring(store, tmp_path, MIXED, dry=True)
    for size in (1, 2, 3, 5):
        assert bring(store, tmp_path, MIXED, dry=True, page_size=size).counts() == whole.counts()


def test_refusals_are_counted_all_remembered_some_and_told_as_they_come(
    sqlite: SqlStore, tmp_path: Path
) -> None:
    heard: list[Refusal] = []
    content = "email\n" + "nobody\n" * (REMEMBERED + 500)
    imported = bring(sqlite, tmp_path, content, refusals=Refusals(heard.append))
    assert imported.refusals.count == len(heard) == REMEMBERED + 500
    assert len(imported.refusals.first) == REMEMBERED
    assert (heard[0].row, heard[-1].row) == (2, REMEMBERED + 501)


def test_two_imports_at_once_get_by_each_other(store: SqlStore, tmp_path: Path) -> None:
    names = [f"p{number:03}@example.org" for number in range(150)]
    folders = [tmp_path / "one", tmp_path / "two"]
    files = ["email\n" + "\n".join(names) + "\n", "email\n" + "\n".join(reversed(names)) + "\n"]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(bring, store, folder, content, page_size=20)
            for folder, content in zip(folders, files, strict=True)
        ]
        done = [run.result(timeout=60) for run in runs]
    assert sum(each.new for each in done) == 150
    assert sum(each.known for each in done) == 150
    with store.read() as unit:
        assert len(unit.contacts_by_key(names)) == 150


# -- the tools ---------------------------------------------------------------------------------------------------

LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at,subscription_status\n"
    'u1,ada@example.org,Ada,"{""city"": ""Lyon"", ""visits"": 3, ""other"": [1]}",enabled,'
    "2024-07-29 11:01:31.478677 +0530 IST,2024-07-29 11:01:31 +0000 UTC,confirmed\n"
    "u2,bob@example.org,Bob,{},blocklisted,2024-07-29 11:01:31 +0000 UTC,,confirmed\n"
    "u3,eve@example.org,Eve,{},disabled,2024-07-29 11:01:31 +0000 UTC,,unconfirmed\n"
    "u4,zoe@example.org,Zoe,{},enabled,2024-07-29 11:01:31 +0000 UTC,,unsubscribed\n"
    "u5,max@example.org,Max,{},enabled,2024-07-29 11:01:31 +0000 UTC,,unconfirmed\n"
    "u6,odd@example.org,Odd,{},weird,2024-07-29 11:01:31 +0000 UTC,,confirmed\n"
)
MAILCHIMP = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    'ada@example.org,Ada,Byron,2,,,"2024-03-16 14:40:47",192.0.2.1,,,,,,,,"2024-03-16 14:40:47",1,a,,\n'
)
MAILCHIMP_LEFT = (
    "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID\n"
    "ada@example.org,Ada,2024-01-01 09:00:00,2024-01-01 09:05:00,2025-02-03 10:00:00,Spring,NORMAL,1\n"
    "bob@example.org,Bob,2024-01-01 09:00:00,2024-01-01 09:05:00,,,,2\n"
    "eve@example.org,Eve,,2024-01-01 09:05:00,2025-02-03 10:00:00,Spring,ABUSE,3\n"
)
MAILCHIMP_DEAD = (
    "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE\n"
    "dead@example.org,Ada,2024-01-01 09:00:00,2024-01-01 09:05:00,2025-02-03 10:00:00,Spring\n"
)
BREVO = (
    "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;SMS;DOUBLE_OPT-IN;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
    "1;ada@example.org;Byron;Ada;33600000000;Yes;No;Yes;12-04-2022 09:30;13-04-2022 10:00\n"
    "2;bob@example.org;;;;;Yes;No;12-04-2022;13-04-2022\n"
)
MAUTIC = (
    "id,firstname,lastname,email,preferred_locale,timezone,points,dnc\n"
    "7,Ada,Byron,ada@example.org,fr_FR,Europe/Paris,12,0\n"
    "8,Bob,,bob@example.org,de,Nowhere/Else,0,1\n"
    "9,Eve,,eve@example.org,,,0,2\n"
    "10,Zoe,,zoe@example.org,en,,0,3\n"
)


def test_listmonk(store: SqlStore, tmp_path: Path) -> None:
    imported = bring(store, tmp_path, LISTMONK, preset=PRESETS["listmonk"], purpose="newsletter")
    assert [(each.row, each.field) for each in imported.refusals] == [(7, "status")]
    found = {
        name: stands(store, f"{name}@example.org").status for name in ("ada", "bob", "eve", "zoe", "max")
    }
    assert found == {
        "ada": S.OPTIN_UNPROVEN,
        "bob": S.ACTIVE_OPTOUT,
        "eve": S.ACTIVE_OPTOUT,
        "zoe": S.ACTIVE_OPTOUT,
        "max": S.NEVER_ASKED,
    }
    ada = contact(store, "ada@example.org")
    assert (ada.external_id, ada.attributes) == ("u1", {"city": "Lyon", "visits": 3})
    assert ada.collected_at == datetime(2024, 7, 29, 5, 31, 31, 478677, tzinfo=UTC)


def test_mailchimp_writes_a_file_for_each_standing(store: SqlStore, tmp_path: Path) -> None:
    preset, name = PRESETS["mailchimp"], "subscribed_members_export_1.csv"
    bring(store, tmp_path, MAILCHIMP, name=name, preset=preset, form="box@1")
    ada = contact(store, "ada@example.org")
    assert stands(store, "ada@example.org").status is S.OPTIN_UNPROVEN
    assert ada.collected_at == datetime(2024, 3, 16, 14, 40, 47, tzinfo=UTC)
    left = bring(store, tmp_path, MAILCHIMP_LEFT, preset=preset)
    assert (left.new, left.known, left.objections) == (2, 1, 3)
    assert stands(store, "ada@example.org").since == datetime(2025, 2, 3, 10, tzinfo=UTC)
    assert stands(store, "bob@example.org").status is S.ACTIVE_OPTOUT
    assert contact(store, "eve@example.org").address_state is AddressState.COMPLAINED
    bring(store, tmp_path, MAILCHIMP_DEAD, preset=preset, purpose="newsletter")
    assert contact(store, "dead@example.org").address_state is AddressState.HARD_BOUNCED


def test_the_name_of_a_mailchimp_file_says_who_is_in_it(store: SqlStore, tmp_path: Path) -> None:
    content = "Email Address\nada@example.org\n"
    preset, name = PRESETS["mailchimp"], "unsubscribed_members_export_1.csv"
    bring(store, tmp_path, content, name=name, preset=preset)
    assert stands(store, "ada@example.org").status is S.ACTIVE_OPTOUT


def test_brevo(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, BREVO, preset=PRESETS["brevo"], purpose="newsletter")
    assert stands(store, "ada@example.org").status is S.OPTIN_UNPROVEN
    assert stands(store, "bob@example.org").status is S.ACTIVE_OPTOUT
    ada = contact(store, "ada@example.org")
    assert ada.collected_at == datetime(2022, 4, 12, 7, 30, tzinfo=UTC)
    assert ada.attributes == {"first_name": "Ada"}


def test_mautic(store: SqlStore, tmp_path: Path) -> None:
    bring(store, tmp_path, MAUTIC, preset=PRESETS["mautic"])
    found = {name: stands(store, f"{name}@example.org").status for name in ("ada", "bob", "eve", "zoe")}
    assert found == {
        "ada": S.NEVER_ASKED,
        "bob": S.ACTIVE_OPTOUT,
        "eve": S.NEVER_ASKED,
        "zoe": S.ACTIVE_OPTOUT,
    }
    assert contact(store, "eve@example.org").address_state is AddressState.HARD_BOUNCED
    assert contact(store, "bob@example.org").zone == "Europe/Paris"
    assert contact(store, "ada@example.org").external_id == "7"


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_no_tool_proves_a_consent(sqlite: SqlStore, tmp_path: Path, preset: str) -> None:
    files = {
        "listmonk": [LISTMONK],
        "mailchimp": [MAILCHIMP, MAILCHIMP_LEFT, MAILCHIMP_DEAD],
        "brevo": [BREVO],
        "mautic": [MAUTIC],
    }
    for content in files[preset]:
        imported = bring(sqlite, tmp_path, content, preset=PRESETS[preset], form="box@1")
        assert imported.proven == 0


def test_everybody_in_a_stop_list_objects(store: SqlStore, tmp_path: Path) -> None:
    a_contact_in(store, "ada@example.org")
    bring(store, tmp_path, "email\nada@example.org\nbob@example.org\n", everybody_left=True)
    assert stands(store, "ada@example.org").status is S.ACTIVE_OPTOUT
    assert stands(store, "bob@example.org").status is S.ACTIVE_OPTOUT


def test_what_stands_against_mail_wins_over_every_other_column(sqlite: SqlStore, tmp_path: Path) -> None:
    stop = "email,unsubscribed\nada@example.org,no\n"
    bring(sqlite, tmp_path, stop, everybody_left=True)
    both = (
        "email,unsubscribed,address_state,status\n"
        "bob@example.org,no,ok,blocklisted\n"
        "eve@example.org,yes,ok,enabled\n"
    )
    bring(sqlite, tmp_path, both, preset=PRESETS["listmonk"])
    dead = "email,address_state,dnc\nzoe@example.org,ok,bounced\n"
    bring(sqlite, tmp_path, dead, preset=PRESETS["mautic"])
    assert [stands(sqlite, f"{name}@example.org").status for name in ("ada", "bob", "eve")] == [
        S.ACTIVE_OPTOUT
    ] * 3
    assert contact(sqlite, "zoe@example.org").address_state is AddressState.HARD_BOUNCED


# -- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "wanted", "said"),
    [
        ("name,city", {}, "no column «email»"),
        ("email,Email", {}, "Several columns are called «email»: 1, 2"),
        ("email,Gossip", {}, "Nobody declared: Gossip"),
        ("email,Courriel", {"mapped": {"Courriel": "email"}}, "all mapped to email"),
        ("email", {"mapped": {"Courriel": "email"}}, "which the file does not have"),
        ("email,Ville", {"mapped": {"Ville": "town"}}, "there is no field «town»"),
    ],
)
def test_a_header_that_can_not_be_read_is_told(
    sqlite: SqlStore, tmp_path: Path, header: str, wanted: dict, said: str
) -> None:
    with pytest.raises(HeaderFault, match=said):
        bring(sqlite, tmp_path, f"{header}\nada@example.org,x\n", **wanted)


def test_columns_are_mapped_by_name_and_left_out(sqlite: SqlStore, tmp_path: Path) -> None:
    content = "Courriel,First Name,NOTES\nada@example.org,Ada,gossip\n"
    bring(sqlite, tmp_path, content, mapped={"courriel": "email", "Notes": "-"})
    assert contact(sqlite, "ada@example.org").attributes == {"first_name": "Ada"}
