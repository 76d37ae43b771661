"""The browser step: cookies and user agent of a page, read with a real Chromium."""
