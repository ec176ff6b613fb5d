"""Pages of the ledger: what is wanted is found, newest first, and no page walks through years of mails."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

import pytest

from accord.core.model.message import MessageState
from accord.shell.engine.ports.listing import MailsWanted
from accord.shell.store.database import SqlStore
from accord.shell.store.listing import IN_A_ROW, SCATTERED
from explained import steps
from planted import Base, a_mail, put

NOW = datetime(2026, 11, 23, 9).astimezone()
STATES = [state.value for state in MessageState]
SCENARIOS, NATURES = ("lettre", "bienvenue"), ("editorial", "promotional", "reactivation")


@pytest.fixture
def base(store: SqlStore) -> Base:
    """Four people and ninety mails, of every state, two scenarios and three natures."""
    made = Base.of(store, 2, 2)
    rows = [
        a_mail(
            n,
            1 + n % 4,
            NOW + timedelta(minutes=n),
            state=STATES[n % len(STATES)],
            scenario=SCENARIOS[n % 7 > 4],
            nature=NATURES[n % 3],
            basis="soft_optin" if n % 5 else "consent",
        )
        for n in range(1, 91)
    ]
    put(store, rows)
    return made


WANTED = [
    MailsWanted(),
    *(MailsWanted(states=[state]) for state in STATES),
    MailsWanted(states=["queued", "deferred", "claimed", "sending"]),
    MailsWanted(states=["rejected", "refused", "expired", "cancelled"], scenario="lettre"),
    MailsWanted(states=["accepted", "bounced"], basis="consent"),
    MailsWanted(scenario="bienvenue"),
    MailsWanted(scenario="bienvenue", nature="promotional"),
    MailsWanted(nature="reactivation", purpose="newsletter"),
    MailsWanted(basis="b2b"),
]


def test_what_is_wanted_is_found_whatever_index_tells_it(base: Base) -> None:
    with base.store.read() as unit:
        for wanted in WANTED:
            for before in (None, 60, 1):
                found = unit.listing.newest_mails(wanted, before_id=before, limit=7)
                assert found.mails == unit.listing.mails(wanted, before_id=before, limit=7), wanted
                assert found.looked_to is None
                assert {address for _, address in found.mails} <= {f"p{n}@example.org" for n in range(4)}


def test_in_a_large_ledger_the_search_is_broken_off_and_goes_on_from_there(base: Base) -> None:
    put(base.store, [a_mail(100 + IN_A_ROW, 1, NOW, basis="b2b")])
    wanted = MailsWanted(basis="consent")
    with base.store.read() as unit:
        first = unit.listing.newest_mails(wanted, before_id=None, limit=50)
        assert (first.mails, first.looked_to) == ([], 101)
        then = unit.listing.newest_mails(wanted, before_id=first.looked_to, limit=50)
        assert (len(then.mails), then.looked_to) == (18, None)


def test_mails_that_an_index_tells_are_looked_at_in_heaps_too(base: Base) -> None:
    put(base.store, [a_mail(n, 1, NOW, scenario="bienvenue") for n in range(101, 101 + SCATTERED)])
    wanted = MailsWanted(scenario="bienvenue", basis="soft_optin")
    with base.store.read() as unit:
        first = unit.listing.newest_mails(wanted, before_id=None, limit=50)
        assert (first.mails, first.looked_to) == ([], 101)
        then = unit.listing.newest_mails(wanted, before_id=101, limit=50)
        assert then.mails == unit.listing.mails(wanted, before_id=None, limit=50) != []


def test_every_state_is_counted(base: Base) -> None:
    with base.store.read() as unit:
        counts = unit.message_counts()
    assert counts == Counter(STATES[n % len(STATES)] for n in range(1, 91))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_and_no_count_walks_through_the_ledger(base: Base) -> None:
    def look() -> None:
        with base.store.read() as unit:
            unit.message_counts()
            for state in STATES:
                unit.listing.newest_mails(MailsWanted(states=[state]), before_id=80, limit=5)
            unit.listing.newest_mails(MailsWanted(scenario="lettre", basis="b2b"), before_id=80, limit=5)
            unit.listing.newest_mails(MailsWanted(basis="b2b"), before_id=80, limit=5)

    walked = {step for step in steps(base.store, look) if re.match(r"SCAN message\b", step)}
    assert walked == {
        "SCAN message USING INDEX ix_message_waiting",
        "SCAN message USING INDEX ix_message_leased",
        "SCAN message USING COVERING INDEX ix_message_troubled",
        "SCAN message USING COVERING INDEX ix_message_contact",
    }
