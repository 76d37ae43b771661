"""The life of a turn: asked, written, shown, kept."""
