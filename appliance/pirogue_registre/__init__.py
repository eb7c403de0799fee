"""The boat's register: a journal that is the truth, and tables that are views of it (SQLite)."""
