"""Whatever a file holds: no crash, no objection lifted, twice is once, and the rehearsal tells the truth."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from accord.core.consent.collection import state_of
from accord.core.model.consent import Act, ConsentEntry, ConsentStatus
from accord.core.model.contact import email_key
from accord.shell.csv_text import Unreadable
from accord.shell.engine.intake.columns import HeaderFault
from accord.shell.engine.intake.presets import PRESETS
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.record import record_consents
from accord.shell.store.database import SqlStore, open_store
from builders import NOW
from importing import CATALOGUE, KEYS, against, bring, everything, told
from ready import embedded_at

REFUSED = {ConsentStatus.ACTIVE_OPTOUT, ConsentStatus.WITHDRAWN}
SCOPES = [("newsletter", "editorial"), ("newsletter", "promotional"), ("offers", "promotional"), ("*", "*")]
PEOPLE = [f"p{number}@example.org" for number in range(4)]

COLUMNS: dict[str, list[str]] = {
    "external_id": ["", "X1", "X2"],
    "language": ["fr", "en", "", "tlh"],
    "collected_at": ["", "2024-01-01", "2099-01-01", "never"],
    "address_state": ["", "ok", "complained", "hard_bounced", "erased"],
    "unsubscribed": ["", "", "yes", "no", "perhaps"],
    "unsubscribed_at": ["", "", "2024-06-01", "2026-06-01", "soon"],
    "unsubscribed_from": ["", "offers", "newsletter", "gossip"],
    "consent_purpose": ["", "newsletter", "newsletter", "offers", "*", "gossip"],
    "consent_answer": ["", "ticked", "ticked", "yes", "no", "unticked", "perhaps"],
    "consent_at": ["", "2024-01-01", "2025-01-01", "2026-11-01", "soon"],
    "consent_form": ["", "box@1", "box@1", "radio", "double@1", "checkout@1", "nothing@1"],
    "consent_confirmed_at": ["", "2025-01-02"],
}
ADDRESSES = [
    *PEOPLE,
    PEOPLE[0].upper(),
    f" {PEOPLE[1]} ",
    "new@example.org",
    "other@example.org",
    "nobody",
    "",
]

addresses = st.sampled_from(ADDRESSES)
NOTHING = dict.fromkeys(COLUMNS, "")
any_row = st.fixed_dictionaries(
    {"email": addresses, **{name: st.sampled_from(some) for name, some in COLUMNS.items()}}
)
# Most rows of a file are right, and say one thing.
proven = st.builds(
    lambda email, at: {
        **NOTHING,
        "email": email,
        "consent_answer": "ticked",
        "consent_at": at,
        "consent_form": "box@1",
    },
    addresses,
    st.sampled_from(["2024-01-01", "2025-01-01", "2026-11-01"]),
)
leaving = st.builds(
    lambda email, at, what: {
        **NOTHING,
        "email": email,
        "unsubscribed": "yes",
        "unsubscribed_at": at,
        "unsubscribed_from": what,
    },
    addresses,
    st.sampled_from(["", "2024-06-01", "2026-06-01"]),
    st.sampled_from(["", "newsletter"]),
)
row = st.one_of(proven, leaving, any_row)
past = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE[:3]),
        st.sampled_from([Act.OPTIN_PROVEN, Act.OBJECTION, Act.UNSUBSCRIBE, Act.COMPLAINT, Act.SILENCE]),
        st.sampled_from(SCOPES),
        st.integers(1, 900),
    ),
    max_size=4,
)
listed = st.lists(
    st.tuples(st.sampled_from([*PEOPLE, "new@example.org"]), st.sampled_from(["*", "offers"])), max_size=2
)


def as_csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["email", *COLUMNS])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """One database for all examples: what costs is to open it."""
    path = tmp_path_factory.mktemp("base") / "base.db"
    opened = open_store(embedded_at(path), dice=os.urandom, keys=lambda: KEYS)
    yield opened
    opened.close()


def begin_anew(store: SqlStore, acts, on_list) -> None:
    """Three people with a past, and an objection list."""
    with store.engine.begin() as connection:
        for table in ("contact", "consent_entry", "consent_state", "event", "suppression", "audit"):
            connection.execute(text(f"DELETE FROM {table}"))
    with store.begin() as unit:
        new = [NewContact(email, "fr", "Europe/Paris", NOW - timedelta(days=1000)) for email in PEOPLE[:3]]
        ids = dict(zip(PEOPLE, unit.add_contacts(new), strict=False))
        unit.objections.keep_addresses([(email, purpose, NOW) for email, purpose in on_list])
    entries = [
        ConsentEntry(ids[email], NOW - timedelta(days=ago), *scope, act) for email, act, scope, ago in acts
    ]
    if entries:
        record_consents(store, CATALOGUE, entries, now=NOW, history=True)


def refused(store: SqlStore) -> set[tuple[str, str, str]]:
    """Who refuses what: (address, purpose, kind), by the ledger or by the list."""
    found = set()
    keys = [email_key(email) for email in [*PEOPLE, "new@example.org", "other@example.org"]]
    with store.read() as unit:
        for key, contact in unit.contacts_by_key(keys).items():
            known = unit.situations([contact.id])[contact.id].consents
            found |= {(key, *scope) for scope in SCOPES if state_of(known, *scope).status in REFUSED}
    return found


@settings(max_examples=50)
@given(st.lists(row, max_size=8), past, listed)
def test_nothing_is_lifted_twice_is_once_and_rehearsals_tell_the_truth(
    base: SqlStore, tmp_path: Path, rows: list[dict[str, str]], acts, on_list
) -> None:
    content = as_csv(rows)
    begin_anew(base, acts, on_list)
    before, refusing = everything(base), refused(base)
    rehearsed = bring(base, tmp_path, content, dry=True, page_size=2)
    assert everything(base) == before
    real = bring(base, tmp_path, content, page_size=3)
    assert (rehearsed.counts(), told(rehearsed)) == (real.counts(), told(real))
    assert refusing <= refused(base)
    for email, purpose in on_list:
        assert purpose in against(base, email)
    once = everything(base)
    again = bring(base, tmp_path, content, now=NOW + timedelta(days=2))
    assert everything(base) == once
    assert again.new == again.objections == again.proven == again.unproven == 0
    with base.read() as unit:
        assert list(unit.broken_chains()) == []


@settings(max_examples=25)
@given(st.lists(row, min_size=2, max_size=6), past, st.randoms(use_true_random=False))
def test_who_refuses_does_not_hang_on_the_order_of_rows(
    base: SqlStore, tmp_path: Path, rows: list[dict[str, str]], acts, order
) -> None:
    rows = [{**each, "external_id": ""} for each in rows]
    found = []
    for _ in range(2):
        begin_anew(base, acts, [])
        bring(base, tmp_path, as_csv(rows), page_size=2)
        found.append(refused(base))
        order.shuffle(rows)
    assert found[0] == found[1]


hostile = st.text(max_size=12) | st.sampled_from(["=1+1", "\0", "é" * 50, '"', "x" * 3000])
header_names = st.sampled_from(
    ["email", *COLUMNS, "first_name", "visits", "joined", "birthday", "status", "dnc"]
)


@settings(max_examples=100)
@given(
    st.lists(header_names, max_size=8),
    st.lists(st.lists(hostile | st.sampled_from(ADDRESSES), max_size=9), max_size=5),
    st.sampled_from([None, *PRESETS]),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_the_cells_nothing_breaks(
    base: SqlStore,
    tmp_path: Path,
    header: list[str],
    rows: list[list[str]],
    preset: str | None,
    separator: str,
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([["email", *header], *rows])
    content = out.getvalue().encode("utf-8", "surrogatepass")
    chosen = PRESETS[preset] if preset is not None else None
    begin_anew(base, [], [])
    try:
        imported = bring(base, tmp_path, content, preset=chosen, purpose="newsletter")
    except (HeaderFault, Unreadable) as fault:
        assert str(fault)
        return
    assert imported.rows == imported.new + imported.known + imported.refused
