"""What a dry run can be shown as besides: a page, a browser with it, mails in one's own mailbox."""

from __future__ import annotations

import asyncio
import tempfile
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from accord.core.mail.compose import HeaderFault
from accord.core.mail.links import Links
from accord.core.model.content import Catalogue
from accord.core.model.forecast import Forecast
from accord.core.model.message import MessageState
from accord.core.model.scenario import Scenario
from accord.shell.cli.house import who
from accord.shell.cli.output import InputFault, counted
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
    by: str | None = None

    @property
    def page(self) -> bool:
        """Whether a page is wished for."""
        return self.folder is not None or self.in_browser

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self.page or self.mail_to is not None


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


def write_page(
    house: House,
    scenario: Scenario,
    timelines: Sequence[Timeline],
    begins: datetime,
    until: datetime,
    wishes: Wishes,
    forecasts: Sequence[Forecast] = (),
) -> dict[str, Any]:
    """Write the page, and open it where that is wished for; returns where it is.

    `forecasts`: everybody's days with the scenario as it stands in its file, and as it runs now.
    """
    mails = _specimens(house, scenario, timelines, begins, house.venue.base_url)
    preview = Preview(scenario, house.venue, timelines, mails, begins, until, tuple(forecasts))
    folder = wishes.folder or Path(tempfile.mkdtemp(prefix="accord-report-"))
    try:
        file = write_report(preview, folder, _saying(house, wishes), now=house.clock())
    except OSError as fault:
        raise InputFault(f"{folder} can't be written: {fault.strerror}.") from None
    if wishes.in_browser:
        webbrowser.open(file.resolve().as_uri())
    return {"report": str(file)}


def mail_previews(
    house: House, scenario: Scenario, timelines: Sequence[Timeline], begins: datetime, wishes: Wishes
) -> dict[str, Any]:
    """Hand the previews in the report's language over to the configured carrier; returns how many were taken."""
    to, say, now = wishes.mail_to or "", _saying(house, wishes), house.clock()
    mails = _specimens(house, scenario, timelines, begins, NOWHERE)
    chosen = [each for each in mails if each.language == say.language] or mails
    try:
        envelopes = preview_mails(chosen, to, say, now=now)
    except HeaderFault:
        raise InputFault(f"«{to}» is not an address.") from None
    with house.store.begin() as unit:
        unit.note_deed(Deed(now, who(wishes.by), "mail previews", scenario.name, {"mails": len(envelopes)}))
    try:
        receipts = asyncio.run(hand_over(house.ways().service, envelopes))
    except Unreachable as fault:
        raise InputFault(f"Nothing was sent: {fault}") from None
    refused = [each.reply for each in receipts if each.outcome is not MessageState.ACCEPTED]
    if refused:
        raise InputFault(f"{len(refused)} of {len(receipts)} were not taken: {refused[0]}")
    return {"mailed": len(receipts)}


def _saying(house: House, wishes: Wishes) -> Saying:
    own = house.venue.entity.language
    language = wishes.language or (own if own in LANGUAGES else LANGUAGES[0])
    return Saying(language, house.venue.entity.clock)


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


def tell(done: Mapping[str, Any], wishes: Wishes) -> None:
    """Say what was done."""
    if "report" in done:
        click.echo(f"Report: {done['report']}")
    if "mailed" in done:
        click.echo(f"{counted(done['mailed'], 'preview')} mailed to {wishes.mail_to}.")
