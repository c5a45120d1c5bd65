"""SIP secrets on their way to the OMM: sealed with its public key."""

import base64

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from appliance.dect.mitel.axi import Element
from appliance.errors import PeerProtocolError


def public_key(record: Element) -> RSAPublicKey:
    """The OMM's key for secrets; raises PeerProtocolError."""
    try:
        exponent, modulus = int(record.text("exponent"), 16), int(record.text("modulus"), 16)
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise PeerProtocolError(f"the OMM's key cannot be used: {error}", error_id="dect.omm_key") from None


def sealed(key: RSAPublicKey, secret: str) -> str:
    """A secret as the OMM wants it: RSA, PKCS#1 v1.5, base64."""
    return base64.b64encode(key.encrypt(secret.encode(), PKCS1v15())).decode("ascii")
