"""Who may do what in the browser: sessions, permissions, form tokens, cookies, networks."""
