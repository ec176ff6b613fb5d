"""What DNS says of our domains: SPF, DMARC, alignment, where bounces go, and the names of addresses that send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from accord.shell.doctor.dmarc import POLICIES, Policy, aligned, policy_for
from accord.shell.doctor.dns import Silent, addresses, names_of
from accord.shell.doctor.findings import Finding, fine, mend, note, unseen
from accord.shell.doctor.patient import Patient
from accord.shell.doctor.spf import Spf, spf_of


def spf(patient: Patient) -> Iterator[Finding]:
    """The record of each domain in the Return-Path."""
    yield from _each("spf", patient.return_paths, _spf, patient)


def _spf(domain: str, patient: Patient) -> Iterator[Finding]:
    found = spf_of(domain, patient.ask)
    if found.faults:
        what = "; ".join(found.faults)
        yield mend("spf", f"The SPF record of {domain} can't be followed: {what}.", "Mend the TXT record.")
    elif found.record is None:
        yield mend("spf", f"{domain} has no SPF record.", _publish(domain, patient))
    elif found.lets_everybody_pass:
        yield mend(
            "spf",
            f"The SPF record of {domain} lets everybody pass.",
            "End it, and what it includes, with -all or ~all.",
        )
    else:
        yield from _senders(domain, found, patient)


def _publish(domain: str, patient: Patient) -> str:
    named = _terms(patient.settings.sends_from) or "include:WHAT-YOUR-PROVIDER-SAYS"
    return f'Publish: {domain}. 3600 IN TXT "v=spf1 {named} -all"'


def _terms(addresses_of: Sequence[str]) -> str:
    """Addresses as terms of SPF."""
    return " ".join(f"ip6:{each}" if ":" in each else f"ip4:{each}" for each in addresses_of)


def _senders(domain: str, found: Spf, patient: Patient) -> Iterator[Finding]:
    outside = [each for each in patient.settings.sends_from if not found.passes(each)]
    if outside and not found.unclear:
        told = ", ".join(outside)
        yield mend(
            "spf",
            f"The SPF record of {domain} does not let {told} pass, which sends for you.",
            f"Add {_terms(outside)} to it, before «all».",
        )
        return
    if found.ending in (None, "?"):
        yield note("spf", f"The SPF record of {domain} says nothing of others.", "End it with -all or ~all.")
    sends = patient.settings.sends_from
    yield fine("spf", f"{domain} has an SPF record" + (f", and {', '.join(sends)} passes" if sends else ""))
    if not sends:
        yield note(
            "sends-from",
            "Nobody told us from which addresses mail leaves into the world, so SPF and PTR were not tried on them.",
            'sends_from = ["203.0.113.7"] in config.toml, under [doctor]: your mail server\'s, as others see it.',
        )


def dmarc(patient: Patient) -> Iterator[Finding]:
    """The policy of each domain in From, and whether what signs, or the Return-Path, speaks for it."""
    yield from _each("dmarc", patient.domains, _dmarc, patient)


def _dmarc(domain: str, patient: Patient) -> Iterator[Finding]:
    policy = policy_for(domain, patient.ask)
    tags = policy.tags or {}
    if policy.at is None:
        yield mend(
            "dmarc",
            f"{domain} has no DMARC policy: large mailboxes refuse or hide mail in bulk without one.",
            f'Publish: _dmarc.{domain}. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"',
        )
    elif policy.several or tags.get("p") not in POLICIES:
        why = "stands there more than once" if policy.several else "has no p= of none, quarantine or reject"
        yield mend("dmarc", f"The policy at {policy.at} {why}: it counts as none.", f"Mend {policy.at}.")
    else:
        yield fine("dmarc", f"{domain} has a DMARC policy, p={tags['p']}")
        if tags["p"] == "none":
            yield note(
                "dmarc-policy",
                f"{policy.at} says p=none: others may still write in your name.",
                "When the reports show that all your own mail passes: p=quarantine, then p=reject.",
            )
        if "rua" not in tags:
            yield note(
                "dmarc-reports",
                f"{policy.at} asks for no reports: nobody tells you what fails.",
                f"Add rua=mailto:dmarc@{domain}",
            )
    yield from _alignment(domain, policy, patient)


def _alignment(domain: str, policy: Policy, patient: Patient) -> Iterator[Finding]:
    tags = policy.tags or {}
    signs = patient.settings.dkim.domain if patient.settings.dkim.keys else None
    strictly = {name: tags.get(name, "r") == "s" for name in ("adkim", "aspf")}
    by_dkim = signs is not None and aligned(domain, signs, policy, patient.ask, strictly=strictly["adkim"])
    by_spf = any(
        aligned(domain, each, policy, patient.ask, strictly=strictly["aspf"]) for each in patient.return_paths
    )
    if signs is not None and not by_dkim:
        yield mend(
            "alignment",
            f"Mail from {domain} is signed by {signs}, which does not speak for it (DMARC).",
            f"Sign as {domain}: domain in config.toml, under [dkim], or another sender under [entity.senders].",
        )
    elif by_dkim and by_spf:
        yield fine("alignment", f"From {domain}, d={signs} and the Return-Path go together")
    elif by_spf:
        yield fine("alignment", f"From {domain} and the Return-Path go together")
    else:
        yield note(
            "alignment", f"From {domain} and the Return-Path do not go together.", "Only DKIM holds then."
        )


def bounces_arrive(patient: Patient) -> Iterator[Finding]:
    """Whether mail to the Return-Path can be delivered at all."""
    yield from _each("mx", patient.return_paths, _mx, patient)


def _mx(domain: str, patient: Patient) -> Iterator[Finding]:
    found = [each.split()[-1].rstrip(".") for each in patient.ask(domain, "MX")]
    publish = f"Publish: {domain}. 3600 IN MX 10 your.mail.server."
    if found == [""]:
        yield mend("mx", f"{domain} says that it takes no mail: bounces and answers are lost.", publish)
    elif found and not any(addresses(patient.ask, host) for host in found):
        yield mend("mx", f"No mail server of {domain} has an address: {', '.join(found)}.", publish)
    elif found:
        yield fine("mx", f"mail to {domain} goes to {found[0]}")
    elif addresses(patient.ask, domain):
        yield note("mx", f"{domain} has no MX; mail to it goes to the host of that name.", publish)
    else:
        yield mend("mx", f"{domain} can't take mail: bounces and answers are lost.", publish)


def reverse_names(patient: Patient) -> Iterator[Finding]:
    """Each address that sends has a name, and the name has the address."""
    yield from _each("ptr", patient.settings.sends_from, _ptr, patient)
    if not patient.settings.sends_from:
        yield unseen(
            "ptr", "The names of the addresses that send were not looked at.", "See [doctor] sends_from."
        )


def _ptr(address: str, patient: Patient) -> Iterator[Finding]:
    names = names_of(patient.ask, address)
    if not names:
        yield mend(
            "ptr", f"{address} has no name (PTR): many mailboxes refuse it.", "Ask its provider for one."
        )
    elif not any(address in addresses(patient.ask, name) for name in names):
        yield mend(
            "ptr",
            f"{address} is called {names[0]}, which does not lead back to it.",
            f"Publish an A or AAAA record of {names[0]} with {address}.",
        )
    else:
        yield fine("ptr", f"{address} is {names[0]}, both ways")


def _each(
    key: str, subjects: Sequence[str], look: Callable[[str, Patient], Iterator[Finding]], patient: Patient
) -> Iterator[Finding]:
    """What was found of each, or that DNS did not answer."""
    for subject in subjects:
        try:
            yield from look(subject, patient)
        except Silent as silent:
            again = "Ask again later, or give a file: --dns FILE"
            yield unseen(key, f"{subject} was not looked at: {silent}.", again)
