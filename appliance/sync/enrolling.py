"""A box's side of enrolment: a key of its own, the code, and what comes back for it."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.sync import claims
from appliance.sync import credentials as kept
from appliance.sync.credentials import Credentials
from appliance.sync.enrolment import CODE_LENGTH

PIN_LENGTH = 16
"""80 bits of the certificate's SHA-256 as base 32: enough that nobody makes another that fits."""
PATIENCE_S = 30.0
MAX_ANSWER = 1_000_000


def pin_of(certificate: bytes) -> str:
    """What a code says of the cloud's certificate (DER)."""
    return base64.b32encode(hashlib.sha256(certificate).digest()).decode()[:PIN_LENGTH]


def whole_code(code: str, certificate: bytes) -> str:
    """A code with the pin of a certificate, in groups of four."""
    text = code.replace("-", "") + pin_of(certificate)
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def enrol(cloud: str, code: str, folder: Path, node: str, authority: Path | None = None) -> Credentials:
    """Ask ``cloud`` (host or host:port) for credentials and keep them. Raises OrtsamtError."""
    host, _, port = cloud.removeprefix("https://").rstrip("/").partition(":")
    text = "".join(one for one in code.upper() if one.isalnum())
    pin = text[CODE_LENGTH:]
    if len(text) not in (CODE_LENGTH, CODE_LENGTH + PIN_LENGTH) or not (port or "443").isdigit():
        raise ConfigError("this is not a code", error_id="sync.code", hint="copy it whole, with all groups")
    key = claims.new_key(claims.USER)
    context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    if pin:  # the pin says which certificate it has to be, whoever signed it
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, int(port or "443"), timeout=PATIENCE_S, context=context)
    try:
        connection.connect()
        if pin:
            certificate = connection.sock.getpeercert(binary_form=True)
            if certificate is None or pin_of(certificate) != pin:
                raise ConfigError(
                    "whoever answers there is not the cloud that gave the code",
                    error_id="sync.pin",
                    hint="check the address; is somebody between?",
                )
        body = {"code": text[:CODE_LENGTH], "node": node, "user": key.public}
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1/sync/enrolments", json.dumps(body), headers)
        response = connection.getresponse()
        answer = json.loads(response.read(MAX_ANSWER))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeviceUnavailable(
            f"the cloud at {cloud} cannot be asked: {error}", error_id="sync.cloud", hint="check the address"
        ) from error
    finally:
        connection.close()
    if response.status != 201:
        refused: dict[str, Any] = answer.get("error", {}) if isinstance(answer, dict) else {}
        raise OrtsamtError(
            str(refused.get("message", "the cloud refused")),
            error_id=str(refused.get("id", "sync.refused")),
            hint=str(refused.get("hint", "")),
        )
    try:
        made = replace(msgspec.convert(answer, Credentials), seed=key.seed)
    except msgspec.ValidationError as error:
        raise DeviceUnavailable(
            f"the cloud's answer makes no sense: {error}", error_id="sync.cloud"
        ) from error
    _keep(folder, made)
    return made


def install(path: Path, folder: Path, node: str) -> Credentials:
    """Take credentials from a file that the hub made. Raises ConfigError."""
    try:
        made = msgspec.json.decode(path.read_bytes(), type=Credentials)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} cannot be used: {error}", error_id="sync.credentials") from error
    if made.node != node:
        raise ConfigError(
            f"these are credentials of {made.node}, but box.toml calls this node {node}",
            error_id="sync.name",
            hint="set node in box.toml",
        )
    _keep(folder, made)
    return made


def _keep(folder: Path, made: Credentials) -> None:
    try:
        kept.write(folder, made)
    except OSError as error:
        raise DeviceUnavailable(
            f"{folder} cannot be written: {error.strerror}", error_id="sync.unwritable", hint="run it as root"
        ) from error
    owner = folder.stat() if folder.stat().st_uid else folder.parent.stat()
    with contextlib.suppress(OSError):  # not root: it is ours already
        os.chown(folder / kept.FILE, owner.st_uid, owner.st_gid)
