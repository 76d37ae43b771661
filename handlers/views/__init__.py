"""Views: texts and keyboards made of what a use case gave."""
