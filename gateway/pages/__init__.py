"""Page handlers, one file for each subject: they read the request, ask services and render a template."""
