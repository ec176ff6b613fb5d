"""Webhooks out: what other systems are told, what they did not take, and the secrets that they verify it with."""

from __future__ import annotations

from typing import Any

import click

from accord.core.consent.reasons import in_words
from accord.core.model.posting import Posting, PostingState
from accord.core.webhooks import show_secret
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.config_source import nearest
from accord.shell.engine.ports.rows import Deed
from accord.shell.wiring import House

MOST_LISTED = 100
ALL_FAILED = "all"


@click.group(short_help="What other systems are told, and what they did not take.")
def webhooks() -> None:
    """What other systems are told: list, failed, retry, secret.

    \b
    Examples:
      scenario webhooks list
      scenario webhooks failed
      scenario webhooks retry 17 --by marie
      scenario webhooks secret crm
    """


@webhooks.command("list")
@json_option
@click.pass_context
def list_webhooks(context: click.Context, *, as_json: bool) -> None:
    """Each webhook of config.toml, what it is told, and how many postings wait, were taken, failed.

    \b
    Examples:
      scenario webhooks list
      scenario webhooks list --json
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            counted = unit.postings.counts()
        known = house.venue.webhooks
    counts: dict[str, dict[str, int]] = {name: {} for name in known}
    for name, state, count, _ in counted:
        counts.setdefault(name, {})[state.value] = count
    rows: list[dict[str, Any]] = [
        {
            "webhook": name,
            "url": known[name].url if name in known else None,
            "fields": known[name].fields if name in known else (),
            "events": known[name].events if name in known else (),
            "recipient": known[name].recipient if name in known else "",
            "country": known[name].country if name in known else "",
            "postings": counts[name],
        }
        for name in sorted(counts)
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("config.toml has no [webhooks.NAME].")
        return
    told = [
        (
            row["webhook"],
            row["url"] or "not in config.toml",
            ", ".join(row["fields"]),
            ", ".join(row["events"]),
            ", ".join(f"{count} {state}" for state, count in sorted(row["postings"].items())) or "none",
        )
        for row in rows
    ]
    print_table("", ("webhook", "posted to", "told", "of the events", "postings"), told)


@webhooks.command("failed")
@click.argument("name", required=False)
@json_option
@click.pass_context
def failed(context: click.Context, name: str | None, *, as_json: bool) -> None:
    """Postings that were tried for three days and not taken, newest first.

    \b
    Examples:
      scenario webhooks failed
      scenario webhooks failed crm --json
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            found = unit.postings.listed(state=PostingState.FAILED, webhook=name, limit=MOST_LISTED)
        zone = house.venue.entity.clock
    if as_json:
        print_json([_document(each) for each in found])
        return
    if not found:
        click.echo("Nothing failed.")
        return
    rows = [
        (
            each.id,
            each.webhook,
            _what(each),
            each.contact_id,
            when(each.queued_at, zone),
            each.reply or in_words(each.reason or ""),
        )
        for each in found
    ]
    print_table("", ("id", "webhook", "what", "contact", "queued", "the last answer"), rows)
    click.echo("Try again: scenario webhooks retry ID, or scenario webhooks retry all.")


def _what(posting: Posting) -> str:
    if posting.call is not None:
        return f"call of {posting.call.scenario}/{posting.call.step}"
    return f"event {posting.event_id}"


def _document(posting: Posting) -> dict[str, Any]:
    return {
        "id": posting.id,
        "webhook_id": posting.key,
        "webhook": posting.webhook,
        "what": _what(posting),
        "contact": posting.contact_id,
        "state": posting.state.value,
        "attempts": posting.attempts,
        "queued_at": posting.queued_at,
        "settled_at": posting.settled_at,
        "reason": posting.reason,
        "rule": posting.rule,
        "reply": posting.reply,
    }


@webhooks.command("retry")
@click.argument("number", metavar="ID")
@by_option
@click.pass_context
def retry_posting(context: click.Context, number: str, by: str | None) -> None:
    """Try what failed once more, under the id that it had: one posting, or all of them. A call is judged again.

    \b
    Examples:
      scenario webhooks retry 17 --by marie
      scenario webhooks retry all
    """
    if number != ALL_FAILED and not number.isdigit():
        raise InputFault(
            f"«{number}» is no posting: take its id from `scenario webhooks failed`, or say «all»."
        )
    with house_of(context, by=by) as house, house.store.begin() as unit:
        now = house.clock()
        failed_ones = unit.postings.listed(state=PostingState.FAILED, webhook=None, limit=1_000_000)
        chosen = [each.id for each in failed_ones if number in (ALL_FAILED, str(each.id))]
        if not chosen and number != ALL_FAILED:
            raise InputFault(f"Posting {number} has not failed: see `scenario webhooks failed`.")
        count = unit.postings.try_again(chosen, now)
        unit.note_deed(Deed(now, who(by), "webhooks retry", number, {"postings": count}))
    click.echo(f"The next turn tries {count} {'posting' if count == 1 else 'postings'} again.")


@webhooks.command("secret")
@click.argument("name")
@by_option
@click.pass_context
def secret(context: click.Context, name: str, by: str | None) -> None:
    """The secret that a webhook's receiver verifies signatures with; it changes with `keys rotate links`.

    \b
    Example:
      scenario webhooks secret crm
    """
    with house_of(context, by=by) as house:
        key = house.keys.webhook_keys(_known(house, name))[0]
        with house.store.begin() as unit:
            unit.note_deed(Deed(house.clock(), who(by), "webhooks secret", name))
    click.echo(show_secret(key))


def _known(house: House, name: str) -> str:
    known = house.venue.webhooks
    if name not in known:
        said = f"There is no webhook «{name}» in config.toml."
        raise InputFault(" ".join(filter(None, (said, nearest(name, known)))))
    return name
