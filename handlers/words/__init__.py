"""The words of messages as Markdown: marks of links and code, and the blocks of rich messages."""
