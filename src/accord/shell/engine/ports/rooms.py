"""What a transaction has of the rooms that have a port of their own."""

from __future__ import annotations

from typing import Protocol

from accord.shell.engine.ports.access import Access
from accord.shell.engine.ports.checkup import Checkup
from accord.shell.engine.ports.daemons import Daemons
from accord.shell.engine.ports.figures import Figures
from accord.shell.engine.ports.foreseeing import Foreseeing
from accord.shell.engine.ports.keeping import Keeping, Objections
from accord.shell.engine.ports.listing import Listing
from accord.shell.engine.ports.outflow import Outflow
from accord.shell.engine.ports.proving import Proving
from accord.shell.engine.ports.running import Running
from accord.shell.engine.ports.tallies import Tallies
from accord.shell.engine.ports.team import Team
from accord.shell.engine.ports.templates import Templates
from accord.shell.engine.ports.wayback import WayBack


class Rooms(Protocol):
    """Each is said in a file of its own, by those who need it."""

    @property
    def objections(self) -> Objections: ...
    @property
    def keeping(self) -> Keeping: ...
    @property
    def proving(self) -> Proving: ...
    @property
    def access(self) -> Access: ...
    @property
    def listing(self) -> Listing: ...
    @property
    def foreseeing(self) -> Foreseeing: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def tallies(self) -> Tallies: ...
    @property
    def team(self) -> Team: ...
    @property
    def wayback(self) -> WayBack: ...
    @property
    def running(self) -> Running: ...
    @property
    def outflow(self) -> Outflow: ...
    @property
    def templates(self) -> Templates: ...
    @property
    def daemons(self) -> Daemons: ...
    @property
    def checkup(self) -> Checkup: ...
