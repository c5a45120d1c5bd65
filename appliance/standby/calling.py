"""Reaching the other box: the connection, and the first words with a code."""

import asyncio
import hashlib
import ssl
from collections.abc import Coroutine, Mapping
from typing import Any

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.standby.pairing import Pairing, plain
from appliance.standby.wire import framed, receive
from appliance.sync.enrolling import PIN_LENGTH, pin_of
from appliance.sync.enrolment import CODE_LENGTH

GREET_S = 5.0
"""So long each step of a greeting may take."""


def sha(der: bytes) -> str:
    """What identifies a certificate."""
    return hashlib.sha256(der).hexdigest()


async def introduce(address: str, code: str, hello: Mapping[str, Any], default_port: int) -> Pairing:
    """Show the code to the box that gave it. Raises ConfigError, DeviceUnavailable."""
    host, _, port = address.strip().partition(":")
    text = plain(code)
    if len(text) != CODE_LENGTH + PIN_LENGTH or not (port or "1").isdigit():
        raise ConfigError(
            "this is not a code", error_id="standby.code", hint="copy it whole, with all groups"
        )
    number = int(port) if port else default_port
    reader, writer, der = await dial(host, number)
    try:
        if pin_of(der) != text[CODE_LENGTH:]:
            raise ConfigError(
                "whoever answers there is not the box that gave the code",
                error_id="standby.pin",
                hint="check the address of the other box",
            )
        writer.write(framed({"pair": {**hello, "code": text[:CODE_LENGTH]}}))
        async with asyncio.timeout(GREET_S):
            answer = await receive(reader)
    except (OSError, TimeoutError) as error:
        raise DeviceUnavailable("the other box does not answer", error_id="standby.gone") from error
    finally:
        writer.close()
    if "error" in answer:
        raise ConfigError(str(answer["error"]), error_id="standby.refused", hint=str(answer.get("hint")))
    return Pairing(
        node=str(answer["node"]), address=host, port=number,
        fingerprint=sha(der), key=str(answer["key"]), calls=True,
    )  # fmt: skip


async def dial(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """A TLS connection and the certificate at its end, which is for the caller to judge."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    opened: Coroutine[Any, Any, Any] = asyncio.open_connection(host, port, ssl=context)
    try:
        async with asyncio.timeout(GREET_S):
            reader, writer = await opened
    except (OSError, TimeoutError, ValueError) as error:
        raise DeviceUnavailable(
            f"the other box does not answer at {host}, port {port}",
            error_id="standby.gone", hint="is it on, is its [standby] set, does ortsamt-standby run?",
        ) from error  # fmt: skip
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return reader, writer, der or b""
