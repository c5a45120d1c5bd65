"""The wiring: which parts a process has, in what order they start and stop."""
