"""The command line, one module a family of commands. Clocks and terminals are read here and nowhere below."""
