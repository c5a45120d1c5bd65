"""Equipment on wires: serial lines, GSM modules, sound cards."""
