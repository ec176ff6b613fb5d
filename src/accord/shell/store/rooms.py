"""What a transaction has of the rooms that have a port of their own, and what all of them are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from accord.shell.keys import Keys
from accord.shell.store.access import SqlAccess
from accord.shell.store.checkup import SqlCheckup
from accord.shell.store.daemons import SqlDaemons
from accord.shell.store.foreseeing import SqlForeseeing
from accord.shell.store.keeping import SqlKeeping
from accord.shell.store.listing import SqlListing
from accord.shell.store.measuring import SqlMeasuring
from accord.shell.store.objections import SqlObjections
from accord.shell.store.objections_log import ObjectionsLog
from accord.shell.store.outflow import SqlOutflow
from accord.shell.store.people import Law
from accord.shell.store.postings import Outbox, SqlPostings
from accord.shell.store.proving import SqlProving
from accord.shell.store.running import SqlRunning
from accord.shell.store.statistics import SqlFigures
from accord.shell.store.tallies import SqlTallies
from accord.shell.store.team import SqlTeam
from accord.shell.store.templates import SqlTemplates
from accord.shell.store.wayback import SqlWayBack


@dataclass(frozen=True, slots=True)
class Rooms:
    """One connection, and the rooms that stand on it. `entity` is whose objections are kept, `dice` gives salts.

    `keys` reads the keys that seal addresses; `outbox` says who is told of what is journalled; `log` is the objections log, where there is one.
    """

    connection: Connection
    law: Law
    entity: str
    dice: Callable[[int], bytes]
    keys: Callable[[], Keys]
    log: ObjectionsLog | None = None
    outbox: Outbox = Outbox()

    @property
    def objections(self) -> SqlObjections:
        return SqlObjections(self.connection, self.entity, self.keys, self.log)

    @property
    def keeping(self) -> SqlKeeping:
        return SqlKeeping(self.connection, self.law, self.entity, self.keys)

    @property
    def proving(self) -> SqlProving:
        return SqlProving(self.connection)

    @property
    def access(self) -> SqlAccess:
        return SqlAccess(self.connection)

    @property
    def listing(self) -> SqlListing:
        return SqlListing(self.connection)

    @property
    def foreseeing(self) -> SqlForeseeing:
        return SqlForeseeing(self.connection, self.law)

    @property
    def running(self) -> SqlRunning:
        return SqlRunning(self.connection)

    @property
    def daemons(self) -> SqlDaemons:
        return SqlDaemons(self.connection)

    @property
    def team(self) -> SqlTeam:
        return SqlTeam(self.connection)

    @property
    def outflow(self) -> SqlOutflow:
        return SqlOutflow(self.connection)

    @property
    def templates(self) -> SqlTemplates:
        return SqlTemplates(self.connection)

    @property
    def figures(self) -> SqlFigures:
        return SqlFigures(self.connection)

    @property
    def tallies(self) -> SqlTallies:
        return SqlTallies(self.connection)

    @property
    def measuring(self) -> SqlMeasuring:
        return SqlMeasuring(self.connection)

    @property
    def wayback(self) -> SqlWayBack:
        return SqlWayBack(self.connection)

    @property
    def postings(self) -> SqlPostings:
        return SqlPostings(self.connection)

    @property
    def checkup(self) -> SqlCheckup:
        return SqlCheckup(self.connection)
