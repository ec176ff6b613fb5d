"""Makes a large base to measure pages on: by default a million contacts and ten million rows of the journal.

A million contacts of the example venue, over 400 days: three mails each with their runs and what became of
them, refusals and holdings, orders, the throttle's history of a year, and the roll-ups, which the real loop
counts. The same arguments make the same base. It writes SQL in bulk, past the engine.

    python benchmarks/console_base.py /tmp/base --contacts 1000000

"""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from accord.core.model.consent import Act, ConsentEntry, Nature
from accord.core.model.scenario import Send
from accord.core.model.time import local_day
from accord.core.standing import begun, is_weekly, judged
from accord.core.throttle import Evidence, Pair, Sample
from accord.shell.cli.starter import PARTS, copy_parts, starter
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.record import record_consents
from accord.shell.engine.target.watch import STATISTICS, told_evidence
from accord.shell.wiring import House, new_keys, open_house

CONTACTS = 1_000_000
MAILS_EACH = 3
DAYS = 400
UNTIL = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

# What the letter is measured by.
GOAL = "goal: {when: order.placed, within: 14 days}\nholdout: 10%"

# So many people have a real ledger of consents, which the engine wrote: the first ones.
WITH_LEDGER = 200


@dataclass(frozen=True)
class Place:
    """A mail of some scenario's step."""

    scenario: str
    digest: str
    step: str
    edition: str
    template: str
    nature: Nature
    purpose: str


def make(root: Path, contacts: int = CONTACTS, until: datetime = UNTIL) -> House:
    """Make the base in an empty folder, and open it; its clock stands at `until`."""
    root.mkdir(parents=True)
    with starter() as example:
        copy_parts(example, root, PARTS)
    letter = root / "scenarios" / "lettre.yaml"
    letter.write_text(
        letter.read_text(encoding="utf-8").replace("\nenter:", f"\n{GOAL}\nenter:"), encoding="utf-8"
    )
    new_keys(root / "accord.keys")
    house = open_house(root / "config.toml", clock=lambda: until)
    house.open_for_work("benchmark")
    _activate(house, until)
    house.store.engine.dispose()
    _fill(root / "accord.db", places(house), contacts, until)
    _ledgers(house, min(contacts, WITH_LEDGER), until)
    _judge(house, until)
    count_all(house, until)
    return house


def reopen(root: Path, until: datetime = UNTIL) -> House:
    """Open a base that was made before."""
    house = open_house(root / "config.toml", clock=lambda: until)
    house.open_for_work("benchmark")
    house.refresh()
    return house


def count_all(house: House, until: datetime) -> list[float]:
    """Let the real loop count until nothing is due; how long each turn took, in seconds."""
    took = []
    while True:
        begun_at = time.perf_counter()
        days = roll_up(house.store, house.venue, now=until, every=timedelta())
        took.append(time.perf_counter() - begun_at)
        if len(days) == 1:
            return took


def _activate(house: House, until: datetime) -> None:
    house.read_files()
    with house.store.begin() as unit:
        for name, scenario in sorted(house.checked.by_name().items()):
            unit.activate(name, scenario.digest, scenario.source, "ada", until - timedelta(days=DAYS))
    house.refresh()


def places(house: House) -> list[Place]:
    """Every mail that the live scenarios send."""
    found = []
    for scenario in house.catalogue.live.values():
        for step in scenario.steps.values():
            sends = [step.verb] if isinstance(step.verb, Send) else []
            sends += [each.if_not_allowed for each in sends if isinstance(each.if_not_allowed, Send)]
            found += [
                Place(
                    scenario.name,
                    scenario.digest,
                    step.name,
                    edition,
                    send.template,
                    send.nature,
                    send.purpose,
                )
                for send, edition in zip(sends, ("main", "fallback"), strict=False)
            ]
    return found


# -- in bulk -------------------------------------------------------------------------------------------------


