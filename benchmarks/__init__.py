"""Speed and quality, measured beside named peers."""
