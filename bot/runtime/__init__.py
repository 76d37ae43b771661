"""Parts of any long-running program: supervised tasks, a clock, units of work."""
