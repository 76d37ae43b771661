"""What any long-running program needs: supervised tasks, a clock, retries."""
