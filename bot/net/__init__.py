"""Connections that leave this program: proxies, TLS and certificates. Imports only bot.errors from the rest."""
