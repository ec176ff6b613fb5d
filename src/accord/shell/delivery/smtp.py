"""SMTP: mails handed to one server over kept connections, and what each of its answers means for a mail."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from typing import Final, cast

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPResponse,
    SMTPServerDisconnected,
)

from accord.core.model.message import MessageState
from accord.core.pacing import asks_for_less
from accord.shell.delivery.address import Misspelt, path_of
from accord.shell.delivery.conversation import Conversation
from accord.shell.delivery.pool import Limits, Pool, TurnedAway
from accord.shell.engine.ports.mailing import Envelope, Receipt, Unreachable

# A kept connection that does not answer so soon, in seconds, is given up for a new one.
PROBE_TIMEOUT: Final = 5.0

# How long a server's goodbye is waited for, in seconds.
GOODBYE_TIMEOUT: Final = 2.0

SECURITY: Final = ("none", "starttls", "tls")
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mail server is and how to talk to it; times in seconds.

    `security`: `none`, `starttls` (refused when the server does not offer it), `tls`. `verb_timeout` bounds
    connecting and each verb, `dot_timeout` the wait for the last word on a mail (RFC 5321, 4.5.3.2.6, asks
    for patience there: to hang up early is to make a mail of unknown fate).
    """

    host: str = "localhost"
    port: int = 25
    security: str = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    hello: str | None = None
    verb_timeout: float = 60.0
    dot_timeout: float = 300.0

    def __post_init__(self) -> None:
        if self.security not in SECURITY:
            raise ValueError(f"security must be one of {', '.join(SECURITY)}, not {self.security!r}")
        if self.username is not None and self.security == "none" and self.host not in _HERE:
            raise ValueError(
                f"a password would cross the network in clear to {self.host}: use starttls or tls"
            )


def session_with(server: Server, context: ssl.SSLContext | None, timeout: float) -> SMTP:
    """A session that is not connected yet. `timeout`: seconds for each verb."""
    return SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        local_hostname=server.hello,
        timeout=timeout,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=context,
    )


class SmtpCarrier:
    """The Carrier that hands mails to one SMTP server."""

    def __init__(self, server: Server, limits: Limits) -> None:
        self._server = server
        self._tls = _tls_context(server)
        self._pool = Pool(self._dial, limits)

    @property
    def width(self) -> int:
        """How many connections there may be."""
        return self._pool.limits.width

    async def ready(self) -> int:
        """How many connections are idle and alive; raises Unreachable with the reason in one sentence."""
        return await self._pool.ready()

    def pause(self) -> float:
        """A mail server is asked at once."""
        return 0.0

    async def carry(self, envelope: Envelope) -> Receipt:
        """Hand over one mail. Every ending is a Receipt: nothing is raised for what a server does."""
        try:
            try:
                async with self._pool.line() as line:
                    return await line.hand_over(envelope)
            except HungUp:
                async with self._pool.line(fresh=True) as line:
                    return await line.hand_over(envelope)
        except Unreachable as silence:
            return Receipt(MessageState.DEFERRED, str(silence), not_taken=True)

    def cut(self) -> None:
        """Drop the connections in use: a mail before its end is deferred, one after it is of unknown fate."""
        self._pool.cut()

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        await self._pool.close()

    async def _dial(self) -> SmtpLine:
        server = self._server
        smtp = session_with(server, self._tls, server.verb_timeout)
        where = f"{server.host}:{server.port}"
        try:
            await smtp.connect()
            await _say_hello(smtp)
        except SMTPAuthenticationError as refusal:
            said = _said(refusal)
            raise TurnedAway(f"The mail server {where} refuses our name or password: {said}") from None
        except (SMTPException, OSError) as fault:
            smtp.close()
            raise Unreachable(f"The mail server {where} can't be used: {_said(fault)}") from fault
        return SmtpLine(smtp, server)


