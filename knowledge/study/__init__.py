"""Study: what is published to be read, what people note of their own, and their hours."""
