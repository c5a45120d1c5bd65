"""Fax: T.30 terminals, documents, the queue on disk and the process that holds the lines."""
