"""The browser chat, driven by a real headless browser and by plain HTTP."""
