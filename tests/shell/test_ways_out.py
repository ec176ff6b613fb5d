"""The ways out that config.toml describes: a lane each, a server for service mail, one to fall back on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from accord.core.model.message import MessageState
from accord.shell.engine.sending.pacer import Pacer
from accord.shell.engine.sending.relays import RelayBook
from accord.shell.settings import ConfigFault, Settings, load_settings
from accord.shell.way_out import ways_out
from cli_driver import SMALL
from shell.delivery.scripted import Inbox, an_envelope, real


def settings_of(folder: Path, smtp: str, **environ: str) -> Settings:
    config = folder / "config.toml"
    config.write_text(
        f'{SMALL}\n[delivery]\nkind = "smtp"\n[smtp]\nsecurity = "none"\n{smtp}', encoding="utf-8"
    )
    return load_settings(config, environ)


def ways_of(settings: Settings, book: RelayBook | None = None):
    return ways_out(settings, Pacer(settings.smtp.rates, lambda: 0.0), book or RelayBook(), lambda: 0.0)


@pytest.mark.parametrize(("connections", "lanes"), [(1, (1, 1)), (2, (1, 1)), (4, (1, 3)), (10, (2, 8))])
def test_each_lane_has_connections_of_its_own(
    tmp_path: Path, connections: int, lanes: tuple[int, int]
) -> None:
    ways = ways_of(settings_of(tmp_path, f"connections = {connections}"))
    assert (ways.service.width, ways.prospecting.width) == lanes
    assert ways.is_one is (connections == 1)


def test_service_mail_has_its_server_and_the_fallback_takes_what_the_others_do_not(tmp_path: Path) -> None:
    main, own, other = Inbox(), Inbox(), Inbox()
    book = RelayBook()

    async def scene() -> None:
        async with real(other) as fallback_port:
            async with real(main) as main_port, real(own) as service_port:
                ways = ways_of(
                    settings_of(
                        tmp_path,
                        f"port = {main_port}\n"
                        f'[smtp.service]\nhost = "127.0.0.1"\nport = {service_port}\nsecurity = "none"\n'
                        f'[smtp.fallback]\nhost = "127.0.0.1"\nport = {fallback_port}\nsecurity = "none"\n',
                    ),
                    book,
                )
                assert (ways.service.width, ways.prospecting.width) == (10, 10)
                for number, way in enumerate(ways.each):
                    assert await way.ready() > 0
                    assert (await way.carry(an_envelope(number))).outcome is MessageState.ACCEPTED
                assert (len(own.mails), len(main.mails), len(other.mails)) == (1, 1, 0)
                await ways.close()
            for number, way in enumerate(ways.each):
                assert await way.ready() > 0
                assert (await way.carry(an_envelope(10 + number))).outcome is MessageState.ACCEPTED
            await ways.close()

    asyncio.run(scene())
    assert len(other.mails) == 2
    assert {name: dict(counts) for name, counts in book.outcomes.items()} == {
        "smtp.service": {"accepted": 1},
        "smtp.fallback": {"accepted": 2},
        "smtp": {"accepted": 1},
    }
    assert book.silent["smtp"] is not None and book.silent["smtp.fallback"] is None


def test_secrets_of_every_server_come_from_outside(tmp_path: Path) -> None:
    fallback = '[smtp.fallback]\nhost = "127.0.0.1"\nusername = "ada"\n'
    with pytest.raises(ConfigFault) as wrong:
        settings_of(tmp_path, f'{fallback}password = "hunter2"\n')
    [fault] = wrong.value.diagnostics
    assert fault.hint == "Use ACCORD_SMTP__FALLBACK__PASSWORD or smtp.fallback.password_file."
    assert "hunter2" not in wrong.value.text
    settings = settings_of(tmp_path, fallback, ACCORD_SMTP__FALLBACK__PASSWORD="hunter2")
    assert settings.smtp.fallback is not None and settings.smtp.fallback.password == "hunter2"
    assert "hunter2" not in repr(settings)
    with pytest.raises(ConfigFault):
        settings_of(tmp_path, f'{fallback}password_file = "nowhere"\n')