def _fill(file: Path, mails: Sequence[Place], contacts: int, until: datetime) -> None:
    """Write all rows without their indexes, and make those afterwards."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "cache_size = -2000000",
            "temp_store = MEMORY",
        ):
            db.execute(f"PRAGMA {pragma}")
        wanted = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        indexes = db.execute(wanted).fetchall()
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        db.execute(
            "CREATE TEMP TABLE place (n INTEGER PRIMARY KEY, scenario, digest, step, edition, template,"
            " nature, purpose)"
        )
        rows = [
            (n, m.scenario, m.digest, m.step, m.edition, m.template, m.nature.value, m.purpose)
            for n, m in enumerate(mails)
        ]
        db.executemany("INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        given = {
            "contacts": contacts,
            "mails": contacts * MAILS_EACH,
            "places": len(mails),
            "begin": f"{until - timedelta(days=DAYS):%Y-%m-%d %H:%M:%S}",
            "seconds": DAYS * 86400 - 7200,
        }
        for statement in STATEMENTS:
            db.execute("BEGIN")
            db.execute(statement, given)
            db.execute("COMMIT")
        for _, sql in indexes:
            db.execute(sql)
        db.execute("PRAGMA journal_mode = WAL")


def _instant(seconds: str) -> str:
    """So many seconds after the beginning, as the store keeps instants."""
    return f"strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', :begin, ({seconds}) || ' seconds')"


def _numbers(until: str) -> str:
    return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {until})"


# A number that looks as if it came from dice, from 0 to 999; the same for the same row.
def _dice(salt: int) -> str:
    return f"((i * 7919 + {salt} * 7001) % 1000003 * 2654435761 % 4294967296 / 1024 % 1000)"


# The mails go out evenly over the days, in the hours from 8 to 18; each person gets each third of them.
SENT = "i * :seconds / :mails / 86400 * 86400 + 28800 + i * 36000 / 997 % 36000"
PERSON = "(i * 7919 % :contacts + 1)"
SOFT = f"{PERSON} % 10 < 6"

CONTACT = f"""
INSERT INTO contact (id, email_key, email, language, zone, address_state, address_kind, from_third_party,
    collected_at, last_action_at, expires_on, attributes, revision)
{_numbers(":contacts")}
SELECT i, printf('p%08d@example.org', i), printf('p%08d@example.org', i), iif(i % 9, 'fr', 'en'),
    'Europe/Paris', iif(i % 199, 'ok', 'hard_bounced'), 'personal', 0,
    {_instant("-(i % 700) * 86400")}, {_instant("(i * 31 % 1000 - 600) * 86400")},
    date(:begin, (i * 31 % 1000 - 600) || ' days', '+3 years'),
    json_object('first_name', char(65 + i % 26) || 'lice', 'city', 'Rivelune'), 0
FROM n
"""

CONSENT = f"""
INSERT INTO consent_state (contact_id, purpose, kind, status, informed, since)
{_numbers(":contacts")}
SELECT i, 'newsletter', k.value, iif(i % 10 < 6, 'passive_optout', iif(i % 50 = 7, 'withdrawn', 'optin_proven')),
    1, {_instant("-(i % 700) * 86400")}
FROM n, json_each('["editorial", "promotional"]') AS k
"""

ORDER = f"""
INSERT INTO "order" (id, contact_id, entity, external_id, placed_at)
{_numbers(":contacts / 3")}
SELECT i, i * 3, 'self', printf('O-%08d', i), {_instant("i % 390 * 86400 + 36000")} FROM n
"""

ORDER_LINE = """
INSERT INTO order_line (order_id, contact_id, entity, external_id, family, amount_cents, currency, placed_at, paid_at)
SELECT id, contact_id, entity, external_id || '-1', 'theatre', 2400, 'EUR', placed_at, placed_at FROM "order"
"""

# Who entered in the last twelve days is under way still.
RUN = f"""
INSERT INTO enrolment (id, contact_id, scenario, digest, entry_key, entered_at, state, open, step, due_at,
    planned_at, decided_at, last_send_at, ended_because, priority, held_out, goal_at, stays)
{_numbers(":mails")}
SELECT i, {PERSON}, scenario, digest, i, {_instant(f"{SENT} - 3600")},
    CASE WHEN i > :mails * 97 / 100 THEN 'waiting' WHEN {_dice(1)} < 60 THEN 'left' ELSE 'finished' END,
    i > :mails * 97 / 100, step, {_instant(f"{SENT} + 86400 * 20")}, {_instant(SENT)}, {_instant(SENT)},
    {_instant(SENT)}, iif({_dice(1)} < 60, 'OBJECTION', NULL), 50,
    scenario = 'lettre' AND i % 10 = 0,
    iif(scenario = 'lettre' AND {_dice(8)} < 80, {_instant(f"{SENT} + 86400 * 4")}, NULL), 0
