"""Minutes of everything at once: many conversations, kills, floods, a failing generator, a failing database."""
