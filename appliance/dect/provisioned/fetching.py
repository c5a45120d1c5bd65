"""How emulated bases fetch their files: by HTTP or HTTPS, believing any certificate."""

import asyncio
import ssl
import urllib.error
import urllib.request

from appliance.dect.provisioned.emulator import Fetch

_PATIENCE_S = 10.0
_MOST = 1 << 20


def fetcher(url: str) -> Fetch:
    """Fetches names below this address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def get(name: str, agent: str) -> bytes | None:
        request = urllib.request.Request(f"{url}{name}", headers={"User-Agent": agent})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S, context=context) as answer:  # noqa: S310
                content: bytes = answer.read(_MOST)
                return content
        except urllib.error.HTTPError:
            return None

    async def fetch(_mac: str, name: str, agent: str) -> bytes | None:
        return await asyncio.to_thread(get, name, agent)

    return fetch
