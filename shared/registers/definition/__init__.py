"""The parts of a register definition, written in one TOML file. No code here knows any register's questions."""
