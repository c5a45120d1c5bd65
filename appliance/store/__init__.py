"""What survives a restart: configuration documents, call records, box settings."""
