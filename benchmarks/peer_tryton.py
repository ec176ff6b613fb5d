"""Runs in Tryton's own environment: `peer_tryton.py CONFIG fill MAILS` makes people and a scenario, `process` starts what is due."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import trytond.config as config

config.update_etc(sys.argv[1])

from sql import Flavor  # noqa: E402
from trytond import backend  # noqa: E402
from trytond.pool import Pool  # noqa: E402
from trytond.transaction import Transaction  # noqa: E402

DATABASE, PAGE = "tryton", 500
TRIGGER = "marketing.automation.scenario|trigger"
PROCESS = "marketing.automation.record.activity|process"


def begun() -> Pool:
    """Tryton's pool of models."""
    Flavor.set(backend.Database.flavor)
    Pool.start()
    pool = Pool(DATABASE)
    with Transaction().start(DATABASE, 0, readonly=True):
        pool.init()
    return pool


def fill(pool: Pool, people: int) -> None:
    """People with an address each, and a scenario of one mail for all of them; they enter it."""
    admin = _admin(pool)
    with Transaction().start(DATABASE, admin, context={"_skip_warnings": True}):
        party = pool.get("party.party")
        for first in range(0, people, PAGE):
            party.create(
                [
                    {
                        "name": f"Élodie {n}",
                        "contact_mechanisms": [
                            ("create", [{"type": "email", "value": f"reader{n}@example.org"}])
                        ],
                    }
                    for n in range(first, min(people, first + PAGE))
                ]
            )
        scenarios = pool.get("marketing.automation.scenario")
        domain = '[["contact_mechanisms", "!=", null]]'
        made = {"name": "Lettre", "model": "party.party", "domain": domain, "unsubscribable": True}
        (scenario,) = scenarios.create([made])
        letter = {
            "name": "un",
            "parent": str(scenario),
            "action": "send_email",
            "email_title": "La lettre du mois, ${record.name}",
            "email_template": Path(os.environ["PEER_FOLDER"], "page.html").read_text(encoding="utf-8"),
        }
        pool.get("marketing.automation.activity").create([letter])
        scenarios.run([scenario])
    cron(pool, TRIGGER)


def _admin(pool: Pool) -> int:
    with Transaction().start(DATABASE, 0, readonly=True):
        (user,) = pool.get("res.user").search([("login", "=", "admin")])
        return int(user.id)


def cron(pool: Pool, method: str) -> None:
    """Make one job due and no other, and let Tryton's own cron run it."""
    now = datetime.now()  # noqa: DTZ005 - Tryton keeps naive instants
    with Transaction().start(DATABASE, 0) as transaction:
        table = pool.get("ir.cron").__table__()
        cursor = transaction.connection.cursor()
        cursor.execute(*table.update([table.next_call], [now + timedelta(days=365)]))
        due = table.method == method
        cursor.execute(*table.update([table.next_call], [now - timedelta(seconds=5)], where=due))
    pool.get("ir.cron").run(DATABASE)


def main() -> None:
    """Do what is asked for."""
    pool = begun()
    if sys.argv[2] == "fill":
        fill(pool, int(sys.argv[3]))
    else:
        cron(pool, PROCESS)


if __name__ == "__main__":
    main()
