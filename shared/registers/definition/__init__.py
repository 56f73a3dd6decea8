"""What a register definition may hold. One TOML file says all of it; nothing here knows any register's questions."""