class SmtpLine:
    """One SMTP session: one mail at a time, each told as a Receipt."""

    def __init__(self, smtp: SMTP, server: Server) -> None:
        self._smtp = smtp
        self._extensions = dict(smtp.esmtp_extensions)
        self._talk = Conversation(cast("asyncio.Transport", smtp.transport))
        self._server = server
        self._carried = 0

    @property
    def usable(self) -> bool:
        """Whether the session is still open on this side."""
        return self._talk.open

    @property
    def carried(self) -> int:
        """How many mails it has been given."""
        return self._carried

    async def answers(self) -> bool:
        """NOOP: whether the server is still there."""
        try:
            self._talk.say(b"NOOP")
            return (await self._talk.reply(PROBE_TIMEOUT)).code // 100 == 2
        except (SMTPException, OSError):
            return False

    async def hang_up(self) -> None:
        """QUIT, then close; a server that does not answer is left."""
        try:
            if self.usable:
                self._talk.say(b"QUIT")
                await self._talk.reply(GOODBYE_TIMEOUT)
        except (SMTPException, OSError):
            self.drop()
        self._smtp.close()

    async def hand_over(self, envelope: Envelope) -> Receipt:
        """One mail, from MAIL to the answer to its last dot.

        Raises HungUp where a kept session turns out to be over at the first verb: the mail has not begun.
        """
        self._carried += 1
        content = with_crlf(envelope.content)
        try:
            opening = self._opening(envelope, content)
        except (Misspelt, Unsuitable) as fault:
            return Receipt(MessageState.REJECTED, str(fault))
        try:
            for verb, commands in opening:
                if commands:
                    self._talk.say(*commands)
                reply = await self._talk.reply(self._server.verb_timeout)
                if verb == "MAIL" and reply.code == 421 and self._carried > 1:
                    raise HungUp
                if reply.code not in _GOES_ON[verb]:
                    return await self._refused(verb, reply)
            await self._write(content)
        except (SMTPException, OSError) as loss:
            # Until the last dot is out no server has the mail: trying again can't make two of it.
            if isinstance(loss, SMTPServerDisconnected) and verb == "MAIL" and self._carried > 1:
                raise HungUp from None
            self.drop()
            told = f"before the end of the mail: {_said(loss)}"
            return Receipt(MessageState.DEFERRED, told, not_taken=True)
        return await self._last_word()

    def _opening(self, envelope: Envelope, content: bytes) -> list[tuple[str, tuple[bytes, ...]]]:
        """The three verbs before the mail itself, each with the commands that are said before its answer is read.

        Two are said at once where the server takes them so (RFC 2920). DATA waits: of a mail that has no
        recipient nothing must be begun.
        """
        offered = self._extensions
        sender = path_of(envelope.sender, or_null=True)
        recipient = path_of(envelope.recipient)
        options: list[bytes] = []
        if "size" in offered:
            limit = offered["size"].strip()
            if limit.isdecimal() and 0 < int(limit) < len(content):
                raise Unsuitable(f"the mail has {len(content)} bytes, the server takes {limit}")
            options.append(b"SIZE=%d" % len(content))
        if not (sender.isascii() and recipient.isascii()):
            if "smtputf8" not in offered:
                raise Unsuitable("the server takes no address with letters beyond ASCII (SMTPUTF8)")
            options.append(b"SMTPUTF8")
        if not content.isascii():
            if "8bitmime" not in offered:
                raise Unsuitable("the mail has bytes beyond ASCII, the server takes none (8BITMIME)")
            options.append(b"BODY=8BITMIME")
        if "dsn" in offered and envelope.envelope_id is not None:
            options += [b"RET=HDRS", b"ENVID=" + envelope.envelope_id.encode("ascii")]
        mail = b" ".join((b"MAIL FROM:" + sender.encode(), *options))
        rcpt = b"RCPT TO:" + recipient.encode()
        if "pipelining" in offered:
            return [("MAIL", (mail, rcpt)), ("RCPT", ()), ("DATA", (b"DATA",))]
        return [("MAIL", (mail,)), ("RCPT", (rcpt,)), ("DATA", (b"DATA",))]

    async def _refused(self, verb: str, reply: SMTPResponse) -> Receipt:
        """A refusal at a verb; the session goes on after RSET, unless the server has lost the thread."""
        if reply.code // 100 in (4, 5) and reply.code not in _ABOUT_THE_SESSION:
            await self._reset()
        else:
            self.drop()
        outcome = meaning(verb, reply.code, reply.message)
        status = _STATUS.match(reply.message) if verb == "RCPT" else None
        told = _told(reply)
        slower = verb != "MAIL" and asks_for_less(told)
        # At MAIL nothing is known of the recipient yet: a server that puts us off there does not want us now.
        not_taken = verb == "MAIL" and outcome is MessageState.DEFERRED
        return Receipt(outcome, told, status[0] if status is not None else None, slower, not_taken)

    async def _reset(self) -> None:
        """RSET; a session where that fails is not used again. After 421 it is closed already."""
        try:
            if not self.usable:
                return
            self._talk.say(b"RSET")
            while self._talk.expected > 1:  # what was said together with the verb that was refused
                await self._talk.reply(self._server.verb_timeout)
            if (await self._talk.reply(self._server.verb_timeout)).code // 100 != 2:
                self.drop()
        except (SMTPException, OSError):
            self.drop()

    async def _write(self, content: bytes) -> None:
        """Write all but the last dot, and only then the dot: while bytes wait here, the mail has not left."""
        stuffed = _DOT.sub(b"\n..", content)
        self._talk.write(b"." + stuffed if stuffed.startswith(b".") else stuffed)
        await self._talk.written(self._server.dot_timeout)
        self._talk.write(b".\r\n", answers=1)

    async def _last_word(self) -> Receipt:
        """The answer to the dot; where none comes, or none that can be read, the mail may have arrived."""
        try:
            reply = await self._talk.reply(self._server.dot_timeout)
        except (SMTPException, OSError) as loss:
            self.drop()
            return Receipt(MessageState.UNKNOWN, f"after the end of the mail: {_said(loss)}")
        if reply.code == 421 or reply.code // 100 not in (2, 4, 5):
            self.drop()
        told = _told(reply)
        return Receipt(meaning("DOT", reply.code, reply.message), told, slower=asks_for_less(told))

    def drop(self) -> None:
        """Cut the connection; what still waits to be written is never written."""
        transport = self._smtp.transport
        if transport is not None:
            cast("asyncio.WriteTransport", transport).abort()
        self._smtp.close()


