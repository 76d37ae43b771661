"""What handlers share: mapping, filters, responders, menus."""
