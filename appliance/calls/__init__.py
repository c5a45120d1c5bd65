"""Pure call control: events in, effects out. One state holder, used on one thread."""
