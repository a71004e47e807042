"""The questions that come with the program, one TOML file a topic."""
