"""What is read of a template for the sake of service mail: whether it keeps to its service (R-21, R-23)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from jinja2 import TemplateSyntaxError

from accord.core.mail.flatten import IncludeFault, flatten
from accord.core.mail.frame import INVITE, INVITE_LINK, INVITE_TEXT
from accord.core.mail.inspect import Finding
from accord.core.mail.parts import Part, parts_of
from accord.core.mail.pieces import Piece, pieces_of
from accord.core.mail.visible import OWN, OWN_SUM, visible
from accord.core.model.place import Span

# All patterns read folded text: small letters, no accents, straight apostrophes, plain spaces.
_LETTER = (
    r"(?:newsletters?|infolettre|lettre|letter|mailing list|liste de diffusion|actualites|nouvelles|news)"
)
_INVITING = re.compile(
    rf"\b(?:(?:inscrivez|abonnez)-vous|(?:s'|vous )(?:inscrire|abonner)|(?:subscribe|sign up)(?: to| for)?|join|rejoignez)"
    rf" (?:[a-z']+ ){{0,3}}{_LETTER}\b"
)
_OF_SERVICE = re.compile(
    r"\b(?:commandes?|reservations?|factures?|paiements?|livraisons?|colis|remboursements?|billets?|places?|venue"
    r"|comptes?|mot de passe|identifiants?|connexion|securite|contrats?|adhesion|abonnement|echeance|renouvellement"
    r"|confirme[rz]?|confirmation|annul\w+|report\w*|rappel|recapitulatif|suivi|orders?|bookings?|reservations?"
    r"|invoices?|payments?|delivery|parcels?|refunds?|tickets?|seats?|visit|accounts?|password|sign-?in|log-?in"
    r"|security|contracts?|membership|subscription|renewal|confirm\w*|cancel\w*|postponed|reminder|summary)\b"
)


def service_findings(name: str, files: Mapping[str, str]) -> list[Finding]:
    """An author's own invitation, a subject about nothing that was ordered, and how long each page's text is.

    What can't be read has faults of its own, and is not sent.
    """
    found: list[Finding] = []
    for part in parts_of(name, files)[0]:
        try:
            found += _in_part(part, files)
        except (IncludeFault, TemplateSyntaxError):
            continue
    return found


def _in_part(part: Part, files: Mapping[str, str]) -> Iterator[Finding]:
    line = part.head_lines.get("subject", 1)
    subject = pieces_of(part.head.get("subject", ""), part.file, line)
    at = Span(f"templates/{part.file}", line, 1)
    if subject and not _is_of_service(subject):
        yield Finding("subject-elsewhere", visible(subject, is_html=False, apart=True).words(0, 80), at)
    body = flatten(part.file, part.body, files, line=part.offset + 1)
    seen = visible(body, is_html=not part.is_text, apart=False)
    for match in _INVITING.finditer(seen.text):
        where = Span(f"templates/{part.file}", seen.lines[match.start()], 1)
        yield Finding("invites", seen.words(*match.span()), where)
    if not part.is_text:
        yield Finding("length", str(len(seen.text.strip())), Span(f"templates/{part.file}", 1, 1))


def _is_of_service(subject: list[Piece]) -> bool:
    """Whether a subject speaks of something that was ordered, or bears a value of it."""
    seen = visible(subject, is_html=False, apart=True)
    return any(mark in seen.text for mark in (OWN, OWN_SUM)) or _OF_SERVICE.search(seen.text) is not None


def invitation_length(label: str) -> int:
    """How long the engine's own block is, with the label of what it invites to."""
    return len(f"{INVITE} {INVITE_TEXT} {label}. {INVITE_LINK}")
