"""Debian's spandsp 0.0.6 through cffi: keys (DTMF), caller identity (V.23). One thread feeds one engine."""
