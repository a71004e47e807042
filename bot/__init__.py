"""The outside: wiring, settings, command line, channels, pages and rendering."""
