"""What is done to a page once for everybody: styles inlined, links made to be counted, a text part drawn from it."""

from __future__ import annotations

import html as entities
import re

from accord.core.mail.pieces import Piece
from accord.core.mail.protect import Place, Placeholder, Protected

_HREF = re.compile(r"""(<a(?:rea)?\b[^>]*?\bhref=")([^"]*)(")""", re.IGNORECASE | re.DOTALL)
_OUR_OWN = re.compile(r"\{\{[-+]?\s*(?:letter|links)\.")
_COMMENTED = re.compile(r"<!--(zqj\d{5}qz)-->")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TABLE = re.compile(r"<(/?)(?:table|thead|tbody|tfoot|tr|td|th)\b", re.IGNORECASE)
_HIDDEN = re.compile(r'<div\b[^>]*\bclass="(?:preheader|unseen)".*?</div>', re.DOTALL)
_LINK_STYLE = re.compile(r"""(<a\b[^>]*?)\sstyle=(?:"[^"]*"|'[^']*')""", re.IGNORECASE)
_GAP = re.compile(r"\n{3,}")
CRITICAL = 50


def inlined(html: str) -> str:
    """The page with its styles on its elements; what can't be inlined (@media, :hover) stays in its head."""
    from premailer import Premailer  # Slow to read, and most commands write no mail.

    return str(
        Premailer(
            html,
            allow_network=False,
            disable_validation=True,
            cssutils_logging_level=CRITICAL,
            strip_important=False,
            align_floating_images=False,
            remove_classes=False,
            keep_style_tags=False,
            disable_link_rewrites=True,
        ).transform(pretty_print=False)
    )


def tracked(html: str, page: Protected) -> str:
    """Have each link of the author's ask for its signed address when the mail is rendered."""

    def asking(match: re.Match[str]) -> str:
        call = _call(page.split(entities.unescape(match[2])))
        if call is None:
            return match[0]
        return f"{match[1]}{page.add(Piece(call, '', 1, kind='value'), Place.QUOTED, 'href')}{match[3]}"

    return _HREF.sub(asking, html)


def _call(target: list[str | Placeholder]) -> str | None:
    """What asks for a link's signed address, or None for what is not counted.

    Links of the web are counted; the engine's own (preferences, unsubscribe), mailto: and # are not.
    """
    arguments = [_argument(each) for each in target]
    if not target or None in arguments:
        return None
    first = target[0]
    if isinstance(first, str):
        counted = first.startswith(("http://", "https://"))
    else:
        counted = _OUR_OWN.match(first.piece.text) is None
    # A target that is the same for everybody was looked at when the template was checked.
    name = "click" if all(isinstance(each, str) for each in target) else "lead"
    return f"{{{{ letter.{name}({', '.join(str(each) for each in arguments)}) }}}}" if counted else None


def _argument(part: str | Placeholder) -> str | None:
    if isinstance(part, str):
        return "'" + part.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ") + "'"
    if part.piece.kind != "value":
        return None
    source = part.piece.text.strip()
    return f"({source[3 if source[2] in '-+' else 2 : -3 if source[-3] in '-+' else -2].strip()})"


def as_text(html: str, page: Protected) -> str:
    """The text of a protected page: a statement's comment becomes its word, so that it stays.

    Tables lay out mails; as blocks, what stands between their rows keeps its place in the text.
    """
    words = _COMMENT.sub("", _COMMENTED.sub(r"\1", html))
    words = _TABLE.sub(r"<\1div", _HIDDEN.sub("", words))
    # A button is a block to the eye; its text is still a line's.
    words = _LINK_STYLE.sub(r"\1", words)
    from inscriptis import get_text
    from inscriptis.model.config import ParserConfig

    text = get_text(words, ParserConfig(display_links=True, display_anchors=False))
    lines = (_unspaced(line.strip(" \t"), page) for line in text.split("\n"))
    return _GAP.sub("\n\n", "\n".join(lines)).strip()


def _unspaced(line: str, page: Protected) -> str:
    """A line of nothing but statements is an empty one, whatever stands between them."""
    parts = page.split(line)
    silent = all(part.isspace() if isinstance(part, str) else not part.piece.prints for part in parts)
    return line.replace(" ", "") if silent else line
