"""Signatures: each key's record in DNS, and a sample signed and verified with what stands there, not with what we have."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from accord.core.mail.conform import headers_of, judge_headers
from accord.core.mail.dkim import ED25519, Signature, signatures, tags_of
from accord.core.model.consent import Nature
from accord.shell.doctor.dns import Silent
from accord.shell.doctor.findings import Finding, fine, mend, note, unseen
from accord.shell.doctor.patient import Patient
from accord.shell.signing_keys import DkimKey, bits_of, verifies

SHORT = 2048


def signing(patient: Patient) -> Iterator[Finding]:
    """Whether others can verify what we sign, key by key."""
    keys = patient.settings.dkim.keys
    if not keys:
        yield unseen(
            "dkim",
            "Nothing is signed here: your mail server has to, and we can't see whether it does.",
            "Send yourself a mail and look for dkim=pass in Authentication-Results; or sign here: "
            "scenario dkim new accord2026",
        )
        return
    if all(key.signer.algorithm == ED25519 for key in keys):
        yield mend(
            "dkim",
            "Mail is signed by Ed25519 alone, which Gmail and others do not verify: to them it is unsigned.",
            "Add an RSA key, and keep both: scenario dkim new accord2026",
        )
    for key, signature in zip(keys, signatures(patient.sample), strict=True):
        try:
            yield _of(key, signature, patient)
        except Silent as silent:
            yield unseen("dkim", f"The record of {key.signer.selector} could not be asked for: {silent}.")


def _of(key: DkimKey, signature: Signature, patient: Patient) -> Finding:
    records = [each for each in patient.ask(key.name, "TXT") if "p=" in each]
    publish = f"Publish what `scenario dkim show` prints for {key.signer.selector}."
    if not records:
        return mend("dkim", f"DNS has no key at {key.name}: what we sign can't be verified.", publish)
    if len(records) > 1:
        return mend("dkim", f"DNS has {len(records)} keys at {key.name}: mailboxes take any.", publish)
    tags = tags_of(records[0])
    try:
        public = base64.b64decode("".join(tags["p"].split()), validate=True)
    except ValueError:
        public = b""
    if not public:
        return mend("dkim", f"The key at {key.name} is empty, that is withdrawn, or damaged.", publish)
    if not signature.body_holds or not verifies(
        key.signer.algorithm, public, signature.value, signature.data
    ):
        return mend("dkim", f"A sample signed by {key.file.name} does not verify with {key.name}.", publish)
    if "y" in tags.get("t", "").split(":"):
        return mend(
            "dkim",
            f"{key.name} says t=y, testing: mailboxes may take your mail as unsigned.",
            "Take t=y out of the record.",
        )
    bits = bits_of(public)
    if key.signer.algorithm != ED25519 and bits is not None and bits < SHORT:
        return note(
            "dkim", f"The key at {key.name} has {bits} bits only.", "Make one of 2048: scenario dkim new NAME"
        )
    return fine("dkim", f"a sample signed by {key.file.name} verifies with {key.name}")


def one_click(patient: Patient) -> Iterator[Finding]:
    """The headers of a letter as it leaves (RFC 8058)."""
    if not patient.one_click.startswith("https://"):
        yield unseen("one-click", "One click is promised by https alone; base_url is for trying out.")
        return
    judged = judge_headers(headers_of(patient.sample, Nature.EDITORIAL))
    if judged.conforms:
        covered = ", and the signature covers it" if patient.settings.dkim.keys else ""
        yield fine("one-click", f"letters promise one click{covered}")
    else:
        yield mend(
            "one-click",
            f"A letter's headers do not conform ({judged.reason}, {judged.rule}).",
            "This is a fault of ours: tell us, with what `scenario dkim show` prints.",
        )
