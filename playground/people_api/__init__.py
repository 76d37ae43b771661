"""The people's side over HTTP for the page and the tests."""
