"""The REST API: one table of rows, each a method of the core, and what is said of it in OpenAPI."""
