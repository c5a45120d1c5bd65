"""An OPTIONS request (RFC 3261 §11): the question that every SIP server answers, whatever it thinks of us."""

import secrets


def options(domain: str, host: str, port: int, *, tcp: bool) -> tuple[bytes, bytes]:
    """The request of somebody at ``host`` and ``port``, and what its answer must contain (its branch)."""
    branch = f"z9hG4bK{secrets.token_hex(8)}"
    sent_by = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = (
        f"OPTIONS sip:{domain} SIP/2.0",
        f"Via: SIP/2.0/{'TCP' if tcp else 'UDP'} {sent_by};branch={branch};rport",
        "Max-Forwards: 70",
        f"From: <sip:probe@{sent_by}>;tag={secrets.token_hex(4)}",
        f"To: <sip:{domain}>",
        f"Call-ID: {secrets.token_hex(8)}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
        "",
        "",
    )
    return "\r\n".join(lines).encode(), branch.encode()
