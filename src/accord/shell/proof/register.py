"""The register of processing (GDPR art. 30): a line for each scenario, from what its files really do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.core.language.checks.parts import parts_of
from accord.core.model.consent import SERVICE_PURPOSE
from accord.core.model.expression import Expression, Name
from accord.core.model.scenario import Call, Scenario, Send
from accord.core.model.venue import Venue, Webhook
from accord.shell.wordings import catalogue

ALWAYS = ("address", "language", "time zone", "consents and their proof", "mails sent")

# Says a sentence in the language of the register.
Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who else gets personal data, what for, and in which country."""

    name: str
    what: str
    country: str


@dataclass(frozen=True, slots=True)
class Line:
    """One processing activity, in the words of art. 30 (1)."""

    scenario: str
    controller: str
    purpose: str
    basis: tuple[str, ...]
    people: str
    data: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    retention: str


def register(
    scenarios: Mapping[str, Scenario],
    read_by: Callable[[str], frozenset[str]],
    venue: Venue,
    relays: Sequence[Recipient],
    language: str,
) -> tuple[Line, ...]:
    """A line for each scenario, and for each system that is told of events, in French or English. `read_by`: the
    names that a template reads. `relays`: whoever carries the mail.
    """
    say = catalogue(language, "proof").gettext
    lines = (
        Line(
            scenario=name,
            controller=f"{venue.entity.name}, {venue.entity.address}",
            purpose=_purpose(scenario, venue, language, say),
            basis=tuple(_basis(scenario, venue, say)),
            people=say(_people(scenario)),
            data=(*map(say, ALWAYS), *_data(scenario, read_by)),
            recipients=(*relays, *_recipients(scenario, venue)),
            retention=_retention(scenario, venue, say),
        )
        for name, scenario in sorted(scenarios.items())
    )
    return (*lines, *(_telling(webhook, venue, say) for webhook in venue.webhooks.values() if webhook.events))


def _telling(webhook: Webhook, venue: Venue, say: Say) -> Line:
    """Another system is told of events as they happen, whatever scenario there is."""
    months = venue.retention.messages_months
    return Line(
        scenario=f"webhook {webhook.name}",
        controller=f"{venue.entity.name}, {venue.entity.address}",
        purpose=say("telling another system of: {events}").format(events=", ".join(webhook.events)),
        basis=(),
        people=say("everybody of whom such an event is journalled"),
        data=webhook.fields,
        recipients=(_recipient(webhook),),
        retention=say("postings {months} months, without what was told").format(months=months),
    )


def _recipient(webhook: Webhook) -> Recipient:
    return Recipient(webhook.recipient or webhook.name, ", ".join(webhook.fields), webhook.country)


def _data(scenario: Scenario, read_by: Callable[[str], frozenset[str]]) -> tuple[str, ...]:
    """What conditions and templates read of a person, beyond what every mail needs."""
    asked = {
        name.path for expression in parts_of(scenario, Expression) for name in parts_of(expression.tree, Name)
    }
    written = {name for mail in _mails(scenario) for name in read_by(mail.template)}
    rooms = ("contact.", "event.", "it.", "orders.", "preferences.", "last_action.")
    needless = {"contact.language", "contact.zone", "contact.email"}
    return tuple(sorted(name for name in (asked | written) - needless if name.startswith(rooms)))


def _purpose(scenario: Scenario, venue: Venue, language: str, say: Say) -> str:
    if scenario.purpose == SERVICE_PURPOSE:
        about = sorted({mail.about or "" for mail in _mails(scenario)} - {""})
        return say("service mail about: {what}").format(what=", ".join(about))
    known = venue.purposes.get(scenario.purpose)
    return known.labels.get(language, scenario.purpose) if known is not None else scenario.purpose


def _basis(scenario: Scenario, venue: Venue, say: Say) -> Iterator[str]:
    """Each article that a mail of the scenario can rest on."""
    if scenario.purpose == SERVICE_PURPOSE:
        duties = {(mail.about or "").removeprefix("legal_duty/") for mail in _mails(scenario)}
        laws = [venue.legal_duties[duty] for duty in sorted(duties & set(venue.legal_duties))]
        if any(not (mail.about or "").startswith("legal_duty/") for mail in _mails(scenario)):
            yield say("contract: GDPR art. 6 (1) b")
        yield from (say("legal duty: GDPR art. 6 (1) c, {law}").format(law=law) for law in laws)
        return
    yield say("consent: GDPR art. 6 (1) a, CPCE art. L34-5")
    if any(mail.promotes for mail in _mails(scenario)) or _has_families(scenario, venue):
        yield say("customers, similar products: CPCE art. L34-5 al. 4")
    purpose = venue.purposes.get(scenario.purpose)
    if purpose is not None and purpose.professional:
        yield say("professionals, in relation to their work: GDPR art. 6 (1) f")


def _has_families(scenario: Scenario, venue: Venue) -> bool:
    purpose = venue.purposes.get(scenario.purpose)
    return purpose is not None and bool(purpose.families)


def _people(scenario: Scenario) -> str:
    if scenario.purpose == SERVICE_PURPOSE:
        owed = all((mail.about or "").startswith("legal_duty/") for mail in _mails(scenario))
        return "people to whom the duty is owed" if owed else "customers and holders of accounts"
    return "people who agreed, and customers who could refuse and did not"


def _mails(scenario: Scenario) -> Sequence[Send]:
    found: list[Send] = []
    for step in scenario.steps.values():
        if isinstance(step.verb, Send):
            found.append(step.verb)
            if isinstance(step.verb.if_not_allowed, Send):
                found.append(step.verb.if_not_allowed)
    return found


def _recipients(scenario: Scenario, venue: Venue) -> Iterator[Recipient]:
    for step in scenario.steps.values():
        if isinstance(step.verb, Call) and step.verb.webhook in venue.webhooks:
            yield _recipient(venue.webhooks[step.verb.webhook])


def _retention(scenario: Scenario, venue: Venue, say: Say) -> str:
    if scenario.purpose == SERVICE_PURPOSE:
        return say("as long as the contract and the accounts ask: 10 years for orders")
    months = venue.retention.months
    return say("{months} months after the last action of the person, then erased").format(months=months)
