"""The conversation: words in, replies out; one module a subject."""
