"""QR codes (ISO/IEC 18004), for pages, paper and terminals."""

import io

import segno


def svg(text: str) -> str:
    """An SVG image of its own, black on white."""
    out = io.BytesIO()
    _code(text).save(out, kind="svg", scale=8, border=4, light="white")
    return out.getvalue().decode()


def png(text: str) -> bytes:
    """A PNG image."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", scale=8, border=4)
    return out.getvalue()


def blocks(text: str) -> str:
    """Lines for a terminal, two rows of modules a line."""
    out = io.StringIO()
    _code(text).terminal(out, compact=True)
    return out.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")
