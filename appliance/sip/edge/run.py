"""Start the edge: check ports and rights, write the configuration, become Kamailio."""

import contextlib
import errno
import grp
import os
import pwd
import re
import select
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import structlog

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.sip.edge import pulse
from appliance.sip.edge.database import loading_mb, prepare_location, prepare_presence
from appliance.sip.edge.render import render
from appliance.sip.edge.settings import EdgeSettings, endpoint, ensure_certificate

_LEFTOVER_WAIT_MS = 3000
_IP_FREEBIND = 15
"""ip(7); Python has no name for it."""
_MODULE_DIRS = ("lib/kamailio/modules", "lib/*/kamailio/modules", "lib64/kamailio/modules")
_PACKAGES = (
    "kamailio kamailio-sqlite-modules kamailio-presence-modules kamailio-tls-modules kamailio-json-modules"
    " kamailio-extra-modules kamailio-utils-modules"
)

_log = structlog.get_logger(__name__)


def exec_edge(settings: EdgeSettings, *, follow: bool = False) -> NoReturn:
    """Replace this process by Kamailio, so that its pid is the edge's; raises ConfigError or
    DeviceUnavailable before. ``follow``: under systemd, end it when the machine has new addresses.

    SIGTERM ends it after every registration is saved.
    """
    prepare(settings)
    arguments = command(settings)
    known = (*settings.listen, *([settings.floating] if settings.floating else []))
    pulse.begin(known, settings.sip_port, follow=follow)
    os.execvp(arguments[0], arguments)


def command(settings: EdgeSettings) -> list[str]:
    """The command line that runs the edge in the foreground with its log on stderr.

    What is saved is read into private memory at once: too little of it and the edge would never start again.
    """
    line = [
        settings.program, "-DD", "-E", "-f", str(settings.config_path), "-Y", str(settings.runtime_dir),
        "-w", str(settings.state_dir), "-m", str(settings.shared_memory_mb),
        "-M", str(settings.private_memory_mb + loading_mb(settings.location_db, settings.presence_db)),
    ]  # fmt: skip
    if os.geteuid() == 0:
        line += ["-u", settings.user] if settings.user else []
        line += ["-g", settings.group] if settings.group else []
    return line


def prepare(settings: EdgeSettings) -> None:
    """Everything before the start: program, folders, leftovers, ports, certificate, databases, rendered
    files.
    """
    if shutil.which(settings.program) is None:
        raise DeviceUnavailable(
            f"{settings.program} is not installed",
            error_id="edge.program",
            hint=f"apt-get install {_PACKAGES}",
        )
    files = render(settings)
    _check_modules(files["kamailio.cfg"])
    for folder in (settings.state_dir, settings.runtime_dir):
        _make_folder(folder, settings)
    end_leftovers(settings)
    check_ports(settings)
    ensure_certificate(settings)
    try:
        prepare_location(settings.location_db)
        prepare_presence(settings.presence_db)
        for name, content in files.items():
            _write(settings.config_dir / name, content)
        _give(settings)
    except (OSError, sqlite3.Error) as error:
        raise DeviceUnavailable(
            f"the edge's files cannot be written: {error}",
            error_id="edge.files",
            hint="check the rights and the free space of the state and runtime folders",
        ) from error


def check_ports(settings: EdgeSettings) -> None:
    """Bind every port once; raises ConfigError or DeviceUnavailable naming the one that cannot be had."""
    for kind, host, port, name in _ports(settings):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, kind) as trial:
            if host == settings.floating:
                trial.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
            if kind == socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError as error:
                raise _port_error(error, kind, host, port, name) from error


def end_leftovers(settings: EdgeSettings) -> None:
    """End worker processes of an earlier edge with the same configuration whose main process was killed."""
    descriptors = []
    for pid in _leftovers(settings):
        try:
            descriptor = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
        descriptors.append(descriptor)
    if not descriptors:
        return
    _log.warning("ended processes an earlier edge left behind", count=len(descriptors))
    for descriptor in descriptors:
        waiter = select.poll()
        waiter.register(descriptor, select.POLLIN)
        waiter.poll(_LEFTOVER_WAIT_MS)
        os.close(descriptor)


