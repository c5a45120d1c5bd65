"""A registrar that believes everybody, in place of the edge: tells a driver who registers."""

from appliance.dect.provisioned.system import ProvisionedSystem
from appliance.dect.provisioned.view import Registration
from appliance.provider.message import Message, SipSyntaxError, new_tag, parse, response, uri_of
from appliance.provider.transport import Listener, Path


class Registrar:
    """On the loop of the emulated bases."""

    def __init__(self) -> None:
        self.driver: ProvisionedSystem | None = None
        self.known: dict[str, Registration] = {}
        self._listener = Listener("127.0.0.1", 0, self._received)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    async def open(self) -> None:
        """Begin."""
        await self._listener.open()

    async def close(self) -> None:
        """End."""
        await self._listener.close()

    def _received(self, data: bytes, path: Path) -> None:
        try:
            message = parse(data)
        except SipSyntaxError:
            return
        if message.is_request and message.method != "ACK":
            path.write(response(message, 200, "OK", to_tag=new_tag()).encode())
        if message.method == "REGISTER":
            self._register(message, path)

    def _register(self, message: Message, path: Path) -> None:
        account = uri_of(message.get("From")).removeprefix("sip:").partition("@")[0]
        contact = Registration(
            account=account, host=path.host, port=path.port, user_agent=message.get("User-Agent")
        )
        gone = message.get("Expires") == "0"
        if not gone:
            self.known[account] = contact
        elif self.known.get(account) == contact:
            del self.known[account]
        if self.driver is not None:
            (self.driver.unregistered if gone else self.driver.registered)(contact)
