"""The control socket: how other programs of the box ask the core and watch it. JSON lines over AF_UNIX."""