def _leftovers(settings: EdgeSettings) -> Iterator[int]:
    wanted = os.fsencode(settings.config_path)
    program = os.fsencode(Path(settings.program).name)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in words and os.path.basename(words[0]) == program:
            yield int(entry.name)


def _ports(settings: EdgeSettings) -> Iterator[tuple[socket.SocketKind, str, int, str]]:
    for address in (*settings.listen, *([settings.floating] if settings.floating else [])):
        yield socket.SOCK_DGRAM, address, settings.sip_port, "sip_port"
        yield socket.SOCK_STREAM, address, settings.sip_port, "sip_port"
        if settings.tls_port:
            yield socket.SOCK_STREAM, address, settings.tls_port, "tls_port"
    host, port = endpoint(settings.core_listen)
    yield socket.SOCK_DGRAM, host, port, "core_listen"
    yield socket.SOCK_STREAM, "127.0.0.1", settings.evapi_port, "evapi_port"


def _port_error(
    error: OSError, kind: socket.SocketKind, host: str, port: int, name: str
) -> ConfigError | DeviceUnavailable:
    what = f"{'UDP' if kind == socket.SOCK_DGRAM else 'TCP'} port {port} on {host}"
    if error.errno == errno.EADDRINUSE:
        return DeviceUnavailable(
            f"{what} is taken by another program",
            error_id="edge.port_taken",
            hint=f"stop it (ss -lnp shows which it is) or choose another {name}",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(
            f"{host} is not an address of this machine",
            error_id="edge.address",
            hint="correct listen",
            field="listen",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ConfigError(
            f"{what} needs more rights",
            error_id="edge.port_rights",
            hint=f"start with CAP_NET_BIND_SERVICE or choose a {name} above 1023",
            field=name,
        )
    return DeviceUnavailable(f"{what} cannot be opened: {error.strerror}", error_id="edge.port")


def _check_modules(config: str) -> None:
    folders = [folder for pattern in _MODULE_DIRS for folder in Path("/usr").glob(pattern)]
    if not folders:
        return
    missing = [
        name for name in re.findall(r'^loadmodule "([a-z_]+\.so)"', config, re.MULTILINE)
        if not any((folder / name).exists() for folder in folders)
    ]  # fmt: skip
    if missing:
        raise DeviceUnavailable(
            f"Kamailio lacks {', '.join(missing)}",
            error_id="edge.modules",
            hint=f"apt-get install {_PACKAGES}",
        )


def _make_folder(folder: Path, settings: EdgeSettings) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder} cannot be made: {error.strerror}",
            error_id="edge.folder",
            hint="check the rights of the folder above it",
            field="state_dir",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            f"the folder {folder} cannot be written",
            error_id="edge.folder",
            hint="give the edge's user the right to write it",
            field="state_dir",
        )


def _write(path: Path, content: str) -> None:
    """Write a file so that a reader sees the old or the new one, whole, whatever happens."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _give(settings: EdgeSettings) -> None:
    """Hand the edge's own files to the account it will run as, when started as root; never what a link
    points to.
    """
    if os.geteuid() != 0 or not (settings.user or settings.group):
        return
    try:
        uid = pwd.getpwnam(settings.user).pw_uid if settings.user else -1
        gid = grp.getgrnam(settings.group).gr_gid if settings.group else -1
    except KeyError as error:
        raise ConfigError(
            f"the edge's account is missing: {error.args[0]}",
            error_id="edge.user",
            hint="create it or change user and group",
            field="user",
        ) from error
    own = [settings.runtime_dir, settings.state_dir]
    own += [settings.config_dir / name for name in ("kamailio.cfg", "tls.cfg")]
    for database in (settings.location_db, settings.presence_db):
        own += [database, *(database.with_name(database.name + suffix) for suffix in ("-wal", "-shm"))]
    if settings.tls_certificate is None:
        own += [settings.certificate.parent, settings.certificate, settings.key]
    for path in own:
        with contextlib.suppress(FileNotFoundError):
            os.chown(path, uid, gid, follow_symlinks=False)
