"""Tools of admins and operators: reasons of failures, alerts, copies of the database."""
