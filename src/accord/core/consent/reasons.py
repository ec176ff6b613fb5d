"""What each reason code says, in a sentence that anybody can read; the catalogues translate these."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    # the gate
    "INPUT_UNKNOWN": "Something that must be known is missing or unknown: what is not proven is not sent.",
    "ADDR_ERASED": "The person asked to be erased.",
    "ADDR_HARD_BOUNCED": "The address does not exist any more.",
    "SERVICE_NECESSARY": "The mail is needed for an order, a contract, an account or a legal duty.",
    "UPSELL_PROMOTIONAL": "The service mail goes, without its promotional block.",
    "UPSELL_COMPLAINED": "The service mail goes; no invitation, for the person has complained.",
    "UPSELL_OBJECTOR": "The service mail goes; no invitation, for the person has objected.",
    "UPSELL_RETENTION": "The service mail goes; no invitation, for the last action is three years old.",
    "UPSELL_ALREADY_OPTED_IN": "The service mail goes; no invitation is needed, for the person has agreed.",
    "UPSELL_NOT_CUSTOMER": "The service mail goes; no invitation, for nothing was bought from us.",
    "UPSELL_OK": "A service mail with one invitation to subscribe, to a customer who may be asked.",
    "SECTOR_BAN": "The law forbids prospecting by e-mail in this sector.",
    "COMPLAINED": "The person has marked our mail as spam.",
    "OBJECTION": "The person has objected.",
    "CONSENT_WITHDRAWN": "The person has withdrawn the consent.",
    "RETENTION_EXPIRED": "The last action of the person is three years old or more.",
    "MISSING_UNSUBSCRIBE": "The mail has no way to unsubscribe.",
    "IDENTITY_HIDDEN": "The mail hides who writes it.",
    "SUBJECT_MISLEADING": "The subject is not what the mail is about.",
    "REVIEW_NEUTRAL": "A neutral question about the person's own order.",
    "NO_ORDER_TO_REVIEW": "There is no order of ours to ask about.",
    "PARTNER_CONTENT": "The mail speaks of a partner whom the wording did not name.",
    "B2B_GENERIC": "The address is a company's, not a person's.",
    "OPTIN_PROVEN": "The person has agreed, and the proof is there.",
    "B2B_RELATED": "The mail relates to the profession of the person, who was informed.",
    "B2B_NOT_INFORMED": "The person was never told that the professional address serves prospecting.",
    "NON_COMMERCIAL_LI": "An appeal that sells nothing, to a person who was informed.",
    "NOT_INFORMED": "No means of refusing was offered when the address was taken.",
    "CONSENT_UNPROVEN": "Somebody says that there is consent, but the proof is missing.",
    "NO_CONSENT": "The person has never agreed, and has bought nothing from us.",
    "OTHER_ENTITY": "The person has bought from another company only.",
    "NOT_SIMILAR": "What the person bought is not similar to what the mail promotes.",
    "NOT_FROM_THE_PERSON": "The address came from somebody else, not from the person.",
    "STALE_PURCHASE": "The last similar purchase is older than the house allows.",
    "SOFT_OPTIN": "A customer of similar products, who could refuse and did not.",
    # what may only restrict
    "NO_SERVICE_LINK": "The mail calls itself service, but there is no service behind it.",
    "REACTIVATION_EARLY": "It is too early to ask whether the person wishes to be kept.",
    "REACTIVATION_REPEATED": "The person was asked already after the cut-off.",
    "SEGMENT_EDITORIAL_ONLY": "Customers who never agreed get editorial mail only, for now.",
    "SEGMENT_SHARE_CAP": "The share of promotions that such customers may get is used up.",
    "FREQUENCY_CAP": "The person has had as many mails as may be.",
    "REVIEW_REPEATED": "The person was asked for a review, and reminded once.",
    "SAME_MAIL": "The person has had this very mail.",
    "INVITE_RECENT": "An invitation was sent less than six months ago.",
    # what may only defer
    "HELD": "Somebody of the team holds these mails back.",
    "PAUSED": "The person asked for a pause.",
    "ADDRESS_RESTS": "Five mails in thirty days came back from this address: it is left in peace for a while.",
    "QUIET_HOURS": "The scenario's hours are over for today.",
    # on the way
    "IF_FALSE": "The step's condition does not hold.",
    "DATE_MISSING": "The date that the step hangs on is missing.",
    "DATE_PASSED": "The date that the step hangs on has passed.",
    "LATE": "It came so late that its author would rather not send it.",
    "GAVE_UP": "It could not be handed over for five days.",
    "UNWRITABLE": "The mail could not be written for this person.",
    "SENDER_DIED": "The sender stopped in the middle: nobody knows whether it arrived.",
    "SUBJECT_TEST": "The subjects are still being tried on others.",
    "NOT_TAKEN": "The other system did not take it; it is tried again.",
    "RECEIVER_SILENT": "The other system did not take it for three days.",
    "WEBHOOK_GONE": "The other system says that nobody listens there any more.",
    "TOO_LARGE": "The declared fields are more than may be posted at once.",
    "HOLDOUT": "The person is among those who get nothing, to measure the scenario against.",
    "MISSED_IN_PAUSE": "The scenario stood still when it was planned, and whoever resumed it had it skipped.",
    "EJECTED": "Somebody of the team ended it.",
    "DONE_ALREADY": "This step was done before, by the version that the run has moved from.",
    "MIGRATED": "Somebody of the team had those under way go on by the new version.",
    "CUE": "Something happened that ends the scenario.",
}


def in_words(code: str) -> str:
    """The sentence of a code; the code itself where it has none."""
    return REASONS.get(code, code)
