"""nats-py makes its TLS streams as if they were plain: asyncio warns at the end of each, but not here."""

import logging


def _is_news(record: logging.LogRecord) -> bool:
    return "eof_received() has no effect" not in str(record.msg)


def quiet() -> None:
    """Leave that warning out; to be called where nats-py is used."""
    log = logging.getLogger("asyncio")
    if _is_news not in log.filters:
        log.addFilter(_is_news)
