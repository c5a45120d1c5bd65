"""How emulated bases fetch their files."""

from appliance.dect.emulator.lookup import download
from appliance.dect.provisioned.emulator import Fetch


def fetcher(url: str) -> Fetch:
    """Fetches names below this address."""

    async def fetch(_mac: str, name: str, agent: str) -> bytes | None:
        return await download(f"{url}{name}", agent)

    return fetch
