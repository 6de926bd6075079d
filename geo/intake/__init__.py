"""Floor `intake`: files → checked tables and a list of problems (读入与校验)."""
