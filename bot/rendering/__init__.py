"""Numbers made visible: pictures of figures."""
