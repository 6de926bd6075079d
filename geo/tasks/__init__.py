"""Floor `tasks`: one function per thing a person does (任务)."""
