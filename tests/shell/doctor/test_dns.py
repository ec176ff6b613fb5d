"""What DNS says, examined without a network: each record that is missing, wrong or odd is told with what to publish."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from accord.core.mail.dkim import ED25519
from accord.shell.doctor.dmarc import aligned, policy_for
from accord.shell.doctor.dns import Unreadable, read_answers
from accord.shell.doctor.domain import bounces_arrive, dmarc, reverse_names, spf
from accord.shell.doctor.examinations import examine
from accord.shell.doctor.findings import State
from accord.shell.doctor.rules import RULES, Met, met
from accord.shell.doctor.signing import one_click, signing
from accord.shell.doctor.spf import spf_of
from accord.shell.signing_keys import make_key
from shell.doctor.patients import CONFIG, RECORDS, Look, a_patient, answers, without_dns, worst

SPF = 'theatre.example.org.        TXT "v=spf1 ip4:203.0.113.7 -all"'
DMARC = '_dmarc.example.org.         TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"'
PTR = "7.113.0.203.in-addr.arpa.   PTR mx.theatre.example.org."
MX = "theatre.example.org.        MX  10 mx.theatre.example.org."


def test_in_perfect_health_everything_is_fine(tmp_path: Path) -> None:
    patient = a_patient(tmp_path)
    for look in (signing, one_click, spf, dmarc, bounces_arrive, reverse_names):
        assert worst(look, patient).state is State.FINE


@pytest.mark.parametrize(
    ("look", "was", "becomes", "state", "says", "fix"),
    [
        (spf, SPF, "", State.MEND, "has no SPF record", 'TXT "v=spf1 ip4:203.0.113.7 -all"'),
        (spf, "-all", "+all", State.MEND, "lets everybody pass", "-all or ~all"),
        (spf, "ip4:203.0.113.7 ", "", State.MEND, "does not let 203.0.113.7 pass", "Add ip4:203.0.113.7"),
        (spf, " -all", "", State.NOTE, "says nothing of others", "-all or ~all"),
        (spf, "ip4:203.0.113.7", "ip4:203.0.113.7.9", State.MEND, "is no network", "Mend"),
        (spf, "ip4:203.0.113.7", "include:gone.example", State.MEND, "is included and has no SPF", "Mend"),
        (spf, SPF, f"{SPF}\n{SPF.replace('-all', '~all')}", State.MEND, "has 2 SPF records", "Mend"),
        (dmarc, DMARC, "", State.MEND, "has no DMARC policy", "_dmarc.theatre.example.org. 3600 IN TXT"),
        (dmarc, "p=reject", "p=rejct", State.MEND, "has no p= of none", "Mend _dmarc.example.org"),
        (dmarc, DMARC, f"{DMARC}\n{DMARC.replace('reject', 'none')}", State.MEND, "more than once", "Mend"),
        (dmarc, "p=reject", "p=none", State.NOTE, "others may still write in your name", "p=quarantine"),
        (dmarc, "; rua=mailto:dmarc@example.org", "", State.NOTE, "asks for no reports", "rua="),
        (bounces_arrive, MX, "", State.MEND, "can't take mail", "MX 10"),
        (bounces_arrive, "10 mx.theatre.example.org.", "0 .", State.MEND, "takes no mail", "MX 10"),
        (bounces_arrive, "10 mx", "10 gone", State.MEND, "has an address: gone.theatre", "MX 10"),
        (bounces_arrive, MX, MX.replace("MX  10 mx.theatre.example.org.", "A 203.0.113.7"), State.NOTE, "has no MX", "MX"),
        (reverse_names, PTR, "", State.MEND, "has no name (PTR)", "provider"),
        (reverse_names, "PTR mx.", "PTR other.", State.MEND, "does not lead back to it", "Publish an A"),
    ],
)  # fmt: skip
def test_each_record_that_is_wrong_is_told(
    tmp_path: Path, look: Look, was: str, becomes: str, state: State, says: str, fix: str
) -> None:
    assert was in RECORDS
    found = worst(look, a_patient(tmp_path, records=RECORDS.replace(was, becomes)))
    assert found.state is state, found
    assert says in found.says
    assert found.fix is not None
    assert fix in found.fix


@pytest.mark.parametrize(
    ("record", "state", "says"),
    [
        ("v=DKIM1; k=rsa; p=", State.MEND, "is empty, that is withdrawn"),
        ("v=DKIM1; k=rsa; p=????", State.MEND, "or damaged"),
        ("v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", State.MEND, "does not verify"),
        ("v=spf1 -all", State.MEND, "has no key at r1._domainkey.theatre.example.org"),
        ("{} ; t=y", State.MEND, "testing"),
        ("{} ; n=of 2026", State.FINE, "verifies"),
    ],
)
def test_a_sample_is_verified_with_what_stands_in_dns(
    tmp_path: Path, record: str, state: State, says: str
) -> None:
    patient = a_patient(tmp_path, key_record=record.format)
    found = worst(signing, patient)
    assert found.state is state
    assert says in found.says


def test_two_records_for_one_key_are_one_too_many(tmp_path: Path) -> None:
    more = 'r1._domainkey.theatre.example.org. TXT "v=DKIM1; k=rsa; p=AAAA"\n'
    assert "DNS has 2 keys" in worst(signing, a_patient(tmp_path, records=RECORDS + more)).says


def test_a_domain_that_signs_for_another_is_told(tmp_path: Path) -> None:
    config = CONFIG.replace("[dkim.keys]", '[dkim]\ndomain = "relay.example"\n\n[dkim.keys]')
    found = worst(dmarc, a_patient(tmp_path, config=config))
    assert (found.key, found.state) == ("alignment", State.MEND)
    assert "signed by relay.example, which does not speak for it" in found.says


def test_without_keys_here_it_is_said_that_the_server_has_to_sign(tmp_path: Path) -> None:
    config = CONFIG.replace('[dkim.keys]\nr1 = "dkim-r1.pem"', "")
    found = worst(signing, a_patient(tmp_path, config=config))
    assert found.state is State.UNSEEN
    assert "scenario dkim new" in (found.fix or "")


def test_ed25519_alone_is_as_good_as_unsigned_to_most(tmp_path: Path) -> None:
    make_key(tmp_path / "dkim-e1.pem", ED25519)
    alone = CONFIG.replace('r1 = "dkim-r1.pem"', 'e1 = "dkim-e1.pem"')
    assert "which Gmail and others do not verify" in worst(signing, a_patient(tmp_path, config=alone)).says
    both = CONFIG.replace('r1 = "dkim-r1.pem"', 'r1 = "dkim-r1.pem"\ne1 = "dkim-e1.pem"')
    assert worst(signing, a_patient(tmp_path, config=both)).state is State.FINE


def test_a_short_key_is_a_hint(tmp_path: Path) -> None:
    patient = a_patient(tmp_path)
    short = rsa.generate_private_key(65537, 1024)
    text = short.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "dkim-r1.pem").write_bytes(text)
    found = worst(signing, a_patient(tmp_path))
    assert (found.state, "has 1024 bits only" in found.says) == (State.NOTE, True)
    assert patient.settings.dkim.keys[0].record != a_patient(tmp_path).settings.dkim.keys[0].record


def test_a_resolver_that_does_not_answer_is_no_missing_record(tmp_path: Path) -> None:
    patient = without_dns(a_patient(tmp_path))
    for look in (signing, spf, dmarc, bounces_arrive, reverse_names):
        found = worst(look, patient)
        assert found.state is State.UNSEEN, found
        assert "LifetimeTimeout" in found.says


# -- the rules of mailboxes ------------------------------------------------------------------------------------


def test_every_demand_rests_on_something_that_is_examined(tmp_path: Path) -> None:
    findings = [finding for _, finding in examine(a_patient(tmp_path))]
    notes = {"dmarc-reports"}
    assert {key for rule in RULES for key in rule.keys} - {each.key for each in findings} <= notes
    told = {rule.demand: met(rule, findings) for rule in RULES if rule.mailbox == "La Poste"}
    assert set(told.values()) == {Met.MET}
    assert {met(rule, findings) for rule in RULES if "spam-rate" in rule.keys} == {Met.UNSEEN}


def test_one_of_two_is_enough_where_a_mailbox_says_so(tmp_path: Path) -> None:
    findings = [finding for _, finding in examine(a_patient(tmp_path, records=RECORDS.replace(SPF, "")))]
    told = {(rule.mailbox, rule.demand): met(rule, findings) for rule in RULES}
    assert told["La Poste", "SPF or DKIM"] is Met.MET
    assert told["Google", "SPF and DKIM, both"] is Met.NOT_MET
    assert told["Microsoft", "SPF passes"] is Met.NOT_MET


# -- SPF, DMARC and files by themselves ------------------------------------------------------------------------


def test_spf_is_followed_through_what_it_includes(tmp_path: Path) -> None:
    ask = answers(
        tmp_path,
        """
        a.example. TXT "v=spf1 a//48 mx/24 ip6:2001:db8::/32 include:b.example exists:%{i}.x.example ?all"
        a.example. A 192.0.2.1
        a.example. AAAA 2001:dead:1::1
        a.example. MX 5 m.a.example.
        m.a.example. A 192.0.9.9
        b.example. TXT "v=spf1 -ip4:10.0.0.1 redirect=c.example"
        c.example. TXT "v=spf1 ip4:198.51.100.0/24 ~all"
        """.replace("        ", ""),
    )
    found = spf_of("a.example", ask)
    assert found.faults == []
    assert (found.ending, found.lookups, found.unclear) == ("?", 5, ["exists:%{i}.x.example"])
    passing = ("192.0.2.1", "192.0.9.200", "2001:db8::5", "2001:dead:1::7", "198.51.100.4")
    assert all(found.passes(each) for each in passing)
    assert not any(found.passes(each) for each in ("10.0.0.1", "192.0.2.2", "2001:dead::1"))


def test_an_included_record_that_lets_everybody_pass_lets_everybody_pass(tmp_path: Path) -> None:
    ask = answers(
        tmp_path,
        'a.example. TXT "v=spf1 include:b.example -all"\nb.example. TXT "v=spf1 +all"\n'
        'c.example. TXT "v=spf1 ?include:b.example ip4:192.0.2.1 -all"\n',
    )
    assert spf_of("a.example", ask).passes("203.0.113.99")
    records = (
        RECORDS.replace("ip4:203.0.113.7 -all", "include:b.example -all") + 'b.example. TXT "v=spf1 +all"\n'
    )
    assert "lets everybody pass" in worst(spf, a_patient(tmp_path, records=records)).says
    neutral = spf_of("c.example", ask)
    assert (neutral.passes("192.0.2.1"), neutral.passes("203.0.113.99")) == (True, False)


def test_spf_that_costs_too_much_or_includes_itself_is_told(tmp_path: Path) -> None:
    many = " ".join(f"include:i{n}.example" for n in range(11))
    records = f'a.example. TXT "v=spf1 {many} -all"\nb.example. TXT "v=spf1 include:b.example -all"\n'
    records += "".join(f'i{n}.example. TXT "v=spf1 -all"\n' for n in range(11))
    ask = answers(tmp_path, records)
    assert "costs 11 questions of DNS" in spf_of("a.example", ask).faults[0]
    assert spf_of("b.example", ask).faults == ["b.example includes itself"]


def test_the_organisation_is_found_by_walking_up(tmp_path: Path) -> None:
    ask = answers(
        tmp_path,
        """
        _dmarc.example.org. TXT "v=DMARC1; p=reject; adkim=s"
        _dmarc.branch.example.org. TXT "v=DMARC1; p=none; psd=n"
        _dmarc.odd.example.org. TXT "v=DMARC2; p=none"
        """.replace("        ", ""),
    )
    of = policy_for("a.b.example.org", ask)
    assert (of.organisation, of.at) == ("example.org", "_dmarc.example.org")
    assert policy_for("x.branch.example.org", ask).organisation == "branch.example.org"
    assert policy_for("odd.example.org", ask).at == "_dmarc.example.org"
    assert policy_for("nowhere.example", ask).at is None
    assert aligned("a.b.example.org", "mail.example.org", of, ask, strictly=False)
    assert not aligned("a.b.example.org", "mail.example.org", of, ask, strictly=True)
    assert not aligned("a.b.example.org", "x.branch.example.org", of, ask, strictly=False)
    none = policy_for("a.nowhere.example", ask)
    assert aligned("a.nowhere.example", "nowhere.example", none, ask, strictly=False)
    assert not aligned("a.nowhere.example", "b.nowhere.example", none, ask, strictly=False)


def test_what_dig_prints_is_read_and_aliases_are_followed(tmp_path: Path) -> None:
    ask = answers(
        tmp_path,
        "Www.Example.org.\t300\tIN\tCNAME\thost.example.org.\n"
        "host.example.org. 300 IN A 192.0.2.1\n"
        "; a remark\n"
        'k._domainkey.example.org. 3600 IN TXT "v=DKIM1; p=AB" "CD"\n'
        "loop.example.org. CNAME loop.example.org.\n",
    )
    assert ask("www.example.ORG", "A") == ["192.0.2.1"]
    assert ask("k._domainkey.example.org", "TXT") == ["v=DKIM1; p=ABCD"]
    assert ask("loop.example.org", "A") == ask("gone.example", "A") == ask("a..b", "A") == []


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("a.example. IN A 192.0.2.1\nb.example. IN A 300.1.1.1\n")
    with pytest.raises(Unreadable, match=r"x\.txt: no DNS record near line \d: "):
        read_answers(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Unreadable, match="can't be read"):
        read_answers(file)
