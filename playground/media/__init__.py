"""Files as Telegram takes them: pictures in several sizes, recordings with their lengths. Pure: bytes in, bytes out."""
