"""What the engine puts round an author's words: the footer, and the invitation in service mail."""

from __future__ import annotations

from accord.core.mail.words import Wording

# Said here once, so that the catalogues can be compared with what is asked of them.
OBJECT = "You may object to these messages at any time, free of charge and without giving a reason."
OBJECT_LINK = "I do not want these messages"
UNSUBSCRIBE = "Unsubscribe"
PREFERENCES = "My preferences"
INVITE = "Would you also like to hear from us?"
INVITE_TEXT = "Only if you wish, and you can stop at any time:"
INVITE_LINK = "Yes, sign me up"
SERVICE_WHY = "You receive this message because it concerns something you asked us for."
SENTENCES = (OBJECT, OBJECT_LINK, UNSUBSCRIBE, PREFERENCES, INVITE, INVITE_TEXT, INVITE_LINK, SERVICE_WHY)


def footer(words: Wording) -> str:
    """The footer as a Jinja source: why, who and where, and the ways out.

    The right to object stands first and apart in the first mail to a person (R-48, art. 21(4)).
    """
    say = words.say
    return f"""<div class="footer">
{{% if letter.first_contact %}}<p class="objection"><strong>{say(OBJECT)}</strong><br>
<a href="{{{{ letter.unsubscribe }}}}">{say(OBJECT_LINK)}</a></p>{{% endif %}}
<p>{{% if letter.why %}}{{{{ letter.why }}}}{{% else %}}{say(SERVICE_WHY)}{{% endif %}}</p>
<p>{{{{ letter.entity }}}}<br>{{{{ letter.address }}}}</p>
<p>{{% if letter.unsubscribe %}}<a href="{{{{ letter.unsubscribe }}}}">{say(UNSUBSCRIBE)}</a>
&middot; {{% endif %}}<a href="{{{{ letter.preferences }}}}">{say(PREFERENCES)}</a></p>
</div>"""


def invitation(words: Wording) -> str:
    """The one short block that invites to subscribe, after the main content (R-21): no price, no product."""
    say = words.say
    return f"""{{% if letter.invitation %}}<div class="invitation">
<p><strong>{say(INVITE)}</strong><br>{say(INVITE_TEXT)} {{{{ letter.invitation_label }}}}.</p>
<p><a class="invite" href="{{{{ letter.invitation }}}}">{say(INVITE_LINK)}</a></p>
</div>{{% endif %}}"""
