"""What exists: configuration documents, calls, events, effects. No I/O, no behaviour of calls."""
