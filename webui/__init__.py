"""Pages and API, served by a process of its own."""
