"""The question bank: what is asked in the rounds of groups and in practice."""
