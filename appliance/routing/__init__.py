"""Pure decisions: where a call goes and why. No clock, no I/O, no state."""
