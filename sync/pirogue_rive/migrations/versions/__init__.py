"""One file per revision, `r0001_tables.py`: Alembic's form, the same for SQLite and PostgreSQL."""
