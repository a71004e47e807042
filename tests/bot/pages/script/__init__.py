"""The pages on a conversation that follows a script, so that every fault can be had."""
