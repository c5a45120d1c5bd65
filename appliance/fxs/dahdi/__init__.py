"""Analog cards with a DAHDI driver: numbers and structures, system calls, line, emulated card."""
