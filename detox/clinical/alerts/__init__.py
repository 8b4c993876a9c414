"""The alert rules: content, engine, windows of readings, messages, and who is told when nobody answers."""
