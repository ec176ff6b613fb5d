"""What a dry run can be shown as besides: a page, a browser with it, mails in one's own mailbox."""

from __future__ import annotations

import asyncio
import tempfile
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from accord.core.mail.compose import HeaderFault
from accord.core.mail.links import Links
from accord.core.model.content import Catalogue
from accord.core.model.message import MessageState
from accord.core.model.scenario import Scenario
from accord.shell.cli.house import who
from accord.shell.cli.output import InputFault
from accord.shell.engine.ports.mailing import Unreachable
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.preview.by_mail import NOWHERE, hand_over, preview_mails
from accord.shell.preview.forecast import Timeline
from accord.shell.preview.report import Preview, write_report
from accord.shell.preview.saying import Saying
from accord.shell.preview.specimens import NO_KEY, Specimen, specimens
from accord.shell.wiring import House

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a dry run is to be shown: a page in `folder`, in a browser, as mails to `mail_to`; in which language."""

    folder: Path | None = None
    in_browser: bool = False
    mail_to: str | None = None
    language: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything was wished for."""
        return self.folder is not None or self.in_browser or self.mail_to is not None


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that make Wishes."""
    folder = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option(
            "--language", type=click.Choice(LANGUAGES), help="Of the report; the venue's if not said."
        ),
        click.option(
            "--mail-to", metavar="ME", help="Mail the previews, marked as such, to this address of yours."
        ),
        click.option("--open", "in_browser", is_flag=True, help="Open the report in a browser."),
        click.option(
            "--report", "folder", metavar="DIR", type=folder, help="Write the report into this folder."
        ),
    ):
        command = option(command)
    return command


def show(
    house: House,
    scenario: Scenario,
    timelines: Sequence[Timeline],
    begins: datetime,
    until: datetime,
    wishes: Wishes,
    by: str | None,
) -> dict[str, Any]:
    """Do what was wished for; returns what was written where, and what was handed over."""
    say = Saying(_language(house, wishes), house.venue.entity.clock)
    done: dict[str, Any] = {}
    if wishes.folder is not None or wishes.in_browser:
        mails = _specimens(house, scenario, timelines, begins, house.venue.base_url)
        preview = Preview(scenario, house.venue, timelines, mails, begins, until)
        folder = wishes.folder or Path(tempfile.mkdtemp(prefix="accord-report-"))
        try:
            file = write_report(preview, folder, say, now=house.clock())
        except OSError as fault:
            raise InputFault(f"{folder} can't be written: {fault.strerror}.") from None
        done["report"] = str(file)
        if wishes.in_browser:
            webbrowser.open(file.resolve().as_uri())
    if wishes.mail_to is not None:
        mails = _specimens(house, scenario, timelines, begins, NOWHERE)
        chosen = [each for each in mails if each.language == say.language] or mails
        done["mailed"] = _mail(house, scenario, chosen, wishes.mail_to, say, by)
    return done


def _language(house: House, wishes: Wishes) -> str:
    own = house.venue.entity.language
    return wishes.language or (own if own in LANGUAGES else LANGUAGES[0])


def _specimens(
    house: House, scenario: Scenario, timelines: Sequence[Timeline], begins: datetime, base_url: str
) -> list[Specimen]:
    """The mails: with the links' own targets for a page, and with none that leads anywhere for a mailbox."""
    catalogue = Catalogue(
        house.venue, {scenario.name: scenario}, {scenario.digest: scenario}, house.shelf.facts
    )
    links = Links(base_url, NO_KEY)
    writer = LetterWriter(
        catalogue, house.shelf.compiled, house.words, links, count_clicks=base_url == NOWHERE
    )
    return specimens(scenario, timelines, writer, begins)


def _mail(
    house: House, scenario: Scenario, mails: Sequence[Specimen], to: str, say: Saying, by: str | None
) -> int:
    """Hand the previews over to the configured carrier; how many were taken."""
    now = house.clock()
    try:
        envelopes = preview_mails(mails, to, say, now=now)
    except HeaderFault:
        raise InputFault(f"«{to}» is not an address.") from None
    with house.store.begin() as unit:
        unit.note_deed(Deed(now, who(by), "mail previews", scenario.name, {"mails": len(envelopes)}))
    try:
        receipts = asyncio.run(hand_over(house.carrier(), envelopes))
    except Unreachable as fault:
        raise InputFault(f"Nothing was sent: {fault}") from None
    refused = [each.reply for each in receipts if each.outcome is not MessageState.ACCEPTED]
    if refused:
        raise InputFault(f"{len(refused)} of {len(receipts)} were not taken: {refused[0]}")
    return len(receipts)


def tell(done: dict[str, Any], wishes: Wishes) -> None:
    """Say what was done."""
    if "report" in done:
        click.echo(f"Report: {done['report']}")
    if "mailed" in done:
        click.echo(f"{done['mailed']} previews mailed to {wishes.mail_to}.")