FROM n JOIN place ON place.n = (i * 31 + i / 997) % :places
"""

MESSAGE = f"""
INSERT INTO message (id, enrolment_id, contact_id, scenario, digest, step, edition, template, nature, purpose,
    lane, state, planned_at, queued_at, due_at, basis, reason, rule, inputs, with_invitation, judged_revision,
    attempts, repeated, sent_at, settled_at, reply, template_digest)
{_numbers(":mails")}
SELECT i, i, {PERSON}, scenario, digest, step, edition, template, nature, purpose,
    nature <> 'service',
    CASE WHEN i % 100003 = 9 THEN 'unknown' WHEN {_dice(2)} < 8 THEN 'bounced'
         WHEN i % 2003 = 5 THEN 'complained' ELSE 'accepted' END,
    {_instant(SENT)}, {_instant(SENT)}, {_instant(SENT)},
    CASE WHEN nature = 'service' THEN 'service' WHEN {SOFT} THEN 'soft_optin' ELSE 'consent' END,
    CASE WHEN nature = 'service' THEN 'SERVICE_NECESSARY' WHEN {SOFT} THEN 'SOFT_OPTIN' ELSE 'OPTIN_PROVEN' END,
    CASE WHEN nature = 'service' THEN 'R-20' WHEN {SOFT} THEN 'R-07' ELSE 'R-04' END,
    json_object('consent', 'optin_proven', 'relation', 'purchased_similar', 'informed', 'true', 'age_3y', 'false'),
    0, 0, 1, 0, {_instant(SENT)}, {_instant(SENT)}, '250 2.0.0 Ok: queued', template
FROM n JOIN place ON place.n = (i * 31 + i / 997) % :places
"""

# What every mail leaves in the journal: that somebody entered, that it was queued, that it was sent.
TOLD = """
INSERT INTO event (contact_id, name, at, data, source, received_at, answered)
SELECT contact_id, kind.name, sent_at,
    CASE kind.name WHEN 'scenario.entered' THEN json_object('entry_key', '', 'run', enrolment_id, 'scenario', scenario)
    ELSE json_object('basis', basis, 'edition', edition, 'message_id', CAST(id AS TEXT), 'nature', nature,
        'purpose', purpose, 'reason', reason, 'rule', rule, 'run', enrolment_id, 'scenario', scenario, 'step', step,
        'template', template) END,
    'accord', sent_at, 1
FROM message, (SELECT 'scenario.entered' AS name UNION ALL SELECT 'mail.queued' UNION ALL SELECT 'mail.sent') AS kind
"""


def _answers(name: str, which: str, later: str, data: str) -> str:
    """Rows of the journal that answer some of the mails, so many seconds later."""
    at = f"strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', sent_at, ({later}) || ' seconds')"
    return f"""
