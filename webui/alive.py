"""Whether this process serves: it asks itself for a page, over TLS as browsers do."""

import http.client
import ssl
from collections.abc import Sequence

TIMEOUT_S = 5.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - every address, asked on loop-back


def serves(addresses: Sequence[str], port: int) -> bool:
    """True when one of the addresses listened on answers anything at all within five seconds."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # we talk to ourselves
    for address in addresses:
        connection = http.client.HTTPSConnection(
            _ANY.get(address, address), port, timeout=TIMEOUT_S, context=context
        )
        try:
            connection.request("HEAD", "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        return True
    return False
