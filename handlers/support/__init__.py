"""Helpers of handlers: mapping, callback data, responders, menus, views."""
