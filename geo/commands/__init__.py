"""Commands: the second door to the tasks; whatever a page can do, a command can do."""
