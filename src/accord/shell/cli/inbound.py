"""The way back: mailboxes read now, what came back, what somebody must see to, and what a message would come to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from accord.core.model.returned import Returned, ReturnKind
from accord.core.wayback.opened import LARGEST
from accord.core.wayback.read import read
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.config_source import nearest
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.wayback import RETURNED, Came, Task
from accord.shell.engine.wayback.judged import judged
from accord.shell.engine.wayback.known import whom
from accord.shell.wayback import hand_on_to_team, read_mailboxes
from accord.shell.wiring import House


@click.group(short_help="What came back: bounces, complaints, replies.")
def inbound() -> None:
    """What came back after mails: poll, list, tasks, done, read.

    \b
    Examples:
      scenario inbound poll
      scenario inbound list --kind bounce
      scenario inbound tasks
      scenario inbound done 3 --by marie
      scenario inbound read retour.eml
    """


@inbound.command("poll")
@click.argument("name", required=False)
@json_option
@click.pass_context
def poll(context: click.Context, name: str | None, *, as_json: bool) -> None:
    """Read the mailboxes of [inbound] now, or the one that is named; exit code 1 where one can't be read.

    \b
    Examples:
      scenario inbound poll
      scenario inbound poll bounces --json
    """
    with house_of(context) as house:
        boxes = house.settings.mailboxes
        if name is not None and name not in boxes:
            said = f"There is no mailbox «{name}» in config.toml."
            raise InputFault(" ".join(filter(None, (said, nearest(name, boxes)))))
        read_now = read_mailboxes(house, [name] if name is not None else list(boxes))
        handed_on = asyncio.run(_hand_on(house)) if boxes else 0
    rows = [{"mailbox": each, "new": done.new, "fault": done.fault} for each, done in read_now.items()]
    if as_json:
        print_json({"mailboxes": rows, "handed_on": handed_on})
    else:
        for row in rows:
            click.echo(f"{row['mailbox']}: {row['new']} new.")
        if not rows:
            click.echo("config.toml has no mailbox: see [inbound.NAME] in the configuration.")
        if handed_on:
            click.echo(f"{handed_on} handed on to the team.")
    faults = [f"{row['mailbox']}: {row['fault']}." for row in rows if row["fault"]]
    if faults:
        raise InputFault("\n".join(faults))


async def _hand_on(house: House) -> int:
    done = await hand_on_to_team(house)
    await house.close()
    return done


@inbound.command("list")
@click.option(
    "--kind", type=click.Choice([each.value for each in ReturnKind]), help="Only what is of this kind."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@json_option
@click.pass_context
def list_returned(context: click.Context, kind: str | None, limit: int, *, as_json: bool) -> None:
    """What came back, newest first: what it was, whom and which mail it is about, what came of it.

    \b
    Examples:
      scenario inbound list
      scenario inbound list --kind unreadable --json
    """
    with house_of(context, reading=True) as house:
        zone = house.venue.entity.clock
        with house.store.read() as unit:
            found = unit.wayback.listed(kind=kind, limit=limit)
    if as_json:
        print_json([_document(each) for each in found])
        return
    if not found:
        click.echo("Nothing has come back.")
        return
    rows = [
        (each.id, when(each.at, zone), each.source, each.kind, each.reason, each.contact_id, each.message_id)
        for each in found
    ]
    print_table("", ("id", "when", "by", "what", "reason", "contact", "mail"), rows)


def _document(came: Came) -> dict[str, Any]:
    return {
        "id": came.id,
        "at": came.at,
        "source": came.source,
        "kind": came.kind,
        "reason": came.reason,
        "rule": came.rule,
        "contact": came.contact_id,
        "message": came.message_id,
        "matched_by": came.matched,
        "became": came.fate.value,
    }


@inbound.command("tasks")
@json_option
@click.pass_context
def tasks(context: click.Context, *, as_json: bool) -> None:
    """What somebody of the team must see to: mail that needs another way, what can't be read, what nobody can match.

    \b
    Examples:
      scenario inbound tasks
      scenario inbound tasks --json
    """
    with house_of(context, reading=True) as house:
        zone = house.venue.entity.clock
        with house.store.read() as unit:
            found = unit.wayback.tasks(RETURNED)
    if as_json:
        print_json(
            [
                {
                    "id": each.id,
                    "contact": each.contact_id,
                    "since": each.raised_at,
                    "says": _says(each),
                    **each.body,
                }
                for each in found
            ]
        )
        return
    if not found:
        click.echo("Nothing to see to.")
        return
    print_table(
        "",
        ("id", "since", "contact", "what"),
        [(t.id, when(t.raised_at, zone), t.contact_id, _says(t)) for t in found],
    )
    click.echo("When it is done: scenario inbound done ID")


_SAYS = {
    "UNDELIVERABLE": "Mail {message} ({scenario}/{step}) was needed, and the address is dead: find another way.",
    "UNREADABLE": "Nobody can say what came into {source}: look at it there (last: {returned}).",
    "STATUS_UNREADABLE": "A bounce in {source} names no reason that is known: look at it there (last: {returned}).",
    "NOT_MATCHED": "Something in {source} speaks of a mail that is not ours, or bears no mark of ours (last: {returned}).",
    "NOT_FORWARDED": "What somebody wrote to {source} could not be handed on (number {returned} of the list).",
    "CONFIRM_SUBSCRIPTION": "Amazon asks {source} to confirm the subscription of its topic: open {open}",
}


def _says(task: Task) -> str:
    shape = _SAYS.get(str(task.body.get("what")), "{what}")
    names = ("message", "scenario", "step", "source", "returned", "open", "what")
    return shape.format(**{name: task.body.get(name, "–") for name in names})


@inbound.command("done")
@click.argument("number", type=int, metavar="ID")
@by_option
@click.pass_context
def done(context: click.Context, number: int, by: str | None) -> None:
    """Say that somebody has seen to a task; what was kept for it goes.

    \b
    Example:
      scenario inbound done 3 --by marie
    """
    with house_of(context, by=by) as house, house.store.begin() as unit:
        now = house.clock()
        task = unit.wayback.finish_task(number, now)
        if task is None:
            raise InputFault(f"{number} is no open task: see `scenario inbound tasks`.")
        unit.note_deed(Deed(now, who(by), "inbound done", task.key))
    click.echo(f"Task {number} is done.")


@inbound.command("read")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def read_file(context: click.Context, file: Path, *, as_json: bool) -> None:
    """What a message in a file is, and what it would change; nothing is written.

    \b
    Examples:
      scenario inbound read retour.eml
      scenario inbound read retour.eml --json
    """
    with file.open("rb") as lines:
        returned = read(lines.read(LARGEST))
    with house_of(context, reading=True) as house, house.store.read() as unit:
        known = whom(unit, returned, house.returns)
        found = judged(returned, known)
    document = {
        "kind": returned.kind.value,
        "reason": found.reason,
        "rule": found.rule,
        "changes": {
            "address": found.address.value if found.address is not None else None,
            "consent": found.consent.value if found.consent is not None else None,
        },
        "contact": known.contact.id if known is not None else None,
        "message": known.message.id if known is not None and known.message is not None else None,
        "matched_by": known.where if known is not None else None,
        **_read(returned),
    }
    if as_json:
        print_json(document)
        return
    told = {
        name: value for name, value in document.items() if name != "changes" and value not in (None, "", [])
    }
    changes = ", ".join(f"{name} becomes {value}" for name, value in document["changes"].items() if value)
    for name, value in told.items():
        click.echo(f"{name.replace('_', ' ')}: {_line(value)}")
    click.echo(f"changes: {changes or 'nothing'}")


def _read(returned: Returned) -> dict[str, Any]:
    return {
        "recipients": [
            {"address": each.recipient, "action": each.action, "status": each.status, "said": each.words}
            for each in returned.fates
        ],
        "feedback": returned.feedback_type,
        "automatic": returned.automatic,
        "why": returned.why,
    }


def _line(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return "; ".join(" ".join(filter(None, map(str, each.values()))) for each in value)
