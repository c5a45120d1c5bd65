"""The provider's front: lines from stdin and from a control socket, events to both."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.errors import DeviceUnavailable
from appliance.phone import events as phone
from appliance.phone.console import Input
from appliance.phone.lines import MAX_LINE, LineError, event_line
from appliance.provider import commands, events
from appliance.provider.commands import GRAMMAR
from appliance.provider.numbers import guide
from appliance.provider.provider import Provider, ProviderSettings
from appliance.provider.sentences import sentence


def run(settings: ProviderSettings, *, json: bool = False, control: Path | None = None) -> int:
    """Be a provider until 'quit', SIGTERM or Ctrl-C; the end of stdin changes nothing."""
    return asyncio.run(_Front(settings, json=json, control=control).run())


def talk_to(control: Path, words: str) -> int:
    """Send one command to a running provider and show what comes of it, until that is over."""
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(str(control))
        except OSError as error:
            raise DeviceUnavailable(
                f"no provider answers at {control}: {error.strerror}",
                error_id="provider.control",
                hint="start one with --control",
            ) from error
        link.sendall(words.encode() + b"\n")
        with link.makefile("r", encoding="utf-8") as answers:
            for line in answers:
                print(line, end="", flush=True)
    return 0


class _Front:
    def __init__(self, settings: ProviderSettings, *, json: bool, control: Path | None) -> None:
        self._settings = settings
        self._json = json
        self._control = control
        self._guests: dict[asyncio.StreamWriter, bool] = {}
        self._stop = asyncio.Event()
        self._provider: Provider | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.set_exception_handler(self._defect)
        provider = self._provider = Provider(self._settings, self._show)
        await provider.start()
        server: asyncio.Server | None = None
        try:
            if self._control is not None:
                server = await self._open_control(self._control)
            self._read_stdin()
            await self._stop.wait()
        finally:
            await provider.stop()
            if server is not None:
                server.close()
            if self._control is not None:
                self._control.unlink(missing_ok=True)
            with suppress(BrokenPipeError):
                sys.stdout.flush()
        return 0

    def _read_stdin(self) -> None:
        loop = asyncio.get_running_loop()
        source = Input(sys.stdin.fileno())

        def readable() -> None:
            for line in source.lines():
                self._obey(line)
            if not source.open:
                loop.remove_reader(sys.stdin.fileno())

        # A file or /dev/null cannot be waited for; then there is nobody to listen to.
        with suppress(PermissionError):
            loop.add_reader(sys.stdin.fileno(), readable)

    async def _open_control(self, path: Path) -> asyncio.Server:
        with suppress(FileNotFoundError):
            os.unlink(path)  # of a provider that was killed
        try:
            server = await asyncio.start_unix_server(self._guest, str(path), limit=MAX_LINE)
            os.chmod(path, 0o600)
        except OSError as error:
            raise DeviceUnavailable(
                f"cannot open the control socket {path}: {error.strerror}", error_id="provider.control"
            ) from error
        return server

    async def _guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One who drives us through the socket.

        Who speaks JSON hears JSON for as long as it likes; a person hears sentences until all is done.
        """
        with suppress(OSError, ValueError):
            while line := (await reader.readline()).decode(errors="replace").strip():
                self._guests[writer] = line.startswith("{")
                self._obey(line, writer)
                await writer.drain()
        self._guests.pop(writer, None)
        writer.close()

    def _obey(self, line: str, guest: asyncio.StreamWriter | None = None) -> None:
        try:
            command = GRAMMAR.parse(line)
        except LineError as error:
            word = line.split(maxsplit=1)[0][:40]
            self._show(phone.Failed(command=word, message=error.message, hint=error.hint))
            return
        match command:
            case commands.Quit():
                self._stop.set()
            case commands.Help():
                text = f"{GRAMMAR.help()}\nNumbers that end in\n{guide()}"
                if guest is not None:
                    guest.write(text.encode() + b"\n")
                else:
                    print(text, file=sys.stderr if self._json else sys.stdout, flush=True)
            case _:
                if self._provider is not None:
                    self._provider.perform(command)
        lasting = commands.Call | commands.Hangup | commands.Hold | commands.Resume
        if guest is not None and not self._guests[guest] and not isinstance(command, lasting):
            guest.close()

    def _show(self, event: events.Event) -> None:
        try:
            print(event_line(event) if self._json else sentence(event), flush=True)
        except BrokenPipeError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.close(nothing)
            self._stop.set()
        for guest, json in list(self._guests.items()):
            guest.write((event_line(event) if json else sentence(event)).encode() + b"\n")
            if not json and isinstance(event, phone.Failed | phone.Ended | phone.Held | phone.Resumed):
                guest.close()

    def _defect(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._show(phone.Defect(message=f"{context.get('message')}: {error!r}"))
