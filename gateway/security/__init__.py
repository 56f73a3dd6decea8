"""Access control in the browser: sessions, permissions, form tokens, cookies, networks."""
