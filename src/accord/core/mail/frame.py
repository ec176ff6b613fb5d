"""What the engine puts round an author's words: the footer, and the invitation in service mail."""

from __future__ import annotations

from collections.abc import Mapping

from accord.core.mail.words import Wording
from accord.core.model.consent import LegalBasis

# Said here once, so that the catalogues can be compared with what is asked of them.
OBJECT = "You may object to these messages at any time, free of charge and without giving a reason."
OBJECT_LINK = "I do not want these messages"
UNSUBSCRIBE = "Unsubscribe"
PREFERENCES = "My preferences"
INVITE = "Would you also like to hear from us?"
INVITE_TEXT = "Only if you wish, and you can stop at any time."
INVITE_LINK = "Yes, sign me up"

# Why a reader is written to, where the scenario says nothing for what the mail rests on.
WHY: Mapping[LegalBasis, str] = {
    LegalBasis.SERVICE: "You receive this message because it concerns something you asked us for.",
    LegalBasis.CONSENT: "You receive this message because you agreed to receive it.",
    LegalBasis.SOFT_OPTIN: "You receive this message because you are a customer of ours and have not refused our news.",
    LegalBasis.LEGITIMATE_INTEREST: "You receive this message because you have been in touch with us and have not refused our news.",
    LegalBasis.B2B: "You receive this message at work because it concerns your profession and you have not refused our news.",
}
SENTENCES = (OBJECT, OBJECT_LINK, UNSUBSCRIBE, PREFERENCES, INVITE, INVITE_TEXT, INVITE_LINK, *WHY.values())


def footer(words: Wording) -> str:
    """The footer as a Jinja source: why, who and where, the ways out, and a link that only robots follow.

    The right to object stands first and apart in the first mail to a person (R-48, art. 21(4)).
    """
    say = words.say
    return f"""<div class="footer">
{{% if letter.first_contact %}}<p class="objection"><strong>{say(OBJECT)}</strong><br>
<a href="{{{{ letter.unsubscribe }}}}">{say(OBJECT_LINK)}</a></p>{{% endif %}}
<p>{{{{ letter.why }}}}</p>
<p>{{{{ letter.entity }}}}<br>{{{{ letter.address }}}}</p>
<p class="ways">{{% if letter.unsubscribe %}}<a href="{{{{ letter.unsubscribe }}}}">{say(UNSUBSCRIBE)}</a>
&nbsp;&middot;&nbsp; {{% endif %}}<a href="{{{{ letter.preferences }}}}">{say(PREFERENCES)}</a></p>
</div>{{% if letter.trap %}}<div class="unseen" style="display: none" aria-hidden="true"><a href="{{{{ letter.trap }}}}" tabindex="-1"></a></div>{{% endif %}}"""


def invitation(words: Wording) -> str:
    """The one short block that invites to subscribe, after the main content (R-21): no price, no product."""
    say = words.say
    return f"""{{% if letter.invitation %}}
<table class="invitation" role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td>
<p><strong>{say(INVITE)}</strong></p>
<p class="label">{{{{ letter.invitation_label }}}}</p>
<p>{say(INVITE_TEXT)}</p>
<p><a href="{{{{ letter.invitation }}}}">{say(INVITE_LINK)}</a></p>
</td></tr></table>{{% endif %}}"""