class HungUp(Exception):
    """The server had ended a kept session: the mail goes by a fresh one."""


class Unsuitable(Exception):
    """This mail asks of this server what it does not offer; its text says what."""


# -- what answers mean -------------------------------------------------------------------------------------

_GOES_ON: Final = {"MAIL": (250,), "RCPT": (250, 251, 252), "DATA": (354,)}

# 5xx that speak of the session and not of the mail: verbs unknown or out of order, authentication wanting.
_ABOUT_THE_SESSION: Final = frozenset({500, 502, 503, 530, 534, 535, 538})

# A mail too large is nobody's to repeat, at whichever verb the server says so (RFC 1870, RFC 3463).
_TOO_LARGE: Final = ("5.3.4", "5.2.3")


# What is said in a reply of the kind of failure, before the words (RFC 2034).
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")


def meaning(verb: str, code: int, text: str) -> MessageState:
    """What a reply means for the mail: `verb` is MAIL, RCPT, DATA or DOT.

    A 5xx at MAIL is about the sender, that is about us: it is tried again when the operator has seen to it.
    After the dot a reply that is no reply leaves it unknown.
    """
    kind = code // 100
    if verb == "DOT" and kind == 2:
        return MessageState.ACCEPTED
    if kind == 4 or (kind == 5 and code in _ABOUT_THE_SESSION):
        return MessageState.DEFERRED
    if kind == 5:
        too_large = code == 552 or text.startswith(_TOO_LARGE)
        return MessageState.REJECTED if verb != "MAIL" or too_large else MessageState.DEFERRED
    return MessageState.UNKNOWN if verb == "DOT" else MessageState.DEFERRED


# A dot at the beginning of a line that is not the first (RFC 5321, 4.5.2): found more quickly so than by `replace`.
_DOT: Final = re.compile(rb"\n\.")
_NO_LINE_END: Final = bytes(set(range(256)) - set(b"\r\n"))


def with_crlf(content: bytes) -> bytes:
    """`content` with CRLF at each line's end, the last included; a lone CR or LF could smuggle a second mail.

    To look is cheap: one pass that leaves only line ends. Only what fails is rewritten.
    """
    ends = content.translate(None, _NO_LINE_END)
    if ends != b"\r\n" * (len(ends) // 2):
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return content if content.endswith(b"\r\n") else content + b"\r\n"


async def _say_hello(smtp: SMTP) -> None:
    """EHLO, or HELO for a server that does not know it; `connect` has said it where TLS or AUTH needed it."""
    if not smtp.is_ehlo_or_helo_needed:
        return
    try:
        await smtp.ehlo()
    except SMTPHeloError:
        await smtp.helo()


def _tls_context(server: Server) -> ssl.SSLContext | None:
    """One context for all connections: loading the certificates costs more than a mail."""
    if server.security == "none":
        return None
    return ssl.create_default_context(cafile=server.ca_file)


def _told(reply: SMTPResponse) -> str:
    return _tidy(f"{reply.code} {reply.message}")


def _said(fault: BaseException) -> str:
    """The fault as one line: the server's words, or what the library or the system says."""
    if isinstance(fault, SMTPException) and len(fault.args) > 1:
        return _tidy(" ".join(str(each) for each in fault.args))
    return _tidy(str(fault) or type(fault).__name__)


def _tidy(text: str) -> str:
    """One printable line of at most 500 characters: a server may say anything."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:500]
