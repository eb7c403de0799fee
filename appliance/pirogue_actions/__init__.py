"""Root's few acts, asked over a local socket: a closed table, the caller's uid, nothing of the house imported."""
