"""Two boxes on one site: who is active, the link between them, and what keepalived is told."""
