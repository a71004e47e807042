"""The shipped entries, one TOML file a subject; `knowledge.entries` reads them."""
