"""The rule book: what is owed by whom until when, and on what basis, as data."""