INSERT INTO event (contact_id, name, at, data, source, received_at, answered)
SELECT contact_id, '{name}', {at}, {data}, 'accord', {at}, 1
FROM (SELECT *, id AS i FROM message) WHERE {which}
"""


ABOUT = "'nature', nature, 'rule', 'R-34', 'run', enrolment_id, 'scenario', scenario, 'step', step, 'template', template"
CLICKED = (
    "json_object('link', 'https://theatre.example.org/', 'message_id', CAST(id AS TEXT), 'verdict', 'human')"
)
STATEMENTS = (
    *(CONTACT, CONSENT, ORDER, ORDER_LINE, RUN, MESSAGE, TOLD),
    _answers(
        "mail.clicked",
        f"{_dice(3)} < iif({SOFT}, 38, 55)",
        "i % 300000",
        CLICKED,
    ),
    _answers("mail.bounced", "state = 'bounced'", "600", "json_object('message_id', CAST(id AS TEXT))"),
    _answers(
        "mail.complained", "state = 'complained'", "7200", "json_object('message_id', CAST(id AS TEXT))"
    ),
    _answers("consent.objected", f"{_dice(4)} < 4", "i % 90000", "json_object('kind', '*', 'purpose', '*')"),
    _answers(
        "mail.refused",
        f"{_dice(5)} < 220",
        "0",
        f"json_object({ABOUT}, 'reason', iif(i % 3, 'FREQUENCY_CAP', 'SEGMENT_EDITORIAL_ONLY'))",
    ),
    _answers("mail.held", f"{_dice(6)} < 60", "0", f"json_object({ABOUT}, 'reason', 'QUIET_HOURS')"),
    _answers("contact.kept", f"nature = 'reactivation' AND {_dice(7)} < 90", "i % 500000", "json_object()"),
)


# -- through the engine --------------------------------------------------------------------------------------


def _ledgers(house: House, people: int, until: datetime) -> None:
    """A chained ledger for the first ones, with its whole proof."""
    for number in range(1, people + 1):
        at = until - timedelta(days=500 + number)
        details: dict[str, str | None] = {"form": "inscription", "language": "fr", "source": "web"}
        acts = [
            ConsentEntry(number, at, "newsletter", kind, Act.OPTIN_PROVEN, informed=True, details=details)
            for kind in ("editorial", "promotional")
        ]
        record_consents(house.store, house.catalogue, acts, now=at)
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET answered = 1 WHERE answered = 0")


def _judge(house: House, until: datetime) -> None:
    """A year of the throttle's history, as its own rule goes: O a little weaker, later as good as R."""
    today = local_day(until, house.venue.entity.clock)
    first = today - timedelta(days=365)
    standing, since = begun(first), first
    with house.store.begin() as unit:
        start = Judgement(
            until - timedelta(days=365), "start", standing, "editorial only at first", STATISTICS
        )
        unit.figures.keep(start)
        for day, seen in _year(first, today):
            weekly = is_weekly(since, day)
            ruling, after = judged(standing, seen, today=day, weekly=weekly)
            evidence = told_evidence(seen, ruling, standing, day)
            at = until - timedelta(days=(today - day).days)
            unit.figures.keep(
                Judgement(at, ruling.move, after, ruling.reason, STATISTICS, day, weekly, evidence)
            )
            standing, since = after, day
        unit.note_progress("watch", today.isoformat(), until)


def _year(first: date, today: date) -> Iterator[tuple[date, Evidence]]:
    """Each day's evidence: a window of 91 days over figures that get better after half a year."""
    for number in range(1, (today - first).days + 1):
        n = min(number, 91) * 40
        share = 0.036 if number < 180 else 0.052
        o = Sample(n, round(n * share), round(n * 0.003), n // 4000, persons=n * 3 // 4)
        r = Sample(n * 20, round(n * 20 * 0.045), round(n * 20 * 0.003), n // 250, persons=n * 15)
        both = Pair(o, r)
        yield first + timedelta(days=number), Evidence(o, r, (both,), promotional=both)


def main() -> None:
    """Make a base, and tell how long it took and how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a folder that is not there yet")
    parser.add_argument("--contacts", type=int, default=CONTACTS)
    arguments = parser.parse_args()
    begun_at = time.perf_counter()
    house = make(arguments.folder, arguments.contacts)
    house.store.close()
    file = arguments.folder / "accord.db"
    with closing(sqlite3.connect(file)) as db:
        counts = {
            table: db.execute(f'SELECT max(id) FROM "{table}"').fetchone()[0]
            for table in ("contact", "event")
        }
    print(
        f"{counts['contact']:,} contacts and {counts['event']:,} rows of the journal in {arguments.folder}: "
        f"{file.stat().st_size / 1e9:.1f} GB, made in {time.perf_counter() - begun_at:.0f} s"
    )


if __name__ == "__main__":
    main()
