"""The steps by which the schema grew, applied at start by `bot.storage.migration`."""
