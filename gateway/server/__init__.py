"""The web server: the application, its settings, error pages, headers and request ids."""
