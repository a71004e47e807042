"""The library: documents, search and answers."""
